"""Which changes are made, and why the others are not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from service.actions import ACTIONS
from service.actions.context import Action, Candidate, Names, Outcome
from service.actions.invalid_fields import unfixable_violation
from service.change import Declined, Proposal
from service.classification.classify import Classification
from service.findings import Applicability, HeldBack
from service.kube.objects import ManifestSet, Resource
from service.kube.services import services_selecting
from service.kube.splits import is_being_split
from service.options import Options
from service.refusals import Refusal
from service.rewriting.resuming import remaining_stages
from service.rewriting.reverting import BeforeSplits
from service.text import SourceFile


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done."""

    proposals: tuple[Proposal, ...]
    """In the order of the input."""
    held_back: tuple[HeldBack, ...]
    """What was wanted and is not done."""


def plan(
    manifests: ManifestSet,
    classifications: Sequence[Classification],
    options: Options,
    sources: Mapping[str, SourceFile],
) -> Plan:
    """Decide on the changes of a set.

    Args:
        manifests: the set.
        classifications: of its workloads.
        options: the caller's.
        sources: the files, by path.

    Raises:
        DeadlineExceeded: it took too long.
    """
    names, before = Names.of(manifests), BeforeSplits(manifests, options, sources)
    proposals: list[Proposal] = []
    held_back: list[HeldBack] = []
    merged: set[Resource] = set()
    for classification in classifications:
        options.check_deadline()
        resource = classification.workload.resource
        if resource in merged or not options.may_change(resource.path, resource.name):
            continue
        min_confidence = options.for_path(resource.path).min_confidence
        candidate = Candidate(classification, manifests, names, min_confidence)
        planned = _plan_one(candidate, before)
        proposals += planned.proposals
        held_back += planned.held_back
        merged |= {copy.resource for own in planned.proposals for copy in own.copies}
    kept = _applied(proposals, options)
    ids = {proposal.id for proposal in kept}
    left_out = [_left_to_review(proposal) for proposal in proposals if proposal.id not in ids]
    return Plan(tuple(kept), (*held_back, *left_out))


def hold_back(proposal: Proposal, refusal: Refusal, message: str) -> HeldBack:
    """A proposal that is not done.

    Args:
        proposal: the proposal.
        refusal: why.
        message: the same for this proposal, for people.
    """
    resource = proposal.workload.resource
    return HeldBack(
        action=proposal.action,
        workload=proposal.workload.title,
        reason=refusal,
        message=message,
        location=resource.location(),
    )


def _applied(proposals: Sequence[Proposal], options: Options) -> list[Proposal]:
    """The proposals that the caller wants to be done, each with those that it needs."""
    kept = [
        proposal
        for proposal in proposals
        if proposal.applicability <= _worst_applied(proposal, options)
    ]
    present = {(proposal.action, proposal.workload) for proposal in kept}
    return [
        proposal
        for proposal in kept
        if proposal.needs is None or (proposal.needs, proposal.workload) in present
    ]


def _worst_applied(proposal: Proposal, options: Options) -> Applicability:
    """The worst applicability that is applied where a proposal's workload stands."""
    wanted = options.for_path(proposal.workload.resource.path).apply
    return min(wanted, Applicability.REVIEW)


def _left_to_review(proposal: Proposal) -> HeldBack:
    conditions = "; ".join(assumption.message for assumption in proposal.assumptions)
    message = (
        f"it is applied with apply={proposal.applicability.label} only; it holds if: {conditions}"
    )
    return hold_back(proposal, Refusal.APPLICABILITY, message)


def _plan_one(candidate: Candidate, before: BeforeSplits) -> Plan:
    try:
        if is_being_split(candidate.workload, candidate.manifests):
            return _plan_remaining(candidate, before)
        return _plan_workload(candidate)
    except Exception as error:  # noqa: BLE001 - a mistake of ours costs this workload, not the request
        return Plan((), (_declined(candidate, "split", _broke(error)),))


