"""The metrics."""

from __future__ import annotations

import pytest

from service.findings import Report
from service.web.metrics import Metrics
from tests.unit.render.reports import full
from tests.unit.web.samples import POD


def value(metrics: Metrics, line: str) -> float:
    """The value of a line of the exposition; 0 where there is none."""
    for text in metrics.text().decode().splitlines():
        if text.startswith(f"{line} "):
            return float(text.rpartition(" ")[2])
    return 0.0


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


@pytest.mark.parametrize("runs", [1, 3])
def test_a_report_is_counted(runs):
    """Everything that it holds, each time."""
    metrics = Metrics()
    for _ in range(runs):
        metrics.count(full())

    assert value(metrics, "podsplit_documents_total") == 2 * runs
    assert value(metrics, 'podsplit_rejected_total{code="yaml-syntax"}') == runs
    assert value(metrics, 'podsplit_verdicts_total{role="sidecar"}') == runs
    assert value(metrics, 'podsplit_findings_total{rule="bare-pod",severity="warning"}') == runs
    assert value(metrics, 'podsplit_changes_total{action="wrap",applicability="review"}') == runs
    assert (
        value(metrics, 'podsplit_held_back_total{action="split",reason="low-confidence"}') == runs
    )


def test_an_analysis_counts_no_changes():
    """There is nothing of a rewrite in it."""
    metrics = Metrics()
    report = full()
    metrics.count(
        Report(
            report.sources, report.workloads, report.findings, report.rejected, report.skipped, 2
        )
    )

    assert value(metrics, "podsplit_documents_total") == 2
    assert "podsplit_changes_total{" not in metrics.text().decode()


def test_requests_in_flight(client):
    """The one that asks is counted itself, and none is left over after others."""
    for path in ("/healthz", "/nothing", "/v1/analyze"):
        client.get(path)

    assert "podsplit_requests_in_flight 1.0" in client.get("/metrics").text
