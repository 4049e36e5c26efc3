"""What happens around every request: its id, the token, the log line, the metrics and the
security headers.
"""

from __future__ import annotations

import logging
import re
import time
import uuid
from http import HTTPStatus

from flask import Flask, Response, g, request

from service.web.dependencies import dependencies
from service.web.problems import RETRY_AFTER, Problem
from service.web.route import needs_token
from service.web.uploads.receiving import discard_unread_body

_log = logging.getLogger("podsplit.access")

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_PROBES = frozenset({"/healthz", "/readyz", "/metrics"})
"""Routes that machines ask every few seconds; they are logged at debug only."""
_SECURITY_HEADERS = {
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
    app.after_request(_add_headers)
    app.after_request(_record)
    app.teardown_request(_end)


def _begin() -> None:
    sent = request.headers.get("X-Request-Id", "")
    g.request_id = sent if _REQUEST_ID.fullmatch(sent) else uuid.uuid4().hex
    g.started = time.perf_counter()
    dependencies().metrics.in_flight.inc()


def _authorise() -> None:
    tokens = dependencies().tokens
    if tokens is None or not needs_token(request.path):
        return
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    caller = tokens.caller_of(token.strip()) if scheme.lower() == "bearer" else None
    if caller is None:
        detail = "a valid bearer token is required: send `Authorization: Bearer ...`"
        raise Problem(401, detail, headers={"WWW-Authenticate": 'Bearer realm="podsplit"'})
    g.token = caller.name
    if not dependencies().turns.enter(caller.digest):
        detail = "this token has as many requests at a time as it may: send them one after another"
        raise Problem(429, detail, headers=RETRY_AFTER)
    g.turn = caller.digest


def _add_headers(response: Response) -> Response:
    for name, value in _SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers["X-Request-Id"] = g.request_id
    return response


def _record(response: Response) -> Response:
    """Count and log the request, by its route and never by the path that was sent."""
    is_welcome = response.status_code != HTTPStatus.UNAUTHORIZED
    discard_unread_body(request, dependencies().settings, is_welcome=is_welcome)
    seconds = time.perf_counter() - g.started
    route = request.url_rule.rule if request.url_rule else "unmatched"
    method = request.method if request.method in _METHODS else "other"
    metrics = dependencies().metrics
    metrics.requests.labels(route, method, str(response.status_code)).inc()
    metrics.seconds.labels(route, method).observe(seconds)
    fields = {
        "request_id": g.request_id,
        "method": method,
        "route": route,
        "status": response.status_code,
        "duration_ms": round(seconds * 1000, 2),
    }
    if "token" in g:
        metrics.token_requests.labels(g.token, str(response.status_code)).inc()
        fields["token"] = g.token
    if "documents" in g:
        fields["documents"] = g.documents
    if "problem_code" in g:
        fields["code"] = g.problem_code
    is_quiet = route in _PROBES and response.status_code < HTTPStatus.INTERNAL_SERVER_ERROR
    level = logging.DEBUG if is_quiet else logging.INFO
    _log.log(level, "request", extra={"fields": fields})
    return response


def _end(_error: BaseException | None) -> None:
    if "turn" in g:
        dependencies().turns.leave(g.turn)
    if "started" in g:
        dependencies().metrics.in_flight.dec()
