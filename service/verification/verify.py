"""What is sent is right, or it is not sent.

Works on the text that will be sent, of every stage, read again as it would be read by anybody else.
Nothing here knows how the rewrite was decided.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from itertools import zip_longest

from service.change import NewObject, Proposal, WorkloadPlan, plans_by_workload
from service.classification.knowledge import Catalogue
from service.findings import Stage
from service.kube.kinds import known_kind
from service.kube.objects import ManifestSet, as_text
from service.kube.workloads import Workload
from service.options import Options
from service.reading import Inputs, read_again
from service.verification.coverage import find_new_objects
from service.verification.equality import is_made_from
from service.verification.workloads import (
    Problem,
    StageSets,
    WorkloadCheck,
    find_successors,
)
from service.yamldoc.compose import DuplicateKey
from service.yamldoc.stream import split_pieces

CHECKS: dict[str, str] = {
    "parses": (
        "every touched document reads as YAML and as an object, in every stage, and new ones say"
        " what was planned"
    ),
    "untouched-bytes": "documents that no change touches are the same byte for byte",
    "containers": (
        "every container is there as often as planned, and equal but for rewired addresses and port"
        " names"
    ),
    "mounts": "every mount finds its volume, and the volume is what it was",
    "references": (
        "service account, pull secrets and all else that Pods share are what they were, and"
        " ConfigMaps but for rewired addresses"
    ),
    "selectors": (
        "every selector matches its own template, and none selects Pods that it didn't select"
        " before"
    ),
    "services": (
        "every Service port reaches the container that it reached before, and only that, in every"
        " stage"
    ),
    "localhost": "no container is told of its own Pod where nobody listens any more",
    "policies": (
        "policies, budgets, monitors and autoscalers cover the same containers, and let through"
        " what was spoken inside the Pod"
    ),
    "names": "new names are valid for their kind and not taken",
    "settled": "the touched workloads have nothing left to change",
}
"""The checks, with what it means that one passed."""

_SERVICE_NAME_LIMIT = 63
_OTHER_NAME_LIMIT = 253
_DNS_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?\Z")
_DNS_SUBDOMAIN = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*\Z")


@dataclass(frozen=True, slots=True)
class Failure:
    """A check that didn't hold."""

    check: str
    """Its id."""
    proposal: str | None
    """The change that it is laid to; None if it can't be told."""
    message: str
    """What is wrong; names only."""


def verify(
    before: Inputs,
    texts: Mapping[Stage, Mapping[str, str]],
    proposals: Sequence[Proposal],
    catalogues: Mapping[Workload, Catalogue],
    options: Options,
) -> list[Failure]:
    """Everything that is wrong with a rewritten set.

    Args:
        before: the set as it was sent.
        texts: by stage, the new texts of the touched files.
        proposals: the changes that made them.
        catalogues: the known images, as the folder of each workload has them.
        options: the run's options.

    Raises:
        DeadlineExceeded: it took too long.
    """
    plans = plans_by_workload(proposals)
    failures: list[Failure] = []
    untouched = _untouched_texts(
        before, {path for own in texts.values() for path in own}, proposals
    )
    after = before
    previous_set = before.manifests
    previous = {plan.workload: _Compared([plan.workload]) for plan in plans}
    for stage in _distinct_stages(texts):
        options.check_deadline()
        after = read_again(after, texts[stage], options)
        comparison = _StageComparison(
            before=before,
            previous_set=previous_set,
            after=after,
            stage=stage,
            texts=texts[stage],
            untouched=untouched,
            proposals=proposals,
            sets=_stage_sets(before, after, stage, plans),
        )
        previous_set = after.manifests
        found = [*comparison.text_failures()]
        # Where the text doesn't read, nothing else can be said.
        if not found:
            for plan in plans:
                wrong, previous[plan.workload] = comparison.check_workload(
                    plan, catalogues[plan.workload], previous[plan.workload], options
                )
                found += wrong
            found += comparison.object_failures(plans)
        failures += found
        # Of the stage before, only what the next one is compared with is held.
        del comparison
    return failures


