"""Prometheus metrics, of one process or of all of gunicorn's workers.

Labels are routes, methods, statuses and words of the service, never text that was sent.
"""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Iterable, Iterator
from typing import TypeAlias

import orjson
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Metric,
    generate_latest,
)
from prometheus_client.registry import Collector

from service.findings import Report
from service.web.metrics_board import Board

CONTENT_TYPE = CONTENT_TYPE_LATEST

_SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """The metrics of one application, in a registry of its own."""

    def __init__(self) -> None:
        registry = CollectorRegistry()
        self._registry = registry
        self._shared: tuple[Board, int] | None = None
        self.requests = Counter(
            "podsplit_requests",
            "Requests answered.",
            ("route", "method", "status"),
            registry=registry,
        )
        self.token_requests = Counter(
            "podsplit_token_requests",
            "Requests answered, by the name of their token.",
            ("token", "status"),
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
        # Add up first: each increment takes a lock.
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

    def share(self, board: Board, slot: int) -> None:
        """Show these metrics to the other workers from now on, and theirs with these."""
        self._shared = (board, slot)
        self.publish()

    def publish(self) -> None:
        """Show the others how the metrics are now."""
        if self._shared is not None:
            board, slot = self._shared
            board.write(slot, _snapshot(self._registry))

    def text(self) -> bytes:
        """The metrics in Prometheus' text format, over all workers where there are several: those
        of the others as they were when they last published them.
        """
        if self._shared is None:
            return generate_latest(self._registry)
        self.publish()
        board, _ = self._shared
        registry = CollectorRegistry()
        registry.register(_Total([board.read(slot) for slot in range(board.slots)]))
        return generate_latest(registry)


def retire(board: Board, slot: int, ended: int) -> None:
    """Add what a worker that has ended had counted to the counts of those that ended before.

    Args:
        board: where all workers show theirs.
        slot: the slot of the worker.
        ended: the slot of all that ended.
    """
    counted = _Total([board.read(ended), board.read(slot)]).families(but_for="gauge")
    board.write(ended, orjson.dumps(counted))
    board.clear(slot)


_Samples: TypeAlias = list[tuple[str, dict[str, str], float]]
"""The name, the labels and the value of each."""
_Family: TypeAlias = tuple[str, str, str, _Samples]
"""The name of a metric, what it says, its type, and its samples."""


def _snapshot(registry: CollectorRegistry) -> bytes:
    """All metrics of a registry, as JSON."""
    families: list[_Family] = [
        (
            metric.name,
            metric.documentation,
            metric.type,
            [
                (sample.name, sample.labels, sample.value)
                for sample in metric.samples
                if not sample.name.endswith("_created")
            ],
        )
        for metric in registry.collect()
    ]
    return orjson.dumps(families)


class _Total(Collector):
    """The sum of several snapshots; None among them counts for nothing."""

    def __init__(self, snapshots: Iterable[bytes | None]) -> None:
        self._types: dict[str, tuple[str, str]] = {}
        self._values: dict[str, dict[tuple[str, tuple[tuple[str, str], ...]], float]] = {}
        for snapshot in snapshots:
            families: list[_Family] = orjson.loads(snapshot) if snapshot else []
            for name, documentation, kind, samples in families:
                self._types[name] = (documentation, kind)
                values = self._values.setdefault(name, {})
                for sample, labels, value in samples:
                    key = (sample, tuple(labels.items()))
                    values[key] = values.get(key, 0.0) + value

    def families(self, *, but_for: str | None = None) -> list[_Family]:
        """The sum, but for metrics of one type."""
        return [
            (
                name,
                documentation,
                kind,
                [(sample, dict(labels), value) for (sample, labels), value in values.items()],
            )
            for name, values in self._values.items()
            for documentation, kind in [self._types[name]]
            if kind != but_for
        ]

    def collect(self) -> Iterator[Metric]:
        """The sum, as Prometheus' client has it."""
        for name, documentation, kind, samples in self.families():
            metric = Metric(name, documentation, kind)
            for sample, labels, value in samples:
                metric.add_sample(sample, labels, value)
            yield metric
