"""Which changes are made, and why the others are not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from service.actions import split, wrap
from service.actions.proposing import Names, Proposal, Refused, Situation
from service.classify import Classification
from service.findings import Applicability, HeldBack
from service.kube.bare_pods import why_left_alone
from service.kube.objects import ManifestSet, same_namespace
from service.kube.services import selecting
from service.options import Options


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done."""

    proposals: tuple[Proposal, ...]
    """In the order of the input."""
    held_back: tuple[HeldBack, ...]
    """What was wanted and is not done."""


def plan(manifests: ManifestSet, classifications: Sequence[Classification], options: Options) -> Plan:
    """Decide on the changes of a set."""
    names = Names.of(manifests)
    proposals: list[Proposal] = []
    held_back: list[HeldBack] = []
    for classification in classifications:
        options.check_deadline()
        workload = classification.workload
        if not workload.bare and len(classification.groups) < 2:
            continue
        situation = Situation(classification, manifests, names)
        made = _one(situation, options, held_back)
        proposals += made
    kept = [each for each in proposals if each.applicability <= min(options.apply, Applicability.REVIEW)]
    kept = [
        each for each in kept if each.needs is None or any(other.action == each.needs and other.workload is each.workload for other in kept)
    ]
    for proposal in proposals:
        if proposal not in kept:
            message = f"it is applied with apply={proposal.applicability.label} only; it holds if: {'; '.join(proposal.assumptions)}"
            held_back.append(
                HeldBack(proposal.action, proposal.workload.title, "applicability", message, proposal.workload.resource.location())
            )
    return Plan(tuple(kept), tuple(held_back))


def _twins(situation: Situation) -> str | None:
    """A sentence on an object of its file that has the same kind and name, or on two such Services of its Pods; None if there is none."""
    resources = [situation.resource, *selecting(situation.workload.labels, situation.manifests)]
    for resource in resources:
        same = [each for each in situation.manifests.all_named(resource.kind, resource.name) if each.path == resource.path]
        if len([each for each in same if same_namespace(each, resource)]) > 1:
            return f"its file holds {resource.title} more than once, and kubectl would keep the last: remove the others"
    return None


def _one(situation: Situation, options: Options, held_back: list[HeldBack]) -> list[Proposal]:
    workload = situation.workload
    wrapping = None
    if situation.resource.document.duplicates:
        actions = (["wrap"] if workload.bare else []) + (["split"] if len(situation.classification.groups) > 1 else [])
        message = "its document has a key twice, and it can't be told which one is meant: remove one"
        held_back += [situation.refused(action, "duplicate-key", message) for action in actions]
        return []
    twins = _twins(situation)
    if twins:
        actions = (["wrap"] if workload.bare else []) + (["split"] if len(situation.classification.groups) > 1 else [])
        held_back += [situation.refused(action, "duplicate-name", twins) for action in actions]
        return []
    if workload.bare:
        try:
            wrapping = wrap.decide(situation)
        except Refused as refusal:
            held_back.append(situation.refused("wrap", refusal.reason, refusal.message))
    splitting: Proposal | None = None
    labels: dict[str, str] = {}
    if len(situation.classification.groups) > 1 and not (workload.bare and why_left_alone(workload)):
        try:
            splitting, labels = split.decide(situation, options.min_confidence, wrapping)
        except Refused as refusal:
            held_back.append(situation.refused("split", refusal.reason, refusal.message))
    found = []
    if wrapping:
        wrapped = wrap.propose(situation, wrapping, labels)
        found.append(replace(wrapped, alone=wrap.propose(situation, wrapping, {})) if labels else wrapped)
    return found + ([splitting] if splitting else [])
