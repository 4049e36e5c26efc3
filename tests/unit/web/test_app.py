"""The application around the pipeline: answers, problems, headers, logs, metrics."""

from __future__ import annotations

import json
import logging
import re
import time

import pytest

from service.errors import DeadlineExceeded, LimitExceeded
from service.web.app import create_app
from service.web.concurrency import RunLimiter
from service.web.logs import JsonFormatter
from service.web.problems import Problem
from service.web.schemas.answers import ProblemSchema
from service.web.settings import Settings
from service.web.views import manifests, operations

POD = b"""\
apiVersion: v1
kind: Pod
metadata:
  name: web-with-logger
spec:
  containers:
    - name: web
      image: nginx:1.27
"""
SECRET = "hunter2-of-the-manifest"


@pytest.fixture
def lines():
    """What is logged while a test runs, one object a line."""
    found: list[dict[str, object]] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(json.loads(JsonFormatter().format(record)))

    handler = Keep()
    logging.getLogger("podsplit").addHandler(handler)
    yield found
    logging.getLogger("podsplit").removeHandler(handler)


def failing(error: Exception):
    def run(*_arguments, **_keywords):
        raise error

    return run


def test_an_analysis(client):
    """Plain curl, no content type: JSON with the Pod's containers."""
    answer = client.post("/v1/analyze", data=POD)

    assert answer.status_code == 200
    assert answer.content_type == "application/json"
    assert [workload["name"] for workload in answer.json["workloads"]] == ["web-with-logger"]


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


def test_405_says_what_is_allowed(client):
    """In the header that HTTP has for it."""
    assert "POST" in client.get("/v1/analyze").headers["Allow"]


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (DeadlineExceeded("late"), 503, "deadline-exceeded"),
        (LimitExceeded("documents", "more than 5 documents"), 413, "documents"),
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


def test_the_docs_need_nothing_from_elsewhere(client):
    """One page: no script, no address of another host, every endpoint on it."""
    page = client.get("/docs").text

    assert "<script" not in page
    assert "src=" not in page
    assert "https://" not in page
    assert all(path in page for path in ("/v1/analyze", "/v1/rewrite", "/healthz"))


def test_health_and_version(client):
    """What a probe and a person want to know."""
    assert client.get("/healthz").json == {"status": "ok"}
    assert client.get("/readyz").json == {"status": "ok"}
    assert client.get("/version").json["name"] == "podsplit"


def test_readiness_while_draining(tmp_path):
    """503 with Retry-After; health and the API go on."""
    client = create_app(Settings(drain_file=tmp_path / "draining")).test_client()
    assert client.get("/readyz").status_code == 200
    (tmp_path / "draining").touch()

    answer = client.get("/readyz")
    assert (answer.status_code, answer.json, answer.headers["Retry-After"]) == (
        503,
        {"status": "draining"},
        "5",
    )
    assert client.get("/healthz").status_code == 200
    assert client.post("/v1/analyze", data=POD).status_code == 200


def test_metrics_count(client):
    """Requests, documents and verdicts, by our own words only."""
    client.post("/v1/rewrite", data=POD)
    client.get("/secret-path")
    text = client.get("/metrics").text

    assert 'podsplit_requests_total{method="POST",route="/v1/rewrite",status="200"} 1.0' in text
    assert 'route="unmatched",status="404"' in text
    assert "podsplit_documents_total 1.0" in text
    assert 'podsplit_verdicts_total{role="main"} 1.0' in text
    assert "podsplit_request_seconds_bucket" in text
    assert "secret-path" not in text
    assert "web-with-logger" not in text


@pytest.mark.parametrize(("level", "failed"), [("info", True), ("warning", True), ("error", False)])
def test_the_gate(client, level, failed):
    """A bare Pod is a warning: a build that fails on warnings gets 422 with the full report."""
    answer = client.post(f"/v1/analyze?fail_on={level}", data=POD)

    assert answer.status_code == (422 if failed else 200)
    assert answer.headers["Podsplit-Gate"] == ("failed" if failed else "passed")
    assert answer.json["findings"]


def test_rejected_documents_fail_the_gate(client):
    """They count as errors."""
    answer = client.post("/v1/rewrite?fail_on=error", data=POD + b"---\na: [\n")

    assert (answer.status_code, answer.headers["Podsplit-Gate"]) == (422, "failed")
    assert answer.json["rejected"]


def test_options_of_an_envelope_count(client):
    """And the query goes before them."""
    envelope = {
        "files": [{"path": "a.yaml", "content": POD.decode()}],
        "options": {"fail_on": "error"},
    }

    assert client.post("/v1/analyze", json=envelope).headers["Podsplit-Gate"] == "passed"
    assert (
        client.post("/v1/analyze?fail_on=warning", json=envelope).headers["Podsplit-Gate"]
        == "failed"
    )


def test_names_with_blanks_in_the_query_are_not_options(client):
    """An unknown name is an error that lists the known ones."""
    answer = client.post("/v1/analyze?min%20confidence=1", data=POD)

    assert answer.status_code == 422
    assert answer.json["errors"] == [
        {
            "field": "min confidence",
            "message": (
                "unknown option; use one of: apply, fail_on, format, layout, min_confidence, path,"
                " rules, stage"
            ),
        }
    ]


def test_large_requests_leave_places_for_small_ones():
    """A second large one waits for the first and gives up in time; a small one passes both."""
    run_limiter = RunLimiter(Settings(max_runs=2, large_body_bytes=100))
    with run_limiter.slot(1000, time.monotonic() + 1):
        with run_limiter.slot(10, time.monotonic() + 1):
            pass
        with pytest.raises(Problem) as caught, run_limiter.slot(1000, time.monotonic() + 0.05):
            pytest.fail("there is one place for large requests")

    assert (caught.value.status, caught.value.code, caught.value.headers["Retry-After"]) == (
        503,
        "overloaded",
        "5",
    )
    with run_limiter.slot(1000, time.monotonic()):
        pass


def test_the_docs_set_prose_as_prose(client):
    """What stands in backticks is code, and nothing of it is markup of its own."""
    page = client.get("/docs").text

    assert "<code>podsplit.dev/roles</code>" in page
    assert "`" not in re.sub(r"<(pre|style)\b.*?</\1>", "", page, flags=re.DOTALL)
    assert operations.prose_markup("a <b> & `c<d>`") == "A &lt;b&gt; &amp; <code>c&lt;d&gt;</code>"
