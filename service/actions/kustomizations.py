"""Kustomizations around a workload: what they add to it and change in it has to fit what is made
of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from service.actions.context import Candidate, Refused
from service.assumptions import Assumption, AssumptionCode
from service.kube.kustomize import Patch, kustomizations_building, patches_of
from service.kube.objects import Resource, as_list, as_mapping, as_mappings, as_text, value_at
from service.kube.references import LOOPBACK
from service.kube.replicas import copies_of
from service.refusals import Refusal
from service.yamldoc.nodes import Data

_WITHOUT_LABELS = ("NetworkPolicy", "PodMonitor", "PodDisruptionBudget")
"""Kinds to whose selectors kustomize adds labels only where `matchLabels` are written."""
_SPLIT_PLACES = tuple(
    (*spec, *place)
    for spec in (("spec",), ("spec", "jobTemplate", "spec"))
    for place in (
        ("selector",),
        ("template", "metadata", "labels"),
        ("template", "spec", "containers"),
        ("template", "spec", "initContainers"),
        ("template", "spec", "volumes"),
    )
)
"""What a split changes in a workload, and what a JSON patch means by index."""


def check_wrap(candidate: Candidate, kind: str, name: str) -> None:
    """A patch for a Pod misses its controller; one for all controllers meets it.

    Args:
        candidate: the Pod.
        kind: the kind of its controller.
        name: the controller's name.

    Raises:
        Refused: there is one.
    """
    copies = copies_of(candidate.workload, candidate.manifests)
    pods = {candidate.resource.name, *(copy.name for copy in copies)}
    for kustomization in kustomizations_building(candidate.resource, candidate.manifests):
        for patch in patches_of(kustomization, candidate.manifests):
            if any(patch.is_for("Pod", pod) for pod in pods):
                message = (
                    f"{kustomization.path} patches the Pod, which its controller would not get:"
                    " make the patch one for the controller"
                )
                raise Refused(Refusal.KUSTOMIZE_PATCH, message)
            if patch.is_for(kind, name):
                message = (
                    f"{kustomization.path} patches every {kind}, and would patch what the Pod"
                    " becomes: name those that it is for"
                )
                raise Refused(Refusal.KUSTOMIZE_PATCH, message)
        _check_replacements(kustomization)


@dataclass(frozen=True, slots=True)
class PlannedObject:
    """An object that there will be."""

    kind: str
    """Its kind."""
    name: str
    """Its name."""
    containers: frozenset[str]
    """Its containers; none for what is no workload."""


def check_split(
    candidate: Candidate,
    key: str,
    moved: frozenset[str],
    *,
    planned: Sequence[PlannedObject],
    touched: Iterable[Resource],
    is_addressed: bool,
) -> tuple[Assumption, ...]:
    """What kustomizations do to a workload that is to be split.

    Args:
        candidate: the workload.
        key: the label in which the groups differ.
        moved: the containers that leave the workload.
        planned: the new objects.
        touched: the objects that the split changes.
        is_addressed: whether containers are told the names of Services.

    Returns:
        What has to hold.

    Raises:
        Refused: a kustomization would undo or break the split.
    """
    others = [resource for resource in dict.fromkeys(touched) if resource is not candidate.resource]
    assumptions = []
    for kustomization in kustomizations_building(candidate.resource, candidate.manifests):
        _check_fields(candidate, kustomization, key, others, is_addressed=is_addressed)
        _check_replacements(kustomization)
        _check_literals(kustomization)
        for patch in patches_of(kustomization, candidate.manifests):
            _check_patch_of_others(kustomization, patch, others, planned)
            if patch.is_for(candidate.resource.kind, candidate.resource.name):
                if _conflicts_with_split(patch, moved):
                    message = (
                        f"{kustomization.path} patches containers, volumes or labels that the split"
                        " moves: build it first (kubectl kustomize)"
                    )
                    raise Refused(Refusal.KUSTOMIZE_PATCH, message)
                message = (
                    f"a patch of {kustomization.path} is for {candidate.resource.name} alone, and"
                    " not for what moves out of it"
                )
                assumptions.append(Assumption(AssumptionCode.PATCH_FOR_WHAT_STAYS, message))
    return tuple(dict.fromkeys(assumptions))


def _check_fields(
    candidate: Candidate,
    kustomization: Resource,
    key: str,
    others: Sequence[Resource],
    *,
    is_addressed: bool,
) -> None:
    """See that no field of a kustomization names, labels or counts what the split makes."""
    path = kustomization.path
    for field in ("namePrefix", "nameSuffix"):
        if is_addressed and kustomization.data.get(field):
            message = (
                f"{path} sets {field}, which addresses in containers don't follow: build it first"
                " (kubectl kustomize)"
            )
            raise Refused(Refusal.KUSTOMIZE_NAME, message)
    added = _added_labels(kustomization)
    if key in added:
        message = (
            f"{path} sets the label {key} on all Pods, in which the groups would have to differ:"
            " build it first"
        )
        raise Refused(Refusal.KUSTOMIZE_PATCH, message)
    if added and any(other.kind in _WITHOUT_LABELS for other in others):
        message = (
            f"{path} adds labels to selectors, but not to those that would match several groups:"
            " build it first"
        )
        raise Refused(Refusal.KUSTOMIZE_PATCH, message)
    counts = as_mappings(kustomization.data.get("replicas"))
    if any(as_text(count.get("name")) == candidate.resource.name for count in counts):
        message = (
            f"{path} sets the replicas of {candidate.resource.name}: name the new workload there"
            " too, or build it first"
        )
        raise Refused(Refusal.KUSTOMIZE_PATCH, message)


def _check_patch_of_others(
    kustomization: Resource,
    patch: Patch,
    others: Sequence[Resource],
    planned: Sequence[PlannedObject],
) -> None:
    """See that a patch is not for what the split changes or makes, or fits it."""
    if any(patch.is_for(other.kind, other.name) for other in others):
        message = (
            f"{kustomization.path} patches an object that the split changes: build it first"
            " (kubectl kustomize)"
        )
        raise Refused(Refusal.KUSTOMIZE_PATCH, message)
    if any(
        patch.is_for(new.kind, new.name) and _conflicts_with_new_object(patch, new)
        for new in planned
    ):
        message = (
            f"a patch of {kustomization.path} would change what is made, too, and doesn't fit it:"
            " build it first"
        )
        raise Refused(Refusal.KUSTOMIZE_PATCH, message)


def _added_labels(kustomization: Resource) -> set[str]:
    found = set(as_mapping(kustomization.data.get("commonLabels")))
    for labels in as_mappings(kustomization.data.get("labels")):
        found |= set(as_mapping(labels.get("pairs")))
    return found


def _check_replacements(kustomization: Resource) -> None:
    if kustomization.data.get("replacements") or kustomization.data.get("vars"):
        message = (
            f"{kustomization.path} replaces values from one object in others: build it first"
            " (kubectl kustomize)"
        )
        raise Refused(Refusal.KUSTOMIZE_PATCH, message)


def _check_literals(kustomization: Resource) -> None:
    for generator in as_mappings(kustomization.data.get("configMapGenerator")):
        literals = [as_text(literal) for literal in as_list(generator.get("literals"))]
        if any(LOOPBACK.search(literal.partition("=")[2]) for literal in literals):
            message = (
                f"the ConfigMap {as_text(generator.get('name'))} of {kustomization.path} holds a"
                " loopback address: put a Service's name there"
            )
            raise Refused(Refusal.LOCALHOST_IN_CONFIGMAP, message)


def _conflicts_with_new_object(patch: Patch, planned: PlannedObject) -> bool:
    """Whether a patch may not fit a new object: it goes by places, or names containers that it
    doesn't have.
    """
    if not isinstance(patch.content, dict) or not planned.containers:
        return True
    named = _named_containers(patch.content)
    return _sets_pod_wide_fields(patch.content) or not named <= planned.containers


def _conflicts_with_split(patch: Patch, moved: frozenset[str]) -> bool:
    """Whether a patch of the workload is about what moves, goes by places that the split
    changes, or tells of localhost.
    """
    if LOOPBACK.search(json.dumps(patch.content, default=str)):
        return True
    if isinstance(patch.content, list):
        return any(
            _meets_split(as_text(operation[field]))
            for operation in as_mappings(patch.content)
            for field in ("path", "from")
            if field in operation
        )
    if not isinstance(patch.content, dict):
        return True
    return _sets_pod_wide_fields(patch.content) or bool(_named_containers(patch.content) & moved)


def _meets_split(pointer: str) -> bool:
    """Whether what a JSON pointer is for is part of what a split changes, or has such a part."""
    steps = [step for step in pointer.split("/") if step]
    return any(
        all(step == changed for step, changed in zip(steps, place, strict=False))
        for place in _SPLIT_PLACES
    )


def _template_of(data: Data) -> dict[str, Data]:
    """The Pod template in a partial object."""
    spec = as_mapping(as_mapping(data).get("spec"))
    return as_mapping(spec.get("template")) or as_mapping(
        value_at(spec, "jobTemplate", "spec", "template")
    )


def _sets_pod_wide_fields(data: Data) -> bool:
    """Whether a partial object sets a selector, or volumes or labels of Pods, or replaces or
    deletes something by a directive of strategic merge patches.
    """
    template = _template_of(data)
    return (
        value_at(data, "spec", "selector") is not None
        or "volumes" in as_mapping(template.get("spec"))
        or "labels" in as_mapping(template.get("metadata"))
        or '"$' in json.dumps(data, default=str)
    )


def _named_containers(data: Data) -> set[str]:
    """The names of the containers in a partial object."""
    pod = as_mapping(_template_of(data).get("spec"))
    return {
        as_text(container.get("name"))
        for field in ("containers", "initContainers")
        for container in as_mappings(pod.get(field))
    }
