"""Texts between the stages of a split: what is new says what it is split off from."""

from __future__ import annotations

from service.kube.objects import ManifestSet, Resource, in_same_namespace
from service.kube.workloads import Workload, all_workloads
from service.yamldoc.nodes import Data

SPLIT_FROM = "podsplit.dev/split-from"
"""The annotation of objects that a split made, until its last stage: the workload's name."""


STOPPED_BY_SPLIT = "podsplit.dev/stopped-by-split"
"""The annotation of a workload without Pods in the stage *switch*; its value says what to do."""


def is_being_split(workload: Workload, manifests: ManifestSet) -> bool:
    """Whether a text stands between the stages of a workload's split."""
    is_stopped = STOPPED_BY_SPLIT in workload.resource.annotations
    return is_stopped or bool(_objects_named_for(workload, manifests))


def objects_split_from(workload: Workload, manifests: ManifestSet) -> tuple[Resource, ...]:
    """The objects that a split of a workload has made so far; none where it isn't being split,
    once the workload has none of their containers any more, and where another one has its name.
    """
    objects = _objects_named_for(workload, manifests)
    others = [
        other
        for other in all_workloads(manifests)
        if other is not workload
        and other.name == workload.name
        and set(_objects_named_for(other, manifests)) & set(objects)
    ]
    return () if others else objects


def _objects_named_for(workload: Workload, manifests: ManifestSet) -> tuple[Resource, ...]:
    """The objects that say that they come from a workload of this name, and may."""
    objects = [
        resource
        for resource in marked_objects(manifests).get(workload.name, ())
        if in_same_namespace(resource, workload.resource)
        and manifests.can_see(resource, workload.resource)
    ]
    if not objects or workload.resource in objects:
        return ()
    own = {container.name for container in workload.containers}
    made = [other for other in all_workloads(manifests) if other.resource in objects]
    is_going_on = any(container.name in own for other in made for container in other.containers)
    # What takes over data comes with the last stage only.
    return tuple(objects) if is_going_on or (not made and len(own) > 1) else ()


def marked_objects(manifests: ManifestSet) -> dict[str, list[Resource]]:
    """All objects of a set that splits made which are going on, by the workload's name."""
    return manifests.compute_once("objects-split-off", _marked)


def unmarked(resource: Resource) -> dict[str, Data]:
    """An object's data without the annotations of a split that is going on."""
    marks = {SPLIT_FROM, STOPPED_BY_SPLIT}
    if not marks & resource.annotations.keys():
        return resource.data
    rest = {key: value for key, value in resource.annotations.items() if key not in marks}
    metadata = {key: value for key, value in resource.metadata.items() if key != "annotations"}
    return {**resource.data, "metadata": {**metadata, **({"annotations": rest} if rest else {})}}


def _marked(manifests: ManifestSet) -> dict[str, list[Resource]]:
    found: dict[str, list[Resource]] = {}
    for resource in manifests.resources:
        name = resource.annotations.get(SPLIT_FROM)
        if name:
            found.setdefault(name, []).append(resource)
    return found
