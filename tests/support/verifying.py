"""Workloads and plans made by hand, for tests of the verifier: nothing here is planned."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from service.change import NewObject, Proposal, Step, WorkloadPlan
from service.findings import Applicability, Stage
from service.kube.objects import ManifestSet, Resource
from service.kube.workloads import Workload
from service.reading import Inputs
from service.yamldoc.operations import Operation
from tests.support.planning import read

Manifest = dict[str, Any]

_VERSIONS = {
    "Deployment": "apps/v1",
    "StatefulSet": "apps/v1",
    "DaemonSet": "apps/v1",
    "ReplicaSet": "apps/v1",
    "Job": "batch/v1",
    "CronJob": "batch/v1",
    "Rollout": "argoproj.io/v1alpha1",
    "NetworkPolicy": "networking.k8s.io/v1",
    "PodDisruptionBudget": "policy/v1",
    "PodMonitor": "monitoring.coreos.com/v1",
    "HorizontalPodAutoscaler": "autoscaling/v2",
    "VerticalPodAutoscaler": "autoscaling.k8s.io/v1",
    "ScaledObject": "keda.sh/v1alpha1",
}


def manifest(
    kind: str, name: str, spec: Mapping[str, Any] | None = None, /, **metadata: Any
) -> Manifest:
    """An object of a kind."""
    return {
        "apiVersion": _VERSIONS.get(kind, "v1"),
        "kind": kind,
        "metadata": {"name": name, **metadata},
        "spec": dict(spec or {}),
    }


def controller(
    kind: str,
    name: str,
    pod: Mapping[str, Any],
    *,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    **spec: Any,
) -> Manifest:
    """A controller that has the label `app` with its name, as its Pods have, or other labels."""
    own = {"app": name} if labels is None else dict(labels)
    template = {"metadata": {"labels": own, "annotations": annotations or {}}, "spec": dict(pod)}
    inside: Manifest
    if kind == "CronJob":
        inside = {"jobTemplate": {"spec": {"template": template}}}
    elif kind == "Job":
        inside = {"template": template}
    else:
        inside = {"selector": {"matchLabels": own}, "template": template}
    return manifest(kind, name, {**inside, **spec}, labels=own)


def bare_pod(
    name: str,
    pod: Mapping[str, Any],
    *,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    **metadata: Any,
) -> Manifest:
    """A Pod with the label `app` and its name as the value, unless others are given."""
    own = {"app": name} if labels is None else dict(labels)
    return manifest("Pod", name, pod, labels=own, annotations=annotations or {}, **metadata)


def container(name: str, image: str = "", **fields: Any) -> dict[str, Any]:
    """A container, of an image of its name if none is given."""
    return {"name": name, "image": image or f"acme/{name}:1", **fields}


def containers(*names: str) -> dict[str, Any]:
    """A Pod of containers without any fields of their own."""
    return {"containers": [container(name) for name in names]}


def read_objects(*objects: Manifest) -> Inputs:
    """Objects as the documents of a file `0.yaml`."""
    return read("---\n".join(json.dumps(data, indent=1) + "\n" for data in objects))


def set_of(*objects: Manifest) -> ManifestSet:
    """Objects as a set."""
    return read_objects(*objects).manifests


def workload_of(data: Manifest) -> Workload:
    """The workload that an object is."""
    (workload,) = read_objects(data).workloads
    return workload


def find(inputs: Inputs, title: str) -> Resource:
    """The object of a set that has a kind and name."""
    return next(resource for resource in inputs.manifests.resources if resource.title == title)


def proposal_for(workload: Workload, **fields: Any) -> Proposal:
    """A change of a workload, a split unless another action is given."""
    usual: dict[str, Any] = {
        "action": "split",
        "title": "on purpose",
        "applicability": Applicability.REVIEW,
        "assumptions": (),
        "steps": (),
    }
    return Proposal(workload=workload, **{**usual, **fields})


def plan_for(workload: Workload, **fields: Any) -> WorkloadPlan:
    """A plan of one change of a workload."""
    return WorkloadPlan(workload, (proposal_for(workload, **fields),))


def new_object(
    after: Resource, kind: str, name: str, stage: Stage = Stage.SWITCH, **fields: Any
) -> NewObject:
    """An object that is added behind another one."""
    return NewObject(
        **{"after": after, "tree": {}, "kind": kind, "name": name, "stage": stage, **fields}
    )


def step(resource: Resource, operation: Operation) -> Step:
    """An operation on an object, whose route starts at the object."""
    return Step(resource, replace(operation, route=(*resource.route, *operation.route)))


def successors_in(inputs: Inputs, names: Sequence[str]) -> tuple[Workload, ...]:
    """The workloads of a set that have some names, in that order."""
    by_name = {workload.name: workload for workload in inputs.workloads}
    return tuple(by_name[name] for name in names)
