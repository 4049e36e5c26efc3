"""Wires the HTTP service together."""

from __future__ import annotations

import yaml
from flask import Flask

from service.classification.knowledge import load_catalogue
from service.classification.knowledge.weights import load_weights
from service.options import CatalogueEntry
from service.web import logs, problems, request_hooks
from service.web.concurrency import RunLimiter
from service.web.dependencies import EXTENSION, Dependencies
from service.web.metrics import Metrics
from service.web.request_options import catalogue_entries
from service.web.routes import ROUTES
from service.web.settings import Settings, SettingsError
from service.web.tokens import Tokens
from service.web.views import operations


def create_app(settings: Settings) -> Flask:
    """Make the WSGI application.

    Raises:
        SettingsError: the tokens file or the catalogue file can't be used.
    """
    app = Flask("service.web", static_folder=None)
    app.add_template_filter(operations.prose_markup, "prose")
    app.extensions[EXTENSION] = Dependencies(
        settings=settings,
        metrics=Metrics(),
        run_limiter=RunLimiter(settings),
        tokens=_tokens(settings),
        routes=ROUTES,
        catalogue=_catalogue(settings),
    )
    logs.configure(settings.level)
    # Load the data now rather than in the first request: it takes about 0.1 s.
    load_catalogue()
    load_weights()
    problems.register_error_handlers(app)
    request_hooks.install(app)
    for route in ROUTES:
        app.add_url_rule(
            route.path,
            endpoint=f"{route.tag}.{route.view.__name__}",
            view_func=route.view,
            methods=[route.method],
        )
    return app


def _catalogue(settings: Settings) -> tuple[CatalogueEntry, ...]:
    if settings.catalogue_file is None:
        return ()
    try:
        return catalogue_entries(
            yaml.load(settings.catalogue_file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        )
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise SettingsError(f"PODSPLIT_CATALOGUE_FILE: {error}") from None


def _tokens(settings: Settings) -> Tokens | None:
    if settings.tokens_file is None:
        return None
    try:
        return Tokens(settings.tokens_file)
    except (OSError, ValueError) as error:
        raise SettingsError(f"PODSPLIT_TOKENS_FILE: {error}") from None
