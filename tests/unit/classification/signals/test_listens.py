"""The signal that sees servers, and servers that only their neighbours reach."""

from __future__ import annotations

import pytest

from service.classification.observation import Claim
from service.classification.signals.listens import observe
from tests.support.classifying import context_of, seen, text_at, workload


def pod(container: str) -> str:
    """A workload with one container."""
    return workload(f"containers: [{{name: api, {container}}}]")


@pytest.mark.parametrize(
    ("container", "message"),
    [
        (
            "image: shop/api, ports: [{containerPort: 3000}, {containerPort: 4000}]",
            "it declares port 3000, for traffic of its own",
        ),
        (
            "image: shop/api, args: ['--port=3000']",
            "it is told to listen on port 3000, for traffic of its own",
        ),
        ("image: grafana", "it listens by default on port 3000, for traffic of its own"),
    ],
)
def test_a_port_for_traffic_makes_a_server(container: str, message: str) -> None:
    """However it is known, the first such port is told."""
    context = context_of(pod(container))
    assert seen(observe, context) == [("listens.port", Claim.APPLICATION, "api", None)]
    [observation] = observe(context)
    assert observation.message == message


def test_the_place_is_the_list_of_ports() -> None:
    """Where a reader can see them."""
    [observation] = observe(context_of(pod("image: shop/api, ports: [{containerPort: 3000}]")))
    assert text_at(observation.place) == "[{containerPort: 3000}]"


@pytest.mark.parametrize("field", ["command", "args"])
def test_one_that_listens_on_localhost_alone_serves_its_neighbours(field: str) -> None:
    """Nobody else can reach it."""
    context = context_of(pod(f"image: shop/api, {field}: ['--listen=127.0.0.1:9000']"))
    assert seen(observe, context) == [("listens.loopback", Claim.HELPER, "api", None)]
    [observation] = observe(context)
    assert observation.message == (
        "it is told to listen on 127.0.0.1, where only its neighbours reach it"
    )
    assert text_at(observation.place) == "'--listen=127.0.0.1:9000'"


@pytest.mark.parametrize(
    "container",
    [
        "image: shop/api, args: ['--listen=127.0.0.1:9000'], ports: [{containerPort: 9000}]",
        "image: shop/api, args: ['--port=90'], env: [{name: LISTEN, value: '127.0.0.1:90'}]",
        "image: grafana, args: ['--upstream=127.0.0.1:3000']",
        "image: grafana, env: [{name: BIND_ADDR, value: '127.0.0.1:3000'}]",
    ],
)
def test_one_that_others_may_reach_is_a_server(container: str) -> None:
    """It declares the port; or what names localhost is a variable, or an address to call."""
    assert seen(observe, context_of(pod(container))) == [
        ("listens.port", Claim.APPLICATION, "api", None)
    ]


def test_localhost_on_a_port_on_which_it_is_not_known_to_listen_says_nothing() -> None:
    """What is bound there is no port of the container's as far as anybody knows."""
    context = context_of(pod("image: grafana, args: [serve, 'listen 127.0.0.1:9']"))
    assert [item.port for item in context.references if item.listens] == [9]
    assert seen(observe, context) == [("listens.port", Claim.APPLICATION, "api", None)]


def test_what_a_neighbour_is_told_says_nothing_of_it() -> None:
    """Each is told for itself."""
    context = context_of(
        workload("""
        containers:
        - {name: web, image: shop/web, args: ['--listen=127.0.0.1:3000']}
        - {name: api, image: grafana}
        """)
    )
    assert seen(observe, context) == [
        ("listens.loopback", Claim.HELPER, "web", None),
        ("listens.port", Claim.APPLICATION, "api", None),
    ]


@pytest.mark.parametrize(
    "container",
    [
        "image: shop/api",
        "image: shop/api, ports: [{name: metrics, containerPort: 3000}]",
        "image: shop/api, ports: [{containerPort: 9090}]",
        "image: fluent-bit, ports: [{containerPort: 3000}]",
        "image: busybox, args: ['--listen=127.0.0.1:9000']",
    ],
)
def test_no_port_ports_for_metrics_and_known_helpers_say_nothing(container: str) -> None:
    """A helper may well listen."""
    assert seen(observe, context_of(pod(container))) == []


def test_those_behind_a_helper_are_looked_at_too() -> None:
    """A helper is skipped, and not the rest of the Pod."""
    context = context_of(
        workload("""
        containers:
        - {name: log, image: fluent-bit}
        - {name: api, image: grafana}
        """)
    )
    assert seen(observe, context) == [("listens.port", Claim.APPLICATION, "api", None)]
