"""The stages that remain of a split, given a text between its stages.

The text is taken back to what it was before the new objects came, and the split is planned anew
from there. What that plan has for the stages that were applied already is left out of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import TypeAlias

from service.actions.context import Candidate, Names, Outcome
from service.actions.split import decide as split
from service.actions.split.labels import wanted_name
from service.actions.split.services import SHARED_LABEL
from service.change import Declined, Move, Proposal, Step
from service.classification.classify import classify
from service.classification.context import PodContext
from service.classification.knowledge.weights import load_weights
from service.errors import EditError
from service.findings import Stage
from service.kube.objects import ManifestSet, Resource
from service.kube.services import service_selector, services_asking_for
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
from service.kube.workloads import Workload, all_workloads, workloads_in
from service.options import Options
from service.reading import read_inputs
from service.refusals import Refusal
from service.text import Edit, SourceFile, apply_edits
from service.yamldoc.editing import compile_operations
from service.yamldoc.formatting import formatting_of
from service.yamldoc.nodes import Route
from service.yamldoc.operations import AddEntry, Operation, Remove, SetValue
from service.yamldoc.stream import Document, document_removal_span

_NOT_BEGUN = -1
"""Before the first stage."""
_Place: TypeAlias = tuple[str, str, str, str | None]
"""Of a workload: file, kind, name and namespace."""


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
    earlier = _earlier_candidate(candidate, options, sources)
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


@dataclass(frozen=True, slots=True)
class _Earlier:
    """A set as it stood before the stage *add*."""

    manifests: ManifestSet
    """Its objects."""
    workloads: Mapping[_Place, Workload]
    """Its workloads."""
    names: AbstractSet[tuple[str, str]]
    """The kinds and names in it."""


def _earlier_candidate(
    candidate: Candidate, options: Options, sources: Mapping[str, SourceFile]
) -> Candidate | None:
    """The workload as it stood before the stage *add*; None if it can't be found there."""

    def take_all_back(manifests: ManifestSet) -> _Earlier | None:
        going_on = [own for own in all_workloads(manifests) if _can_be_told(own, manifests)]
        try:
            return _take_back(going_on, manifests, options, sources)
        except EditError:
            return None

    manifests = candidate.manifests
    # Splits rarely want the same text, and where they do each is taken back by itself.
    earlier = manifests.compute_once("before-splits", take_all_back) or _take_back(
        [candidate.workload], manifests, options, sources
    )
    workload = earlier.workloads.get(_place(candidate.workload))
    if workload is None:
        return None
    context = PodContext(workload, earlier.manifests, candidate.classification.context.catalogue)
    classification = classify(context, load_weights())
    names = Names(set(earlier.names))
    return Candidate(classification, earlier.manifests, names, candidate.min_confidence)


def _can_be_told(workload: Workload, manifests: ManifestSet) -> bool:
    """Whether a workload is being split, and says so in a way that can be followed."""
    if has_unknown_mark(workload.resource):
        return False
    is_marked = AFTER_SPLIT in workload.resource.annotations
    return is_marked or bool(objects_split_from(workload, manifests))


def _place(workload: Workload) -> _Place:
    own = workload.resource
    return own.path, own.kind, own.name, own.namespace


def _take_back(
    workloads: Sequence[Workload],
    manifests: ManifestSet,
    options: Options,
    sources: Mapping[str, SourceFile],
) -> _Earlier:
    """The set before the stage *add* of the splits of some workloads.

    Raises:
        EditError: two of them want the same text.
    """
    texts = {path: source.text for path, source in sources.items()}
    for path, edits in _reverting_edits(workloads, manifests).items():
        texts[path] = apply_edits(texts[path], edits, max(Stage))
    inputs = read_inputs([(path, text.encode()) for path, text in texts.items()], options)
    found: dict[_Place, Workload] = {}
    for workload in inputs.workloads:
        found.setdefault(_place(workload), workload)
    return _Earlier(inputs.manifests, found, inputs.manifests.names)


