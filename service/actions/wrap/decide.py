"""The change that wraps a bare Pod: its text becomes the template of a controller."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from posixpath import normpath

from service.actions.annotations import is_for_pods
from service.actions.context import Candidate, Outcome, Refused
from service.actions.cures import cures_of
from service.actions.live_exports import clean_export
from service.actions.wrap.controllers import choose_controller
from service.change import Controller, Proposal, Step
from service.findings import Stage
from service.kube.bare_pods import is_fragment
from service.kube.kustomize import KINDS
from service.kube.live_exports import is_machine_written
from service.kube.objects import as_list
from service.kube.workloads import Workload
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


def is_wanted(candidate: Candidate) -> bool:
    """Whether a workload is a Pod without a controller, and no fragment of one."""
    return candidate.workload.bare and not is_fragment(candidate.workload)


def propose(candidate: Candidate, _earlier: tuple[Proposal, ...]) -> Outcome:
    """The change that wraps a Pod, or why there is none.

    Args:
        candidate: the Pod.
    """
    try:
        choice = choose_controller(candidate)
    except Refused as refused:
        return refused.declined
    controller, copies = choice.controller, choice.copies
    names = [candidate.resource.name, *(copy.name for copy in copies)]
    title = f"give the bare Pod {candidate.resource.name} a {controller.kind}"
    if copies:
        listed = f"{', '.join(names[:5])}{', ...' if len(names) > 5 else ''}"
        title = f"give the bare Pods {listed} one {controller.kind}"
    return Proposal(
        action="wrap",
        workload=candidate.workload,
        title=title,
        applicability=choice.applicability,
        assumptions=choice.assumptions,
        steps=_steps(candidate, controller, copies, {}),
        controller=controller,
        old_pods=choice.old_pods,
        copies=copies,
    )


def complete(candidate: Candidate, own: Proposal, proposals: tuple[Proposal, ...]) -> Proposal:
    """The wrap with the labels that other changes need in the template that it writes."""
    labels = {key: value for other in proposals for key, value in other.template_labels}
    if not labels or own.controller is None:
        return own
    steps = _steps(candidate, own.controller, own.copies, labels)
    return replace(own, steps=steps, without_partner=own)


def _steps(
    candidate: Candidate,
    controller: Controller,
    copies: tuple[Workload, ...],
    template_labels: Mapping[str, str],
) -> tuple[Step, ...]:
    nested = (
        Step(candidate.resource, operation)
        for operation in _nest(candidate, controller, template_labels)
    )
    return (*nested, *_unlist_copies(candidate, copies))


def _nest(
    candidate: Candidate, controller: Controller, template_labels: Mapping[str, str]
) -> list[Operation]:
    """The operations that put a Pod's text into its controller.

    Args:
        candidate: the Pod.
        controller: its controller.
        template_labels: labels that the template gets besides.
    """
    resource, route_to, stage = candidate.resource, candidate.route_to, int(Stage.EXPAND)
    result: list[Operation] = [
        SetValue(route_to("apiVersion"), controller.api_version, stage),
        SetValue(route_to("kind"), controller.kind, stage),
    ]
    if controller.name != resource.name:
        result.append(SetValue(route_to("metadata", "name"), controller.name, stage))
    result += clean_export(candidate, releases_node=controller.kind != "DaemonSet")
    result += [*controller.inside, *_take_annotations(candidate)]
    for container in candidate.workload.containers:
        result += cures_of(candidate, container).values()
    metadata: dict[str, Tree] = {}
    annotations = _template_annotations(candidate)
    if annotations is not None:
        metadata["annotations"] = annotations
    added = {**controller.labels, **template_labels}
    if resource.labels:
        route = route_to("metadata", "labels")
        entries = tuple(AddEntry(route, key, value) for key, value in added.items())
        metadata["labels"] = Verbatim(resource.document, route, entries)
    elif added:
        metadata["labels"] = added
    if controller.labels:
        result += _label_object(candidate, controller.labels)
    template: dict[str, Tree] = {"metadata": metadata} if metadata else {}
    spec: Tree = {**controller.fields, "template": {**template, "spec": HOLE}}
    result.append(Nest(route_to("spec"), spec, stage))
    if controller.restart_policy:
        route = route_to("spec", "restartPolicy")
        result.append(SetValue(route, controller.restart_policy, stage))
    return result


def _moved_annotations(candidate: Candidate) -> list[str]:
    """The keys of the annotations that are read on the Pods."""
    resource = candidate.resource
    return [
        key
        for key in resource.annotations
        if is_for_pods(key) and not is_machine_written(resource, key)
    ]


def _template_annotations(candidate: Candidate) -> Tree | None:
    """The annotations of the template; None if it has none."""
    resource, moved = candidate.resource, _moved_annotations(candidate)
    route = candidate.route_to("metadata", "annotations")
    if not moved:
        return None
    if len(moved) == len(resource.annotations):
        return Verbatim(resource.document, route)
    return {key: Verbatim(resource.document, (*route, key)) for key in moved}


def _take_annotations(candidate: Candidate) -> list[Operation]:
    """Take away from the object the annotations that are read on the Pods, and machines' own."""
    resource, stage = candidate.resource, int(Stage.EXPAND)
    route = candidate.route_to("metadata", "annotations")
    written = [key for key in resource.annotations if is_machine_written(resource, key)]
    gone = [*written, *_moved_annotations(candidate)]
    if gone and len(gone) == len(resource.annotations):
        return [Remove(route, stage)]
    return [Remove((*route, key), stage) for key in gone]


def _label_object(candidate: Candidate, labels: Mapping[str, str]) -> list[Operation]:
    metadata, stage = candidate.resource.metadata, int(Stage.EXPAND)
    if "labels" in metadata:
        route = candidate.route_to("metadata", "labels")
        return [AddEntry(route, key, value, stage) for key, value in labels.items()]
    behind = "namespace" if "namespace" in metadata else "name"
    return [AddEntry(candidate.route_to("metadata"), "labels", dict(labels), stage, after=behind)]


def _unlist_copies(candidate: Candidate, copies: tuple[Workload, ...]) -> list[Step]:
    """Kustomizations don't list files any more in which there was nothing but copies."""
    removed = {copy.resource for copy in copies}
    if not removed:
        return []
    manifests = candidate.manifests
    kept = {resource.path for resource in manifests.resources if resource not in removed}
    gone = {resource.path for resource in removed} - kept
    if not gone:
        return []
    return [
        Step(kustomization, Remove((*kustomization.route, field, index), int(Stage.EXPAND)))
        for kustomization in manifests.of_kind(*KINDS)
        for field in ("resources", "bases")
        for index, entry in enumerate(as_list(kustomization.data.get(field)))
        if normpath(f"{kustomization.folder}/{entry}") in gone
    ]
