"""Extracts text from a document: with the comments that belong to it, and with the aliases to
anchors outside it written out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from service.errors import EditError
from service.text import Edit, Span, apply_edits
from service.yamldoc import layout
from service.yamldoc.emit import Emitter, ExtractedText
from service.yamldoc.extents import extent_of, key_or_dash_start
from service.yamldoc.formatting import Formatting
from service.yamldoc.layout import colon_end, column, content_start, is_block, line_start
from service.yamldoc.nodes import Alias, Data, Mapping, Node, Route, Scalar, Sequence, walk
from service.yamldoc.operations import Verbatim
from service.yamldoc.patch import Patcher
from service.yamldoc.reading import FoundNode, is_merge, merge_sources, read
from service.yamldoc.scalars import read_key
from service.yamldoc.stream import Document


def make_emitter(formatting: Formatting) -> Emitter:
    """An emitter that extracts the text of `Verbatim` leaves."""
    return Emitter(formatting, lambda leaf: extract_verbatim(leaf, formatting))


def make_patcher(document: Document, formatting: Formatting) -> Patcher:
    """A patcher of a document that extracts the text of `Verbatim` leaves."""
    return Patcher(document, formatting, lambda leaf: extract_verbatim(leaf, formatting))


def extract_verbatim(leaf: Verbatim, formatting: Formatting) -> ExtractedText:
    """The text of a `Verbatim` leaf.

    Its operations are carried out, and aliases to anchors outside it are written out.

    Args:
        leaf: the leaf.
        formatting: how the text that is written anew is formatted.

    Raises:
        EditError: there is nothing at its route, or an operation can't be carried out.
    """
    found = leaf.document.find(leaf.route)
    if found is None:
        raise EditError("there is nothing to carry over")
    data = read(found.node)
    written = found.written
    if written is None:
        return _emitted(data, formatting)
    text = leaf.document.text
    edits: list[Edit] = []
    if leaf.operations:
        edits += make_patcher(leaf.document, formatting).edits(leaf.operations)
    # Neither anchors nor aliases are without these.
    if "&" in text or "*" in text:
        edits += _written_out(text, written, formatting)
    place = _place_of(text, found, leaf.route)
    whole = _extracted_lines(text, Span(place.start, place.end), edits, own_column=place.column)
    value = _extracted_lines(
        text, Span(place.value_start, place.end), edits, own_column=place.value_column
    )
    return ExtractedText(
        comments=place.comments,
        whole=whole,
        value=["null"] if written.start == written.end else value,
        key=read_key(found.key) if found.key is not None else None,
        block=is_block(written),
        sequence=isinstance(found.node, Sequence),
        data=data,
    )


def _emitted(data: Data, formatting: Formatting) -> ExtractedText:
    """Data as text: for what an alias or a merge key brings in, which has no text in its place."""
    emitter = make_emitter(formatting)
    if isinstance(data, dict) and data:
        lines = emitter.entries(data, 0)
    elif isinstance(data, list) and data:
        lines = [line for item in data for line in emitter.item(item, 0)]
    else:
        lines = [emitter.flow(data, 0)]
    return ExtractedText(
        comments=[],
        whole=lines,
        value=lines,
        key=None,
        block=isinstance(data, dict | list) and bool(data),
        sequence=isinstance(data, list),
        data=data,
    )


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the text of an entry or item is."""

    start: int
    """Where the entry or the item starts."""
    value_start: int
    """Where its value starts."""
    end: int
    """Where it ends, with the comments below that belong to it."""
    column: int
    """By how much its further lines are indented."""
    value_column: int
    """By how much the further lines of its value are indented."""
    comments: list[str]
    """The comment lines above it, without indentation."""


def _place_of(text: str, found: FoundNode, route: Route) -> _Place:
    written, key = found.written, found.key
    assert written is not None
    # An anchor before a block collection is left out: nothing in the extracted text refers to it.
    value_start = content_start(text, written) if is_block(written) else written.start
    start = key.start if key is not None else value_start
    end = max(written.end, start)
    if found.parent is not None and not is_block(found.parent):
        indent = layout.indentation(text, start)
        return _Place(
            start=start,
            value_start=value_start,
            end=end,
            column=indent,
            value_column=indent,
            comments=[],
        )
    extent = extent_of(text, found, route)
    own_column = column(text, start)
    return _Place(
        start=start,
        value_start=value_start,
        end=extent.end,
        column=own_column,
        value_column=column(text, value_start) if is_block(found.node) else own_column,
        comments=_comments_above(text, found, route, extent=extent),
    )


def _comments_above(text: str, found: FoundNode, route: Route, *, extent: Span) -> list[str]:
    """The comment lines above an entry or item in block style, within its extent."""
    end = line_start(text, found.key.start if found.key is not None else found.node.start)
    above = text[extent.start : end]
    if found.key is None and isinstance(found.parent, Sequence):
        # The dash may be on a line of its own, above comments.
        dash = key_or_dash_start(text, found, route)
        above = text[extent.start : dash] + text[dash + 1 : end]
    return [line.strip() for line in above.splitlines() if line.strip().startswith("#")]


