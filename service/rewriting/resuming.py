"""The stages that remain of a split, given a text between its stages.

The text is taken back to what it was before the new objects came, and the split is planned anew
from there. What that plan has for the stages that were applied already is left out of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from service.actions.context import Candidate, Outcome
from service.actions.split import decide as split
from service.change import Declined, Move, Proposal, Step
from service.findings import Stage
from service.kube.objects import Resource
from service.kube.splits import (
    AFTER_SPLIT,
    SPLIT_FROM,
    after_split_mark,
    fields_after_split,
    fields_of_mark,
    has_unknown_mark,
    is_stopped_by_split,
    objects_split_from,
)
from service.refusals import Refusal
from service.rewriting.reverting import (
    BeforeSplits,
    in_spec,
    removed,
    reverted_services,
    unmark,
)
from service.yamldoc.operations import AddEntry, Operation, SetValue

_NOT_BEGUN = -1
"""Before the first stage."""


def remaining_stages(candidate: Candidate, before: BeforeSplits) -> Outcome:
    """What remains of the split of a workload that is being split.

    Args:
        candidate: the workload, as it stands between the stages.
        before: the set before its splits began.
    """
    resource = candidate.resource
    if has_unknown_mark(resource):
        return _unclear(candidate, f"its annotation {AFTER_SPLIT} doesn't say what it will be")
    made = objects_split_from(candidate.workload, candidate.manifests)
    if not made and AFTER_SPLIT not in resource.annotations:
        return _unclear(candidate, "another workload has its name and its containers")
    earlier = before.candidate(candidate)
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


def _spec_restored(resource: Resource) -> Iterator[Operation]:
    """What makes of a workload's spec in the last stage what it says that it will be."""
    fields = fields_after_split(resource)
    for field, value in fields.items():
        if value is None:
            yield from removed(resource, field, Stage.CONTRACT)
        elif field != "strategy":
            yield SetValue(in_spec(resource, field), value, int(Stage.CONTRACT))
    if AFTER_SPLIT in resource.annotations:
        yield unmark(resource, AFTER_SPLIT)


# What remains


def _remaining(
    candidate: Candidate, planned: Proposal, made: Sequence[Resource]
) -> Proposal | Declined:
    """The plan without what was done already, for the text as it stands."""
    reached = _stage_reached(candidate, planned, made)
    steps = []
    for step in planned.steps:
        resource = candidate.manifests.find_same(step.resource)
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
        and (after := candidate.manifests.find_same(new.after)) is not None
    )
    own = [Step(candidate.resource, operation) for operation in _spec_restored(candidate.resource)]
    unmarking = [Step(resource, unmark(resource, SPLIT_FROM)) for resource in made]
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
    reverted = reverted_services(candidate.workload, made, candidate.manifests)
    is_switched = next(reverted, None) is not None
    return Stage.SWITCH if is_switched else Stage.ADD


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
