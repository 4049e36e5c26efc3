"""Errors as problem documents."""

from __future__ import annotations

import json

import pytest
from flask import Flask

from service.errors import InputError, LimitExceeded, OptionError
from service.web.problems import CODES, Problem, problem_document, register_error_handlers
from service.web.schemas.answers import ProblemSchema
from service.web.views import manifests
from tests.unit.web.samples import POD

SECRET = "hunter2-of-the-manifest"


def failing(error: Exception):
    def run(*_arguments, **_keywords):
        raise error

    return run


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, "not-found"),
        ("GET", "/v1/analyze/", 404, "not-found"),
        ("GET", "/v1/analyze", 405, "method-not-allowed"),
        ("POST", "/healthz", 405, "method-not-allowed"),
        ("POST", "/v1/analyze?format=toml", 406, "not-acceptable"),
        ("POST", "/v1/analyze?min_confidence=2", 422, "invalid-options"),
    ],
)
def test_errors_are_problem_documents(client, method, path, status, code):
    """RFC 9457, with a stable code and the request's id."""
    answer = client.open(
        path,
        method=method,
        data=POD if method == "POST" else None,
        headers={"X-Request-Id": "abc-1"},
    )

    assert (answer.status_code, answer.json["status"], answer.json["code"]) == (
        status,
        status,
        code,
    )
    assert answer.content_type == "application/problem+json"
    assert answer.json["instance"].endswith("abc-1")
    assert ProblemSchema().validate(answer.json) == {}


def test_a_browser_gets_a_page_that_says_the_same(client):
    """With the status, the code and the fields; its links hold under any prefix."""
    answer = client.post(
        "/v1/analyze?stage=<b>&apply=x", data=POD, headers={"Accept": "text/html,*/*;q=0.8"}
    )

    assert (answer.status_code, answer.mimetype) == (422, "text/html")
    for words in ("<code>422 invalid-options</code>", "<code>apply</code>: must be one of"):
        assert words in answer.text
    assert "<b>" not in answer.text
    assert 'href="../assets/look.css"' in answer.text


def test_405_says_what_is_allowed(client):
    """In the header that HTTP has for it, and in the detail."""
    answer = client.get("/v1/analyze")

    assert "POST" in answer.headers["Allow"]
    assert answer.json["detail"] == "method not allowed; use OPTIONS or POST"


def test_404_says_where_to_look(client):
    """Without a word of what was asked for."""
    assert client.get(f"/{SECRET}").json["detail"] == "unknown path; see /docs for those that exist"


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (LimitExceeded("documents", "more than 5 documents"), 413, "documents"),
        (InputError("not-utf-8", "the file is not UTF-8"), 400, "not-utf-8"),
        (RuntimeError(SECRET), 500, "internal-error"),
        (RecursionError(SECRET), 500, "internal-error"),
        (MemoryError(SECRET), 500, "internal-error"),
    ],
)
def test_what_goes_wrong_in_a_run(client, monkeypatch, lines, error, status, code):
    """It becomes a problem; nothing of what was sent shows in the answer or in the log."""
    monkeypatch.setattr(manifests, "run", failing(error))
    answer = client.post(f"/v1/analyze?path={SECRET}.yaml", data=POD + SECRET.encode())

    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert SECRET not in answer.text
    assert SECRET not in json.dumps(lines)
    assert (status != 503) or answer.headers["Retry-After"] == "5"
    if status == 500:
        assert any(line.get("error") == type(error).__name__ and line["frames"] for line in lines)


def test_a_wrong_option_of_the_core_names_its_field(client, monkeypatch):
    """As one that the web refuses."""
    error = OptionError("stage", "must be one of expand, add, switch, contract")
    monkeypatch.setattr(manifests, "run", failing(error))
    answer = client.post("/v1/analyze", data=POD)

    assert answer.status_code == 422
    assert answer.json["errors"] == [
        {"field": "stage", "message": "must be one of expand, add, switch, contract"}
    ]


@pytest.mark.parametrize("status", CODES)
def test_every_status_has_a_code(status):
    """It is that of a problem that names no other."""
    assert Problem(status, "d").code == CODES[status]
    assert Problem(status, "d", code="own").code == "own"


def test_the_document_of_a_problem():
    """Fields are listed only where some are wrong."""
    problem = Problem(422, "a: b", errors=(("a", "b"),))

    assert problem_document(problem, "r-1") == {
        "type": "urn:podsplit:problem:invalid-options",
        "title": "Unprocessable Entity",
        "status": 422,
        "detail": "a: b",
        "code": "invalid-options",
        "instance": "urn:podsplit:request:r-1",
        "errors": [{"field": "a", "message": "b"}],
    }
    assert "errors" not in problem_document(Problem(400, "a"), "r-1")


@pytest.mark.parametrize(("status", "expected"), [(418, 400), (451, 400), (502, 500), (504, 500)])
def test_other_errors_of_http(status, expected):
    """They become the problem of their class."""
    app = Flask("test")
    register_error_handlers(app)

    @app.get("/")
    def view() -> tuple[str, int]:
        from werkzeug.exceptions import HTTPException  # noqa: PLC0415

        error = HTTPException()
        error.code = status
        raise error

    answer = app.test_client().get("/")
    assert (answer.status_code, answer.json["code"]) == (expected, CODES[expected])


def test_redirects_are_no_problems():
    """They lead where they lead."""
    app = Flask("test")
    register_error_handlers(app)
    app.add_url_rule("/folder/", view_func=lambda: "", endpoint="folder")
    answer = app.test_client().get("/folder")

    assert answer.status_code == 308
    assert answer.headers["Location"].endswith("/folder/")
