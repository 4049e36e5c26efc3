"""The change that wraps a bare Pod: its text becomes the template of a controller."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from posixpath import normpath

from service.actions.annotations import is_for_pods, note_spec_after_split
from service.actions.context import Candidate, Outcome, Refused
from service.actions.invalid_fields import fixes_of
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
        steps=_steps(candidate, controller, copies, _NOTHING_ASKED),
        controller=controller,
        old_pods=choice.old_pods,
        copies=copies,
    )


def complete(candidate: Candidate, own: Proposal, proposals: tuple[Proposal, ...]) -> Proposal:
    """The wrap with the labels that other changes need in the template that it writes."""
    fields = own.controller.fields if own.controller is not None else {}
    asked = _ControllerRequirements(
        labels={key: value for other in proposals for key, value in other.template_labels},
        begins_split=any(other.moves for other in proposals),
        notes_strategy="strategy" in fields and any(other.moves for other in proposals),
        stops=any(other.stops_old_pods for other in proposals),
        frees_strategy=any(other.frees_strategy for other in proposals),
    )
    if asked == _NOTHING_ASKED or own.controller is None:
        return own
    steps = _steps(candidate, own.controller, own.copies, asked)
    return replace(own, steps=steps, without_partner=own)


@dataclass(frozen=True, slots=True)
class _ControllerRequirements:
    """What other changes of the workload need from the controller."""

    labels: Mapping[str, str]
    """Labels of the template."""
    begins_split: bool
    """Whether containers leave it, so that it says that a split goes on."""
    notes_strategy: bool
    """Whether it says that its strategy is the wrap's, as containers leave it."""
    stops: bool
    """Whether it has no Pods in the stage *switch*."""
    frees_strategy: bool
    """Whether its strategy isn't needed in the last stage."""


_NOTHING_ASKED = _ControllerRequirements(
    labels={}, begins_split=False, notes_strategy=False, stops=False, frees_strategy=False
)


def _steps(
    candidate: Candidate,
    controller: Controller,
    copies: tuple[Workload, ...],
    asked: _ControllerRequirements,
) -> tuple[Step, ...]:
    nested = (
        Step(candidate.resource, operation) for operation in _nest(candidate, controller, asked)
    )
    return (*nested, *_unlist_copies(candidate, copies))


def _nest(
    candidate: Candidate, controller: Controller, asked: _ControllerRequirements
) -> list[Operation]:
    """The operations that put a Pod's text into its controller.

    Args:
        candidate: the Pod.
        controller: its controller.
        asked: what other changes need from it.
    """
    resource, route_to, stage = candidate.resource, candidate.route_to, int(Stage.EXPAND)
    result: list[Operation] = [
        SetValue(route_to("apiVersion"), controller.api_version, stage),
        SetValue(route_to("kind"), controller.kind, stage),
    ]
    if controller.name != resource.name:
        result.append(SetValue(route_to("metadata", "name"), controller.name, stage))
    result += clean_export(candidate, releases_node=controller.kind != "DaemonSet")
    result += [*controller.inside, *_remove_pod_annotations(candidate)]
    result += _notes_of_spec(candidate, controller, asked)
    for container in candidate.workload.containers:
        result += fixes_of(candidate, container).values()
    metadata: dict[str, Tree] = {}
    annotations = _template_annotations(candidate)
    if annotations is not None:
        metadata["annotations"] = annotations
    added = {**controller.labels, **asked.labels}
    if resource.labels:
        route = route_to("metadata", "labels")
        entries = tuple(AddEntry(route, key, value) for key, value in added.items())
        metadata["labels"] = Verbatim(resource.document, route, entries)
    elif added:
        metadata["labels"] = added
    if controller.labels:
        result += _label_object(candidate, controller.labels)
    template: dict[str, Tree] = {"metadata": metadata} if metadata else {}
    nested: dict[str, Tree] = {"template": {**template, "spec": HOLE}}
    later = tuple((when, {**fields, **nested}) for when, fields in _later_fields(controller, asked))
    spec: Tree = {**controller.fields, **nested}
    result.append(Nest(route_to("spec"), spec, stage, later))
    if controller.restart_policy:
        route = route_to("spec", "restartPolicy")
        result.append(SetValue(route, controller.restart_policy, stage))
    return result


def _later_fields(
    controller: Controller, asked: _ControllerRequirements
) -> Iterator[tuple[int, dict[str, Tree]]]:
    """The controller's fields in later stages, where they differ, each with its first stage."""
    if asked.stops:
        yield int(Stage.SWITCH), {**controller.fields, "replicas": 0}
    if asked.stops or asked.frees_strategy:
        gone = {"strategy"} if asked.frees_strategy else set()
        kept = {key: value for key, value in controller.fields.items() if key not in gone}
        yield int(Stage.CONTRACT), kept


def _notes_of_spec(
    candidate: Candidate, controller: Controller, asked: _ControllerRequirements
) -> list[Operation]:
    """What says in the texts between the stages that a split goes on; what the spec is in the end,
    where it is another one there, and that its strategy is none of its author's.
    """
    if not asked.begins_split:
        return []
    kept, last = _kept_annotation_keys(candidate), Stage.CONTRACT
    fields: dict[str, int | bool | str | None] = {}
    if asked.notes_strategy:
        fields["strategy"] = None if asked.frees_strategy else "Recreate"
    if not asked.stops:
        notes = [(fields, Stage.EXPAND, last)]
    else:
        stopped = {"replicas": controller.fields.get("replicas"), **fields}
        notes = [(fields, Stage.EXPAND, Stage.SWITCH), (stopped, Stage.SWITCH, last)]
    return [
        note_spec_after_split(candidate, kept, noted, start, end) for noted, start, end in notes
    ]


def _pod_annotation_keys(candidate: Candidate) -> list[str]:
    """The keys of the annotations that are read on the Pods."""
    resource = candidate.resource
    return [
        key
        for key in resource.annotations
        if is_for_pods(key) and not is_machine_written(resource, key)
    ]


def _kept_annotation_keys(candidate: Candidate) -> list[str]:
    """The keys of the annotations that stay on the object."""
    resource, moved = candidate.resource, set(_pod_annotation_keys(candidate))
    return [
        key
        for key in resource.annotations
        if key not in moved and not is_machine_written(resource, key)
    ]


def _template_annotations(candidate: Candidate) -> Tree | None:
    """The annotations of the template; None if it has none."""
    resource, moved = candidate.resource, _pod_annotation_keys(candidate)
    route = candidate.route_to("metadata", "annotations")
    if not moved:
        return None
    if len(moved) == len(resource.annotations):
        return Verbatim(resource.document, route)
    return {key: Verbatim(resource.document, (*route, key)) for key in moved}


def _remove_pod_annotations(candidate: Candidate) -> list[Operation]:
    """Take away from the object the annotations that are read on the Pods, and machines' own."""
    resource, stage = candidate.resource, int(Stage.EXPAND)
    route = candidate.route_to("metadata", "annotations")
    written = [key for key in resource.annotations if is_machine_written(resource, key)]
    gone = [*written, *_pod_annotation_keys(candidate)]
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
