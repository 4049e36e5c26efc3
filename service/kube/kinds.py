"""The kinds that hold a pod spec, and how.

Facts: the API reference of Kubernetes 1.34 (apps/v1, batch/v1, core/v1), Argo Rollouts' and
OpenShift's own references.
"""

from __future__ import annotations

from dataclasses import dataclass

from service.yamldoc.nodes import Route


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of workload."""

    group: str
    """The API group; empty for core."""
    versions: tuple[str, ...]
    """The versions that are rewritten; others are analysed only."""
    kind: str
    """Its name."""
    template: Route
    """Where the pod template is; empty for a Pod, which is its own."""
    selector: str
    """`match` for a label selector, `map` for a plain map, `none` where the API server makes one
    or none is needed.
    """
    split_into: str | None
    """The kind of the workloads that groups move to; None where its template is immutable."""
    replicas: bool
    """Whether it has `spec.replicas`."""
    name_limit: int = 63
    """The longest name whose Pods can be made: 63 for the label that carries it, 52 where a
    suffix is added.
    """


_TEMPLATE: Route = ("spec", "template")

KINDS: tuple[Kind, ...] = (
    Kind("", ("v1",), "Pod", (), "none", "Deployment", replicas=False),
    Kind("", ("v1",), "ReplicationController", _TEMPLATE, "map", "Deployment", replicas=True),
    Kind("apps", ("v1",), "Deployment", _TEMPLATE, "match", "Deployment", replicas=True),
    Kind("apps", ("v1",), "ReplicaSet", _TEMPLATE, "match", "Deployment", replicas=True),
    Kind(
        "apps",
        ("v1",),
        "StatefulSet",
        _TEMPLATE,
        "match",
        "Deployment",
        replicas=True,
        name_limit=52,
    ),
    Kind("apps", ("v1",), "DaemonSet", _TEMPLATE, "match", "DaemonSet", replicas=False),
    Kind("batch", ("v1",), "Job", _TEMPLATE, "none", None, replicas=False),
    Kind(
        "batch",
        ("v1",),
        "CronJob",
        ("spec", "jobTemplate", "spec", "template"),
        "none",
        "CronJob",
        replicas=False,
        name_limit=52,
    ),
    Kind("argoproj.io", ("v1alpha1",), "Rollout", _TEMPLATE, "match", "Deployment", replicas=True),
    Kind(
        "apps.openshift.io",
        ("v1",),
        "DeploymentConfig",
        _TEMPLATE,
        "map",
        "Deployment",
        replicas=True,
    ),
)

_BY_NAME = {(kind.group, kind.kind): kind for kind in KINDS}


def known_kind(api_version: str, kind: str) -> Kind | None:
    """The rewritten kind of an object, or None."""
    group, _, version = api_version.rpartition("/")
    found = _BY_NAME.get((group, kind))
    return found if found and version in found.versions else None


LIST_KINDS = frozenset(
    {
        "List",
        "PodList",
        "ServiceList",
        "DeploymentList",
        "ConfigMapList",
        "StatefulSetList",
        "DaemonSetList",
        "JobList",
    }
)
"""Kinds whose `items` are objects of their own."""