def _distinct_stages(texts: Mapping[Stage, Mapping[str, str]]) -> list[Stage]:
    """The stages without those in which nothing happens any more until the next: for a cluster they
    are one.
    """
    return [
        stage
        for stage, following in zip_longest(texts, list(texts)[1:])
        if following is None or texts[stage] != texts[following]
    ]


def _untouched_texts(
    before: Inputs, paths: AbstractSet[str], proposals: Sequence[Proposal]
) -> dict[str, list[str]]:
    """The texts of the documents that no change touches, in the order of each file."""
    touched = {
        (document.source.path, document.span.start)
        for proposal in proposals
        for document in proposal.touched_documents
    }
    return {
        path: [
            source.text[piece.span.start : piece.span.end]
            for piece in split_pieces(source)
            if (path, piece.span.start) not in touched
        ]
        for path, source in before.sources.items()
        if path in paths
    }


def _stage_sets(
    before: Inputs, after: Inputs, stage: Stage, plans: Sequence[WorkloadPlan]
) -> StageSets:
    return StageSets(
        before=before.manifests,
        after=after.manifests,
        stage=stage,
        new_names=frozenset(move.name for plan in plans for move in plan.moves),
    )


@dataclass(frozen=True, slots=True)
class _Compared:
    """The workloads that a workload's containers are in in a stage."""

    workloads: Sequence[Workload]
    """Its own first."""
    differences: Mapping[Workload, Sequence[Problem]] = field(default_factory=dict)
    """What was found of those that were looked at, as in `WorkloadCheck`."""