def _reverting_edits(
    workloads: Sequence[Workload], manifests: ManifestSet
) -> dict[str, list[Edit]]:
    """The edits that take away what the stages add and switch brought, by path."""
    operations: dict[Document, list[Operation]] = {}
    edits: dict[str, list[Edit]] = {}
    # Those of other overlays as well: their names would be taken.
    marked = marked_objects(manifests).values()
    for resource in (resource for objects in marked for resource in objects):
        if resource.route:
            operations.setdefault(resource.document, []).append(Remove(resource.route))
        else:
            edit = Edit(document_removal_span(resource.document), "")
            edits.setdefault(resource.path, []).append(edit)
    for workload in workloads:
        made = objects_split_from(workload, manifests)
        for service, operation in _reverted_services(workload, made, manifests):
            known = operations.setdefault(service.document, [])
            if operation not in known:
                known.append(operation)
        for operation in _spec_before(workload.resource):
            operations.setdefault(workload.resource.document, []).append(operation)
    for document, own in operations.items():
        compiled = compile_operations(document, own, formatting_of([document]))
        edits.setdefault(document.source.path, []).extend(compiled)
    return edits


def _reverted_services(
    workload: Workload, made: Sequence[Resource], manifests: ManifestSet
) -> Iterator[tuple[Resource, Operation]]:
    """What leads the Services back to the old workload that lead to new ones, or to several."""
    labels = workload.labels
    new_labels = [own.labels for resource in made for own in workloads_in(resource, manifests)]
    new_labels += _labels_to_come(workload)
    for service in _services_led_away(workload, new_labels, manifests):
        selector, route = service_selector(service), (*service.route, "spec", "selector")
        if service in made:
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


def _services_led_away(
    workload: Workload, new_labels: Sequence[Mapping[str, str]], manifests: ManifestSet
) -> list[Resource]:
    """The Services that a workload sees and that select by the label which it shares with what was
    split off, or by one that only this has.
    """
    asked = [item for item in workload.labels.items() if item[0] == SHARED_LABEL]
    asked += [item for others in new_labels for item in others.items() - workload.labels.items()]
    found = set(services_asking_for(manifests).seen_from(workload.resource, manifests, asked))
    return sorted(found, key=manifests.position_of)


def _labels_to_come(workload: Workload) -> Iterator[dict[str, str]]:
    """The labels that the Pods of what the last stage makes may have: the Services lead to them
    already.
    """
    if not is_stopped_by_split(workload.resource):
        return
    kind = workload.kind.split_into if workload.kind is not None else None
    for container in workload.containers:
        name = wanted_name(workload.name, container.name, kind or "Deployment")
        for key in workload.labels:
            yield {**workload.labels, key: name}


def _spec_restored(resource: Resource) -> Iterator[Operation]:
    """What makes of a workload's spec in the last stage what it says that it will be."""
    fields = fields_after_split(resource)
    for field, value in fields.items():
        if value is None:
            yield from _removed(resource, field, Stage.CONTRACT)
        elif field != "strategy":
            yield SetValue(_in_spec(resource, field), value, int(Stage.CONTRACT))
    if AFTER_SPLIT in resource.annotations:
        yield _unmark(resource, AFTER_SPLIT)


def _spec_before(resource: Resource) -> Iterator[Operation]:
    """What takes away from a workload's spec what the split has put there, or the wrap that came
    with it.
    """
    fields = fields_after_split(resource)
    for field, value in fields.items():
        if value is None or field == "strategy":
            yield from _removed(resource, field, Stage.EXPAND)
        else:
            yield SetValue(_in_spec(resource, field), value, int(Stage.EXPAND))
    if AFTER_SPLIT in resource.annotations:
        yield _unmark(resource, AFTER_SPLIT, Stage.EXPAND)


def _removed(resource: Resource, field: str, stage: Stage) -> Iterator[Operation]:
    if field in resource.spec:
        yield Remove(_in_spec(resource, field), int(stage))


def _in_spec(resource: Resource, field: str) -> Route:
    """The route of a field of an object's spec from the document."""
    return (*resource.route, "spec", field)


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
    own = [Step(candidate.resource, operation) for operation in _spec_restored(candidate.resource)]
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
    is_switched = any(
        True for _ in _reverted_services(candidate.workload, made, candidate.manifests)
    )
    return Stage.SWITCH if is_switched else Stage.ADD


def _same(resource: Resource, manifests: ManifestSet) -> Resource | None:
    """The object of the set that another one of the text before is."""
    same = manifests.find_at(resource.kind, resource.name, resource.path, resource.namespace)
    return same[0] if same else None


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
