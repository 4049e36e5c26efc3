"""Dependents: the autoscalers and other objects that name a workload or its containers."""

from __future__ import annotations

from typing import Any

import pytest

from service.kube.dependents import (
    metric_container,
    names_workload,
    reads_first_container,
    scalers_of,
    trigger_container,
)
from tests.support.manifests import manifests_of, resource_of, workload_named


def thing(kind: str, group: str, spec: str, name: str = "x", namespace: str = "shop") -> str:
    return (
        f"---\napiVersion: {group}/v1\nkind: {kind}\n"
        f"metadata: {{name: {name}, namespace: {namespace}}}\nspec: {spec}\n"
    )


DEPLOYMENT = """---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop, labels: {own: label}}
spec:
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web}]}}
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            thing(
                "HorizontalPodAutoscaler",
                "autoscaling",
                "{scaleTargetRef: {kind: Deployment, name: web}}",
            ),
            True,
        ),
        (
            thing(
                "VerticalPodAutoscaler",
                "autoscaling.k8s.io",
                "{targetRef: {kind: Deployment, name: web}}",
            ),
            True,
        ),
        (thing("Rollout", "argoproj.io", "{workloadRef: {kind: Deployment, name: web}}"), True),
        (thing("ScaledObject", "keda.sh", "{scaleTargetRef: {name: web}}"), True),
        (thing("A", "b", "{scaleTargetRef: {kind: StatefulSet, name: web}}"), False),
        (thing("A", "b", "{scaleTargetRef: {kind: Deployment, name: api}}"), False),
        (thing("A", "b", "{scaleTargetRef: {kind: Deployment}}"), False),
        (thing("A", "b", "{otherRef: {kind: Deployment, name: web}}"), False),
        (thing("A", "b", "{scaleTargetRef: {name: web}}", namespace="other"), False),
    ],
)
def test_what_names_a_workload(text: str, expected: bool) -> None:
    """By kind and name, in its namespace; KEDA means a Deployment where it says no kind."""
    manifests = manifests_of(DEPLOYMENT + text)
    workload = workload_named(manifests, "Deployment/web")
    assert [scaler.name for scaler in scalers_of(workload, manifests)] == (
        ["x"] if expected else []
    )


def test_a_workload_does_not_scale_itself() -> None:
    """Though it may name one of its own kind and name."""
    text = DEPLOYMENT + "  targetRef: {kind: Deployment, name: web}\n"
    manifests = manifests_of(text)
    assert scalers_of(workload_named(manifests, "Deployment/web"), manifests) == []


@pytest.mark.parametrize("field", ["scaleTargetRef", "targetRef", "workloadRef"])
def test_an_object_that_is_for_a_workload_by_name(field: str) -> None:
    """In one of the fields for that."""
    assert names_workload(resource_of(thing("A", "b", f"{{{field}: {{}}}}")))
    assert not names_workload(resource_of(thing("A", "b", f"{{x: {{{field}: {{}}}}}}")))


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ({"type": "ContainerResource", "containerResource": {"container": "web"}}, "web"),
        ({"type": "Resource", "containerResource": {"container": "web"}}, None),
        ({"type": "ContainerResource"}, ""),
    ],
)
def test_the_container_of_a_metric(metric: dict[str, Any], expected: str | None) -> None:
    """Of the one type that has one."""
    assert metric_container(metric) == expected


@pytest.mark.parametrize(
    ("trigger", "expected"),
    [
        ({"type": "cpu", "metadata": {"containerName": "web"}}, "web"),
        ({"type": "cpu", "metadata": {}}, None),
        ({"type": "cpu"}, None),
    ],
)
def test_the_container_of_a_trigger(trigger: dict[str, Any], expected: str | None) -> None:
    """None where it measures all of them."""
    assert trigger_container(trigger) == expected


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("{triggers: [{metadata: {hostFromEnv: HOST}}]}", True),
        ("{triggers: [{metadata: {host: x}}, {metadata: {passwordFromEnv: P}}]}", True),
        ("{triggers: [{metadata: {FromEnvironment: x}}]}", False),
        ("{triggers: [{metadata: {host: x}}, x]}", False),
        ("{triggers: []}", False),
        ("{}", False),
        (
            "{scaleTargetRef: {envSourceContainerName: w}, triggers: [{metadata: {aFromEnv: A}}]}",
            False,
        ),
        (
            "{scaleTargetRef: {envSourceContainerName: ''}, triggers: [{metadata: {aFromEnv: A}}]}",
            True,
        ),
    ],
)
def test_what_reads_the_first_container(spec: str, expected: bool) -> None:
    """A trigger that takes something from the environment of no container in particular."""
    assert reads_first_container(resource_of(thing("ScaledObject", "keda.sh", spec))) is expected
