"""From a plan to text that has been proved: edits, the text of each stage, verification, and
what is left out on the way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from service.change import NewObject, Proposal
from service.classification.classify import Classification
from service.errors import EditError
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
from service.kube.objects import Resource
from service.options import Options
from service.reading import Inputs
from service.rewriting.migration import migration_steps
from service.rewriting.placing import in_new_files
from service.rewriting.planning import plan
from service.text import Edit, Span, apply_edits, effective_edits
from service.verification.verify import CHECKS, Failure, verify
from service.yamldoc.editing import compile_operations, emit_document, emit_json_item
from service.yamldoc.layout import Formatting, check_open_end, formatting_of, is_json
from service.yamldoc.nodes import Route
from service.yamldoc.operations import AddItem, Operation, Remove, WrapInList
from service.yamldoc.stream import Document, removal_span

_MENDS = {"wrap": ("bare-pod", "replicated-pods"), "split": ("unrelated-containers",)}
"""The rules whose findings an action mends."""


@dataclass(frozen=True, slots=True)
class Rewritten:
    """The outcome of a rewrite."""

    result: Rewrite
    """For the report."""
    copies: dict[str, tuple[tuple[str, Location], ...]]
    """By change: the titles and places of other Pods that it is for."""

    def linked(self, findings: Sequence[Finding]) -> tuple[Finding, ...]:
        """The findings, each with the change that mends it."""
        changes = {
            (rule, title, place.path, place.document): each.id
            for each in self.result.changes
            for title, place in ((each.workload, each.location), *self.copies.get(each.id, ()))
            for rule in _MENDS[each.action]
        }
        return tuple(
            replace(
                each,
                change=changes.get(
                    (each.rule, each.workload, each.location.path, each.location.document)
                ),
            )
            for each in findings
        )


def rewrite(
    inputs: Inputs, classifications: Sequence[Classification], options: Options
) -> Rewritten:
    """Rewrite a set. Changes whose text can't be made or doesn't pass are left out and said to be
    held back.

    Raises:
        DeadlineExceeded: it took too long.
    """
    planned = plan(inputs.manifests, classifications, options)
    held_back = list(planned.held_back)
    proposals = list(planned.proposals)
    if options.layout == "new-files":
        proposals = in_new_files(proposals, inputs.manifests, inputs.sources)
    kept, edits = _compiled(inputs, proposals, held_back)
    _let_go(inputs, kept)
    failures: list[Failure] = []
    texts: dict[Stage, dict[str, str]] = {}
    while kept:
        options.check_deadline()
        texts = {stage: _texts(inputs, edits, stage) for stage in Stage}
        found = verify(inputs, texts, kept, classifications, options)
        if not found:
            break
        failures += found
        blamed = {failure.proposal for failure in found} or {each.id for each in kept}
        dropped = [
            each for each in kept if each.id in blamed or _partner(each, each.needs) in blamed
        ]
        held_back += [_unproven(each, found) for each in dropped]
        kept, edits = _compiled(inputs, _without(kept, dropped), held_back)
    copies = {
        each.id: tuple((copy.title, copy.resource.location()) for copy in each.copies)
        for each in kept
        if each.copies
    }
    return Rewritten(
        _result(inputs, kept, edits, texts if kept else {}, held_back, failures, options), copies
    )


def _let_go(inputs: Inputs, proposals: Sequence[Proposal]) -> None:
    """Free the trees of the documents that no change touches."""
    touched = {each for proposal in proposals for each in proposal.touched}
    # The style of new files is that of the file beside them.
    touched |= {id(made.after.document) for each in proposals for made in each.objects}
    for document in inputs.documents:
        if id(document) not in touched:
            document.release_tree()


def _partner(proposal: Proposal, action: str | None) -> str | None:
    """The id of another action's change on the same workload."""
    return f"{action}{proposal.id.removeprefix(proposal.action)}" if action else None


def _without(proposals: Sequence[Proposal], dropped: Sequence[Proposal]) -> list[Proposal]:
    """The proposals less some, each without what only a dropped one needed."""
    gone = {each.id for each in dropped}
    kept = [each for each in proposals if each.id not in gone]
    return [
        each.alone if each.alone is not None and _partner(each, "split") in gone else each
        for each in kept
    ]


