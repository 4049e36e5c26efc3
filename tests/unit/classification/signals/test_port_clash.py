"""The signal that sees two containers that want one port."""

from __future__ import annotations

import pytest

from service.classification.observation import Claim
from service.classification.signals.port_clash import declared_clashes, observe
from tests.support.classifying import context_of, seen, text_at, workload


def pod(one: str, other: str) -> str:
    """A workload with two containers of their own images, unless they say otherwise."""
    one, other = (item if "image:" in item else f"image: shop/x, {item}" for item in (one, other))
    return workload(f"containers: [{{name: a, {one}}}, {{name: b, {other}}}]")


DECLARES = "ports: [{containerPort: 8000}]"
TOLD = "args: ['--port=8000']"


def test_two_that_declare_one_port_are_apart() -> None:
    """Only one of them can listen on it."""
    context = context_of(pod(DECLARES, "ports: [{containerPort: 1}, {containerPort: 8000}]"))
    assert seen(observe, context) == [("port-clash.declared", Claim.APART, "a", "b")]
    [observation] = observe(context)
    assert observation.message == (
        "declares port 8000/TCP, as b does: only one of them can listen on it"
    )
    assert text_at(observation.place) == "{containerPort: 8000}"


def test_the_first_port_that_both_declare_is_told() -> None:
    """With its two declarations."""
    context = context_of(
        pod(
            "ports: [{containerPort: 1}, {containerPort: 2, name: x}, {containerPort: 3}]",
            "ports: [{containerPort: 3}, {containerPort: 2, name: z}]",
        )
    )
    [(one, port, other, other_port)] = declared_clashes(context)
    assert (one.name, port.number, port.name) == ("a", 2, "x")
    assert (other.name, other_port.number, other_port.name) == ("b", 2, "z")


@pytest.mark.parametrize(
    "other",
    [
        "ports: [{containerPort: 8081}]",
        "ports: [{containerPort: 8000, protocol: UDP}]",
        "ports: [{containerPort: 8000, protocol: SCTP}]",
    ],
)
def test_another_number_or_protocol_is_no_clash(other: str) -> None:
    """TCP and UDP have ports of their own."""
    assert seen(observe, context_of(pod(DECLARES, other))) == []


def test_a_port_that_one_merely_declares_and_another_is_told_is_the_others() -> None:
    """`podman kube generate` writes every port to the first container."""
    assert seen(observe, context_of(pod(DECLARES, f"{DECLARES}, {TOLD}"))) == []
    assert seen(observe, context_of(pod(f"{DECLARES}, {TOLD}", DECLARES))) == []


def test_two_that_are_told_to_listen_on_one_port_are_apart() -> None:
    """Neither has to declare it; the lowest is told."""
    context = context_of(
        pod("args: ['--port=8000', '--web-port=9000']", "env: [{name: PORT, value: '8000'}]")
    )
    assert seen(observe, context) == [("port-clash.told", Claim.APART, "a", "b")]
    [observation] = observe(context)
    assert observation.message == (
        "is told to listen on port 8000, on which b listens too: only one of them can"
    )
    assert text_at(observation.place) == "a"


def test_of_several_ports_that_both_are_told_the_lowest_is_told() -> None:
    """Once for the two containers."""
    both = "args: ['--port=8000', '--web-port=900']"
    [observation] = observe(context_of(pod(both, both)))
    assert observation.message.startswith("is told to listen on port 900, ")


def test_a_clash_is_told_once() -> None:
    """What is declared and told is declared first of all."""
    both = f"{DECLARES}, {TOLD}"
    assert seen(observe, context_of(pod(both, both))) == [
        ("port-clash.declared", Claim.APART, "a", "b")
    ]


def test_a_known_port_that_is_declared_clashes_with_one_that_is_told() -> None:
    """Both are sure to listen there."""
    context = context_of(
        pod("image: grafana, ports: [{containerPort: 3000}]", "args: ['--port=3000']")
    )
    assert seen(observe, context) == [("port-clash.told", Claim.APART, "a", "b")]


def test_the_default_of_an_image_clashes_with_nothing() -> None:
    """A server may be told elsewhere to listen somewhere else."""
    assert seen(observe, context_of(pod("image: grafana", "args: ['--port=3000']"))) == []
    assert seen(observe, context_of(pod("image: nginx", "image: nginx"))) == []


def test_a_declaration_out_of_habit_is_no_clash() -> None:
    """A server's image that runs a shell listens nowhere."""
    context = context_of(
        pod(
            "image: nginx, command: [sleep, inf], ports: [{containerPort: 80}]",
            "ports: [{containerPort: 80}]",
        )
    )
    assert seen(observe, context) == []


def test_a_native_sidecar_may_declare_what_it_answers_for_another() -> None:
    """It stands in front of it; the regular containers beside it are held against each other."""
    context = context_of(
        workload("""
        containers:
        - {name: web, image: shop/x, ports: [{containerPort: 7000}]}
        - {name: api, image: shop/x, ports: [{containerPort: 8000}]}
        - {name: ui, image: shop/x, ports: [{containerPort: 8000}]}
        initContainers:
        - name: gate
          image: shop/gate
          restartPolicy: Always
          ports: [{containerPort: 7000}, {containerPort: 8000}]
        """)
    )
    assert seen(observe, context) == [("port-clash.declared", Claim.APART, "api", "ui")]


def test_every_pair_is_held_against_each_other() -> None:
    """A pair without a clash doesn't end the search."""
    context = context_of(
        workload("""
        containers:
        - {name: a, image: shop/a, ports: [{containerPort: 1}, {containerPort: 2}]}
        - {name: b, image: shop/b, args: ['--port=30']}
        - {name: c, image: shop/c, ports: [{containerPort: 2}], args: ['--port=30']}
        - {name: d, image: shop/d, ports: [{containerPort: 2}]}
        """)
    )
    assert seen(observe, context) == [
        ("port-clash.declared", Claim.APART, "a", "c"),
        ("port-clash.declared", Claim.APART, "a", "d"),
        ("port-clash.declared", Claim.APART, "c", "d"),
        ("port-clash.told", Claim.APART, "b", "c"),
    ]