def _plan_workload(candidate: Candidate) -> Plan:
    """What every action says of one workload."""
    wanted = [action for action in ACTIONS if action.is_wanted(candidate)]
    unfit = next(_reasons_to_do_nothing(candidate), None) if wanted else None
    proposals: dict[str, Proposal] = {}
    held_back: list[HeldBack] = []
    for action in wanted:
        outcome = unfit or _propose(action, candidate, tuple(proposals.values()))
        match outcome:
            case Proposal():
                proposals[action.id] = outcome
            case Declined():
                withdrawn = [other for other in proposals if other in outcome.withdraws]
                proposals = {
                    other: own for other, own in proposals.items() if other not in withdrawn
                }
                held_back += [
                    _declined(candidate, other, outcome) for other in (action.id, *withdrawn)
                ]
    made = tuple(proposals.values())
    completed = [
        action.complete(candidate, proposals[action.id], made)
        for action in wanted
        if action.id in proposals
    ]
    return Plan(tuple(completed), tuple(held_back))


def _plan_remaining(candidate: Candidate, before: BeforeSplits) -> Plan:
    """What remains of a split that was begun."""
    unfit = next(_reasons_to_do_nothing(candidate), None)
    match unfit or remaining_stages(candidate, before):
        case Proposal() as proposal:
            return Plan((proposal,), ())
        case Declined() as declined:
            return Plan((), (_declined(candidate, "split", declined),))


def _propose(action: Action, candidate: Candidate, earlier: tuple[Proposal, ...]) -> Outcome:
    try:
        return action.propose(candidate, earlier)
    except Exception as error:  # noqa: BLE001 - a mistake of ours costs this change, not the request
        return _broke(error)


def _broke(error: Exception) -> Declined:
    message = (
        f"planning it broke ({type(error).__name__}); this is a mistake of Podsplit: please"
        " report it"
    )
    return Declined(Refusal.INTERNAL, message)


def _declined(candidate: Candidate, action: str, declined: Declined) -> HeldBack:
    return HeldBack(
        action=action,
        workload=candidate.workload.title,
        reason=declined.refusal,
        message=declined.message,
        location=candidate.resource.location("metadata", "name"),
    )


def _reasons_to_do_nothing(candidate: Candidate) -> Iterator[Declined]:
    """Why nothing at all is done to a workload, whatever the action."""
    if candidate.resource.document.is_ambiguous:
        message = (
            "its document has a key twice with different values, and it can't be told which one is"
            " meant: remove one"
        )
        yield Declined(Refusal.DUPLICATE_KEY, message)
    if not candidate.classification.groups:
        message = "it has no containers, which the API server refuses: give it one"
        yield Declined(Refusal.NO_CONTAINERS, message)
    names = [container.name for container in candidate.workload.containers]
    if len(set(names)) < len(names) or "" in names:
        message = (
            "its containers are not all named, or two have one name, which the API server refuses:"
            " mend that first"
        )
        yield Declined(Refusal.CONTAINER_NAMES, message)
    unfixable = unfixable_violation(candidate)
    if unfixable is not None:
        yield unfixable
    doubled = candidate.manifests.compute_once("doubled", _doubled)
    if doubled:
        services = services_selecting(candidate.workload.labels, candidate.manifests)
        for resource in (candidate.resource, *services):
            if resource not in doubled:
                continue
            message = (
                f"its file holds {resource.title} more than once, and kubectl would keep the last:"
                " remove the others"
            )
            yield Declined(Refusal.DUPLICATE_NAME, message)


def _doubled(manifests: ManifestSet) -> frozenset[Resource]:
    """The objects of a set whose files hold another one of their kind, name and namespace."""
    found: list[Resource] = []
    for kind, name in manifests.names:
        in_files: dict[str, list[Resource]] = {}
        for resource in manifests.find_all(kind, name):
            in_files.setdefault(resource.path, []).append(resource)
        for own in in_files.values():
            if len(own) > 1:
                counts = Counter(resource.namespace for resource in own)
                found += (
                    resource for resource in own if None in counts or counts[resource.namespace] > 1
                )
    return frozenset(found)
