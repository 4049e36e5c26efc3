"""Prometheus metrics of the bot. Labels are names of the settings and words of the bot."""

from __future__ import annotations

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)

CONTENT_TYPE = CONTENT_TYPE_LATEST
_SECONDS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)


class Metrics:
    """The metrics, in a registry of their own."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        self.webhooks = Counter(
            "podsplit_bot_webhooks",
            "Webhooks, by what became of them: accepted, ignored, foreign, unauthentic, unreadable"
            " or full.",
            ("forge", "outcome"),
            registry=registry,
        )
        self.looks = Counter(
            "podsplit_bot_looks",
            "Looks at pull requests, by what came of them.",
            ("forge", "outcome"),
            registry=registry,
        )
        self.seconds = Histogram(
            "podsplit_bot_look_seconds",
            "Time for a look.",
            buckets=_SECONDS,
            registry=registry,
        )
        self.comments = Counter(
            "podsplit_bot_comments",
            "Comments that were created, updated, deleted, or refused by the forge.",
            ("forge", "what"),
            registry=registry,
        )
        self.stages = Counter(
            "podsplit_bot_stages",
            "Pull requests that were opened for a stage.",
            ("forge", "stage"),
            registry=registry,
        )
        self.queue = Gauge(
            "podsplit_bot_queue", "Pull requests that wait to be looked at.", registry=registry
        )
        self.swept = Gauge(
            "podsplit_bot_last_sweep_timestamp_seconds",
            "When all pull requests were last gone through.",
            registry=registry,
        )

    def show(self) -> bytes:
        """All of them, as Prometheus reads them."""
        return generate_latest(self._registry)
