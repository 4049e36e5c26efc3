"""The signal that sees probes and variables which reach into another container."""

from __future__ import annotations

import pytest

from service.classification.observation import Claim
from service.classification.signals.crossing_hook import observe
from tests.support.classifying import context_of, seen, text_at, workload


def pod(handler: str, *, own: str = "[]", other: str = "[{containerPort: 9000}]") -> str:
    """A workload whose `app` has a handler, beside `proxy`, each with some ports."""
    return workload(f"""
    containers:
    - {{name: app, image: shop/app, ports: {own}, {handler}}}
    - {{name: proxy, image: shop/proxy, ports: {other}}}
    """)


@pytest.mark.parametrize(
    ("handler", "field"),
    [
        ("readinessProbe: {httpGet: {port: 9000}}", "readinessProbe"),
        ("livenessProbe: {tcpSocket: {port: 9000}}", "livenessProbe"),
        ("startupProbe: {grpc: {port: 9000}}", "startupProbe"),
        ("lifecycle: {preStop: {httpGet: {port: 9000}}}", "lifecycle.preStop"),
        ("readinessProbe: {httpGet: {port: 9000, host: 10.1.2.3}}", "readinessProbe"),
    ],
)
def test_a_probe_that_another_container_answers_ties_the_two(handler: str, field: str) -> None:
    """The kubelet calls the Pod's address; an address that is named may be the Pod's own."""
    context = context_of(pod(handler))
    assert seen(observe, context) == [("crossing-hook.port", Claim.TOGETHER, "app", "proxy")]
    [observation] = observe(context)
    assert observation.message == f"its {field} calls port 9000, on which proxy listens"
    assert text_at(observation.place) == "9000"


def test_a_probe_by_name_is_answered_by_who_declares_the_name() -> None:
    """As the kubelet resolves it."""
    context = context_of(
        pod("readinessProbe: {httpGet: {port: gate}}", other="[{containerPort: 9000, name: gate}]")
    )
    assert seen(observe, context) == [("crossing-hook.port", Claim.TOGETHER, "app", "proxy")]


@pytest.mark.parametrize(
    ("handler", "own"),
    [
        ("readinessProbe: {httpGet: {port: 9000}}", "[{containerPort: 9000}]"),
        ("readinessProbe: {httpGet: {port: gate}}", "[{containerPort: 1, name: gate}]"),
    ],
)
def test_a_probe_of_its_own_port_says_nothing(handler: str, own: str) -> None:
    """That another one declares it too doesn't matter."""
    context = context_of(pod(handler, own=own, other="[{containerPort: 9000, name: gate}]"))
    assert seen(observe, context) == []


@pytest.mark.parametrize(
    "handler",
    [
        "readinessProbe: {httpGet: {port: 9001}}",
        "readinessProbe: {httpGet: {port: door}}",
        "readinessProbe: {httpGet: {port: ''}}",
        "readinessProbe: {httpGet: {path: /}}",
        "readinessProbe: {httpGet: {port: 9000, host: example.com}}",
        "readinessProbe: {exec: {command: [check, '9000']}}",
    ],
)
def test_a_probe_that_nobody_else_here_answers_says_nothing(handler: str) -> None:
    """Another port, another name, no name, another host, no port at all."""
    assert seen(observe, context_of(pod(handler))) == []


def test_a_number_that_is_declared_for_nothing_answers_no_probe() -> None:
    """A server's image that runs a shell declares its ports by habit."""
    context = context_of(
        workload("""
        containers:
        - {name: app, image: shop/app, readinessProbe: {httpGet: {port: 80}}}
        - {name: x, image: nginx, command: [sleep, inf], ports: [{containerPort: 80}]}
        """)
    )
    assert seen(observe, context) == []


def test_of_several_that_answer_the_first_is_tied() -> None:
    """One observation for one probe, and the next probe has its own."""
    context = context_of(
        workload("""
        containers:
        - name: app
          image: shop/app
          livenessProbe: {exec: {command: [check]}}
          readinessProbe: {httpGet: {port: 9000}}
          startupProbe: {httpGet: {port: 7000}}
        - {name: one, image: shop/one, ports: [{containerPort: 9000}]}
        - {name: two, image: shop/two, ports: [{containerPort: 9000}, {containerPort: 7000}]}
        """)
    )
    assert seen(observe, context) == [
        ("crossing-hook.port", Claim.TOGETHER, "app", "one"),
        ("crossing-hook.port", Claim.TOGETHER, "app", "two"),
    ]


def resources(name: str) -> str:
    """A workload whose `app` reads the resources of a container."""
    return pod(
        "env: [{name: A, value: b}, {name: CPU, valueFrom: {resourceFieldRef:"
        f" {{containerName: {name}, resource: limits.cpu}}}}}}]"
    )


def test_the_resources_of_another_container_tie_the_two() -> None:
    """They can only be asked of a container of the same Pod."""
    context = context_of(resources("proxy"))
    assert seen(observe, context) == [("crossing-hook.resources", Claim.TOGETHER, "app", "proxy")]
    [observation] = observe(context)
    assert observation.message == (
        "reads the resources of proxy (resourceFieldRef), which only a container of the same Pod"
        " can"
    )
    assert text_at(observation.place).startswith("{name: CPU")


@pytest.mark.parametrize("name", ["app", "gone", "''"])
def test_resources_of_its_own_or_of_nobody_say_nothing(name: str) -> None:
    """Without a name they are its own."""
    assert seen(observe, context_of(resources(name))) == []


def test_containers_without_names_are_not_taken_for_each_other() -> None:
    """A missing containerName is no name."""
    context = context_of(
        workload("""
        containers:
        - image: shop/app
          env: [{name: CPU, valueFrom: {resourceFieldRef: {resource: limits.cpu}}}]
        - image: shop/proxy
        """)
    )
    assert seen(observe, context) == []
