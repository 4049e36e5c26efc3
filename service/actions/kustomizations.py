"""Kustomizations around a workload: what they add to it and change in it has to fit what is made
of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from service.actions.context import Candidate, Refused
from service.kube.kustomize import Patch, kustomizations_building, patches_of
from service.kube.objects import Resource, as_list, as_mapping, as_mappings, as_text
from service.kube.references import LOOPBACK
from service.kube.replicas import copies_of
from service.yamldoc.nodes import Data

_WITHOUT_LABELS = ("NetworkPolicy", "PodMonitor", "PodDisruptionBudget")
"""Kinds to whose selectors kustomize adds labels only where `matchLabels` are written."""
_POD_PATHS = re.compile(
    r"/spec/(?:jobTemplate/spec/)?(?:template/(?:metadata/labels|spec/(?:containers|initContainers|volumes))|selector)(?:/|\Z)"
)
"""Places of a JSON patch that mean containers by index, or labels that the split changes."""


def check_wrap(candidate: Candidate, kind: str, name: str) -> None:
    """A patch for a Pod misses its controller; one for all controllers meets it.

    Args:
        candidate: the Pod.
        kind: the kind of its controller.
        name: the controller's name.

    Raises:
        Refused: there is one.
    """
    pods = {
        candidate.resource.name,
        *(each.name for each in copies_of(candidate.workload, candidate.manifests)),
    }
    for kustomization in kustomizations_building(candidate.resource, candidate.manifests):
        for patch in patches_of(kustomization, candidate.manifests):
            if any(patch.is_for("Pod", each) for each in pods):
                message = (
                    f"{kustomization.path} patches the Pod, which its controller would not get:"
                    " make the patch one for the controller"
                )
                raise Refused("kustomize-patch", message)
            if patch.is_for(kind, name):
                message = (
                    f"{kustomization.path} patches every {kind}, and would patch what the Pod"
                    " becomes: name those that it is for"
                )
                raise Refused("kustomize-patch", message)
        _check_replacements(kustomization)


@dataclass(frozen=True, slots=True)
class Made:
    """A new object."""

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
    made: Sequence[Made],
    touched: Iterable[Resource],
    *,
    addressed: bool,
) -> list[str]:
    """What kustomizations do to a workload that is to be split.

    Args:
        candidate: the workload.
        key: the label in which the groups differ.
        moved: the containers that leave the workload.
        made: the new objects.
        touched: the objects that the split changes.
        addressed: whether containers are told the names of Services.

    Returns:
        Assumptions.

    Raises:
        Refused: a kustomization would undo or break the split.
    """
    assumptions = []
    others = {id(each): each for each in touched if each is not candidate.resource}
    for kustomization in kustomizations_building(candidate.resource, candidate.manifests):
        for field in ("namePrefix", "nameSuffix"):
            if addressed and kustomization.data.get(field):
                message = (
                    f"{kustomization.path} sets {field}, which addresses in containers don't"
                    " follow: build it first (kubectl kustomize)"
                )
                raise Refused("kustomize-name", message)
        if key in _added_labels(kustomization):
            message = (
                f"{kustomization.path} sets the label {key} on all Pods, in which the groups would"
                " have to differ: build it first"
            )
            raise Refused("kustomize-patch", message)
        if _added_labels(kustomization) and any(
            each.kind in _WITHOUT_LABELS for each in others.values()
        ):
            message = (
                f"{kustomization.path} adds labels to selectors, but not to those that would match"
                " several groups: build it first"
            )
            raise Refused("kustomize-patch", message)
        if any(
            as_text(each.get("name")) == candidate.resource.name
            for each in as_mappings(kustomization.data.get("replicas"))
        ):
            message = (
                f"{kustomization.path} sets the replicas of {candidate.resource.name}: name the new"
                " workload there too, or build it first"
            )
            raise Refused("kustomize-patch", message)
        _check_replacements(kustomization)
        _check_literals(kustomization)
        for patch in patches_of(kustomization, candidate.manifests):
            if any(patch.is_for(each.kind, each.name) for each in others.values()):
                message = (
                    f"{kustomization.path} patches an object that the split changes: build it first"
                    " (kubectl kustomize)"
                )
                raise Refused("kustomize-patch", message)
            if any(patch.is_for(each.kind, each.name) and _misfits(patch, each) for each in made):
                message = (
                    f"a patch of {kustomization.path} would change what is made, too, and doesn't"
                    " fit it: build it first"
                )
                raise Refused("kustomize-patch", message)
            if patch.is_for(candidate.resource.kind, candidate.resource.name):
                if _cuts(patch, moved):
                    message = (
                        f"{kustomization.path} patches containers, volumes or labels that the split"
                        " moves"
                    )
                    raise Refused(
                        "kustomize-patch", f"{message}: build it first (kubectl kustomize)"
                    )
                assumptions.append(
                    f"a patch of {kustomization.path} is for {candidate.resource.name} alone, and"
                    " not for what moves out of it"
                )
    return list(dict.fromkeys(assumptions))


def _added_labels(kustomization: Resource) -> set[str]:
    found = set(as_mapping(kustomization.data.get("commonLabels")))
    for each in as_mappings(kustomization.data.get("labels")):
        found |= set(as_mapping(each.get("pairs")))
    return found


def _check_replacements(kustomization: Resource) -> None:
    if kustomization.data.get("replacements") or kustomization.data.get("vars"):
        message = (
            f"{kustomization.path} replaces values from one object in others: build it first"
            " (kubectl kustomize)"
        )
        raise Refused("kustomize-patch", message)


def _check_literals(kustomization: Resource) -> None:
    for generator in as_mappings(kustomization.data.get("configMapGenerator")):
        if any(
            LOOPBACK.search(as_text(each).partition("=")[2])
            for each in as_list(generator.get("literals"))
        ):
            message = (
                f"the ConfigMap {as_text(generator.get('name'))} of {kustomization.path} holds a"
                " loopback address: put a Service's name there"
            )
            raise Refused("localhost-in-configmap", message)


def _misfits(patch: Patch, made: Made) -> bool:
    """Whether a patch may not fit a new object: it goes by places, or names containers that it
    doesn't have.
    """
    if not isinstance(patch.content, dict) or not made.containers:
        return True
    return _names(patch.content, lambda named: not named <= made.containers)


def _cuts(patch: Patch, moved: frozenset[str]) -> bool:
    """Whether a patch of the workload is about what moves, goes by places that the split
    changes, or tells of localhost.
    """
    if LOOPBACK.search(json.dumps(patch.content, default=str)):
        return True
    if isinstance(patch.content, list):
        return any(
            _POD_PATHS.match(as_text(operation.get(field)))
            for operation in as_mappings(patch.content)
            for field in ("path", "from")
        )
    if not isinstance(patch.content, dict):
        return True
    return _names(patch.content, lambda named: bool(named & moved))


def _names(data: Data, wrong: Callable[[set[str]], bool]) -> bool:
    """Whether a partial object names containers that it must not, or sets volumes, labels of
    Pods or a selector.
    """
    spec = as_mapping(as_mapping(data).get("spec"))
    template = as_mapping(spec.get("template")) or as_mapping(
        as_mapping(as_mapping(spec.get("jobTemplate")).get("spec")).get("template")
    )
    pod = as_mapping(template.get("spec"))
    if "selector" in spec or "volumes" in pod or "labels" in as_mapping(template.get("metadata")):
        return True
    named = {
        as_text(each.get("name"))
        for field in ("containers", "initContainers")
        for each in as_mappings(pod.get(field))
    }
    return wrong(named)
