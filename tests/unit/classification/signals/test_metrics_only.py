"""The signal that sees containers which serve nothing but metrics."""

from __future__ import annotations

import pytest

from service.classification.observation import Claim
from service.classification.signals.metrics_only import observe
from service.findings import Pattern
from tests.support.classifying import context_of, seen, text_at, workload


def pod(container: str) -> str:
    """A workload with one container."""
    return workload(f"containers: [{{name: x, {container}}}]")


@pytest.mark.parametrize(
    "ports",
    [
        "[{name: metrics, containerPort: 7000}]",
        "[{containerPort: 9113}]",
        "[{name: health, containerPort: 7000}, {containerPort: 9113}]",
    ],
)
def test_ports_for_metrics_alone_make_a_metrics_helper(ports: str) -> None:
    """By name, or by the conventions of exporters."""
    context = context_of(pod(f"image: shop/x, ports: {ports}"))
    assert seen(observe, context) == [("metrics-only.ports", Claim.HELPER, "x", None)]
    [observation] = observe(context)
    assert observation.pattern is Pattern.METRICS
    assert text_at(observation.place) == ports


def test_the_message_names_the_first_port() -> None:
    """So that a reader finds it."""
    [observation] = observe(context_of(pod("image: shop/x, ports: [{containerPort: 9113}]")))
    assert observation.message == "its only ports (9113) are for metrics or health"


@pytest.mark.parametrize(
    "container",
    [
        "image: shop/x",
        "image: shop/x, ports: [{containerPort: 7000}]",
        "image: shop/x, ports: [{name: metrics, containerPort: 7000}, {containerPort: 7001}]",
        "image: shop/x, env: [{name: PORT, value: '70'}], ports: [{containerPort: 9113}]",
        "image: haproxy, ports: [{containerPort: 8404}]",
        "image: mysqld-exporter",
    ],
)
def test_no_ports_other_ports_and_known_servers_say_nothing(container: str) -> None:
    """A port that is only told counts as well; a server may well show its metrics alone."""
    assert seen(observe, context_of(pod(container))) == []


def test_a_known_helper_whose_only_ports_are_for_metrics_is_one() -> None:
    """Its image says no less."""
    context = context_of(pod("image: mysqld-exporter, ports: [{containerPort: 9104}]"))
    assert seen(observe, context) == [("metrics-only.ports", Claim.HELPER, "x", None)]
