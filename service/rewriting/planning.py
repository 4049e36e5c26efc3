"""Which changes are made, and why the others are not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from service.actions.context import Candidate, Names, Refused
from service.actions.split import decide as split
from service.actions.wrap import controllers
from service.actions.wrap import decide as wrap
from service.change import Proposal
from service.classification.classify import Classification
from service.findings import Applicability, HeldBack
from service.kube.bare_pods import reason_to_stay_bare
from service.kube.objects import ManifestSet, in_same_namespace
from service.kube.services import services_selecting
from service.options import Options


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done."""

    proposals: tuple[Proposal, ...]
    """In the order of the input."""
    held_back: tuple[HeldBack, ...]
    """What was wanted and is not done."""


def plan(
    manifests: ManifestSet, classifications: Sequence[Classification], options: Options
) -> Plan:
    """Decide on the changes of a set."""
    names = Names.of(manifests)
    proposals: list[Proposal] = []
    held_back: list[HeldBack] = []
    folded: set[int] = set()
    for classification in classifications:
        options.check_deadline()
        workload = classification.workload
        if id(workload.resource) in folded or (
            not workload.bare and len(classification.groups) < 2
        ):
            continue
        candidate = Candidate(classification, manifests, names)
        made = _one(candidate, options, held_back)
        proposals += made
        folded |= {id(copy.resource) for each in made for copy in each.copies}
    kept = [each for each in proposals if each.applicability <= _worst(each, options)]
    there = {(each.action, id(each.workload)) for each in kept}
    kept = [each for each in kept if each.needs is None or (each.needs, id(each.workload)) in there]
    chosen = {each.id for each in kept}
    for proposal in proposals:
        if proposal.id not in chosen:
            message = (
                f"it is applied with apply={proposal.applicability.label} only; it holds if:"
                f" {'; '.join(proposal.assumptions)}"
            )
            held_back.append(
                HeldBack(
                    proposal.action,
                    proposal.workload.title,
                    "applicability",
                    message,
                    proposal.workload.resource.location(),
                )
            )
    return Plan(tuple(kept), tuple(held_back))


def _worst(proposal: Proposal, options: Options) -> Applicability:
    """The worst applicability that is applied where a proposal's workload stands."""
    return min(options.for_path(proposal.workload.resource.path).apply, Applicability.REVIEW)


def _broken(error: Exception) -> str:
    return (
        f"planning it broke ({type(error).__name__}); this is a mistake of Podsplit: please"
        " report it"
    )


def _unfit(candidate: Candidate) -> tuple[str, str] | None:
    """Why nothing at all is done to a workload, as a reason code and a message."""
    if candidate.resource.document.duplicates:
        return (
            "duplicate-key",
            "its document has a key twice, and it can't be told which one is meant: remove one",
        )
    names = [container.name for container in candidate.workload.containers]
    if len(set(names)) < len(names) or "" in names:
        return (
            "container-names",
            (
                "its containers are not all named, or two have one name, which the API server"
                " refuses: mend that first"
            ),
        )
    for resource in (
        candidate.resource,
        *services_selecting(candidate.workload.labels, candidate.manifests),
    ):
        same = [
            each
            for each in candidate.manifests.find_all(resource.kind, resource.name)
            if each.path == resource.path
        ]
        if len([each for each in same if in_same_namespace(each, resource)]) > 1:
            return (
                "duplicate-name",
                (
                    f"its file holds {resource.title} more than once, and kubectl would keep the"
                    " last: remove the others"
                ),
            )
    return None


def _one(candidate: Candidate, options: Options, held_back: list[HeldBack]) -> list[Proposal]:
    workload = candidate.workload
    wrapping = None
    unfit = _unfit(candidate)
    if unfit is not None:
        wanted = [
            action
            for action, applies in (
                ("wrap", workload.bare),
                ("split", len(candidate.classification.groups) > 1),
            )
            if applies
        ]
        held_back += [candidate.refused(action, *unfit) for action in wanted]
        return []
    if workload.bare:
        try:
            wrapping = controllers.decide(candidate)
        except Refused as refusal:
            held_back.append(candidate.refused("wrap", refusal.reason, refusal.message))
        except Exception as error:  # noqa: BLE001 - a mistake of ours costs this change, not the request
            held_back.append(candidate.refused("wrap", "internal", _broken(error)))
    splitting: Proposal | None = None
    labels: dict[str, str] = {}
    if len(candidate.classification.groups) > 1 and not (
        workload.bare and reason_to_stay_bare(workload)
    ):
        try:
            splitting, labels = split.decide(
                candidate, options.for_path(workload.resource.path).min_confidence, wrapping
            )
        except Refused as refusal:
            held_back.append(candidate.refused("split", refusal.reason, refusal.message))
            if refusal.reason == "copies" and wrapping is not None:
                # The controller would hold several applications, which a second run would part.
                held_back.append(candidate.refused("wrap", refusal.reason, refusal.message))
                wrapping = None
        except Exception as error:  # noqa: BLE001 - likewise
            held_back.append(candidate.refused("split", "internal", _broken(error)))
    found = []
    if wrapping:
        wrapped = wrap.propose(candidate, wrapping, labels)
        found.append(
            replace(wrapped, alone=wrap.propose(candidate, wrapping, {})) if labels else wrapped
        )
    return found + ([splitting] if splitting else [])
