"""Kustomizations around a workload: what they add to it and change in it has to fit what is made
of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from service.actions.context import Refused, Situation
from service.kube.kustomize import Patch, building, patches_of
from service.kube.objects import Resource, items, mapping, mappings, text
from service.kube.references import LOOPBACK
from service.kube.replicas import copies_of
from service.yamldoc.nodes import Data

_WITHOUT_LABELS = ("NetworkPolicy", "PodMonitor", "PodDisruptionBudget")
"""Kinds to whose selectors kustomize adds labels only where `matchLabels` are written."""
_POD_PATHS = re.compile(
    r"/spec/(?:jobTemplate/spec/)?(?:template/(?:metadata/labels|spec/(?:containers|initContainers|volumes))|selector)(?:/|\Z)"
)
"""Places of a JSON patch that mean containers by index, or labels that the split changes."""


def check_wrap(situation: Situation, kind: str, name: str) -> None:
    """A patch for a Pod misses its controller; one for all controllers meets it.

    Args:
        situation: the Pod.
        kind: the kind of its controller.
        name: the controller's name.

    Raises:
        Refused: there is one.
    """
    pods = {
        situation.resource.name,
        *(each.name for each in copies_of(situation.workload, situation.manifests)),
    }
    for kustomization in building(situation.resource, situation.manifests):
        for patch in patches_of(kustomization, situation.manifests):
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
    situation: Situation,
    key: str,
    moved: frozenset[str],
    made: Sequence[Made],
    touched: Iterable[Resource],
    *,
    addressed: bool,
) -> list[str]:
    """What kustomizations do to a workload that is to be split.

    Args:
        situation: the workload.
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
    others = {id(each): each for each in touched if each is not situation.resource}
    for kustomization in building(situation.resource, situation.manifests):
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
            text(each.get("name")) == situation.resource.name
            for each in mappings(kustomization.data.get("replicas"))
        ):
            message = (
                f"{kustomization.path} sets the replicas of {situation.resource.name}: name the new"
                " workload there too, or build it first"
            )
            raise Refused("kustomize-patch", message)
        _check_replacements(kustomization)
        _check_literals(kustomization)
        for patch in patches_of(kustomization, situation.manifests):
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
            if patch.is_for(situation.resource.kind, situation.resource.name):
                if _cuts(patch, moved):
                    message = (
                        f"{kustomization.path} patches containers, volumes or labels that the split"
                        " moves"
                    )
                    raise Refused(
                        "kustomize-patch", f"{message}: build it first (kubectl kustomize)"
                    )
                assumptions.append(
                    f"a patch of {kustomization.path} is for {situation.resource.name} alone, and"
                    " not for what moves out of it"
                )
    return list(dict.fromkeys(assumptions))


def _added_labels(kustomization: Resource) -> set[str]:
    found = set(mapping(kustomization.data.get("commonLabels")))
    for each in mappings(kustomization.data.get("labels")):
        found |= set(mapping(each.get("pairs")))
    return found


def _check_replacements(kustomization: Resource) -> None:
    if kustomization.data.get("replacements") or kustomization.data.get("vars"):
        message = (
            f"{kustomization.path} replaces values from one object in others: build it first"
            " (kubectl kustomize)"
        )
        raise Refused("kustomize-patch", message)


def _check_literals(kustomization: Resource) -> None:
    for generator in mappings(kustomization.data.get("configMapGenerator")):
        if any(
            LOOPBACK.search(text(each).partition("=")[2])
            for each in items(generator.get("literals"))
        ):
            message = (
                f"the ConfigMap {text(generator.get('name'))} of {kustomization.path} holds a"
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
            _POD_PATHS.match(text(operation.get(field)))
            for operation in mappings(patch.content)
            for field in ("path", "from")
        )
    if not isinstance(patch.content, dict):
        return True
    return _names(patch.content, lambda named: bool(named & moved))


def _names(data: Data, wrong: Callable[[set[str]], bool]) -> bool:
    """Whether a partial object names containers that it must not, or sets volumes, labels of
    Pods or a selector.
    """
    spec = mapping(mapping(data).get("spec"))
    template = mapping(spec.get("template")) or mapping(
        mapping(mapping(spec.get("jobTemplate")).get("spec")).get("template")
    )
    pod = mapping(template.get("spec"))
    if "selector" in spec or "volumes" in pod or "labels" in mapping(template.get("metadata")):
        return True
    named = {
        text(each.get("name"))
        for field in ("containers", "initContainers")
        for each in mappings(pod.get(field))
    }
    return wrong(named)
