"""GET /, /healthz, /readyz, /version, /metrics, /docs, and what machines read of the contract."""

from __future__ import annotations

import inspect
import re
import secrets

from flask import Response, render_template, request
from markupsafe import Markup, escape

from service.web import knowledge, metrics
from service.web.dependencies import dependencies
from service.web.formats import JSON, to_json
from service.web.openapi import as_yaml, describe_api, describe_options
from service.web.problems import RETRY_AFTER
from service.web.schemas.answers import HealthSchema, IndexSchema, VersionSchema
from service.web.version import __version__
from service.web.views.addresses import base_url

_CODE = re.compile(r"`([^`]+)`")


def healthz() -> Response:
    """Whether the process is alive."""
    return Response(to_json(HealthSchema().dump({"status": "ok"})), mimetype=JSON)


def readyz() -> Response:
    """Whether it wants requests: 503 from SIGTERM on, while requests are still served."""
    is_draining = dependencies().is_draining
    status = "draining" if is_draining else "ok"
    response = Response(to_json(HealthSchema().dump({"status": status})), mimetype=JSON)
    if is_draining:
        response.status_code = 503
        response.headers.update(RETRY_AFTER)
    return response


def version() -> Response:
    """What is running."""
    return Response(
        to_json(VersionSchema().dump({"name": "podsplit", "version": __version__, "api": "v1"})),
        mimetype=JSON,
    )


def exposition() -> Response:
    """The metrics, of all workers."""
    return Response(dependencies().metrics.text(), content_type=metrics.CONTENT_TYPE)


def description() -> Response:
    """The API as an OpenAPI document."""
    return Response(as_yaml(describe_api(dependencies().routes)), mimetype="application/yaml")


def description_in_json() -> Response:
    """The API as an OpenAPI document in JSON."""
    return Response(to_json(describe_api(dependencies().routes)), mimetype=JSON)


def options_schema() -> Response:
    """The JSON schema of `.podsplit.yaml`, for editors."""
    return Response(to_json(describe_options()), mimetype="application/schema+json")


def index() -> Response:
    """What there is: the docs for a browser, and a list of the endpoints for others."""
    accepted = request.accept_mimetypes
    if accepted["text/html"] > accepted[JSON]:
        return docs()
    routes = dependencies().routes
    base = base_url()
    data = {
        "name": "podsplit",
        "version": __version__,
        "docs": f"{base}/docs",
        "openapi": f"{base}/openapi.json",
        "endpoints": [
            {
                "method": route.method,
                "url": f"{base}{route.path}",
                "summary": (inspect.getdoc(route.view) or "").partition("\n")[0],
            }
            for route in routes
        ],
    }
    return Response(to_json(IndexSchema().dump(data)), mimetype=JSON)


def docs() -> Response:
    """The API and what the service knows, on one page that loads nothing from elsewhere."""
    nonce = secrets.token_urlsafe(16)
    sections = {
        "Signals": knowledge.signals(),
        "Rules": knowledge.rules(),
        "Actions": knowledge.actions(),
    }
    page = render_template(
        "docs.html",
        api=describe_api(dependencies().routes),
        sections=sections,
        nonce=nonce,
        version=__version__,
        base_url=base_url(),
    )
    response = Response(page, mimetype="text/html")
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; frame-ancestors 'none'; base-uri 'none'"
    )
    return response


def prose_markup(text: str) -> Markup:
    """Prose as HTML: a capital at its start, and what stands in backticks as code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text[:1].upper() + text[1:]))))  # noqa: S704 - escaped in the same expression
