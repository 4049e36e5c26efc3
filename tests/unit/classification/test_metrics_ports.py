"""Which ports serve metrics by their names."""

from __future__ import annotations

import pytest

from service.classification.metrics_ports import METRICS_PORTS, is_named_for_metrics


@pytest.mark.parametrize(
    "name",
    [
        "metric", "metrics", "prom", "prometheus", "telemetry", "stats", "health", "healthz",
        "admin", "monitor", "monitoring", "exporter", "probe", "debug", "http-metrics", "Metrics",
        "admin2", "web metrics",
    ],
)  # fmt: skip
def test_a_word_of_metrics_names_a_port_for_metrics(name: str) -> None:
    """In any case, among other words, with numbers behind it."""
    assert is_named_for_metrics(name, "web")


@pytest.mark.parametrize("name", ["", "http", "metricsd", "promo", "web"])
def test_other_names_do_not(name: str) -> None:
    """Whole words only."""
    assert not is_named_for_metrics(name, "web")


@pytest.mark.parametrize(
    ("name", "container", "named"),
    [
        ("admin", "admin", False),
        ("admin", "Shop-Admin-2", False),
        ("admin-metrics", "admin", True),
        ("admin", "administration", True),
    ],
)
def test_a_port_that_is_named_for_its_container_may_serve_anything(
    name: str, container: str, named: bool
) -> None:
    """The word says whose it is."""
    assert is_named_for_metrics(name, container) is named


def test_ports_by_convention_are_those_of_exporters() -> None:
    """Ports of web servers are none."""
    assert {9090, 9100, 9113} <= METRICS_PORTS
    assert not {80, 443, 3000, 8080, 9000} & METRICS_PORTS