def _unproven(proposal: Proposal, failures: Sequence[Failure]) -> HeldBack:
    failure = next((each for each in failures if each.proposal == proposal.id), failures[0])
    location = proposal.workload.resource.location()
    if failure.check == "settled":
        # With Services of their own parts may look more like applications than they did before.
        message = (
            f"{failure.message} when it is looked at again: say with podsplit.dev/roles which"
            " containers belong together"
        )
        return HeldBack(proposal.action, proposal.workload.title, "unsettled", message, location)
    message = (
        f"the rewritten text did not pass the check {failure.check}: {failure.message}; this is a"
        " mistake of Podsplit: please report it"
    )
    return HeldBack(proposal.action, proposal.workload.title, "verification", message, location)


# Edits

_Around = dict[tuple[int, Route], list[Operation]]
"""By document, as its identity, and item of a List: what all changes do there."""
_Edits = dict[str, dict[str, list[Edit]]]
"""By proposal id, then by path."""


def _compiled(
    inputs: Inputs, proposals: list[Proposal], held_back: list[HeldBack]
) -> tuple[list[Proposal], _Edits]:
    """The edits of each proposal; those that can't be made, or want the text of an earlier one,
    are held back.
    """
    formatting: dict[str, Formatting] = {}
    documents: dict[str, list[Document]] = {}
    for document in inputs.documents:
        documents.setdefault(document.source.path, []).append(document)
    around: _Around = {}
    for proposal in proposals:
        for document, operations in _operations(proposal).values():
            for operation in operations:
                around.setdefault((id(document), _item(operation)), []).append(operation)
    edits: _Edits = {}
    bad: list[Proposal] = []

    def give_up(proposal: Proposal, error: EditError) -> None:
        bad.append(proposal)
        location = proposal.workload.resource.location()
        held_back.append(
            HeldBack(proposal.action, proposal.workload.title, error.reason, str(error), location)
        )

    for proposal in proposals:
        try:
            edits[proposal.id] = _edits_of(proposal, documents, formatting, around)
        except EditError as error:
            give_up(proposal, error)
    for path in _overlapping(edits):
        for proposal in [each for each in proposals if path in edits.get(each.id, ())]:
            others = [
                edit
                for each, made in edits.items()
                if each != proposal.id
                for edit in made.get(path, ())
            ]
            try:
                _check(others, edits[proposal.id][path])
            except EditError as error:
                edits.pop(proposal.id)
                give_up(proposal, error)
    if not bad:
        return proposals, edits
    gone = {each.id for each in bad}
    dropped = [each for each in proposals if each.id in gone or _partner(each, each.needs) in gone]
    return _compiled(inputs, _without(proposals, dropped), held_back)


def _item(operation: Operation) -> Route:
    """The item of a List that an operation is within; empty for other documents."""
    route = operation.route
    return route[:2] if len(route) > 1 and route[0] == "items" and isinstance(route[1], int) else ()


def _overlapping(edits: _Edits) -> list[str]:
    """The files in which edits of several changes want the same text."""
    by_path: dict[str, list[Edit]] = {}
    for made in edits.values():
        for path, some in made.items():
            by_path.setdefault(path, []).extend(some)
    found = []
    for path, some in by_path.items():
        try:
            _check([], some)
        except EditError:
            found.append(path)
    return found


def _check(others: list[Edit], edits: list[Edit]) -> None:
    """See whether edits go together.

    Raises:
        OverlappingEdits: they don't.
    """
    for stage in Stage:
        effective_edits([*others, *edits], stage)


def _operations(proposal: Proposal) -> dict[int, tuple[Document, list[Operation]]]:
    """The operations of a proposal on each document, new objects in Lists and JSON documents
    included.
    """
    found: dict[int, tuple[Document, list[Operation]]] = {}

    def add(resource: Resource, operation: Operation) -> None:
        found.setdefault(id(resource.document), (resource.document, []))[1].append(operation)

    for step in proposal.steps:
        add(step.resource, step.operation)
    for copy in proposal.copies:
        if copy.resource.route:
            add(copy.resource, Remove(copy.resource.route, int(Stage.EXPAND)))
    for made in (each for each in proposal.objects if each.path is None):
        route = made.after.route
        if route:
            index = int(route[-1]) + 1
            add(made.after, AddItem(route[:-1], made.tree, int(made.stage), index))
        elif (
            is_json(made.after.document)
            and WrapInList(stage=int(Stage.EXPAND))
            not in found.get(id(made.after.document), (None, []))[1]
        ):
            add(made.after, WrapInList(stage=int(Stage.EXPAND)))
    return found


