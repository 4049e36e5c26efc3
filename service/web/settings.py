"""Settings from the environment, read and checked once at start. The one place of their defaults.

`Settings` are those of the application; each field is the variable `PODSPLIT_` and its name.
`ServerSettings` are those of gunicorn. The text below a field says what it is.
"""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any

PREFIX = "PODSPLIT_"
_SERVICE_LINK = re.compile(
    r"\w+_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)|PODSPLIT_PORT\w*"
)
"""What the kubelet puts into every container for each Service of the namespace, and so for one
that is named podsplit (docs of Kubernetes, "Accessing Services", environment variables).
"""

_DAY = 86_400
_LOG_LEVELS = ("debug", "info", "warning", "error")


class SettingsError(ValueError):
    """One or more variables that can't be used; the message names each and what is allowed."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How one process serves. The metadata of a field is what it accepts."""

    max_body_bytes: int = field(default=16 * 1024 * 1024, metadata={"least": 1024})
    """The longest request body, in bytes, after a Content-Encoding is undone."""
    max_unpacked_bytes: int = field(default=64 * 1024 * 1024, metadata={"least": 1024})
    """What an archive may hold, in bytes, all members together."""
    max_archive_ratio: int = field(default=200, metadata={"least": 2})
    """How many times its own size an archive or a compressed body may unpack to."""
    max_archive_members: int = field(default=20_000, metadata={"least": 1})
    """Members of an archive, those that are not manifests counted too."""
    max_files: int = field(default=5_000, metadata={"least": 1})
    """Manifest files in one request."""
    max_documents: int = field(default=20_000, metadata={"least": 1})
    """YAML documents in one request."""
    max_held_bytes: int = field(default=256 * 1024 * 1024, metadata={"least": 1024})
    """Bytes of all bodies and unpacked archives that one process holds at once, those that still
    arrive included; a request that would need more is refused.
    """
    renew_bytes: int = field(default=128 * 1024 * 1024, metadata={"least": 0})
    """From this resident size on, in bytes, a worker is replaced by a new one, one after the other;
    0 for never. A single worker isn't.
    """
    request_timeout: float = field(default=30.0, metadata={"least": 0.1})
    """Seconds that one request may take, its body's arrival not counted."""
    body_timeout: float = field(default=30.0, metadata={"least": 0.1})
    """Seconds that a request's body may take to arrive, and as many that its answer may take to be
    taken.
    """
    max_runs: int = field(default=4, metadata={"least": 1})
    """Runs of the pipeline at once in one process; more wait for a slot."""
    large_body_bytes: int = field(default=1024 * 1024, metadata={"least": 1})
    """From this size on a request is large: one at a time in each process, so that it leaves
    slots for small ones.
    """
    drain_seconds: float = field(default=5.0, metadata={"least": 0.0})
    """After SIGTERM: how long new requests are still served while readiness is down."""
    drain_file: Path | None = None
    """Readiness is down while this file exists; gunicorn's configuration sets it when unset."""
    tokens_file: Path | None = None
    """A file of bearer tokens, one a line, alone or behind a name (`ci: token`); unset, the API is
    open. It is read again when it changes.
    """
    token_requests: int = field(default=0, metadata={"least": 0})
    """Requests that each token may have under way at once in one process; 0 for any number."""
    serves: str = field(default="everything", metadata={"choices": ("everything", "admission")})
    """What it serves: everything, or only what an admission webhook needs, without tokens, as an
    API server sends none.
    """
    catalogue_file: Path | None = None
    """A YAML list of additions to the catalogue of images, as in the option `catalogue`; read at
    start.
    """
    public_url: str | None = field(default=None, metadata={"prefixes": ("http://", "https://")})
    """The address at which readers of reports reach this service, for links to its docs; unset, the
    one that a request was sent to.
    """
    log_level: str = field(default="info", metadata={"choices": _LOG_LEVELS})
    """The least level that is logged: debug, info, warning or error."""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Settings:
        """Read the variables with our prefix.

        Raises:
            SettingsError: a value that can't be used, or a variable that nobody reads.
        """
        values, errors = _read(fields(cls), environ)
        errors += _unknown_variables(environ)
        if errors:
            raise SettingsError("; ".join(errors))
        return cls(**values)

    @property
    def level(self) -> int:
        """The level as `logging` counts."""
        return logging.getLevelNamesMapping()[self.log_level.upper()]


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """How gunicorn serves the application."""

    host: str = field(default="127.0.0.1", metadata={"variable": "HOST"})
    """The address to listen on."""
    port: int = field(default=8080, metadata={"variable": "PORT", "least": 1})
    """The port to listen on."""
    workers: int = field(default=2, metadata={"variable": "WORKERS", "least": 1})
    """Processes that serve requests."""
    header_timeout: int = field(default=15, metadata={"least": 1})
    """Seconds that the head of a request may take to arrive, on a connection that is kept open the
    time until it begins included.
    """
    tls_cert_file: Path | None = None
    """A certificate with its chain, in PEM, for HTTPS; unset, it serves HTTP. It is read again when
    it changes.
    """
    tls_key_file: Path | None = None
    """The certificate's key, in PEM."""
    graceful_timeout: int = field(kw_only=True, metadata={"least": 1})
    """Seconds that requests may still take after a drain; when unset, a little more than one
    request may take.
    """

    @classmethod
    def from_environment(cls, environ: Mapping[str, str], settings: Settings) -> ServerSettings:
        """Read `HOST`, `PORT`, `WORKERS` and the rest with our prefix.

        Args:
            environ: the variables.
            settings: the application's settings, which the default of `graceful_timeout` follows.

        Raises:
            SettingsError: a value that can't be used.
        """
        values, errors = _read(fields(cls), environ)
        if ("tls_cert_file" in values) != ("tls_key_file" in values):
            errors.append(f"{PREFIX}TLS_CERT_FILE and {PREFIX}TLS_KEY_FILE: give both or none")
        if errors:
            raise SettingsError("; ".join(errors))
        values.setdefault("graceful_timeout", default_graceful_timeout(settings.request_timeout))
        return cls(**values)


