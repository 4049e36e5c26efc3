"""Edits that put old text deeper: a value into a new tree, a JSON document into a List."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from service.errors import EditError
from service.text import Edit, Span
from service.yamldoc import layout
from service.yamldoc.emit import split_at_hole
from service.yamldoc.formatting import Formatting
from service.yamldoc.layout import colon_end, column, is_block
from service.yamldoc.nodes import Scalar
from service.yamldoc.operations import HOLE, Nest, Tree, WrapInList
from service.yamldoc.patch_context import PatchContext, insertion
from service.yamldoc.reading import FoundNode


def indentation_added(operation: Nest | WrapInList, formatting: Formatting) -> int:
    """The columns by which an operation indents the old text.

    Raises:
        EditError: the tree of a `Nest` has no `HOLE` as its last leaf.
    """
    json_indent = formatting.json_indent or 0
    if isinstance(operation, WrapInList):
        return 2 * json_indent
    return _hole_depth(operation.tree) * (json_indent if formatting.json else formatting.indent)


def nest(context: PatchContext, found: FoundNode, *, key: Scalar, operation: Nest) -> list[Edit]:
    """The edits that put a value into a new tree: an insertion before it, one after it if need be,
    and those that indent its lines.

    Args:
        context: the document.
        found: the node of the value.
        key: the key of the value.
        operation: the operation.

    Raises:
        EditError: the tree has no `HOLE` as its last leaf.
    """
    shift = indentation_added(operation, context.formatting)
    nest_in = _nest_in_block if found.parent is None or is_block(found.parent) else _nest_in_flow
    insertions: list[Edit] = []
    region = Span(found.node.start, found.node.end)
    starts = [(operation.stage, operation.tree), *operation.later]
    ends = [stage for stage, _ in operation.later] + [None]
    for (stage, tree), until in zip(starts, ends, strict=True):
        variant = replace(operation, tree=tree, stage=stage, later=())
        made, region = nest_in(context, found, key=key, operation=variant)
        insertions += [edit._replace(until=until) for edit in made]
    return [*insertions, *_indenting(context.text, region, columns=shift, stage=operation.stage)]


def _nest_in_flow(
    context: PatchContext, found: FoundNode, *, key: Scalar, operation: Nest
) -> tuple[list[Edit], Span]:
    """The insertions around a value in a flow collection, and what is indented."""
    node = found.node
    indent = layout.indentation(context.text, key.start)
    before, after = split_at_hole(context.emitter.flow(operation.tree, indent))
    insertions = [
        insertion(node.start, before, stage=operation.stage),
        insertion(node.end, after, stage=operation.stage),
    ]
    return insertions, Span(node.start, node.end)


def _nest_in_block(
    context: PatchContext, found: FoundNode, *, key: Scalar, operation: Nest
) -> tuple[list[Edit], Span]:
    """The insertion before a value in a block mapping, and what is indented."""
    text, formatting = context.text, context.formatting
    own_column = column(text, key.start)
    lines = context.emitter.entries(operation.tree, own_column + formatting.indent)
    before, _ = split_at_hole(formatting.newline.join(lines))
    start = colon_end(text, key)
    end = layout.comments_below_end(text, found.node.end, own_column)
    return [insertion(start, formatting.newline + before, stage=operation.stage)], Span(start, end)


def wrap_in_list(context: PatchContext, operation: WrapInList) -> list[Edit]:
    """The edits that make a JSON document the only item of a `List`."""
    root = context.document.root
    indent, newline = context.formatting.json_indent, context.formatting.newline
    if indent is None:
        before, after = '{"apiVersion": "v1", "kind": "List", "items": [', "]}"
    else:
        one, two = newline + " " * indent, newline + " " * (2 * indent)
        before = f'{{{one}"apiVersion": "v1",{one}"kind": "List",{one}"items": [{two}'
        after = f"{one}]{newline}}}"
    region = Span(root.start, root.end)
    return [
        insertion(region.start, before, stage=operation.stage),
        insertion(region.end, after, stage=operation.stage),
        *_indenting(context.text, region, columns=2 * (indent or 0), stage=operation.stage),
    ]


def _indenting(text: str, region: Span, *, columns: int, stage: int) -> Iterator[Edit]:
    """The edits that indent the lines of a region."""
    if columns:
        for offset in layout.indent_offsets(text, region):
            yield Edit(
                span=Span(offset, offset), content=" " * columns, stage=stage, droppable=True
            )


def _hole_depth(tree: Tree) -> int:
    """How many keys lead to `HOLE`.

    Raises:
        EditError: it is missing or not the last leaf.
    """
    depth = 0
    while isinstance(tree, dict) and tree:
        tree = tree[next(reversed(tree))]
        depth += 1
    if tree is not HOLE:
        raise EditError("the old value has no place in the new one")
    return depth
