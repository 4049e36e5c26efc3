"""Bare Pods that are copies of each other."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Sequence

from service.kube.bare_pods import reason_to_stay_bare
from service.kube.objects import ManifestSet, Resource, as_mapping
from service.kube.workloads import Workload, all_workloads
from service.lazy import kept

_NUMBER = re.compile(r"\d+")
HOST_NAME_LABEL = "kubernetes.io/hostname"
"""The label of a node that holds its name."""


def identical_pods(workloads: Iterable[Workload]) -> list[tuple[Workload, ...]]:
    """Groups of two or more bare Pods of one folder and namespace that differ only in their
    names, the numbers in them and their nodes.
    """
    found: dict[tuple[str | None, str, bytes], list[Workload]] = {}
    for workload in workloads:
        if workload.bare and reason_to_stay_bare(workload) is None:
            resource = workload.resource
            key = (resource.namespace, resource.folder, _digest_without_name(workload))
            found.setdefault(key, []).append(workload)
    return [
        tuple(copies)
        for copies in found.values()
        if len({copy.name for copy in copies}) == len(copies) > 1
    ]


def copies_of(workload: Workload, manifests: ManifestSet) -> tuple[Workload, ...]:
    """All copies of a Pod in a set, itself among them; empty if it has none."""
    return manifests.compute_once("copies", _copies).get(workload.resource, ())


def _copies(manifests: ManifestSet) -> dict[Resource, tuple[Workload, ...]]:
    workloads = all_workloads(manifests)
    return {copy.resource: copies for copies in identical_pods(workloads) for copy in copies}


@kept
def _digest_without_name(workload: Workload) -> bytes:
    """The hash of a Pod as text, with its name replaced: the same for all copies."""
    resource = workload.resource
    stem = _NUMBER.sub("#", resource.name)
    # Services tell Pods apart by their labels, so Pods with different labels are no copies.
    labels = json.dumps(resource.labels, sort_keys=True)
    spec = json.dumps(
        {"annotations": resource.annotations, "spec": without_node(workload)},
        sort_keys=True,
        default=str,
    )
    text = "\n".join((stem, labels, spec.replace(json.dumps(resource.name)[1:-1], "@")))
    return hashlib.sha256(text.encode()).digest()


def without_node(workload: Workload) -> dict[str, object]:
    """A pod spec without its `nodeName` and the host name in its `nodeSelector`."""
    pod: dict[str, object] = {
        field: value for field, value in workload.pod.items() if field != "nodeName"
    }
    selector = {
        key: value
        for key, value in as_mapping(workload.pod.get("nodeSelector")).items()
        if key != HOST_NAME_LABEL
    }
    if selector:
        return {**pod, "nodeSelector": selector}
    pod.pop("nodeSelector", None)
    return pod


def common_name_stem(names: Sequence[str]) -> str | None:
    """The name of copies without the number in which they differ.

    Args:
        names: the names, which are the same but for their numbers.

    Returns:
        None if they differ in more than one number, or if nothing is left.
    """
    parts = [re.split(r"(\d+)", name) for name in names]
    columns = list(zip(*parts, strict=False))
    differing = [position for position, values in enumerate(columns) if len(set(values)) > 1]
    if len({len(split_name) for split_name in parts}) > 1 or len(differing) != 1:
        return None
    (position,) = differing
    before = "".join(parts[0][:position]).rstrip("-.")
    after = "".join(parts[0][position + 1 :])
    return before + after if before else after.lstrip("-.") or None


def ordinal_of(name: str) -> int | None:
    """The number after the last dash of a name, as a StatefulSet assigns it; None if there is
    none.
    """
    match = re.search(r"-(0|[1-9]\d*)\Z", name)
    return int(match[1]) if match else None
