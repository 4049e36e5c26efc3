"""The stages that remain of a split, given a text between its stages.

The text is taken back to what it was before the new objects came, and the split is planned anew
from there. What that plan has for the stages that were applied already is left out of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from service.actions.context import Candidate, Names, Outcome
from service.actions.split import decide as split
from service.actions.split.labels import wanted_name
from service.actions.split.services import SHARED_LABEL
from service.change import Declined, Move, Proposal, Step
from service.classification.classify import classify
from service.classification.context import PodContext
from service.classification.knowledge.weights import load_weights
from service.findings import Stage
from service.kube.objects import ManifestSet, Resource
from service.kube.services import service_selector
from service.kube.splits import (
    AFTER_SPLIT,
    SPLIT_FROM,
    after_split_mark,
    fields_after_split,
    fields_of_mark,
    has_unknown_mark,
    is_stopped_by_split,
    marked_objects,
    objects_split_from,
)
from service.kube.workloads import all_workloads
from service.options import Options
from service.reading import read_inputs
from service.refusals import Refusal
from service.text import Edit, SourceFile, apply_edits
from service.yamldoc.editing import compile_operations
from service.yamldoc.formatting import formatting_of
from service.yamldoc.operations import AddEntry, Operation, Remove, SetValue
from service.yamldoc.stream import Document, document_removal_span

_NOT_BEGUN = -1
"""Before the first stage."""


def remaining_stages(
    candidate: Candidate, options: Options, sources: Mapping[str, SourceFile]
) -> Outcome:
    """What remains of the split of a workload that is being split.

    Args:
        candidate: the workload, as it stands between the stages.
        options: the run's.
        sources: the files of the set, by path.
    """
    resource = candidate.resource
    if has_unknown_mark(resource):
        return _unclear(candidate, f"its annotation {AFTER_SPLIT} doesn't say what it will be")
    made = objects_split_from(candidate.workload, candidate.manifests)
    if not made and AFTER_SPLIT not in resource.annotations:
        return _unclear(candidate, "another workload has its name and its containers")
    earlier = _earlier_candidate(candidate, made, options, sources)
    if earlier is None:
        return _unclear(candidate, "what it was before can't be told")
    if len(earlier.classification.groups) < 2:
        why = "nothing in it is to be split; if that is so, take the annotations of a split away"
        return _unclear(candidate, why)
    outcome = split.propose(earlier, ())
    if isinstance(outcome, Declined):
        return outcome
    planned = {(new.kind, new.name) for new in outcome.objects}
    if not {(resource.kind, resource.name) for resource in made} <= planned:
        return _unclear(candidate, "it would be split otherwise than it was begun")
    return _remaining(candidate, outcome, made)


def _unclear(candidate: Candidate, why: str) -> Declined:
    message = (
        f"{candidate.workload.title} is being split, but {why}: go on with the files of the stages"
        " that it was begun with"
    )
    return Declined(Refusal.SPLIT_UNCLEAR, message)


# Back to what it was


def _earlier_candidate(
    candidate: Candidate,
    made: Sequence[Resource],
    options: Options,
    sources: Mapping[str, SourceFile],
) -> Candidate | None:
    """The workload as it stood before the stage *add*; None if it can't be found there."""
    texts = {path: source.text for path, source in sources.items()}
    for path, edits in _reverting_edits(candidate, made).items():
        texts[path] = apply_edits(texts[path], edits, max(Stage))
    inputs = read_inputs([(path, text.encode()) for path, text in texts.items()], options)
    own = candidate.resource
    key = (own.path, own.kind, own.name, own.namespace)
    workload = next(
        (
            workload
            for workload in inputs.workloads
            for resource in (workload.resource,)
            if (resource.path, resource.kind, resource.name, resource.namespace) == key
        ),
        None,
    )
    if workload is None:
        return None
    catalogue = candidate.classification.context.catalogue
    context = PodContext(workload, inputs.manifests, catalogue)
    classification = classify(context, load_weights())
    names = Names.of(inputs.manifests)
    return Candidate(classification, inputs.manifests, names, candidate.min_confidence)


