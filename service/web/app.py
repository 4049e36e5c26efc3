"""Wires the HTTP service together."""

from __future__ import annotations

from flask import Flask

from service.classification.knowledge import load_catalogue
from service.classification.knowledge.weights import load_weights
from service.web import logs, problems, request_hooks
from service.web.concurrency import Execute, Memory, Runs, Turns, execute_here
from service.web.configured_files import read_catalogue, read_tokens
from service.web.dependencies import EXTENSION, Dependencies
from service.web.metrics import Metrics
from service.web.routes import ADMISSION_ROUTES, ROUTES
from service.web.settings import Settings
from service.web.views import pages


def create_app(settings: Settings, execute: Execute = execute_here) -> Flask:
    """Make the WSGI application.

    Args:
        settings: the limits.
        execute: how runs of the pipeline are executed.

    Raises:
        SettingsError: the tokens file or the catalogue file can't be used.
    """
    app = Flask("service.web", static_folder=None)
    is_whole = settings.serves == "everything"
    routes = ROUTES if is_whole else ADMISSION_ROUTES
    app.add_template_filter(pages.prose_markup, "prose")
    app.extensions[EXTENSION] = Dependencies(
        settings=settings,
        metrics=Metrics(),
        runs=Runs(settings, execute),
        memory=Memory(settings.max_held_bytes),
        tokens=read_tokens(settings) if is_whole else None,
        turns=Turns(settings.token_requests),
        routes=routes,
        catalogue=read_catalogue(settings),
    )
    logs.configure(settings.level)
    # Load the data now rather than in the first request: it takes about 0.1 s.
    load_catalogue()
    load_weights()
    problems.register_error_handlers(app)
    request_hooks.install(app)
    for route in routes:
        app.add_url_rule(
            route.path,
            endpoint=f"{route.tag}.{route.view.__name__}",
            view_func=route.view,
            methods=[route.method],
        )
    if is_whole:
        # What pages are made of is no part of the API, and stands in no description of it.
        app.add_url_rule("/assets/<path:name>", endpoint="pages.asset", view_func=pages.asset)
    return app
