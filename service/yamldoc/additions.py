"""Edits that add an entry to a mapping or an item to a sequence."""

from __future__ import annotations

from service.errors import EditError
from service.text import Edit, Span
from service.yamldoc import layout
from service.yamldoc.layout import column, line_start
from service.yamldoc.nodes import Mapping, Node, Sequence
from service.yamldoc.operations import AddEntry, AddItem
from service.yamldoc.patch_context import PatchContext, insertion
from service.yamldoc.reading import is_merge
from service.yamldoc.scalars import read_key, scalar_text


def add_entry(context: PatchContext, node: Node, operation: AddEntry) -> Edit:
    """The edit that adds an entry to a mapping that is not empty.

    Raises:
        EditError: the node is no mapping, or the file ends where the entry would go and lacks a
            final line break (see `layout.check_open_end`).
    """
    text, formatting = context.text, context.formatting
    if not isinstance(node, Mapping):
        raise EditError("the place to add an entry to is not a mapping")
    first_key = node.entries[0][0].start
    inside = Span(node.start, node.end)
    offset = _end_of_entry(node, operation.after)
    if node.flow:
        name = scalar_text(
            operation.key, preferred=formatting.quote, flow=True, json_style=formatting.json
        )
        value = context.emitter.flow(operation.value, layout.indentation(text, first_key))
        content = f"{_separator(context, node, first_key)}{name}: {value}"
        return insertion(offset, content, stage=operation.stage, inside=inside)
    own_column = column(text, first_key)
    offset = _behind_blank_lines(text, layout.comments_below_end(text, offset, own_column))
    layout.check_open_end(context.document, offset)
    lines = context.emitter.entry(operation.key, operation.value, own_column)
    content = _new_lines(context, offset, lines)
    return insertion(offset, content, stage=operation.stage, inside=inside)


def _end_of_entry(mapping: Mapping, name: str | None) -> int:
    """Where the entry of a key ends; that of the last entry if there is no such key."""
    entries = mapping.entries
    named = [entry for entry in entries if not is_merge(entry[0]) and read_key(entry[0]) == name]
    key, value = (named or entries)[-1]
    return max(key.end, value.end)


def add_item(context: PatchContext, node: Node, operation: AddItem) -> Edit:
    """The edit that adds an item to a sequence that is not empty.

    Raises:
        EditError: the node is no sequence, or the file ends where the item would go and lacks a
            final line break (see `layout.check_open_end`).
    """
    if not isinstance(node, Sequence):
        raise EditError("the place to add an item to is not a sequence")
    count = len(node.items)
    index = count if operation.index is None else min(operation.index, count)
    if node.flow:
        return _add_flow_item(context, node, operation, index=index)
    return _add_block_item(context, node, operation, index=index)


def _add_flow_item(
    context: PatchContext, node: Sequence, operation: AddItem, *, index: int
) -> Edit:
    first = node.items[0].start
    content = context.emitter.flow(operation.value, layout.indentation(context.text, first))
    separator = _separator(context, node, first)
    inside = Span(node.start, node.end)
    if index == 0:
        return insertion(first, content + separator, stage=operation.stage, inside=inside)
    return insertion(
        node.items[index - 1].end, separator + content, stage=operation.stage, inside=inside
    )


def _add_block_item(
    context: PatchContext, node: Sequence, operation: AddItem, *, index: int
) -> Edit:
    text, newline = context.text, context.formatting.newline
    inside = Span(node.start, node.end)
    first = layout.dash_start(text, node, 0)
    own_column = column(text, first)
    lines = context.emitter.item(operation.value, own_column)
    if index:
        previous = node.items[index - 1]
        offset = layout.comments_below_end(text, previous.end, own_column)
        offset = _behind_blank_lines(text, offset)
        layout.check_open_end(context.document, offset)
    elif text[line_start(text, first) : first].strip(" "):
        # The sequence starts on the line of another dash: the new item takes that place.
        content = newline.join(lines)[own_column:] + newline + " " * own_column
        return insertion(first, content, stage=operation.stage, inside=inside)
    else:
        top = layout.comments_above_start(
            text, line_start(text, first), own_column=own_column, floor=0
        )
        offset = top - (2 if text[top - 2 : top] == "\r\n" else 1)
    content = _new_lines(context, offset, lines)
    return insertion(offset, content, stage=operation.stage, inside=inside)


def _new_lines(context: PatchContext, offset: int, lines: list[str]) -> str:
    """Lines as text that is inserted at the end of a line."""
    newline = context.formatting.newline
    content = newline + newline.join(lines)
    return content + layout.final_line_break(context.text, offset, content, newline)


def _behind_blank_lines(text: str, offset: int) -> int:
    """Where new lines go behind a line that ends at an offset: behind the blank lines there, where
    a block scalar in the new lines might keep those as its own.
    """
    return layout.blank_lines_end(text, offset) if layout.keeps_blank_lines(text) else offset


def _separator(context: PatchContext, node: Node, first: int) -> str:
    """What separates the entries or items of a flow collection, whose first starts at `first`."""
    text = context.text
    if "\n" in text[node.start : first]:
        return "," + context.formatting.newline + " " * layout.indentation(text, first)
    return ", "