def default_graceful_timeout(request_timeout: float) -> int:
    """Seconds that a graceful stop takes at most: the longest request, and 5 to send its answer.
    The chart's template `podsplit.gracefulTimeout` says the same.
    """
    return math.ceil(request_timeout) + 5


SERVER_VARIABLES = tuple(
    PREFIX + item.name.upper() for item in fields(ServerSettings) if "variable" not in item.metadata
)
"""The variables of `ServerSettings` that have our prefix."""


def _read(
    known: tuple[Field[Any], ...], environ: Mapping[str, str]
) -> tuple[dict[str, Any], list[str]]:
    """The values of the fields that are set, and what is wrong with others."""
    values: dict[str, Any] = {}
    errors: list[str] = []
    for item in known:
        variable = item.metadata.get("variable", PREFIX + item.name.upper())
        raw = environ.get(variable, "").strip()
        if not raw:
            continue
        try:
            values[item.name] = _READERS[str(item.type)](raw, item.metadata)
        except ValueError as error:
            errors.append(f"{variable}: {error}")
    return values, errors


def _unknown_variables(environ: Mapping[str, str]) -> list[str]:
    known = [*(PREFIX + item.name.upper() for item in fields(Settings)), *SERVER_VARIABLES]
    return [
        f"{name}: unknown setting; use one of: {', '.join(known)}"
        for name in environ
        if name.startswith(PREFIX) and name not in known and not _SERVICE_LINK.fullmatch(name)
    ]


def _integer(raw: str, accepted: Mapping[str, int]) -> int:
    if not raw.isascii() or not raw.isdigit() or int(raw) < accepted["least"]:
        raise ValueError(f"must be a whole number, {accepted['least']} or more")
    return int(raw)


def _seconds(raw: str, accepted: Mapping[str, float]) -> float:
    try:
        value = float(raw)
    except ValueError:
        value = -1.0
    if not accepted["least"] <= value <= _DAY:
        raise ValueError(f"must be a number of seconds from {accepted['least']:g} to {_DAY}")
    return value


def _text(raw: str, accepted: Mapping[str, tuple[str, ...]]) -> str:
    prefixes = accepted.get("prefixes")
    if prefixes and not (raw.startswith(prefixes) and raw.isascii() and raw.isprintable()):
        raise ValueError(f"must start with one of {', '.join(prefixes)}")
    choices = accepted.get("choices")
    if choices is None:
        return raw
    if raw.lower() not in choices:
        raise ValueError(f"must be one of {', '.join(choices)}")
    return raw.lower()


def _path(raw: str, _accepted: Mapping[str, object]) -> Path:
    return Path(raw)


_READERS: Mapping[str, Callable[[str, Mapping[str, Any]], object]] = {
    "int": _integer,
    "float": _seconds,
    "str": _text,
    "Path | None": _path,
    "str | None": _text,
}
