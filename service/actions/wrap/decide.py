"""The change that wraps a bare Pod: its text becomes the template of a controller."""

from __future__ import annotations

from posixpath import normpath

from service.actions.context import Situation
from service.actions.wrap.controllers import Wrapping
from service.actions.wrap.live_exports import cleaning
from service.change import Proposal, Step
from service.findings import Stage
from service.kube.annotations import is_for_pods
from service.kube.kustomize import KINDS
from service.kube.live_exports import is_machine_written
from service.kube.objects import items
from service.yamldoc.operations import (
    HOLE,
    AddEntry,
    Nest,
    Operation,
    Remove,
    SetValue,
    Tree,
    Verbatim,
)


def operations(
    situation: Situation, wrapping: Wrapping, shared_labels: dict[str, str]
) -> list[Operation]:
    """The operations that put a Pod's text into its controller.

    Args:
        situation: the Pod.
        wrapping: what was decided.
        shared_labels: labels that the template gets for Services (see `split`).
    """
    resource = situation.resource
    at = situation.absolute
    stage = int(Stage.EXPAND)
    result: list[Operation] = [
        SetValue(at("apiVersion"), wrapping.api_version, stage),
        SetValue(at("kind"), wrapping.kind, stage),
    ]
    if wrapping.name not in (None, resource.name):
        result.append(SetValue(at("metadata", "name"), wrapping.name, stage))
    result += [*cleaning(situation), *wrapping.inside]
    metadata: dict[str, Tree] = {}
    result += _annotated(situation, metadata)
    added = {**wrapping.labels, **shared_labels}
    if resource.labels:
        extra = tuple(
            AddEntry(at("metadata", "labels"), key, value) for key, value in added.items()
        )
        metadata["labels"] = Verbatim(resource.document, at("metadata", "labels"), extra)
    elif added:
        metadata["labels"] = added
    if wrapping.labels:
        result += _labelled(situation, wrapping.labels)
    template: dict[str, Tree] = {"metadata": metadata} if metadata else {}
    result.append(
        Nest(at("spec"), {**wrapping.fields, "template": {**template, "spec": HOLE}}, stage)
    )
    if wrapping.restart_policy:
        result.append(SetValue(at("spec", "restartPolicy"), wrapping.restart_policy, stage))
    return result


def _annotated(situation: Situation, metadata: dict[str, Tree]) -> list[Operation]:
    """Take the annotations of the Pods into the template's metadata, and away from the object."""
    resource, stage = situation.resource, int(Stage.EXPAND)
    route = situation.absolute("metadata", "annotations")
    gone = [key for key in resource.annotations if is_machine_written(resource, key)]
    moved = [key for key in resource.annotations if key not in gone and is_for_pods(key)]
    if moved and len(moved) == len(resource.annotations):
        metadata["annotations"] = Verbatim(resource.document, route)
    elif moved:
        metadata["annotations"] = {key: Verbatim(resource.document, (*route, key)) for key in moved}
    if resource.annotations and len(gone) + len(moved) == len(resource.annotations):
        return [Remove(route, stage)]
    return [Remove((*route, key), stage) for key in (*gone, *moved)]


def _labelled(situation: Situation, labels: dict[str, str]) -> list[Operation]:
    at, stage = situation.absolute, int(Stage.EXPAND)
    if (
        situation.resource.metadata.get("labels") is not None
        or "labels" in situation.resource.metadata
    ):
        return [
            AddEntry(at("metadata", "labels"), key, value, stage) for key, value in labels.items()
        ]
    behind = "namespace" if "namespace" in situation.resource.metadata else "name"
    return [AddEntry(at("metadata"), "labels", labels, stage, after=behind)]


def propose(situation: Situation, wrapping: Wrapping, shared_labels: dict[str, str]) -> Proposal:
    """The change that wraps a Pod."""
    resource = situation.resource
    names = [resource.name, *(each.name for each in wrapping.copies)]
    title = f"give the bare Pod {resource.name} a {wrapping.kind}"
    if wrapping.copies:
        title = (
            f"give the bare Pods {', '.join(names[:5])}{', ...' if len(names) > 5 else ''} one"
            f" {wrapping.kind}"
        )
    steps = tuple(
        Step(resource, operation) for operation in operations(situation, wrapping, shared_labels)
    )
    return Proposal(
        "wrap",
        situation.workload,
        title,
        wrapping.applicability,
        wrapping.assumptions,
        (*steps, *_unlisted(situation, wrapping)),
        becomes=(wrapping.kind, wrapping.name or resource.name),
        copies=wrapping.copies,
    )


def _unlisted(situation: Situation, wrapping: Wrapping) -> list[Step]:
    """Kustomizations don't list files any more in which there was nothing but copies."""
    removed = {id(each.resource) for each in wrapping.copies}
    kept = (
        {each.path for each in situation.manifests.resources if id(each) not in removed}
        if removed
        else set()
    )
    gone = {each.resource.path for each in wrapping.copies} - kept
    return [
        Step(kustomization, Remove((*kustomization.route, field, index), int(Stage.EXPAND)))
        for kustomization in (situation.manifests.of_kind(*KINDS) if gone else ())
        for field in ("resources", "bases")
        for index, entry in enumerate(items(kustomization.data.get(field)))
        if normpath(f"{kustomization.folder}/{entry}") in gone
    ]
