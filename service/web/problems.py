"""Errors as RFC 9457 problem documents.

Details are our own sentences: never a piece of what was sent.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from http import HTTPStatus

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException

from service.errors import DeadlineExceeded, InputError, LimitExceeded, OptionError

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
    500: "internal-error",
    503: "overloaded",
}
"""The code of a status where nothing more precise is known."""

_log = logging.getLogger("podsplit")


class Problem(Exception):
    """An answer that is a problem document.

    Attributes:
        status: the HTTP status.
        code: a stable word for programs.
        detail: a sentence for people.
        errors: the fields that are wrong, each with a message.
        headers: further headers of the answer.
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


def respond(problem: Problem) -> Response:
    """The answer for a problem."""
    body: dict[str, object] = {
        "type": f"urn:podsplit:problem:{problem.code}",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": problem.detail,
        "code": problem.code,
        "instance": f"urn:podsplit:request:{g.get('request_id', '')}",
    }
    if problem.errors:
        body["errors"] = [{"field": name, "message": message} for name, message in problem.errors]
    g.problem_code = problem.code
    response = Response(json.dumps(body) + "\n", status=problem.status, mimetype=MEDIA_TYPE)
    response.headers.update(problem.headers)
    return response


def install(app: Flask) -> None:
    """Let every error of `app` become a problem document."""
    app.register_error_handler(Problem, respond)
    app.register_error_handler(InputError, _input_error)
    app.register_error_handler(DeadlineExceeded, _deadline)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _unexpected)


def _input_error(error: InputError) -> Response:
    if isinstance(error, OptionError):
        return respond(
            Problem(422, error.message, code=error.code, errors=((error.field, error.message),))
        )
    return respond(
        Problem(413 if isinstance(error, LimitExceeded) else 400, error.message, code=error.code)
    )


def _deadline(_error: DeadlineExceeded) -> Response:
    detail = "the request took longer than this service allows: send fewer documents at once"
    return respond(Problem(503, detail, code="deadline-exceeded", headers={"Retry-After": "5"}))


def _http_error(error: HTTPException) -> Response:
    status = error.code or 500
    if status in (301, 302, 307, 308):
        return Response(status=status, headers=error.get_headers())
    details = {
        404: "there is nothing at this path; see /docs",
        405: (
            "this path takes"
            f" {', '.join(sorted(getattr(error, 'valid_methods', None) or ())) or 'other methods'}"
        ),
        413: "the body is larger than this service takes",
    }
    headers = {name: value for name, value in error.get_headers() if name == "Allow"}
    known = (
        status if status in CODES else 500 if status >= HTTPStatus.INTERNAL_SERVER_ERROR else 400
    )
    return respond(
        Problem(
            known,
            details.get(status, HTTPStatus(known).description or HTTPStatus(known).phrase),
            headers=headers,
        )
    )


def _unexpected(error: Exception) -> Response:
    # The type and where it was raised, never the message: it may quote a manifest.
    frames = []
    trace = error.__traceback__
    while trace is not None:
        frames.append(
            f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno} {trace.tb_frame.f_code.co_name}"
        )
        trace = trace.tb_next
    _log.error(
        "unexpected error",
        extra={
            "fields": {"error": type(error).__name__, "route": _route(), "frames": frames[-12:]}
        },
    )
    return respond(
        Problem(500, "something went wrong here; the request's id is in the log beside what it was")
    )


def _route() -> str | None:
    return request.url_rule.rule if request.url_rule else None
