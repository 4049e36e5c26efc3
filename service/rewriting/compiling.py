"""From proposals to edits of text, and the texts of the stages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import TypeAlias

from service.change import Proposal
from service.errors import EditError
from service.findings import HeldBack, Stage
from service.kube.objects import Resource
from service.kube.workloads import Workload
from service.reading import Inputs
from service.refusals import Refusal
from service.rewriting.planning import hold_back
from service.text import Edit, Span, effective_by_stage, joined
from service.yamldoc.editing import compile_operations, emit_documents, emit_json_items
from service.yamldoc.formatting import Formatting, formatting_of, is_json
from service.yamldoc.layout import (
    blank_lines_end,
    check_open_end,
    final_line_break,
    keeps_blank_lines,
    line_end,
)
from service.yamldoc.nodes import Route
from service.yamldoc.operations import AddItem, Nest, Operation, Remove, WrapInList
from service.yamldoc.stream import Document, document_removal_span

FileEdits: TypeAlias = Mapping[str, Sequence[Edit]]
"""By path: the edits of a file."""

_ByStage: TypeAlias = Mapping[str, Mapping[int, Sequence[Edit]]]
"""By path and stage: the edits that make a file's text."""
_ByItem: TypeAlias = Mapping[tuple[Document, Route], Sequence[Operation]]
"""By document and item of a List: what all changes do there."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """Proposals with the edits that make them."""

    proposals: tuple[Proposal, ...]
    """Those whose edits can be made, and go together."""
    edits: Mapping[str, FileEdits]
    """By proposal id."""
    texts: Mapping[Stage, Mapping[str, str]]
    """By stage: the texts of the touched files, by path."""
    held_back: tuple[HeldBack, ...]
    """The others."""


def compile_proposals(inputs: Inputs, proposals: Sequence[Proposal]) -> Compiled:
    """The edits of proposals; those that can't be made, or want the text of a later one, are held
    back.

    Args:
        inputs: the set as it was sent.
        proposals: what is planned.
    """
    held_back: list[HeldBack] = []
    remaining = list(proposals)
    while True:
        edits, effective, failed = _compile(inputs, remaining)
        held_back += [
            hold_back(proposal, Refusal.of_code(error.reason), str(error))
            for proposal, error in failed
        ]
        if not failed:
            texts = {stage: _texts(inputs, effective, stage) for stage in Stage}
            return Compiled(tuple(remaining), edits, texts, tuple(held_back))
        remaining = without([proposal for proposal, _ in failed], remaining)


def without(dropped: Sequence[Proposal], proposals: Sequence[Proposal]) -> list[Proposal]:
    """Proposals less some, those that need one of these, and what the others do for them only.

    Args:
        dropped: what is not done.
        proposals: all proposals.
    """
    gone = {proposal.key for proposal in dropped}
    workloads = {proposal.workload for proposal in dropped}
    kept = []
    for proposal in proposals:
        if proposal.key in gone or needs_any(proposal, gone):
            continue
        alone = proposal.without_partner if proposal.workload in workloads else None
        kept.append(alone if alone is not None else proposal)
    return kept


def needs_any(proposal: Proposal, others: AbstractSet[tuple[str, Workload]]) -> bool:
    """Whether a proposal makes no sense without one of others, which are given by their keys."""
    return proposal.needs is not None and (proposal.needs, proposal.workload) in others


def _texts(inputs: Inputs, effective: _ByStage, stage: Stage) -> dict[str, str]:
    """The texts of the touched files after a stage, by path."""
    texts = {}
    for path, edits in effective.items():
        old = inputs.sources[path].text if path in inputs.sources else ""
        text = joined(old, edits[stage])
        if text or path in inputs.sources:
            texts[path] = text
    return texts


def _compile(
    inputs: Inputs, proposals: Sequence[Proposal]
) -> tuple[dict[str, FileEdits], _ByStage, list[tuple[Proposal, EditError]]]:
    """The edits by proposal id, the same by file and stage, and the proposals that have none, each
    with the reason.
    """
    documents: dict[str, list[Document]] = {}
    for document in inputs.documents:
        documents.setdefault(document.source.path, []).append(document)
    compiler = _Compiler(documents, _indenting_by_item(proposals))
    edits: dict[str, FileEdits] = {}
    failed: list[tuple[Proposal, EditError]] = []
    for proposal in proposals:
        try:
            edits[proposal.id] = compiler.edits_of(proposal)
        except EditError as error:
            failed.append((proposal, error))
    effective: dict[str, dict[int, list[Edit]]] = {}
    for path, own in _by_path(edits.values()).items():
        try:
            effective[path] = effective_by_stage(own, Stage)
        except EditError:
            failed += _conflicting(path, proposals, edits)
    return edits, effective, failed


def _conflicting(
    path: str, proposals: Sequence[Proposal], edits: dict[str, FileEdits]
) -> Iterator[tuple[Proposal, EditError]]:
    """The proposals whose edits of a file want the same text as others', which are taken out of
    `edits`, each with the reason.
    """
    for proposal in proposals:
        if path not in edits.get(proposal.id, ()):
            continue
        others = [
            edit
            for other, by_path in edits.items()
            if other != proposal.id
            for edit in by_path.get(path, ())
        ]
        try:
            effective_by_stage([*others, *edits[proposal.id][path]], Stage)
        except EditError as error:
            del edits[proposal.id]
            yield proposal, error


def _indenting_by_item(proposals: Sequence[Proposal]) -> _ByItem:
    """The operations that indent text, which edits within the same item have to follow."""
    found: dict[tuple[Document, Route], list[Operation]] = {}
    for proposal in proposals:
        for document, operations in _operations(proposal).items():
            for operation in operations:
                if isinstance(operation, Nest | WrapInList):
                    found.setdefault((document, _item(operation)), []).append(operation)
    return found


def _item(operation: Operation) -> Route:
    """The item of a List that an operation is within; empty for other documents."""
    route = operation.route
    is_in_list = len(route) > 1 and route[0] == "items" and isinstance(route[1], int)
    return route[:2] if is_in_list else ()


def _by_path(edits: Iterable[FileEdits]) -> dict[str, list[Edit]]:
    found: dict[str, list[Edit]] = {}
    for by_path in edits:
        for path, own in by_path.items():
            found.setdefault(path, []).extend(own)
    return found


def _operations(proposal: Proposal) -> dict[Document, list[Operation]]:
    """The operations of a proposal on each document, new objects in Lists and JSON documents
    included.
    """
    found: dict[Document, list[Operation]] = {}

    def add(resource: Resource, operation: Operation) -> None:
        found.setdefault(resource.document, []).append(operation)

    for step in proposal.steps:
        add(step.resource, step.operation)
    for copy in proposal.copies:
        if copy.resource.route:
            add(copy.resource, Remove(copy.resource.route, int(Stage.EXPAND)))
    wrapping = WrapInList(stage=int(Stage.EXPAND))
    for new in proposal.objects:
        if new.path is not None:
            continue
        route = new.after.route
        if route:
            for tree, stage, until in new.versions:
                index, end = int(route[-1]) + 1, until and int(until)
                add(new.after, AddItem(route[:-1], tree, int(stage), index, end))
        elif is_json(new.after.document) and wrapping not in found.get(new.after.document, ()):
            add(new.after, wrapping)
    return found


class _Compiler:
    """Makes the edits of proposals, each in the formatting of its file."""

    def __init__(self, documents: Mapping[str, Sequence[Document]], by_item: _ByItem) -> None:
        self._documents = documents
        self._by_item = by_item
        self._formatting: dict[str, Formatting] = {}

    def edits_of(self, proposal: Proposal) -> FileEdits:
        """The edits of a proposal.

        Raises:
            EditError: one of them can't be made.
        """
        result: dict[str, list[Edit]] = {}
        for new in proposal.objects:
            if new.path is None and new.after.route:
                continue
            formatting = self._formatting_in(new.after.path)
            is_json_file = new.path is None and formatting.json
            emit = emit_json_items if is_json_file else emit_documents
            texts = emit((tree for tree, _, _ in new.versions), formatting)
            for text, (_, stage, until) in zip(texts, new.versions, strict=True):
                if new.path is not None:
                    edit = Edit(Span(0, 0), text)
                else:
                    edit = _append(new.after.document, text, formatting)
                edit = edit._replace(stage=int(stage), until=until and int(until))
                result.setdefault(new.file, []).append(edit)
        for copy in proposal.copies:
            if not copy.resource.route:
                edit = Edit(document_removal_span(copy.resource.document), "", int(Stage.EXPAND))
                result.setdefault(copy.resource.path, []).append(edit)
        for document, operations in _operations(proposal).items():
            path = document.source.path
            items = dict.fromkeys(((), *map(_item, operations)))
            around = [other for item in items for other in self._by_item.get((document, item), ())]
            edits = compile_operations(document, operations, self._formatting_in(path), around)
            result.setdefault(path, []).extend(edits)
        return result

    def _formatting_in(self, path: str) -> Formatting:
        if path not in self._formatting:
            self._formatting[path] = formatting_of(self._documents[path])
        return self._formatting[path]


def _append(document: Document, new: str, formatting: Formatting) -> Edit:
    """The text of a new object behind a document: before the blank lines that end its piece, so
    that they go on doing so; or behind them where a block scalar may keep them as its own.
    """
    text = document.text
    if formatting.json:
        at = document.span.start + document.root.end
        return Edit(Span(at, at), new)
    newline = formatting.newline
    body = text.rstrip(" \t\r\n")
    if body.endswith("\n...") or body == "...":
        body = body[:-3].rstrip(" \t\r\n")
    # What is removed ends with its line, blanks included: text within that would go with it.
    end = line_end(text, len(body))
    has_blank_line = text.count("\n", end) > 1
    is_last = document.span.end >= len(document.source.text)
    blank = newline if has_blank_line and not is_last else ""
    if keeps_blank_lines(text):
        end, blank = blank_lines_end(text, end), ""
    check_open_end(document, end)
    at = document.span.start + end
    content = newline + blank + "---" + newline + new
    content = content.removesuffix(newline)
    if at == len(document.source.text) and keeps_blank_lines(content):
        raise EditError(
            "the file has no final line break, and a block scalar that keeps those behind it would"
            " be its last value: end the file with one"
        )
    content += final_line_break(document.source.text, at, content, newline)
    return Edit(Span(at, at), content)