def _reverting_edits(candidate: Candidate, made: Sequence[Resource]) -> dict[str, list[Edit]]:
    """The edits that take away what the stages add and switch brought, by path."""
    operations: dict[Document, list[Operation]] = {}
    edits: dict[str, list[Edit]] = {}
    # Those of other overlays as well: their names would be taken.
    marked = marked_objects(candidate.manifests).values()
    for resource in (resource for objects in marked for resource in objects):
        if resource.route:
            operations.setdefault(resource.document, []).append(Remove(resource.route))
        else:
            edit = Edit(document_removal_span(resource.document), "")
            edits.setdefault(resource.path, []).append(edit)
    for service, operation in _reverted_services(candidate, made):
        operations.setdefault(service.document, []).append(operation)
    for operation in _spec_before(candidate):
        operations.setdefault(candidate.resource.document, []).append(operation)
    for document, own in operations.items():
        compiled = compile_operations(document, own, formatting_of([document]))
        edits.setdefault(document.source.path, []).extend(compiled)
    return edits


def _reverted_services(
    candidate: Candidate, made: Sequence[Resource]
) -> Iterator[tuple[Resource, Operation]]:
    """What leads the Services back to the old workload that lead to new ones, or to several."""
    labels = candidate.workload.labels
    new = [workload for workload in all_workloads(candidate.manifests) if workload.resource in made]
    new_labels = [workload.labels for workload in new]
    new_labels += _labels_to_come(candidate)
    for service in candidate.manifests.visible_objects(("Service",), candidate.resource):
        selector, route = service_selector(service), (*service.route, "spec", "selector")
        if service in made or not selector:
            continue
        if SHARED_LABEL in selector and selector[SHARED_LABEL] == labels.get(SHARED_LABEL):
            own = {key: value for key, value in labels.items() if key != SHARED_LABEL}
            yield service, SetValue(route, own)
            continue
        for others in new_labels:
            differing = [
                key
                for key, value in selector.items()
                if labels.get(key) != value and others.get(key) == value
            ]
            if len(differing) == 1 and differing[0] in labels:
                yield service, SetValue((*route, differing[0]), labels[differing[0]])
                break


def _labels_to_come(candidate: Candidate) -> Iterator[dict[str, str]]:
    """The labels that the Pods of what the last stage makes may have: the Services lead to them
    already.
    """
    if not is_stopped_by_split(candidate.resource):
        return
    workload, labels = candidate.workload, candidate.workload.labels
    kind = workload.kind.split_into if workload.kind is not None else None
    for container in workload.containers:
        name = wanted_name(workload.name, container.name, kind or "Deployment")
        for key in labels:
            yield {**labels, key: name}


def _spec_restored(candidate: Candidate) -> Iterator[Operation]:
    """What makes of a workload's spec in the last stage what it says that it will be."""
    resource = candidate.resource
    fields = fields_after_split(resource)
    for field, value in fields.items():
        if value is None:
            yield from _removed(candidate, field, Stage.CONTRACT)
        elif field != "strategy":
            yield SetValue(candidate.route_to("spec", field), value, int(Stage.CONTRACT))
    if AFTER_SPLIT in resource.annotations:
        yield _unmark(resource, AFTER_SPLIT)


def _spec_before(candidate: Candidate) -> Iterator[Operation]:
    """What takes away from a workload's spec what the split has put there, or the wrap that came
    with it.
    """
    fields = fields_after_split(candidate.resource)
    for field, value in fields.items():
        if value is None or field == "strategy":
            yield from _removed(candidate, field, Stage.EXPAND)
        else:
            yield SetValue(candidate.route_to("spec", field), value, int(Stage.EXPAND))
    if AFTER_SPLIT in candidate.resource.annotations:
        yield _unmark(candidate.resource, AFTER_SPLIT, Stage.EXPAND)


