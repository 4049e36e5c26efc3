"""Texts between the stages of a split: what is new says what it is split off from."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TypeAlias

from service.kube.objects import ManifestSet, Resource
from service.kube.workloads import Workload, all_workloads, workloads_in
from service.yamldoc.nodes import Data

SPLIT_FROM = "podsplit.dev/split-from"
"""The annotation of objects that a split made, until its last stage: the workload's name."""


AFTER_SPLIT = "podsplit.dev/after-split"
"""The annotation of a workload between the stages of its split. Its value says what the last one
makes of the spec, as in `replicas=3,strategy=none`, or that nothing of it waits for that.
"""
_AS_IT_IS = "as-it-is"
_ABSENT = "none"
_FIELDS = {
    "replicas": re.compile(rf"{_ABSENT}|[0-9]{{1,9}}"),
    "suspend": re.compile(rf"{_ABSENT}|false"),
    "strategy": re.compile(rf"{_ABSENT}|Recreate"),
}
"""The fields of a spec that the annotation may speak of, each with what they may be in the end."""

SpecFields: TypeAlias = Mapping[str, int | bool | str | None]
"""Fields of a spec by name; None for those that it doesn't have. `strategy` is its type."""


def after_split_mark(fields: SpecFields) -> str:
    """The value of `AFTER_SPLIT`.

    Args:
        fields: what the last stage makes of the spec.
    """
    texts = {
        field: value if isinstance(value, str) else json.dumps(value)
        for field, value in fields.items()
        if value is not None
    }
    return ",".join(f"{field}={texts.get(field, _ABSENT)}" for field in fields) or _AS_IT_IS


def fields_after_split(resource: Resource) -> SpecFields:
    """What a workload's annotation says of its spec in the end; nothing if it has none, or if that
    isn't one that `after_split_mark` makes.
    """
    mark = resource.annotations.get(AFTER_SPLIT)
    return fields_of_mark(mark) if mark is not None else {}


def has_unknown_mark(resource: Resource) -> bool:
    """Whether a workload has the annotation with a value that `after_split_mark` doesn't make."""
    mark = resource.annotations.get(AFTER_SPLIT)
    return mark is not None and mark != _AS_IT_IS and not fields_of_mark(mark)


def fields_of_mark(mark: str) -> SpecFields:
    """What `after_split_mark` was given for an annotation; nothing if it doesn't make such ones."""
    found: dict[str, int | bool | str | None] = {}
    for part in mark.split(","):
        field, _, text = part.partition("=")
        known = _FIELDS.get(field)
        if known is None or field in found or not known.fullmatch(text):
            return {}
        value = text if field == "strategy" else json.loads(text.replace(_ABSENT, "null"))
        found[field] = None if text == _ABSENT else value
    return found


def is_stopped_by_split(resource: Resource) -> bool:
    """Whether a workload has no Pods because a split has stopped it."""
    return bool({"replicas", "suspend"} & fields_after_split(resource).keys())


def spec_outside_split(resource: Resource) -> dict[str, Data]:
    """A workload's spec as it is while no split goes on, without the strategy that a wrap wrote."""
    fields = dict(fields_after_split(resource))
    rest = {key: value for key, value in resource.spec.items() if key not in fields}
    fields.pop("strategy", None)
    return {**rest, **{key: value for key, value in fields.items() if value is not None}}


def is_being_split(workload: Workload, manifests: ManifestSet) -> bool:
    """Whether a text stands between the stages of a workload's split."""
    return AFTER_SPLIT in workload.resource.annotations or bool(
        _objects_named_for(workload, manifests)
    )


def objects_split_from(workload: Workload, manifests: ManifestSet) -> tuple[Resource, ...]:
    """The objects that a split of a workload has made so far; none where it isn't being split,
    once the workload has none of their containers any more, and where another one has its name.
    """
    objects = _objects_named_for(workload, manifests)
    origins = dict.fromkeys(origin for made in objects for origin in _origins(manifests)[made])
    others = [
        other
        for origin in origins
        for other in workloads_in(origin, manifests)
        if other is not workload
    ]
    own = set(objects)
    is_shared = any(own.intersection(_objects_named_for(other, manifests)) for other in others)
    return () if is_shared else objects


def _objects_named_for(workload: Workload, manifests: ManifestSet) -> tuple[Resource, ...]:
    """The objects that say that they come from a workload of this name, and may."""
    objects = manifests.compute_once("objects-by-origin", _by_origin).get(workload.resource, ())
    if not objects or workload.resource in objects:
        return ()
    own = {container.name for container in workload.containers}
    made = [other for resource in objects for other in workloads_in(resource, manifests)]
    is_going_on = any(container.name in own for other in made for container in other.containers)
    # What takes over data comes with the last stage only.
    return tuple(objects) if is_going_on or (not made and len(own) > 1) else ()


def _origins(manifests: ManifestSet) -> dict[Resource, list[Resource]]:
    """By object that a split made: those that it may have come from, one of each kind."""
    return manifests.compute_once("origins-of-split", _find_origins)


def _find_origins(manifests: ManifestSet) -> dict[Resource, list[Resource]]:
    marked = marked_objects(manifests)
    if not marked:
        return {}
    kinds: dict[str, dict[str, None]] = {}
    for workload in all_workloads(manifests):
        kinds.setdefault(workload.name, {})[workload.resource.kind] = None
    return {
        resource: [
            origin
            for kind in kinds.get(name, ())
            if (origin := manifests.find(kind, name, resource)) is not None
        ]
        for name, objects in marked.items()
        for resource in objects
    }


def _by_origin(manifests: ManifestSet) -> dict[Resource, list[Resource]]:
    found: dict[Resource, list[Resource]] = {}
    for resource, origins in _origins(manifests).items():
        for origin in origins:
            found.setdefault(origin, []).append(resource)
    return found


def marked_objects(manifests: ManifestSet) -> dict[str, list[Resource]]:
    """All objects of a set that splits made which are going on, by the workload's name."""
    return manifests.compute_once("objects-split-off", _marked)


def unmarked(resource: Resource) -> dict[str, Data]:
    """An object's data without the annotations of a split that is going on."""
    marks = {SPLIT_FROM, AFTER_SPLIT}
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
