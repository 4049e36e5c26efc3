"""Bare Pods that are copies of each other."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence

from service.kube.bare_pods import reason_to_stay_bare
from service.kube.objects import ManifestSet, as_mapping
from service.kube.workloads import Workload, workloads_of

_NUMBER = re.compile(r"\d+")
HOST_NAME_LABEL = "kubernetes.io/hostname"


def identical_pods(workloads: Iterable[Workload]) -> list[tuple[Workload, ...]]:
    """Groups of two or more bare Pods of one folder and namespace that differ only in their
    names, the numbers in them and their nodes.
    """
    found: dict[tuple[str | None, str, str], list[Workload]] = {}
    for workload in workloads:
        if workload.bare and reason_to_stay_bare(workload) is None:
            resource = workload.resource
            found.setdefault((resource.namespace, resource.folder, _shape(workload)), []).append(
                workload
            )
    return [
        tuple(copies)
        for copies in found.values()
        if len({each.name for each in copies}) == len(copies) > 1
    ]


def copies_of(workload: Workload, manifests: ManifestSet) -> tuple[Workload, ...]:
    """All copies of a Pod in a set, itself among them; empty if it has none."""
    return manifests.compute_once("copies", _copies).get(id(workload.resource), ())


def _copies(manifests: ManifestSet) -> dict[int, tuple[Workload, ...]]:
    pods = (workload for each in manifests.of_kind("Pod") for workload in workloads_of(each))
    return {id(each.resource): copies for copies in identical_pods(pods) for each in copies}


def _shape(workload: Workload) -> str:
    """The Pod as text, its own name replaced: equal for copies."""
    resource = workload.resource
    stem = _NUMBER.sub("#", resource.name)
    # Labels of their own are how Services tell Pods apart: those are no copies.
    labels = json.dumps(resource.labels, sort_keys=True)
    spec = json.dumps(
        {"annotations": resource.annotations, "spec": without_node(workload)},
        sort_keys=True,
        default=str,
    )
    return "\n".join((stem, labels, spec.replace(json.dumps(resource.name)[1:-1], "@")))


def without_node(workload: Workload) -> dict[str, object]:
    """A pod spec without what pins it to a node."""
    pod: dict[str, object] = {
        field: value for field, value in workload.pod.items() if field != "nodeName"
    }
    selector = {
        key: value
        for key, value in as_mapping(workload.pod.get("nodeSelector")).items()
        if key != HOST_NAME_LABEL
    }
    if "nodeSelector" in pod:
        pod["nodeSelector"] = selector
    return (
        {**pod, "nodeSelector": selector}
        if selector
        else {field: value for field, value in pod.items() if field != "nodeSelector"}
    )


def common_name_stem(names: Sequence[str]) -> str | None:
    """The name of copies without the number in which they differ; None if they differ in more
    than one.
    """
    parts = [re.split(r"(\d+)", name) for name in names]
    differing = [
        place for place, some in enumerate(zip(*parts, strict=False)) if len(set(some)) > 1
    ]
    if len({len(each) for each in parts}) > 1 or len(differing) != 1:
        return None
    (place,) = differing
    before, after = "".join(parts[0][:place]), "".join(parts[0][place + 1 :])
    return before.rstrip("-.") + (after if before.rstrip("-.") else after.lstrip("-.")) or None


def ordinal_of(name: str) -> int | None:
    """The number behind the last dash of a name, as a StatefulSet gives it; None without one."""
    match = re.search(r"-(0|[1-9]\d*)\Z", name)
    return int(match[1]) if match else None
