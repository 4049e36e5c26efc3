"""Errors as problem documents (RFC 9457).

Their details are sentences of the service, and never quote what was sent.
"""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Mapping
from http import HTTPStatus

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException

from service.errors import InputError, LimitExceeded, OptionError
from service.web.browsers import page, prefers_page

MEDIA_TYPE = "application/problem+json"

CODES: Mapping[int, str] = {
    400: "bad-request",
    401: "unauthorized",
    404: "not-found",
    405: "method-not-allowed",
    406: "not-acceptable",
    408: "request-timeout",
    413: "body-too-large",
    415: "unsupported-media-type",
    422: "invalid-options",
    429: "too-many-requests",
    500: "internal-error",
    503: "overloaded",
}
"""The code of a status, where no more specific code is given."""

RETRY_AFTER: Mapping[str, str] = {"Retry-After": "5"}
"""The header of every 429 and 503: seconds after which a client may try again."""

_REDIRECTS = frozenset({301, 302, 307, 308})

_log = logging.getLogger("podsplit")


class Problem(Exception):
    """An error that is answered with a problem document.

    Attributes:
        status: the HTTP status.
        code: a stable code for programs; that of the status by default.
        detail: a sentence for people: what is wrong and what to do.
        errors: the invalid fields, each with a message.
        headers: additional headers of the answer.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        code: str | None = None,
        errors: tuple[tuple[str, str], ...] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code or CODES[status]
        self.detail = detail
        self.errors = errors
        self.headers = dict(headers or {})


def problem_document(problem: Problem, request_id: str) -> dict[str, object]:
    """The fields of RFC 9457, section 3.1, and the members `code` and, if any, `errors`."""
    document: dict[str, object] = {
        "type": f"urn:podsplit:problem:{problem.code}",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": problem.detail,
        "code": problem.code,
        "instance": f"urn:podsplit:request:{request_id}",
    }
    if problem.errors:
        document["errors"] = [
            {"field": name, "message": message} for name, message in problem.errors
        ]
    return document


def respond(problem: Problem) -> Response:
    """Answer with a problem document, or with a page that says the same to a browser."""
    g.problem_code = problem.code
    document = problem_document(problem, g.get("request_id", ""))
    if prefers_page():
        response = page("problem.html", **document)
        response.status_code = problem.status
    else:
        text = json.dumps(document) + "\n"
        response = Response(text, status=problem.status, mimetype=MEDIA_TYPE)
    response.headers.update(problem.headers)
    return response


def register_error_handlers(app: Flask) -> None:
    """Answer every error of `app` with a problem document."""
    app.register_error_handler(Problem, respond)
    app.register_error_handler(InputError, _handle_input_error)
    app.register_error_handler(HTTPException, _handle_http_error)
    app.register_error_handler(Exception, _handle_unexpected_error)


def _handle_input_error(error: InputError) -> Response:
    if isinstance(error, OptionError):
        return respond(
            Problem(422, error.message, code=error.code, errors=((error.field, error.message),))
        )
    return respond(
        Problem(413 if isinstance(error, LimitExceeded) else 400, error.message, code=error.code)
    )


def _handle_http_error(error: HTTPException) -> Response:
    status = error.code or 500
    if status in _REDIRECTS:
        return Response(status=status, headers=error.get_headers())
    if status not in CODES:
        status = 500 if status >= HTTPStatus.INTERNAL_SERVER_ERROR else 400
    headers = {name: value for name, value in error.get_headers() if name == "Allow"}
    return respond(Problem(status, _detail(status, error), headers=headers))


def _detail(status: int, error: HTTPException) -> str:
    match status:
        case 404:
            return "unknown path; see /docs for those that exist"
        case 405:
            allowed = sorted(getattr(error, "valid_methods", None) or ())
            return f"method not allowed; use {' or '.join(allowed) or 'another one'}"
        case 413:
            return "the body is larger than this service accepts"
        case _:
            return HTTPStatus(status).description or HTTPStatus(status).phrase


def _handle_unexpected_error(error: Exception) -> Response:
    # Log the type and the place, never the message: it may quote a manifest.
    frames = [
        f"{frame.f_code.co_filename}:{line} {frame.f_code.co_name}"
        for frame, line in traceback.walk_tb(error.__traceback__)
    ]
    fields = {
        "error": type(error).__name__,
        "route": request.url_rule.rule if request.url_rule else None,
        "frames": frames[-12:],
    }
    _log.error("unexpected error", extra={"fields": fields})
    return respond(Problem(500, "internal error: please report it with the id in `instance`"))
