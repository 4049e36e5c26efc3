"""Which objects of a cluster the service is asked about, and how they are sent. Pure functions."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from clients.audit.cluster import Object, Resource

WORKLOADS = (
    Resource("Pod", "v1", "pods"),
    Resource("Deployment", "apps/v1", "deployments"),
    Resource("StatefulSet", "apps/v1", "statefulsets"),
    Resource("DaemonSet", "apps/v1", "daemonsets"),
    Resource("ReplicaSet", "apps/v1", "replicasets"),
    Resource("Job", "batch/v1", "jobs"),
    Resource("CronJob", "batch/v1", "cronjobs"),
)
"""What has containers."""
AROUND = (
    Resource("Service", "v1", "services"),
    Resource("Ingress", "networking.k8s.io/v1", "ingresses"),
    Resource("NetworkPolicy", "networking.k8s.io/v1", "networkpolicies"),
    Resource("PodDisruptionBudget", "policy/v1", "poddisruptionbudgets"),
    Resource("HorizontalPodAutoscaler", "autoscaling/v2", "horizontalpodautoscalers"),
)
"""What says more about workloads."""

SYSTEM_NAMESPACES = frozenset({"kube-system", "kube-public", "kube-node-lease"})

_WORKLOAD_KINDS = frozenset(resource.kind for resource in WORKLOADS)
_ENDED = frozenset({"Succeeded", "Failed"})
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


@dataclass(frozen=True, slots=True)
class File:
    """An object as it is sent."""

    path: str
    """A folder for each namespace, so that each is looked at by itself."""
    content: str
    """JSON."""
    is_workload: bool


def is_looked_at(item: Object, passed_over: Iterable[str]) -> bool:
    """Whether the service is asked about an object: it is not the system's, is not going away, has
    not ended, and no controller made it, which is looked at instead.
    """
    metadata = item.get("metadata") or {}
    if not metadata.get("namespace") or metadata["namespace"] in passed_over:
        return False
    if metadata.get("deletionTimestamp"):
        return False
    owners = metadata.get("ownerReferences") or ()
    # The owner of a Pod counts in its place, whatever kind it is of; a Deployment that an operator
    # made is the topmost that can be read.
    is_owned = any(
        owner.get("controller")
        and (item["kind"] in ("Pod", "ReplicaSet") or owner.get("kind") in _WORKLOAD_KINDS)
        for owner in owners
    )
    has_ended = item["kind"] == "Pod" and (item.get("status") or {}).get("phase") in _ENDED
    return not is_owned and not has_ended


def as_file(item: Object) -> File:
    """An object without what machines wrote into it."""
    metadata = {
        key: value
        for key, value in (item.get("metadata") or {}).items()
        if key not in ("managedFields", "resourceVersion", "generation", "selfLink")
    }
    annotations = metadata.get("annotations") or {}
    if _LAST_APPLIED in annotations:
        metadata["annotations"] = {
            key: value for key, value in annotations.items() if key != _LAST_APPLIED
        }
    kept = {key: value for key, value in item.items() if key not in ("metadata", "status")}
    content = json.dumps({**kept, "metadata": metadata}, ensure_ascii=False)
    path = f"{metadata['namespace']}/{item['kind'].lower()}-{metadata['name']}.json"
    return File(path, content, item["kind"] in _WORKLOAD_KINDS)


def requests_of(files: Iterable[File], most: int, most_files: int) -> Iterator[list[File]]:
    """The files in requests of bounded size: whole namespaces together, and one that is too large
    in parts of its workloads, each with all that is around them.

    Args:
        files: all files.
        most: characters of a request.
        most_files: files of a request.
    """
    namespaces: dict[str, list[File]] = {}
    for file in files:
        namespaces.setdefault(file.path.partition("/")[0], []).append(file)
    together: list[File] = []
    for namespace, all_own in namespaces.items():
        own = _packed(namespace, all_own)
        if not any(file.is_workload for file in own):
            continue
        if _size(own) > most or len(own) > most_files:
            yield from _parts(own, most, most_files)
        elif _size(together) + _size(own) > most or len(together) + len(own) > most_files:
            yield together
            together = own
        else:
            together = together + own
    if together:
        yield together


def halves_of(files: list[File]) -> tuple[list[File], list[File]] | None:
    """A request in two; None if it is about one workload alone."""
    workloads = [file for file in files if file.is_workload]
    if len(workloads) < 2:
        return None
    around = [file for file in files if not file.is_workload]
    first, second = workloads[: len(workloads) // 2], workloads[len(workloads) // 2 :]
    return around + first, around + second


def _packed(namespace: str, files: list[File]) -> list[File]:
    """The files of a namespace, with what is around its workloads as one List."""
    workloads = [file for file in files if file.is_workload]
    around = ", ".join(file.content for file in files if not file.is_workload)
    text = f'{{"apiVersion": "v1", "kind": "List", "items": [{around}]}}'
    return [*([File(f"{namespace}/around.json", text, False)] if around else []), *workloads]


def _parts(files: list[File], most: int, most_files: int) -> Iterator[list[File]]:
    around = [file for file in files if not file.is_workload]
    room = max(most - _size(around), most // 4)
    part: list[File] = []
    for file in (file for file in files if file.is_workload):
        is_full = _size(part) + len(file.content) > room or len(part) + len(around) >= most_files
        if part and is_full:
            yield around + part
            part = []
        part.append(file)
    yield around + part


def _size(files: Iterable[File]) -> int:
    return sum(len(file.content) for file in files)