def _removed(candidate: Candidate, field: str, stage: Stage) -> Iterator[Operation]:
    if field in candidate.resource.spec:
        yield Remove(candidate.route_to("spec", field), int(stage))


# What remains


def _remaining(
    candidate: Candidate, planned: Proposal, made: Sequence[Resource]
) -> Proposal | Declined:
    """The plan without what was done already, for the text as it stands."""
    reached = _stage_reached(candidate, planned, made)
    steps = []
    for step in planned.steps:
        resource = _same(step.resource, candidate.manifests)
        if resource is None:
            return _unclear(candidate, f"{step.resource.title} is gone")
        operation = _rebased(step.operation, step.resource, resource)
        if step.operation.stage > reached:
            steps.append(Step(resource, _added_to_note(operation, resource)))
    existing = {(resource.kind, resource.name) for resource in made}
    objects = tuple(
        replace(new, after=after)
        for new in planned.objects
        if (new.kind, new.name) not in existing
        and (after := _same(new.after, candidate.manifests)) is not None
    )
    own = [Step(candidate.resource, operation) for operation in _spec_restored(candidate)]
    unmarking = [Step(resource, _unmark(resource, SPLIT_FROM)) for resource in made]
    return replace(
        planned,
        workload=candidate.workload,
        title=f"go on with the split of {candidate.workload.title}",
        is_resumed=True,
        steps=(*steps, *own, *unmarking),
        objects=objects,
    )


def _stage_reached(candidate: Candidate, planned: Proposal, made: Sequence[Resource]) -> int:
    """The last stage whose changes the text has, all of them."""
    if is_stopped_by_split(candidate.resource):
        return Stage.SWITCH
    # Nothing stands beside it yet: what *expand* would still do is what somebody's edit asks for.
    if not made:
        return _NOT_BEGUN
    moves: list[Move] = [move for move in planned.moves if move.stage <= Stage.ADD]
    names = {(resource.kind, resource.name) for resource in made}
    if not all((move.kind, move.name) in names for move in moves):
        return Stage.EXPAND
    is_switched = any(True for _ in _reverted_services(candidate, made))
    return Stage.SWITCH if is_switched else Stage.ADD


def _same(resource: Resource, manifests: ManifestSet) -> Resource | None:
    """The object of the set that another one of the text before is."""
    return next(
        (
            other
            for other in manifests.find_all(resource.kind, resource.name)
            if (other.path, other.namespace) == (resource.path, resource.namespace)
        ),
        None,
    )


def _rebased(operation: Operation, before: Resource, now: Resource) -> Operation:
    """An operation on an object whose place in its document may be another one now."""
    return replace(operation, route=(*now.route, *operation.route[len(before.route) :]))


def _added_to_note(operation: Operation, resource: Resource) -> Operation:
    """An operation, or what does the same where the workload says something already of what its
    spec will be.
    """
    known = fields_after_split(resource)
    if AFTER_SPLIT not in resource.annotations or not isinstance(operation, AddEntry):
        return operation
    entries = (
        operation.value if operation.key == "annotations" else {operation.key: operation.value}
    )
    if AFTER_SPLIT not in entries:
        return operation
    mark = after_split_mark({**fields_of_mark(entries[AFTER_SPLIT]), **known})
    route = (*resource.route, "metadata", "annotations", AFTER_SPLIT)
    return SetValue(route, mark, operation.stage, operation.until)


def _unmark(resource: Resource, annotation: str, stage: Stage = Stage.CONTRACT) -> Operation:
    """What takes an annotation of a split away."""
    route = (*resource.route, "metadata", "annotations")
    is_alone = len(resource.annotations) == 1
    return Remove(route if is_alone else (*route, annotation), int(stage))
