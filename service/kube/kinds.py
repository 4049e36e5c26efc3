"""The kinds that hold a pod spec, and where and how they hold it.

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
    """The name of the kind."""
    template: Route
    """From the object to the pod template; empty for a Pod, which is its own template."""
    selector: str
    """`match` for a label selector, `map` for a plain map of labels, `none` if the API server makes
    the selector or there is none.
    """
    split_into: str | None
    """The kind of the workloads that groups move to; None if groups can't move, as the template is
    immutable.
    """
    replicas: bool
    """Whether it has `spec.replicas`."""
    name_limit: int = 63
    """The longest name whose Pods can be created: 63 for the label that holds it, 52 where the
    controller adds a suffix.
    """


_TEMPLATE: Route = ("spec", "template")

KINDS: tuple[Kind, ...] = (
    Kind(
        group="",
        versions=("v1",),
        kind="Pod",
        template=(),
        selector="none",
        split_into="Deployment",
        replicas=False,
    ),
    Kind(
        group="",
        versions=("v1",),
        kind="ReplicationController",
        template=_TEMPLATE,
        selector="map",
        split_into="Deployment",
        replicas=True,
    ),
    Kind(
        group="apps",
        versions=("v1",),
        kind="Deployment",
        template=_TEMPLATE,
        selector="match",
        split_into="Deployment",
        replicas=True,
    ),
    Kind(
        group="apps",
        versions=("v1",),
        kind="ReplicaSet",
        template=_TEMPLATE,
        selector="match",
        split_into="Deployment",
        replicas=True,
    ),
    Kind(
        group="apps",
        versions=("v1",),
        kind="StatefulSet",
        template=_TEMPLATE,
        selector="match",
        split_into="Deployment",
        replicas=True,
        name_limit=52,
    ),
    Kind(
        group="apps",
        versions=("v1",),
        kind="DaemonSet",
        template=_TEMPLATE,
        selector="match",
        split_into="DaemonSet",
        replicas=False,
    ),
    Kind(
        group="batch",
        versions=("v1",),
        kind="Job",
        template=_TEMPLATE,
        selector="none",
        split_into=None,
        replicas=False,
    ),
    Kind(
        group="batch",
        versions=("v1",),
        kind="CronJob",
        template=("spec", "jobTemplate", "spec", "template"),
        selector="none",
        split_into="CronJob",
        replicas=False,
        name_limit=52,
    ),
    Kind(
        group="argoproj.io",
        versions=("v1alpha1",),
        kind="Rollout",
        template=_TEMPLATE,
        selector="match",
        split_into="Deployment",
        replicas=True,
    ),
    Kind(
        group="apps.openshift.io",
        versions=("v1",),
        kind="DeploymentConfig",
        template=_TEMPLATE,
        selector="map",
        split_into="Deployment",
        replicas=True,
    ),
)
"""The kinds that are rewritten."""

_BY_NAME = {(kind.group, kind.kind): kind for kind in KINDS}


def known_kind(api_version: str, kind: str) -> Kind | None:
    """The kind of an object, if it is one that is rewritten; None for all others."""
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