def _extracted_lines(
    text: str, span: Span, edits: Collection[Edit], *, own_column: int
) -> list[str]:
    """The lines of a span, after the edits that are inside it, without their indentation."""
    extracted = text[span.start : span.end]
    if edits:
        # What is removed at the end may go on with the blank lines behind it.
        reach = layout.blank_lines_end(text, span.end)
        inside = [
            edit._replace(span=Span(edit.span.start, min(edit.span.end, span.end)), stage=0).moved(
                -span.start
            )
            for edit in edits
            if span.start <= edit.span.start <= span.end and edit.span.end <= reach
        ]
        extracted = apply_edits(extracted, inside)
    return layout.reindent(extracted, -own_column).replace("\r\n", "\n").split("\n")


def _written_out(text: str, node: Node, formatting: Formatting) -> Iterator[Edit]:
    """The edits that write out the aliases below a node whose anchors are outside it, and drop the
    anchors that nothing in it refers to.
    """
    emitter = make_emitter(formatting)
    yield from _without_anchors(text, node)
    for parent in walk(node):
        if isinstance(parent, Mapping):
            for key, value in parent.entries:
                if is_merge(key):
                    if not all(_is_inside(source, node) for source in merge_sources(value)):
                        yield from _merge_written_out(
                            text, parent, key=key, value=value, emitter=emitter
                        )
                elif isinstance(value, Alias) and not _is_inside(value.target, node):
                    yield _alias_written_out(text, parent, key=key, alias=value, emitter=emitter)
        elif isinstance(parent, Sequence):
            for item in parent.items:
                if isinstance(item, Alias) and not _is_inside(item.target, node):
                    yield Edit(Span(item.start, item.end), emitter.flow(read(item), 0))


def _is_inside(node: Node, outer: Node) -> bool:
    return outer.start <= node.start < outer.end


def _alias_written_out(
    text: str, parent: Mapping, *, key: Scalar, alias: Alias, emitter: Emitter
) -> Edit:
    """The edit that writes out the value of an entry."""
    data = read(alias)
    if parent.flow or not isinstance(data, dict | list) or not data:
        return Edit(Span(alias.start, alias.end), emitter.flow(data, 0))
    lines = emitter.entry(read_key(key), data, column(text, key.start))
    return Edit(Span(colon_end(text, key), alias.end), "\n" + "\n".join(lines[1:]))


def _without_anchors(text: str, node: Node) -> Iterator[Edit]:
    """The edits that drop the anchors to which nothing below a node refers. Aliases outside it go
    on referring to the original.
    """
    inside = list(walk(node))
    wanted = {alias.name for alias in inside if isinstance(alias, Alias)}
    for anchored in inside:
        name = anchored.anchor
        if name is None or name in wanted or anchored.tag is not None:
            continue
        start = content_start(text, anchored)
        if "\n" in text[anchored.start : start]:
            # Before a block collection the anchor ends its line.
            line = text[: anchored.start].rstrip(" ")
            yield Edit(Span(len(line), anchored.start + len(name) + 1), "")
        else:
            yield Edit(Span(anchored.start, start), "")


def _merge_written_out(
    text: str, mapping: Mapping, *, key: Scalar, value: Node, emitter: Emitter
) -> Iterator[Edit]:
    """The edit that writes out what a merge key brings in, or removes it if that is nothing."""
    data = _merged_data(mapping, value)
    if not data:
        yield from _without_merge(mapping, key, value)
    elif is_block(mapping):
        lines = emitter.entries(data, column(text, key.start))
        yield Edit(Span(key.start, value.end), "\n".join(lines).lstrip())
    else:
        yield Edit(Span(key.start, value.end), emitter.flow(data, 0)[1:-1])


def _merged_data(mapping: Mapping, value: Node) -> dict[str, Data]:
    """What a merge key brings into a mapping, without the keys that are written beside it.

    For a key that is written before the merge key, kubectl reads the merged value; the text here
    keeps the written one, and verification refuses the rewrite.
    """
    written = {read_key(key) for key, _ in mapping.entries if not is_merge(key)}
    return {
        name: child
        for source in merge_sources(value)
        for name, child in read(source).items()
        if name not in written
    }


def _without_merge(mapping: Mapping, merge: Scalar, value: Node) -> Iterator[Edit]:
    """The edit that removes a merge key; none if it is the only entry."""
    entries = mapping.entries
    position = next(index for index, (key, _) in enumerate(entries) if key is merge)
    if position + 1 < len(entries):
        yield Edit(Span(merge.start, entries[position + 1][0].start), "")
    elif position:
        yield Edit(Span(entries[position - 1][1].end, value.end), "")