def _edits_of(
    proposal: Proposal,
    documents: dict[str, list[Document]],
    formatting: dict[str, Formatting],
    around: _Around,
) -> dict[str, list[Edit]]:
    result: dict[str, list[Edit]] = {}

    def habits_in(path: str) -> Formatting:
        if path not in formatting:
            formatting[path] = formatting_of(documents[path])
        return formatting[path]

    for made in proposal.objects:
        if made.path is not None:
            text = emit_document(made.tree, habits_in(made.after.path))
            result.setdefault(made.path, []).append(Edit(Span(0, 0), text, int(made.stage)))
        elif not made.after.route:
            result.setdefault(made.after.path, []).append(
                _appended(made, habits_in(made.after.path))
            )
    for copy in proposal.copies:
        if not copy.resource.route:
            document = copy.resource.document
            result.setdefault(copy.resource.path, []).append(
                Edit(removal_span(document), "", int(Stage.EXPAND))
            )
    for document, operations in _operations(proposal).values():
        path = document.source.path
        items = dict.fromkeys(((), *map(_item, operations)))
        others = [other for item in items for other in around.get((id(document), item), ())]
        result.setdefault(path, []).extend(
            compile_operations(document, operations, habits_in(path), others)
        )
    return result


def _appended(made: NewObject, formatting: Formatting) -> Edit:
    """A new object behind a document: before the blank lines that end its piece, so that they go
    on doing so.
    """
    document = made.after.document
    text = document.text
    if formatting.json:
        at = document.span.start + document.root.end
        return Edit(Span(at, at), emit_json_item(made.tree, formatting), int(made.stage))
    newline = formatting.newline
    body = text.rstrip(" \t\r\n")
    if body.endswith("\n...") or body == "...":
        body = body[:-3].rstrip(" \t\r\n")
    check_open_end(document, len(body))
    at = document.span.start + len(body)
    gap = text[len(body) :]
    blank = (
        newline
        if gap.count("\n") > 1
        and made.after.document.span.end < len(made.after.document.source.text)
        else ""
    )
    content = newline + blank + "---" + newline + emit_document(made.tree, formatting)
    return Edit(Span(at, at), content.removesuffix(newline), int(made.stage))


def _texts(inputs: Inputs, edits: _Edits, stage: Stage) -> dict[str, str]:
    """The texts of the touched files after a stage."""
    by_path: dict[str, list[Edit]] = {}
    for each in edits.values():
        for path, some in each.items():
            by_path.setdefault(path, []).extend(some)
    texts = {
        path: apply_edits(inputs.sources[path].text if path in inputs.sources else "", some, stage)
        for path, some in by_path.items()
    }
    return {path: text for path, text in texts.items() if text or path in inputs.sources}


# The outcome


def _result(
    inputs: Inputs,
    kept: list[Proposal],
    edits: _Edits,
    texts: Mapping[Stage, Mapping[str, str]],
    held_back: list[HeldBack],
    failures: list[Failure],
    options: Options,
) -> Rewrite:
    stages = tuple(StageResult(stage, _files(inputs, changed)) for stage, changed in texts.items())
    files = next((each.files for each in stages if each.stage is options.stage), _files(inputs, {}))
    changes = tuple(
        _change(
            each, {path: some for path, some in edits[each.id].items() if path in inputs.sources}
        )
        for each in kept
    )
    failed = {failure.check: failure.message for failure in failures}
    checks = tuple(
        Check(
            name,
            name not in failed,
            f"{failed[name]}; the change was taken out" if name in failed else meaning,
        )
        for name, meaning in CHECKS.items()
    )
    return Rewrite(files, stages, changes, tuple(held_back), checks, migration_steps(kept))


def _files(inputs: Inputs, texts: Mapping[str, str]) -> tuple[FileResult, ...]:
    unreadable = {
        each.location.path for each in inputs.rejected if each.code in ("not-utf-8", "utf-16")
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
    gone = not any(line.strip() and not line.startswith(("#", "---")) for line in new.splitlines())
    return (
        FileResult(path, "", FileStatus.DELETED)
        if gone
        else FileResult(path, new, FileStatus.MODIFIED)
    )


def _change(proposal: Proposal, edits: dict[str, list[Edit]]) -> Change:
    touched = dict.fromkeys(
        [
            *(step.resource.title for step in proposal.steps),
            *(copy.title for copy in proposal.copies),
        ]
    )
    return Change(
        id=proposal.id,
        action=proposal.action,
        workload=proposal.workload.title,
        title=proposal.title,
        applicability=proposal.applicability,
        assumptions=proposal.assumptions,
        creates=tuple(each.title for each in proposal.objects),
        touches=tuple(touched),
        edits={path: tuple(some) for path, some in edits.items()},
        location=proposal.workload.resource.location(),
    )
