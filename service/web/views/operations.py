"""GET /healthz, /readyz, /version, /metrics, /openapi.yaml and /docs."""

from __future__ import annotations

import re
import secrets

from flask import Response, render_template
from markupsafe import Markup, escape

from service.web import knowledge, metrics
from service.web.formats import JSON, to_json
from service.web.openapi import as_yaml, describe_api
from service.web.schemas import HealthSchema, VersionSchema
from service.web.services import services
from service.web.version import __version__

_CODE = re.compile(r"`([^`]+)`")


def healthz() -> Response:
    """Whether the process lives."""
    return Response(to_json(HealthSchema().dump({"status": "ok"})), mimetype=JSON)


def readyz() -> Response:
    """Whether it wants requests: 503 from SIGTERM on, while requests are still served."""
    draining = services().draining
    response = Response(
        to_json(HealthSchema().dump({"status": "draining" if draining else "ok"})), mimetype=JSON
    )
    if draining:
        response.status_code = 503
        response.headers["Retry-After"] = "5"
    return response


def version() -> Response:
    """What is running."""
    return Response(
        to_json(VersionSchema().dump({"name": "podsplit", "version": __version__, "api": "v1"})),
        mimetype=JSON,
    )


def exposition() -> Response:
    """The metrics, of all workers."""
    return Response(services().metrics.text(), content_type=metrics.CONTENT_TYPE)


def description() -> Response:
    """The API as an OpenAPI document."""
    return Response(as_yaml(describe_api(services().routes)), mimetype="application/yaml")


def docs() -> Response:
    """The API and what the service knows, on one page that needs nothing from elsewhere."""
    nonce = secrets.token_urlsafe(16)
    sections = {
        "Signals": knowledge.signals(),
        "Rules": knowledge.rules(),
        "Actions": knowledge.actions(),
    }
    page = render_template(
        "docs.html",
        api=describe_api(services().routes),
        sections=sections,
        nonce=nonce,
        version=__version__,
    )
    response = Response(page, mimetype="text/html")
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; frame-ancestors 'none'; base-uri 'none'"
    )
    return response


def marked(text: str) -> Markup:
    """Prose with its first letter large, and what stands in backticks as code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text[:1].upper() + text[1:]))))  # noqa: S704 - escaped in the same breath
