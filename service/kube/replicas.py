"""Bare Pods that are copies of each other."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from service.kube.bare_pods import why_left_alone
from service.kube.workloads import Workload

_NUMBER = re.compile(r"\d+")


def alike(workloads: Iterable[Workload]) -> list[tuple[Workload, ...]]:
    """Groups of two or more bare Pods of one file or folder and namespace that differ only in their names and the numbers in them."""
    found: dict[tuple[str | None, str, str], list[Workload]] = {}
    for workload in workloads:
        if workload.bare and why_left_alone(workload) is None:
            resource = workload.resource
            found.setdefault((resource.namespace, resource.folder, _shape(workload)), []).append(workload)
    return [tuple(copies) for copies in found.values() if len({each.name for each in copies}) > 1]


def _shape(workload: Workload) -> str:
    """The Pod as text, its own name replaced: equal for copies."""
    resource = workload.resource
    stem = _NUMBER.sub("#", resource.name)
    # Labels of their own are how Services tell Pods apart: those are no copies.
    labels = json.dumps(resource.labels, sort_keys=True)
    pod = {field: value for field, value in workload.pod.items() if field != "nodeName"}
    spec = json.dumps({"annotations": resource.annotations, "spec": pod}, sort_keys=True, default=str)
    return "\n".join((stem, labels, spec.replace(json.dumps(resource.name)[1:-1], "@")))
