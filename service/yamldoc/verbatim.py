"""Text that is carried over: cut out of its document with the comments that belong to it,
aliases written out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from service.errors import EditError
from service.text import Edit, Span, apply_edits
from service.yamldoc import layout
from service.yamldoc.emit import Emitter, Slice
from service.yamldoc.layout import Formatting, colon, column, content_start, is_block, line_start
from service.yamldoc.nodes import Alias, Mapping, Node, Route, Scalar, Sequence, walk
from service.yamldoc.operations import Tree, Verbatim
from service.yamldoc.patch import Patcher
from service.yamldoc.reading import Found, is_merge, merge_sources, read
from service.yamldoc.scalars import read_key
from service.yamldoc.stream import Document


def extract_verbatim(leaf: Verbatim, formatting: Formatting) -> Slice:
    """The text of a `Verbatim` leaf, its operations carried out, aliases to anchors outside it
    written out.

    Raises:
        EditError: there is nothing at its route.
    """
    document = leaf.document
    text = document.text
    found = document.find(leaf.route)
    if found is None:
        raise EditError("there is nothing to carry over")
    node, parent = found.node, found.parent
    written = found.written
    data = read(node)
    if written is None:
        # It came in by an alias or a merge key: there is no text of its own here.
        lines = _emitted(data, formatting)
        return Slice(
            [],
            lines,
            lines,
            None,
            isinstance(data, dict | list) and bool(data),
            isinstance(data, list),
            data,
        )
    edits = Patcher(document, formatting, lambda inner: extract_verbatim(inner, formatting)).edits(
        [*leaf.operations]
    ) + list(_written_out(text, written, formatting))
    # An anchor before a block collection stays behind: nothing in the slice can refer to it.
    value_start = content_start(text, written) if is_block(written) else written.start
    start = found.key.start if found.key is not None else value_start
    in_flow = parent is not None and not is_block(parent)
    own = layout.indentation(text, start) if in_flow else column(text, start)
    comments: list[str] = []
    end = max(written.end, start)
    if not in_flow:
        comments, end = _comments(document, leaf.route, found)
    whole = _cut(text, Span(start, end), edits, own)
    if found.key is not None:
        own = column(text, value_start) if is_block(node) and not in_flow else own
    value = (
        ["null"] if written.start == written.end else _cut(text, Span(value_start, end), edits, own)
    )
    key = read_key(found.key) if found.key is not None else None
    return Slice(comments, whole, value, key, is_block(written), isinstance(node, Sequence), data)


def _comments(document: Document, route: Route, found: Found) -> tuple[list[str], int]:
    """The comment lines above a block node, and where the node ends with the comments that
    belong to it.
    """
    text = document.text
    extent = Patcher(
        document, Formatting(), lambda inner: extract_verbatim(inner, Formatting())
    ).extent(found, route)
    start = found.key.start if found.key is not None else found.node.start
    top = text[extent.start : line_start(text, start)]
    if found.key is None and isinstance(found.parent, Sequence):
        # The dash may stand on a line of its own.
        at = layout.dash(text, found.parent, int(route[-1]))
        top = text[extent.start : at] + text[at + 1 : line_start(text, start)]
    return [line.strip() for line in top.splitlines() if line.strip().startswith("#")], extent.end


def _cut(text: str, span: Span, edits: Iterable[Edit], own_column: int) -> list[str]:
    inside = [
        replace(moved, stage=0)
        for edit in edits
        for moved in (edit.moved(-span.start),)
        if span.start <= edit.span.start and edit.span.end <= span.end
    ]
    cut = apply_edits(text[span.start : span.end], inside)
    return layout.reindent(cut, -own_column).replace("\r\n", "\n").split("\n")


def _emitted(data: Tree, formatting: Formatting) -> list[str]:
    emitter = Emitter(formatting, lambda leaf: extract_verbatim(leaf, formatting))
    if isinstance(data, dict) and data:
        return emitter.entries(data, 0)
    if isinstance(data, list) and data:
        return [line for item in data for line in emitter.item(item, 0)]
    return [emitter.flow(data, 0)]


def _written_out(text: str, node: Node, formatting: Formatting) -> Iterator[Edit]:
    """Edits that write out the aliases in a slice whose anchors are outside of it."""
    parents: list[tuple[Node, Scalar | None, Node]] = []
    for parent in walk(node):
        if isinstance(parent, Mapping):
            parents += [(parent, key, value) for key, value in parent.entries]
        elif isinstance(parent, Sequence):
            parents += [(parent, None, item) for item in parent.items]
    emitter = Emitter(formatting, lambda leaf: extract_verbatim(leaf, formatting))
    yield from _without_anchors(text, node)
    for parent, key, value in parents:
        if key is not None and is_merge(key):
            yield from _merge_written_out(text, node, parent, key, value, emitter)
        elif isinstance(value, Alias) and not node.start <= value.target.start < node.end:
            data = read(value)
            if not is_block(parent) or not isinstance(data, dict | list) or not data:
                yield Edit(Span(value.start, value.end), emitter.flow(data, 0))
            elif key is not None:
                lines = emitter.entry(read_key(key), data, column(text, key.start))
                yield Edit(Span(colon(text, key), value.end), "\n" + "\n".join(lines[1:]))
            else:
                yield Edit(Span(value.start, value.end), emitter.flow(data, 0))


def _without_anchors(text: str, node: Node) -> Iterator[Edit]:
    """Edits that drop anchors to which nothing in a slice refers: aliases elsewhere go on
    meaning the original.
    """
    inside = list(walk(node))
    wanted = {each.name for each in inside if isinstance(each, Alias)}
    for each in inside:
        if (
            each.anchor is not None
            and each.anchor not in wanted
            and each.tag is None
            and not isinstance(each, Alias)
        ):
            start = content_start(text, each)
            if "\n" in text[each.start : start]:
                # Before a block collection the anchor ends its line.
                yield Edit(
                    Span(len(text[: each.start].rstrip(" ")), each.start + len(each.anchor) + 1), ""
                )
            else:
                yield Edit(Span(each.start, start), "")


def _merge_written_out(
    text: str, node: Node, parent: Node, key: Scalar, value: Node, emitter: Emitter
) -> Iterator[Edit]:
    if all(node.start <= source.start < node.end for source in merge_sources(value)):
        return
    assert isinstance(parent, Mapping)
    later = False
    hidden = set()
    for other, _ in parent.entries:
        later = later or other is key
        if later and not is_merge(other):
            hidden.add(read_key(other))
    data = {
        name: each
        for source in merge_sources(value)
        for name, each in read(source).items()
        if name not in hidden
    }
    # An earlier key that the merge overrides would be written twice; kubectl reads the merged one.
    for other, _ in parent.entries:
        if other is key:
            break
        data.pop(read_key(other), None)
    if not data:
        # All that it brings in is written beside it.
        entries = parent.entries
        place = next(index for index, (other, _) in enumerate(entries) if other is key)
        if place + 1 < len(entries):
            yield Edit(Span(key.start, entries[place + 1][0].start), "")
        elif place:
            yield Edit(Span(entries[place - 1][1].end, value.end), "")
        return
    if is_block(parent):
        lines = emitter.entries(data, column(text, key.start))
        yield Edit(Span(key.start, value.end), "\n".join(lines).lstrip())
    else:
        yield Edit(Span(key.start, value.end), emitter.flow(data, 0)[1:-1])
