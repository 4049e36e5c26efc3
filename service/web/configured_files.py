"""The files that settings name. Each is read before a server starts its workers, so that one that
can't be used stops the start rather than each worker for itself.
"""

from __future__ import annotations

import yaml

from service.options import CatalogueEntry
from service.web.certificate import Certificate
from service.web.request_options import catalogue_entries
from service.web.settings import ServerSettings, Settings, SettingsError
from service.web.tokens import Tokens


def read_tokens(settings: Settings) -> Tokens | None:
    """The bearer tokens; None if the API is open.

    Raises:
        SettingsError: the tokens file can't be used.
    """
    if settings.tokens_file is None:
        return None
    try:
        return Tokens(settings.tokens_file)
    except (OSError, ValueError) as error:
        raise SettingsError(f"PODSPLIT_TOKENS_FILE: {error}") from None


def read_certificate(settings: ServerSettings) -> Certificate | None:
    """The certificate of HTTPS; None if the server is one of HTTP.

    Raises:
        SettingsError: the files can't be used.
    """
    if settings.tls_cert_file is None or settings.tls_key_file is None:
        return None
    try:
        return Certificate(settings.tls_cert_file, settings.tls_key_file)
    except OSError as error:
        words = error.strerror or "they hold no certificate with its key"
        raise SettingsError(f"PODSPLIT_TLS_CERT_FILE, PODSPLIT_TLS_KEY_FILE: {words}") from None


def read_catalogue(settings: Settings) -> tuple[CatalogueEntry, ...]:
    """The service's own additions to the catalogue of images.

    Raises:
        SettingsError: the catalogue file can't be used.
    """
    if settings.catalogue_file is None:
        return ()
    try:
        return catalogue_entries(
            yaml.load(settings.catalogue_file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        )
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise SettingsError(f"PODSPLIT_CATALOGUE_FILE: {error}") from None
