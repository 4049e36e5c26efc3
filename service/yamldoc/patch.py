"""Compiles operations on a document to edits of its text.

Only what an operation means changes: everything else, comments and quotes included, keeps its
bytes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from service.errors import CrossesAnchor, EditError
from service.text import Edit, Span
from service.yamldoc import layout
from service.yamldoc.additions import add_entry, add_item
from service.yamldoc.emit import Emitter, ExtractedText
from service.yamldoc.extents import Removals, entry_removal_span
from service.yamldoc.formatting import Formatting
from service.yamldoc.layout import colon_end, column, content_start, is_block, line_end
from service.yamldoc.merging import merge_operations
from service.yamldoc.nesting import indentation_added, nest, wrap_in_list
from service.yamldoc.nodes import Alias, Node, Route, Scalar, Sequence, walk
from service.yamldoc.operations import (
    AddEntry,
    AddItem,
    Nest,
    Operation,
    Remove,
    RenameKey,
    SetValue,
    Verbatim,
    WrapInList,
)
from service.yamldoc.patch_context import PatchContext
from service.yamldoc.reading import FoundNode
from service.yamldoc.restyling import restyled, scalar_end
from service.yamldoc.scalars import quote, scalar_text
from service.yamldoc.stream import Document

_ENTRY_KEY = re.compile(r"\s*(\"(?:[^\"\\]|\\.)*\"|'[^']*'|[^:]*|.*?)(?=:(?:\s|$))")
"""The key of an emitted entry."""


class Patcher:
    """Compiles operations on one document, in the offsets of its piece.

    Args:
        document: the document.
        formatting: how the file is formatted.
        extract: returns the text of a `Verbatim` leaf, as `verbatim.extract_verbatim` does.
    """

    def __init__(
        self,
        document: Document,
        formatting: Formatting,
        extract: Callable[[Verbatim], ExtractedText],
    ) -> None:
        self._document = document
        self._text = document.text
        self._formatting = formatting
        self._emitter = Emitter(formatting, extract)
        self._context = PatchContext(
            document=document, text=self._text, formatting=formatting, emitter=self._emitter
        )

    def edits(
        self, operations: Iterable[Operation], around: Iterable[Operation] = ()
    ) -> list[Edit]:
        """The edits that carry out operations.

        Args:
            operations: what to do.
            around: operations of other changes on the same document. Where they indent the text,
                the new text is indented too.

        Raises:
            CrossesAnchor: the text is shared through an anchor.
            EditError: an operation can't be carried out.
        """
        operations = merge_operations(self._document, operations)
        own = [operation for operation in operations if isinstance(operation, Nest | WrapInList)]
        others = [operation for operation in around if isinstance(operation, Nest | WrapInList)]
        shifts = [
            (operation.route, indentation_added(operation, self._formatting))
            for operation in (*own, *(operation for operation in others if operation not in own))
        ]
        removed = Removals(
            operation.route for operation in operations if isinstance(operation, Remove)
        )
        return [
            _reindented(_limited(edit, operation), operation, shifts)
            for operation in operations
            for edit in self._compile(operation, removed)
        ]

    def _compile(self, operation: Operation, removed: Removals) -> list[Edit]:
        """The edits of one operation, without the indentation that others add."""
        found = self._find(operation.route)
        match operation:
            case SetValue():
                return [self._set_value(found, operation)]
            case RenameKey():
                return [self._rename_key(found, operation)]
            case AddEntry():
                return [add_entry(self._context, found.node, operation)]
            case AddItem():
                return [add_item(self._context, found.node, operation)]
            case Remove():
                return [self._remove(found, operation, removed)]
            case Nest():
                return nest(self._context, found, key=_key_of(found), operation=operation)
            case WrapInList():
                return wrap_in_list(self._context, operation)

    def _find(self, route: Route) -> FoundNode:
        found = self._document.find(route)
        if found is None:
            raise EditError("there is nothing at the place to edit")
        if found.shared:
            raise CrossesAnchor(
                "the text is shared through an anchor or a merge key: write it out first"
            )
        return found

    def _rename_key(self, found: FoundNode, operation: RenameKey) -> Edit:
        key = _key_of(found)
        if key.style in ("'", '"'):
            name = quote(operation.name, key.style)
        else:
            name = scalar_text(operation.name, json_style=self._formatting.json)
        return Edit(Span(key.start, key.end), name, operation.stage)

    def _remove(self, found: FoundNode, operation: Remove, removed: Removals) -> Edit:
        is_entry_of_root = len(operation.route) == 1
        if is_entry_of_root and all((step,) in removed.routes for step in self._document.read()):
            raise EditError("a document does not lose its last entry: remove the document")
        self._check_no_alias_into(found.node)
        span = entry_removal_span(self._text, found, operation.route, removed=removed)
        return Edit(span, "", operation.stage)

    def _check_no_alias_into(self, node: Node) -> None:
        """Check that no alias outside a node refers to an anchor in it.

        Raises:
            CrossesAnchor: one does.
        """
        if not self._document.composed.aliased:
            return
        for other in walk(self._document.root):
            if (
                isinstance(other, Alias)
                and not node.start <= other.start < node.end
                and node.start <= other.target.start < node.end
            ):
                raise CrossesAnchor(
                    "an alias elsewhere refers to an anchor in what would be removed: write it out"
                    " first"
                )

    def _set_value(self, found: FoundNode, operation: SetValue) -> Edit:
        node, value = found.node, operation.value
        in_flow = found.parent is not None and not is_block(found.parent)
        if isinstance(node, Scalar) and not isinstance(value, dict | list | Verbatim):
            content = restyled(
                self._text, node, value, formatting=self._formatting, in_flow=in_flow
            )
            if content is not None:
                gap = self._gap_before(node, (":", "-"))
                span = Span(content_start(self._text, node), scalar_end(self._text, node))
                return Edit(span, gap + content, operation.stage)
        if in_flow:
            start = content_start(self._text, node)
            content = self._emitter.flow(value, layout.indentation(self._text, start))
            gap = self._gap_before(node, (":",))
            return Edit(Span(start, node.end), gap + content, operation.stage)
        if found.key is not None:
            return self._set_block_entry(found.key, node, operation)
        if isinstance(found.parent, Sequence):
            dash = layout.dash_start(self._text, found.parent, int(operation.route[-1]))
            lines = self._emitter.item(value, column(self._text, dash))
            lines[0] = lines[0].lstrip()[1:]
            return self._replace_with_lines(Span(dash + 1, node.end), lines, operation.stage)
        raise EditError("a whole document is not replaced: insert a new one")

    def _gap_before(self, node: Node, indicators: tuple[str, ...]) -> str:
        """The space before a new value, where the old one is empty and one of the indicators is
        directly before it.
        """
        start = content_start(self._text, node)
        return " " if start == node.end and self._text[start - 1 : start] in indicators else ""

    def _set_block_entry(self, key: Scalar, node: Node, operation: SetValue) -> Edit:
        """Replace the value of an entry of a block mapping; the key stays as it is."""
        name = operation.route[-1]
        lines = self._emitter.entry(
            name if isinstance(name, str) else "",
            operation.value,
            column(self._text, key.start),
        )
        while lines[0].lstrip().startswith("#"):
            lines.pop(0)
        emitted_key = _ENTRY_KEY.match(lines[0])
        assert emitted_key is not None
        lines[0] = lines[0][emitted_key.end() + 1 :]
        span = Span(colon_end(self._text, key), node.end)
        return self._replace_with_lines(span, lines, operation.stage)

    def _replace_with_lines(self, span: Span, lines: list[str], stage: int) -> Edit:
        """Replace a value by lines; a comment after the old value stays on the first line."""
        newline = self._formatting.newline
        if len(lines) == 1:
            return Edit(span, lines[0], stage)
        end = line_end(self._text, span.end)
        first = lines[0] + self._text[span.end : end].rstrip()
        content = newline.join([first, *lines[1:]])
        if end == len(self._text) and re.search(r"[|>]\+?$", first.rstrip()):
            # A block scalar keeps its last line break only if the file has one.
            content += newline
        return Edit(Span(span.start, end), content, stage)


def _key_of(found: FoundNode) -> Scalar:
    if found.key is None:
        raise EditError("the place to edit has no key")
    return found.key


def _limited(edit: Edit, operation: Operation) -> Edit:
    """An edit that ends with the stage that its operation ends with."""
    if isinstance(operation, SetValue | AddEntry | AddItem) and operation.until is not None:
        return edit._replace(until=operation.until)
    return edit


def _reindented(edit: Edit, operation: Operation, shifts: Iterable[tuple[Route, int]]) -> Edit:
    """An edit of an operation, its new text indented by what other operations add.

    Args:
        edit: the edit.
        operation: the operation that it belongs to.
        shifts: for each operation that indents, its route and the columns that it adds.
    """
    route = operation.route
    match operation:
        case SetValue() | AddEntry() | AddItem():
            shift = sum(columns for outer, columns in shifts if route[: len(outer)] == outer)
        case Nest() if not edit.content.isspace():
            shift = sum(
                columns
                for outer, columns in shifts
                if outer != route and route[: len(outer)] == outer
            )
        case _:
            return edit
    return edit._replace(content=layout.reindent(edit.content, shift)) if shift else edit
