"""Checks of Pods: their fields, labels and annotations, and how they are replaced."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.support.checks.lookup import EPHEMERAL_VOLUME_KEYS, identities, without_defaults
from tests.support.cluster import Cluster
from tests.support.pods import Container, Pods

_KEPT_FIELDS = (
    "serviceAccountName",
    "automountServiceAccountToken",
    "imagePullSecrets",
    "nodeSelector",
    "tolerations",
    "securityContext",
    "dnsPolicy",
    "dnsConfig",
    "hostAliases",
    "terminationGracePeriodSeconds",
    "priorityClassName",
    "runtimeClassName",
    "enableServiceLinks",
)
"""Fields of the Pod that hold for each of its containers."""
_KEPT_ANNOTATIONS = (
    "linkerd.io/",
    "sidecar.istio.io/",
    "cluster-autoscaler.kubernetes.io/",
    "checksum/",
)
"""Prefixes of annotations that hold for every Pod, whichever containers are in it."""


def check_pod_fields(before: Cluster, after: Cluster) -> Iterator[str]:
    """A field that holds for a whole Pod holds for each Pod that its containers are in."""
    for identity in identities(before):
        for pods in after.pods_with(identity):
            origin = before.origin_of(pods, identity)
            for field in _KEPT_FIELDS:
                # Copies that are pinned to nodes are so by the affinity of their DaemonSet.
                if field == "nodeSelector" and pods.owner.kind == "DaemonSet" != origin.owner.kind:
                    continue
                old = without_defaults(origin.spec.get(field))
                if old != without_defaults(pods.spec.get(field)):
                    yield f"{field} of {pods.owner} is not what it was for {identity}"
            if _is_pinned_to_node(origin):
                continue
            for field in ("affinity", "topologySpreadConstraints"):
                old = _without_label_values(origin.spec.get(field))
                if old != _without_label_values(pods.spec.get(field)):
                    yield f"{field} of {pods.owner} is not what it was for {identity}"


def _is_pinned_to_node(pods: Pods) -> bool:
    return "nodeName" in pods.spec or "kubernetes.io/hostname" in (
        pods.spec.get("nodeSelector") or {}
    )


def _without_label_values(value: Any) -> Any:
    """Terms that select Pods, without the values of the labels that they ask for: the terms of a
    Pod that moves ask for its new labels.
    """
    if isinstance(value, dict):
        return {
            key: sorted(field) if key == "matchLabels" else _without_label_values(field)
            for key, field in value.items()
        }
    return [_without_label_values(item) for item in value] if isinstance(value, list) else value


def check_updates(before: Cluster, after: Cluster) -> Iterator[str]:
    """A new Deployment that writes to data never runs two Pods at once. What ran to an end still
    does, and is tried as often.
    """
    for pods in after.pods.values():
        if (
            pods.owner in before.pods
            or not pods.containers
            or not before.pods_with(pods.containers[0].identity)
        ):
            continue
        spec = pods.source.spec
        written = {
            source for container in pods.containers for source in _written_sources(container, pods)
        }
        if (
            pods.owner.kind == "Deployment"
            and written
            and (spec.get("strategy") or {}).get("type") != "Recreate"
        ):
            yield (
                f"{pods.owner} writes to {sorted(written)}, and two of its Pods may do so at once"
            )
        origin = before.origin_of(pods, pods.containers[0].identity)
        old_policy = origin.spec.get("restartPolicy")
        if pods.owner.kind in ("Job", "CronJob") and pods.spec.get("restartPolicy") != old_policy:
            yield f"the Pods of {pods.owner} have another restartPolicy than {origin.owner}"
        if pods.owner.kind == "Job" and old_policy == "Never" and spec.get("backoffLimit") != 0:
            yield f"{pods.owner} tries again, and {origin.owner} didn't"


def _written_sources(container: Container, pods: Pods) -> Iterator[str]:
    """The data that a container writes to and that outlives its Pod."""
    volumes = {volume.get("name"): volume for volume in pods.spec.get("volumes") or ()}
    for mount in container.data.get("volumeMounts") or ():
        volume = volumes.get(mount.get("name"))
        if volume and not mount.get("readOnly") and volume.keys() - EPHEMERAL_VOLUME_KEYS:
            yield from pods.volume_sources(str(mount["name"]))


def check_labels(before: Cluster, after: Cluster) -> Iterator[str]:
    """Pods of an old owner keep their labels; those of a new one differ in one at most."""
    for identity in identities(before):
        for pods in after.pods_with(identity):
            origin = before.origin_of(pods, identity)
            changed = {key for key, value in origin.labels.items() if pods.labels.get(key) != value}
            allowed = 0 if pods.owner in before.pods else 1
            if len(changed) > allowed:
                yield (
                    f"the labels {sorted(changed)} of {pods.owner} are not those of {origin.owner}"
                )


def check_annotations(before: Cluster, after: Cluster) -> Iterator[str]:
    """Annotations of a Pod that the cluster reads are on each Pod that its containers are in."""
    for identity in identities(before):
        for pods in after.pods_with(identity):
            origin = before.origin_of(pods, identity)
            for key, value in origin.annotations.items():
                if key.startswith(_KEPT_ANNOTATIONS) and pods.annotations.get(key) != value:
                    yield f"{pods.owner} with {identity} has lost the annotation {key}"
