"""What the API server refuses as it stands."""

from __future__ import annotations

import pytest

from service.kube.api_types import Fix, violations_in_pods, violations_of
from tests.support.candidates import bare_pod, candidate_of, manifest, resource_of, service, shop


def problems(container: str = "", *, pod: str = "") -> list[tuple[str, Fix | None]]:
    """Messages about a Pod with such a container, each with how it can be fixed."""
    workload = candidate_of(bare_pod(container, pod=pod)).workload
    return [(violation.message, violation.fix) for violation in violations_in_pods(workload)]


@pytest.mark.parametrize(
    "container",
    [
        "",
        "env: [{name: A, value: '1'}, {name: B, value: }]",
        "ports: [{containerPort: 80}, {containerPort: 81.0}]",
        "livenessProbe: {httpGet: {port: 80}}, readinessProbe: {httpGet: {port: web}}",
        "resources: {limits: {cpu: 1, memory: 1Gi}}",
        "tty: true, fieldOfTheFuture: [1]",
        "securityContext: {capabilities: {add: [NET_ADMIN]}}",
    ],
)
def test_what_fits_its_type_is_right(container: str) -> None:
    """Null is as good as absent, and what the table doesn't know may be newer than it."""
    assert problems(container) == []


@pytest.mark.parametrize(
    ("container", "message", "fix"),
    [
        (
            "env: [{name: A, value: 1}]",
            "spec.containers[0].env[0].value has to be a string: quote it",
            Fix.QUOTE,
        ),
        (
            "env: [{name: A, value: true}]",
            "spec.containers[0].env[0].value has to be a string: quote it",
            Fix.QUOTE,
        ),
        (
            "env: [{name: A, value: [1]}]",
            "spec.containers[0].env[0].value has to be a string",
            None,
        ),
        ("args: 'a'", "spec.containers[0].args has to be a list", None),
        ("env: [[]]", "spec.containers[0].env[0] has to be a mapping", None),
        (
            "resources: {limits: []}",
            "spec.containers[0].resources.limits has to be a mapping",
            None,
        ),
        ("tty: 'true'", "spec.containers[0].tty has to be true or false", None),
        (
            "ports: [{containerPort: '80'}]",
            "spec.containers[0].ports[0].containerPort has to be a whole number",
            None,
        ),
        (
            "ports: [{containerPort: 80.5}]",
            "spec.containers[0].ports[0].containerPort has to be a whole number",
            None,
        ),
        (
            "livenessProbe: {httpGet: {port: true}}",
            "spec.containers[0].livenessProbe.httpGet.port has to be a number or a string",
            None,
        ),
        (
            "ports: [{hostPort: 80}]",
            (
                "spec.containers[0].ports[0] has no containerPort: write it (the number of"
                " hostPort, if that is meant)"
            ),
            Fix.CONTAINER_PORT,
        ),
        (
            "ports: [{name: a}]",
            "spec.containers[0].ports[0] has no containerPort: write it",
            None,
        ),
        ("env: [{value: a}]", "spec.containers[0].env[0] has no name: write it", None),
    ],
)
def test_each_place_says_what_has_to_stand_there(
    container: str, message: str, fix: Fix | None
) -> None:
    """With no value of the manifest in it."""
    assert problems(container) == [(message, fix)]


def test_an_unknown_kind_is_asked_for_its_pods_alone() -> None:
    """Its own fields are nobody's to know here."""
    text = shop("env: [{name: A, value: 1}]", kind="Rollout", spec="replicas: 'two'")
    (violation,) = violations_in_pods(candidate_of(text).workload)
    assert violation.route[:5] == ("spec", "template", "spec", "containers", 0)
    assert violations_of(candidate_of(text).resource) == ()


def test_other_objects_have_types_too() -> None:
    """By API version and kind."""
    text = shop() + service(ports="{name: a}") + manifest("example.org/v1 Service", "b", "spec: 1")
    candidate = candidate_of(text)
    (violation,) = violations_of(resource_of(candidate, "Service/shop"))
    assert violation.message == "spec.ports[0] has no port: write it"
    assert violations_of(resource_of(candidate, "Service/b")) == ()


def test_there_is_an_end_to_what_is_listed() -> None:
    """Fifty are enough for anybody."""
    values = ", ".join("{name: A, value: 1}" for _ in range(60))
    assert len(problems(f"env: [{values}]")) == 50
