"""What happens around every request: its id, the token, the log line, the metrics, the security
headers.
"""

from __future__ import annotations

import logging
import re
import time
import uuid
from http import HTTPStatus

from flask import Flask, Response, g, request

from service.web.problems import Problem
from service.web.services import services
from service.web.uploads.bodies import discard_unread

_log = logging.getLogger("podsplit.access")

_SANE_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}


def install(app: Flask) -> None:
    """Run the functions below around every request of `app`."""
    app.before_request(_begin)
    app.before_request(_authorise)
    app.after_request(_headers)
    app.after_request(_record)
    app.teardown_request(_end)


def _begin() -> None:
    sent = request.headers.get("X-Request-Id", "")
    g.request_id = sent if _SANE_ID.fullmatch(sent) else uuid.uuid4().hex
    g.started = time.perf_counter()
    services().metrics.in_flight.inc()


def _authorise() -> None:
    tokens = services().tokens
    if tokens is None or not request.path.startswith("/v1/"):
        return
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not tokens.accepts(token.strip()):
        detail = "a bearer token of this service is needed: send `Authorization: Bearer ...`"
        raise Problem(401, detail, headers={"WWW-Authenticate": 'Bearer realm="podsplit"'})


def _headers(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers["X-Request-Id"] = g.request_id
    return response


def _record(response: Response) -> Response:
    discard_unread(request, services().settings)
    seconds = time.perf_counter() - g.started
    route = request.url_rule.rule if request.url_rule else "unmatched"
    method = request.method if request.method in _METHODS else "other"
    metrics = services().metrics
    metrics.requests.labels(route, method, str(response.status_code)).inc()
    metrics.seconds.labels(route, method).observe(seconds)
    fields = {
        "request_id": g.request_id,
        "method": method,
        "route": route,
        "status": response.status_code,
        "duration_ms": round(seconds * 1000, 2),
    }
    if "documents" in g:
        fields["documents"] = g.documents
    if "problem_code" in g:
        fields["code"] = g.problem_code
    level = (
        logging.DEBUG
        if route in ("/healthz", "/readyz", "/metrics")
        and response.status_code < HTTPStatus.INTERNAL_SERVER_ERROR
        else logging.INFO
    )
    _log.log(level, "request", extra={"fields": fields})
    return response


def _end(_error: BaseException | None) -> None:
    if "started" in g:
        services().metrics.in_flight.dec()
