"""Only what is proved is kept: changes whose text does not pass verification are taken out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from service.actions import ACTIONS
from service.change import Proposal, plans_by_workload
from service.classification.classify import Classification
from service.classification.knowledge import Catalogue
from service.findings import (
    Change,
    Check,
    FileResult,
    FileStatus,
    Finding,
    HeldBack,
    Location,
    Rewrite,
    Stage,
    StageResult,
)
from service.kube.api_types import violations_by_object
from service.kube.workloads import Workload
from service.options import Options
from service.reading import Inputs
from service.refusals import Refusal
from service.rewriting.compiling import Compiled, FileEdits, compile_proposals, needs_any, without
from service.rewriting.migration import migration_steps
from service.rewriting.placing import place_in_new_files
from service.rewriting.planning import Plan, hold_back, plan
from service.verification.verify import CHECKS, Failure, verify

_RULES_MENDED = {action.id: action.rules for action in ACTIONS}


@dataclass(frozen=True, slots=True)
class Rewritten:
    """The outcome of a rewrite."""

    result: Rewrite
    """For the report."""
    copies: Mapping[str, Sequence[tuple[str, Location]]]
    """By change: the titles and places of other Pods that it is for."""

    def linked(self, findings: Sequence[Finding]) -> tuple[Finding, ...]:
        """The findings, each with the change that mends it."""
        changes = {
            (rule, title, place.path, place.document): change.id
            for change in self.result.changes
            for title, place in (
                (change.workload, change.location),
                *self.copies.get(change.id, ()),
            )
            for rule in _RULES_MENDED[change.action]
        }
        return tuple(finding._replace(change=changes.get(_key(finding))) for finding in findings)


def _key(finding: Finding) -> tuple[str, str, str, int]:
    place = finding.location
    return finding.rule, finding.workload, place.path, place.document


@dataclass(frozen=True, slots=True)
class Planned:
    """What is to be done with a set, and what is needed of it to prove that it was done."""

    plan: Plan
    """The changes."""
    catalogues: Mapping[Workload, Catalogue]
    """The known images, as the folder of each workload has them."""


def plan_rewrite(
    inputs: Inputs, classifications: Sequence[Classification], options: Options
) -> Planned:
    """Decide on what a rewrite changes.

    Args:
        inputs: the set.
        classifications: of its workloads.
        options: the caller's.

    Raises:
        DeadlineExceeded: it took too long.
    """
    planned = plan(inputs.manifests, classifications, options, inputs.sources)
    if options.layout == "new-files":
        placed = place_in_new_files(planned.proposals, inputs.manifests, inputs.sources)
        planned = Plan(placed, planned.held_back)
    return Planned(
        planned,
        {
            classification.workload: classification.context.catalogue
            for classification in classifications
        },
    )


def rewrite(inputs: Inputs, planned: Planned, options: Options) -> Rewritten:
    """Rewrite a set. Changes whose text can't be made or doesn't pass are left out and said to be
    held back.

    Args:
        inputs: the set.
        planned: what is to be done.
        options: the caller's.

    Raises:
        DeadlineExceeded: it took too long.
    """
    held_back = [*planned.plan.held_back]
    failures: list[Failure] = []
    places = _places(planned.plan.proposals)
    compiled = compile_proposals(inputs, planned.plan.proposals)
    held_back += compiled.held_back
    while compiled.proposals:
        options.check_deadline()
        _release_trees(inputs)
        found = verify(inputs, compiled.texts, compiled.proposals, planned.catalogues, options)
        if not found:
            break
        failures += found
        dropped = _proposals_causing(compiled.proposals, found)
        invalid = _first_invalid(inputs)
        held_back += [_unproven(proposal, found, invalid) for proposal in dropped]
        compiled = compile_proposals(inputs, without(dropped, compiled.proposals))
        held_back += compiled.held_back
    kept = compiled.proposals
    copies = {
        proposal.id: [(copy.title, places[copy]) for copy in proposal.copies]
        for proposal in kept
        if proposal.copies
    }
    result = _result(
        inputs,
        compiled,
        compiled.texts if kept else {},
        places,
        held_back=held_back,
        failures=failures,
        options=options,
    )
    return Rewritten(result, copies)


def _places(proposals: Sequence[Proposal]) -> dict[Workload, Location]:
    """Where the workloads are that changes are for; looked for while that is known."""
    return {
        workload: workload.resource.location()
        for proposal in proposals
        for workload in (proposal.workload, *proposal.copies)
    }


def _release_trees(inputs: Inputs) -> None:
    """Free what only edits need to know of documents. A change that is taken out makes what shares
    a document with it be composed again, which is seldom.
    """
    for document in inputs.documents:
        document.release_tree()


def _proposals_causing(
    proposals: Sequence[Proposal], failures: Sequence[Failure]
) -> list[Proposal]:
    """The proposals that failed, with those that need them; all where it can't be told."""
    ids = {failure.proposal for failure in failures}
    known = [proposal for proposal in proposals if proposal.id in ids]
    failed = {proposal.key for proposal in known or proposals}
    return [
        proposal for proposal in proposals if proposal.key in failed or needs_any(proposal, failed)
    ]


