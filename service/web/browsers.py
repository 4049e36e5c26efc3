"""What browsers get: pages, under a policy that lets nothing inline run."""

from __future__ import annotations

from typing import Any

from flask import Response, render_template, request

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Files of this service, and nothing else."""


def prefers_page() -> bool:
    """Whether the client of this request would rather have a page than JSON, as browsers do."""
    accepted = request.accept_mimetypes
    return accepted["text/html"] > accepted["application/json"]


def page(template: str, **values: Any) -> Response:
    """A page of `templates/`; `root` is the way from the request's path to the service's own root,
    so that links hold behind a proxy that serves it under a path.
    """
    root = "../" * (request.path.count("/") - 1) or "./"
    response = Response(render_template(template, root=root, **values), mimetype="text/html")
    response.headers["Content-Security-Policy"] = _POLICY
    return response
