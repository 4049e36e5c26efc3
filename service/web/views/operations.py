"""GET /healthz, /readyz, /version, /metrics, /openapi.yaml and /docs."""

from __future__ import annotations

import re
import secrets

from flask import Response, render_template
from markupsafe import Markup, escape

from service.web import knowledge, metrics
from service.web.formats import JSON, to_json
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
    # apispec is slow to import, and a start must not wait for it.
    from service.web.openapi import to_yaml  # noqa: PLC0415

    return Response(to_yaml(), mimetype="application/yaml")


def docs() -> Response:
    """The API and what the service knows, on one page that needs nothing from elsewhere."""
    from service.web.openapi import document  # noqa: PLC0415 - as above

    nonce = secrets.token_urlsafe(16)
    sections = {
        "Signals": knowledge.signals(),
        "Rules": knowledge.rules(),
        "Actions": knowledge.actions(),
    }
    page = render_template(
        "docs.html", api=document(), sections=sections, nonce=nonce, version=__version__
    )
    response = Response(page, mimetype="text/html")
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; frame-ancestors 'none'; base-uri 'none'"
    )
    return response


def marked(text: str) -> Markup:
    """Prose with its first letter large, and what stands in backticks as code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text[:1].upper() + text[1:]))))  # noqa: S704 - escaped in the same breath