def _first_invalid(inputs: Inputs) -> str | None:
    """The first object that the API server would refuse, and why; None if there is none."""
    for resource, found in violations_by_object(inputs.manifests.resources, inputs.workloads):
        if not resource.name:
            return f"{resource.kind}: it has no name"
        if found:
            return f"{resource.title}: {found[0].message}"
    return None


def _unproven(proposal: Proposal, failures: Sequence[Failure], invalid: str | None) -> HeldBack:
    """Why a proposal isn't carried out.

    Args:
        proposal: the proposal.
        failures: what was found.
        invalid: an object of the set that the API server would refuse, as `_first_invalid` says it.
    """
    own = (failure for failure in failures if failure.proposal == proposal.id)
    failure = next(own, failures[0])
    if failure.check == "settled":
        # With Services of their own parts may look more like applications than they did before.
        message = (
            f"{failure.message} when it is looked at again: say with podsplit.dev/roles which"
            " containers belong together"
        )
        return hold_back(proposal, Refusal.UNSETTLED, message)
    if proposal.is_resumed:
        message = (
            f"{proposal.workload.title} is being split, and the text is not that of a stage any"
            f" more ({failure.message}): go on with the files of the stages that it was begun with"
        )
        return hold_back(proposal, Refusal.SPLIT_UNCLEAR, message)
    if failure.check == "localhost":
        message = f"{failure.message}: put a Service's name there first"
        return hold_back(proposal, Refusal.LOCALHOST_UNRESOLVED, message)
    if invalid is not None:
        # What such an object means nobody can say, so nothing can be proved of what stands with it.
        message = (
            f"the rewritten text did not pass the check {failure.check}, and the API server refuses"
            f" an object of the set as it stands ({invalid}): mend that first"
        )
        return hold_back(proposal, Refusal.INVALID_FIELD, message)
    message = (
        f"the rewritten text did not pass the check {failure.check}: {failure.message}; this is a"
        " mistake of Podsplit: please report it"
    )
    return hold_back(proposal, Refusal.VERIFICATION, message)


# The outcome


def _result(
    inputs: Inputs,
    compiled: Compiled,
    texts: Mapping[Stage, Mapping[str, str]],
    places: Mapping[Workload, Location],
    *,
    held_back: Sequence[HeldBack],
    failures: Sequence[Failure],
    options: Options,
) -> Rewrite:
    stages = tuple(StageResult(stage, _files(inputs, changed)) for stage, changed in texts.items())
    wanted = (result.files for result in stages if result.stage is options.stage)
    becomes = {plan.workload: plan.becomes for plan in plans_by_workload(compiled.proposals)}
    changes = []
    for proposal in compiled.proposals:
        by_path = compiled.edits[proposal.id]
        known = {path: edits for path, edits in by_path.items() if path in inputs.sources}
        place = places[proposal.workload]
        changes.append(_change(proposal, becomes[proposal.workload], known, place))
    return Rewrite(
        files=next(wanted, _files(inputs, {})),
        stages=stages,
        changes=tuple(changes),
        held_back=tuple(held_back),
        verification=_checks(failures),
        migration=migration_steps(compiled.proposals),
    )


def _checks(failures: Sequence[Failure]) -> tuple[Check, ...]:
    failed = {failure.check: failure.message for failure in failures}
    return tuple(
        Check(
            name,
            name not in failed,
            f"{failed[name]}; the change was taken out" if name in failed else meaning,
        )
        for name, meaning in CHECKS.items()
    )


def _files(inputs: Inputs, texts: Mapping[str, str]) -> tuple[FileResult, ...]:
    unreadable = {
        rejected.location.path
        for rejected in inputs.rejected
        if rejected.code in ("not-utf-8", "utf-16")
    }
    known = [
        _file(path, source.text, texts.get(path, source.text))
        for path, source in inputs.sources.items()
        if path not in unreadable
    ]
    added = [
        FileResult(path, text, FileStatus.ADDED)
        for path, text in texts.items()
        if path not in inputs.sources
    ]
    return (*known, *added)


def _file(path: str, old: str, new: str) -> FileResult:
    if new == old:
        return FileResult(path, old, FileStatus.UNCHANGED)
    if _is_empty(new):
        return FileResult(path, "", FileStatus.DELETED)
    return FileResult(path, new, FileStatus.MODIFIED)


def _is_empty(text: str) -> bool:
    """Whether a text has nothing but comments and separator lines."""
    # Nearly all texts begin with something, and needn't be split into lines.
    if text and not text[0].isspace() and not text.startswith(("#", "---")):
        return False
    return not any(line.strip() and not line.startswith(("#", "---")) for line in text.splitlines())


def _change(
    proposal: Proposal, becomes: tuple[str, str], edits: FileEdits, place: Location
) -> Change:
    touched = [step.resource.title for step in proposal.steps]
    touched += [copy.title for copy in proposal.copies]
    return Change(
        id=proposal.id,
        action=proposal.action,
        workload=proposal.workload.title,
        title=proposal.title,
        applicability=proposal.applicability,
        assumptions=proposal.assumptions,
        creates=tuple(new.title for new in proposal.objects),
        touches=tuple(dict.fromkeys(touched)),
        edits={path: tuple(own) for path, own in edits.items()},
        location=place,
        becomes="/".join(becomes),
        old_pods=proposal.old_pods,
        namespace=proposal.workload.resource.namespace,
    )
