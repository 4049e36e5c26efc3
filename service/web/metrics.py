"""Prometheus metrics, of one process or of all of gunicorn's workers.

Labels are routes, methods, statuses and words of the service, never text that was sent.
"""

from __future__ import annotations

import os
from collections import Counter as Tally

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    multiprocess,
)

from service.findings import Report

CONTENT_TYPE = CONTENT_TYPE_LATEST

_SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """The metrics of one application, in a registry of its own."""

    def __init__(self) -> None:
        registry = CollectorRegistry()
        self._registry = registry
        self.requests = Counter(
            "podsplit_requests",
            "Requests answered.",
            ("route", "method", "status"),
            registry=registry,
        )
        self.seconds = Histogram(
            "podsplit_request_seconds",
            "Time to answer.",
            ("route", "method"),
            buckets=_SECONDS,
            registry=registry,
        )
        self.in_flight = Gauge(
            "podsplit_requests_in_flight",
            "Requests being answered.",
            registry=registry,
            multiprocess_mode="livesum",
        )
        self.documents = Counter("podsplit_documents", "Documents read.", registry=registry)
        self.rejected = Counter(
            "podsplit_rejected", "Documents that could not be read.", ("code",), registry=registry
        )
        self.verdicts = Counter(
            "podsplit_verdicts", "Containers judged.", ("role",), registry=registry
        )
        self.findings = Counter(
            "podsplit_findings", "Findings.", ("rule", "severity"), registry=registry
        )
        self.changes = Counter(
            "podsplit_changes", "Changes made.", ("action", "applicability"), registry=registry
        )
        self.held_back = Counter(
            "podsplit_held_back",
            "Changes wanted and not made.",
            ("action", "reason"),
            registry=registry,
        )

    def count(self, report: Report) -> None:
        """Count what a run found and changed."""
        self.documents.inc(report.documents)
        for rejected in report.rejected:
            self.rejected.labels(rejected.code).inc()
        # Add up first: each increment takes a lock and writes to a file.
        roles = Tally(
            verdict.role.value for workload in report.workloads for verdict in workload.containers
        )
        for role, number in roles.items():
            self.verdicts.labels(role).inc(number)
        for (rule, severity), number in Tally(
            (finding.rule, finding.severity.label) for finding in report.findings
        ).items():
            self.findings.labels(rule, severity).inc(number)
        if report.rewrite is not None:
            for change in report.rewrite.changes:
                self.changes.labels(change.action, change.applicability.label).inc()
            for item in report.rewrite.held_back:
                self.held_back.labels(item.action, item.reason).inc()

    def text(self) -> bytes:
        """The metrics in Prometheus' text format, over all workers where gunicorn runs several."""
        if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
            return generate_latest(self._registry)
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry)
