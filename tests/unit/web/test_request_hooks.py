"""What happens around every request: ids, tokens, log lines, headers."""

from __future__ import annotations

import json
import logging

import pytest

from service.web.app import create_app
from service.web.dependencies import EXTENSION
from service.web.routes import ROUTES
from service.web.settings import Settings
from tests.unit.web.samples import POD

SECRET = "hunter2-of-the-manifest"


@pytest.fixture
def guarded(tmp_path):
    """A client of a service that has a token."""
    (tmp_path / "tokens").write_text("first\n")
    return create_app(Settings(tokens_file=tmp_path / "tokens")).test_client()


def test_the_log_line_of_a_request(client, lines):
    """Id, method, route, status, time and the number of documents; no query, no content."""
    client.post(
        f"/v1/rewrite?path={SECRET}.yaml",
        data=POD + SECRET.encode(),
        headers={"X-Request-Id": "r-1"},
    )

    (line,) = lines
    assert line["request_id"] == "r-1"
    assert (line["method"], line["route"], line["status"], line["level"]) == (
        "POST",
        "/v1/rewrite",
        200,
        "info",
    )
    assert line["documents"] == 1
    assert line["duration_ms"] > 0
    assert SECRET not in json.dumps(line)


def test_the_log_line_of_a_problem(client, lines):
    """It has the problem's code, and neither the path nor the method of somebody's making."""
    client.open("/secret-path", method="PROPFIND")

    (line,) = lines
    assert (line["route"], line["method"], line["status"], line["code"]) == (
        "unmatched",
        "other",
        404,
        "not-found",
    )
    assert "documents" not in line


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_probes_and_scrapes_are_logged_at_debug_only(path, lines):
    """Machines ask for them every few seconds."""
    create_app(Settings(log_level="debug")).test_client().get(path)
    create_app(Settings()).test_client().get(path)
    logging.getLogger("podsplit").setLevel(logging.INFO)

    assert [line["level"] for line in lines] == ["debug"]


@pytest.mark.parametrize("sent", ["a", "A.b_c-9", "x" * 128])
def test_request_ids_come_back(client, sent):
    """Up to 128 letters, digits, dots, dashes and underscores."""
    assert client.get("/healthz", headers={"X-Request-Id": sent}).headers["X-Request-Id"] == sent


@pytest.mark.parametrize("sent", ["", "a b", "x" * 129, "a\tb", "<script>", "é"])
def test_request_ids_that_are_not_sane_are_replaced(client, sent):
    """The answer carries one of ours."""
    made = client.get("/healthz", headers={"X-Request-Id": sent}).headers["X-Request-Id"]

    assert made != sent
    assert len(made) == 32


def test_security_headers(client):
    """On every answer, errors included; the page with the docs allows its own style only."""
    for path in ("/healthz", "/nothing", "/docs"):
        headers = client.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Frame-Options"] == "DENY"


def test_the_api_asks_for_a_token(guarded):
    """401 without one, and it says how to send one."""
    refused = guarded.get("/v1/signals")

    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"].startswith("Bearer")
    assert refused.json["code"] == "unauthorized"
    assert "Authorization: Bearer" in refused.json["detail"]
    for value in ("Bearer wrong", "Basic first", "first", "Bearer", "Bearer \xe9"):
        assert guarded.get("/v1/signals", headers={"Authorization": value}).status_code == 401
    for value in ("bearer first", "BEARER  first ", "Bearer first"):
        assert guarded.get("/v1/signals", headers={"Authorization": value}).status_code == 200


def test_which_routes_ask_for_a_token(guarded):
    """All of the API, unknown ones too; probes, metrics and docs stay open."""
    asked = {
        route.path
        for route in ROUTES
        if guarded.open(route.path, method=route.method).status_code == 401
    }

    assert asked == {route.path for route in ROUTES if route.path.startswith("/v1/")}
    assert guarded.get("/v1/nothing").status_code == 401
    assert guarded.get("/v1").status_code == guarded.get("/nothing").status_code == 404


def test_a_token_has_a_name_in_the_metrics_and_in_the_log(tmp_path, lines):
    """That of the file, and never the token; who may not ask is no one's."""
    tokens = tmp_path / "tokens"
    tokens.write_text("ci: s3cret\nother\n")
    client = create_app(Settings(tokens_file=tokens)).test_client()
    for token in ("s3cret", "s3cret", "other", "wrong"):
        client.get("/v1/signals", headers={"Authorization": f"Bearer {token}"})
    metrics = client.get("/metrics").text

    assert 'podsplit_token_requests_total{status="200",token="ci"} 2.0' in metrics
    assert 'podsplit_token_requests_total{status="200",token="unnamed"} 1.0' in metrics
    assert "s3cret" not in metrics
    assert [line.get("token") for line in lines if line.get("route") == "/v1/signals"] == [
        "ci",
        "ci",
        "unnamed",
        None,
    ]


def test_a_token_has_so_many_requests_at_a_time(tmp_path):
    """More of them wait their turn, and those of other tokens don't; an end makes room."""
    tokens = tmp_path / "tokens"
    tokens.write_text("first\nsecond\n")
    app = create_app(Settings(tokens_file=tokens, token_requests=2))
    turns = app.extensions[EXTENSION].turns
    first = app.extensions[EXTENSION].tokens.caller_of("first").digest
    client = app.test_client()

    def status(token):
        return client.get("/v1/signals", headers={"Authorization": f"Bearer {token}"})

    assert turns.enter(first)
    assert status("first").status_code == 200
    assert turns.enter(first)
    refused = status("first")
    assert (refused.status_code, refused.json["code"]) == (429, "too-many-requests")
    assert refused.headers["Retry-After"] == "5"
    assert status("second").status_code == 200
    assert client.get("/healthz").status_code == 200
    assert 'status="429",token="unnamed"' in client.get("/metrics").text
    turns.leave(first)
    assert [status("first").status_code for _ in range(3)] == [200, 200, 200]


def test_without_tokens_the_api_is_open(client):
    """Nobody has to send one, and nobody is kept out for sending one."""
    for headers in ({}, {"Authorization": "Bearer any"}):
        assert client.get("/v1/signals", headers=headers).status_code == 200
