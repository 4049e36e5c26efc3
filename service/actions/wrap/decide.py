"""The change that wraps a bare Pod: its text becomes the template of a controller."""

from __future__ import annotations

from posixpath import normpath

from service.actions.context import Candidate
from service.actions.wrap.controllers import Wrapping
from service.actions.wrap.live_exports import cleaning
from service.change import Proposal, Step
from service.findings import Stage
from service.kube.annotations import is_for_pods
from service.kube.kustomize import KINDS
from service.kube.live_exports import is_machine_written
from service.kube.objects import as_list
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
    candidate: Candidate, wrapping: Wrapping, shared_labels: dict[str, str]
) -> list[Operation]:
    """The operations that put a Pod's text into its controller.

    Args:
        candidate: the Pod.
        wrapping: what was decided.
        shared_labels: labels that the template gets for Services (see `split`).
    """
    resource = candidate.resource
    at = candidate.absolute
    stage = int(Stage.EXPAND)
    result: list[Operation] = [
        SetValue(at("apiVersion"), wrapping.api_version, stage),
        SetValue(at("kind"), wrapping.kind, stage),
    ]
    if wrapping.name not in (None, resource.name):
        result.append(SetValue(at("metadata", "name"), wrapping.name, stage))
    result += [*cleaning(candidate), *wrapping.inside]
    metadata: dict[str, Tree] = {}
    result += _annotated(candidate, metadata)
    added = {**wrapping.labels, **shared_labels}
    if resource.labels:
        extra = tuple(
            AddEntry(at("metadata", "labels"), key, value) for key, value in added.items()
        )
        metadata["labels"] = Verbatim(resource.document, at("metadata", "labels"), extra)
    elif added:
        metadata["labels"] = added
    if wrapping.labels:
        result += _labelled(candidate, wrapping.labels)
    template: dict[str, Tree] = {"metadata": metadata} if metadata else {}
    result.append(
        Nest(at("spec"), {**wrapping.fields, "template": {**template, "spec": HOLE}}, stage)
    )
    if wrapping.restart_policy:
        result.append(SetValue(at("spec", "restartPolicy"), wrapping.restart_policy, stage))
    return result


def _annotated(candidate: Candidate, metadata: dict[str, Tree]) -> list[Operation]:
    """Take the annotations of the Pods into the template's metadata, and away from the object."""
    resource, stage = candidate.resource, int(Stage.EXPAND)
    route = candidate.absolute("metadata", "annotations")
    gone = [key for key in resource.annotations if is_machine_written(resource, key)]
    moved = [key for key in resource.annotations if key not in gone and is_for_pods(key)]
    if moved and len(moved) == len(resource.annotations):
        metadata["annotations"] = Verbatim(resource.document, route)
    elif moved:
        metadata["annotations"] = {key: Verbatim(resource.document, (*route, key)) for key in moved}
    if resource.annotations and len(gone) + len(moved) == len(resource.annotations):
        return [Remove(route, stage)]
    return [Remove((*route, key), stage) for key in (*gone, *moved)]


def _labelled(candidate: Candidate, labels: dict[str, str]) -> list[Operation]:
    at, stage = candidate.absolute, int(Stage.EXPAND)
    if (
        candidate.resource.metadata.get("labels") is not None
        or "labels" in candidate.resource.metadata
    ):
        return [
            AddEntry(at("metadata", "labels"), key, value, stage) for key, value in labels.items()
        ]
    behind = "namespace" if "namespace" in candidate.resource.metadata else "name"
    return [AddEntry(at("metadata"), "labels", labels, stage, after=behind)]


def propose(candidate: Candidate, wrapping: Wrapping, shared_labels: dict[str, str]) -> Proposal:
    """The change that wraps a Pod."""
    resource = candidate.resource
    names = [resource.name, *(each.name for each in wrapping.copies)]
    title = f"give the bare Pod {resource.name} a {wrapping.kind}"
    if wrapping.copies:
        title = (
            f"give the bare Pods {', '.join(names[:5])}{', ...' if len(names) > 5 else ''} one"
            f" {wrapping.kind}"
        )
    steps = tuple(
        Step(resource, operation) for operation in operations(candidate, wrapping, shared_labels)
    )
    return Proposal(
        "wrap",
        candidate.workload,
        title,
        wrapping.applicability,
        wrapping.assumptions,
        (*steps, *_unlisted(candidate, wrapping)),
        becomes=(wrapping.kind, wrapping.name or resource.name),
        copies=wrapping.copies,
    )


def _unlisted(candidate: Candidate, wrapping: Wrapping) -> list[Step]:
    """Kustomizations don't list files any more in which there was nothing but copies."""
    removed = {id(each.resource) for each in wrapping.copies}
    kept = (
        {each.path for each in candidate.manifests.resources if id(each) not in removed}
        if removed
        else set()
    )
    gone = {each.resource.path for each in wrapping.copies} - kept
    return [
        Step(kustomization, Remove((*kustomization.route, field, index), int(Stage.EXPAND)))
        for kustomization in (candidate.manifests.of_kind(*KINDS) if gone else ())
        for field in ("resources", "bases")
        for index, entry in enumerate(as_list(kustomization.data.get(field)))
        if normpath(f"{kustomization.folder}/{entry}") in gone
    ]