@dataclass(frozen=True, slots=True)
class _StageComparison:
    """One stage against the set as it was."""

    before: Inputs
    """The set as it was sent."""
    previous_set: ManifestSet
    """The set in the stage before."""
    after: Inputs
    """The set in the stage, read again."""
    stage: Stage
    """The stage."""
    texts: Mapping[str, str]
    """The new texts of the touched files, by path."""
    untouched: Mapping[str, Sequence[str]]
    """By path, in order: the texts of a file's documents that no change touches."""
    proposals: Sequence[Proposal]
    """The changes that made them."""
    sets: StageSets
    """What all workloads of the stage stand in."""

    def text_failures(self) -> Iterator[Failure]:
        """What is wrong with the text."""
        yield from self._unreadable()
        yield from self._changed_bytes()

    def check_workload(
        self,
        plan: WorkloadPlan,
        catalogue: Catalogue,
        previous: _Compared,
        options: Options,
    ) -> tuple[list[Failure], _Compared]:
        """What is wrong with one workload, and the workloads that its containers are in.

        Args:
            plan: what is planned for it.
            catalogue: the known images.
            previous: likewise, of the stage before.
            options: the run's.
        """
        successors = find_successors(plan, self.sets)
        if successors is None:
            title = plan.workload.title
            message = (
                f"a workload that {title} was to become is missing in stage {self.stage.label}"
            )
            return _failures(plan, [("containers", message)]), previous
        check = WorkloadCheck(
            sets=self.sets,
            plan=plan,
            catalogue=catalogue,
            previous=previous.workloads,
            previous_set=self.previous_set,
            successors=successors,
            known=previous.differences,
        )
        try:
            problems = list(check.problems(options))
        except Exception as error:  # noqa: BLE001 - a check that breaks has not passed, and costs its change alone
            message = f"a check broke ({type(error).__name__})"
            return _failures(plan, [("containers", message)]), _Compared(successors)
        return _failures(plan, problems), _Compared(successors, check.differences)

    def object_failures(self, plans: Sequence[WorkloadPlan]) -> Iterator[Failure]:
        """What is wrong with new objects and their names, and which ones are there or gone that
        nothing planned.

        Args:
            plans: the plans of all workloads.
        """
        becoming = {plan.becomes for plan in plans}
        planned = {(new.kind, new.name) for proposal in self.proposals for new in proposal.objects}
        leaving = {
            workload.resource
            for plan in plans
            for workload in (plan.workload, *plan.copies)
            if workload.is_pod
        }
        before, after = self.before.manifests.names, self.after.manifests.names
        for kind, name in sorted(after - before - planned - becoming):
            yield Failure("names", None, f"{kind}/{name} is there, and nothing planned it")
        for kind, name in sorted(before - after):
            for resource in self.before.manifests.find_all(kind, name):
                if resource not in leaving:
                    message = f"{resource.title} is gone, and nothing planned that"
                    yield Failure("names", None, message)
        for proposal in self.proposals:
            for new in proposal.objects:
                for check, message in self._problems_of_new(new):
                    yield Failure(check, proposal.id, message)

    def _unreadable(self) -> Iterator[Failure]:
        known = Counter(rejected.location.path for rejected in self.before.rejected)
        for path in self.texts:
            now = [rejected for rejected in self.after.rejected if rejected.location.path == path]
            if len(now) != known[path]:
                codes = ", ".join(rejected.code for rejected in now)
                message = f"{path} has documents that don't read any more ({codes})"
                yield Failure("parses", self._owner_of(path), message)
        before, after = self.before.repeated_keys, self.after.repeated_keys
        # What is moved takes them along.
        if _ambiguous(after) > _ambiguous(before) or not _names(after) <= _names(before):
            yield Failure("parses", None, "a key stands twice in a mapping")

    def _owner_of(self, path: str) -> str | None:
        """The change that a file is touched by; None if by several, or none."""
        owners = [
            proposal.id
            for proposal in self.proposals
            if path in {step.resource.path for step in proposal.steps}
        ]
        return owners[0] if len(owners) == 1 else None

    def _changed_bytes(self) -> Iterator[Failure]:
        for path, new in self.texts.items():
            position = 0
            for text in self.untouched.get(path, ()):
                position = new.find(text, position)
                if position < 0:
                    message = f"a document of {path} that nothing was to change has changed"
                    yield Failure("untouched-bytes", self._owner_of(path), message)
                    break
                position += len(text)

    def _problems_of_new(self, new: NewObject) -> Iterator[tuple[str, str]]:
        found = find_new_objects(self.after.manifests, new)
        if not _is_valid_name(new) or len(found) > 1:
            yield "names", f"{new.title} is not a valid free name"
        if new.stage <= self.stage and not found:
            yield "names", f"{new.title} is missing in stage {self.stage.label}"
        is_marked = new.split_from and self.stage < Stage.CONTRACT and new.stage < Stage.CONTRACT
        tree = new.marked_tree if is_marked else new.tree
        if any(not is_made_from(resource.data, tree) for resource in found):
            yield (
                "parses",
                f"{new.title} doesn't say what was planned, in stage {self.stage.label}",
            )


def _failures(plan: WorkloadPlan, problems: Sequence[tuple[str, str]]) -> list[Failure]:
    """Problems of a workload, laid to each of its changes."""
    return [
        Failure(check, proposal.id, message)
        for check, message in problems
        for proposal in plan.proposals
    ]


def _ambiguous(duplicates: Iterable[DuplicateKey]) -> int:
    """How many keys stand in a mapping with two values."""
    return sum(not duplicate.is_equal for duplicate in duplicates)


def _names(duplicates: Iterable[DuplicateKey]) -> set[str]:
    return {duplicate.key.text for duplicate in duplicates}


def _is_valid_name(new: NewObject) -> bool:
    """Whether the API server takes a name for an object of its kind."""
    if new.kind == "Service":
        is_label = bool(_DNS_LABEL.match(new.name)) and not new.name[0].isdigit()
        return is_label and len(new.name) <= _SERVICE_NAME_LIMIT
    known = known_kind(as_text(new.tree.get("apiVersion")), new.kind)
    limit = known.name_limit if known else _OTHER_NAME_LIMIT
    return bool(_DNS_SUBDOMAIN.match(new.name)) and len(new.name) <= limit
