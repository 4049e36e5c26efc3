"""Finds the text that belongs to an entry or item, and what is removed with it."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from service.errors import EditError
from service.text import Span
from service.yamldoc import layout
from service.yamldoc.layout import column, is_block, line_end, line_start
from service.yamldoc.nodes import Mapping, Node, Route, Sequence
from service.yamldoc.reading import FoundNode
from service.yamldoc.scalars import read_key


def extent_of(text: str, found: FoundNode, route: Route) -> Span:
    """The text of an entry or item in block style, with the comments that belong to it.

    Args:
        text: the piece.
        found: the node of the entry's value or of the item.
        route: its route.

    Returns:
        Whole lines, without the last line break. Where the entry or item starts in the middle of a
        line, the extent starts there too.
    """
    start = key_or_dash_start(text, found, route)
    own_column = column(text, start)
    key_end = found.key.end if found.key is not None else 0
    written = found.written or found.node
    last = layout.comments_below_end(text, max(written.end, key_end), own_column)
    top = line_start(text, start)
    if text[top:start].strip(" "):
        return Span(start, last)
    floor = _line_start_after_previous(text, found, route)
    # Above the first entry or item, comments of any depth are its own.
    comment_column = own_column if floor else len(text)
    first = layout.comments_above_start(text, top, own_column=comment_column, floor=floor)
    return Span(first, last)


def key_or_dash_start(text: str, found: FoundNode, route: Route) -> int:
    """Where the key of an entry or the dash of an item starts; in a flow sequence, the item."""
    if found.key is not None:
        return found.key.start
    if isinstance(found.parent, Sequence) and is_block(found.parent):
        return layout.dash_start(text, found.parent, int(route[-1]))
    return found.node.start


def _line_start_after_previous(text: str, found: FoundNode, route: Route) -> int:
    """The start of the first line that does not belong to the previous entry or item."""
    parent = found.parent
    previous: Node | None = None
    if isinstance(parent, Sequence):
        index = int(route[-1])
        previous = parent.items[index - 1] if index else None
    elif isinstance(parent, Mapping):
        for key, value in parent.entries:
            if key is found.key:
                break
            previous = value
    if previous is None:
        return 0
    return layout.next_line(text, line_end(text, previous.end))


@dataclass(frozen=True, slots=True)
class _Child:
    """An entry or item of a collection."""

    start: int
    """Where its key or the item starts."""
    end: int
    """Where it ends."""
    step: str | int
    """The last step of its route."""


def _children_of(parent: Mapping | Sequence) -> list[_Child]:
    if isinstance(parent, Sequence):
        return [_Child(item.start, item.end, step) for step, item in enumerate(parent.items)]
    return [
        _Child(key.start, max(key.end, value.end), read_key(key)) for key, value in parent.entries
    ]


def entry_removal_span(
    text: str, found: FoundNode, route: Route, *, removed: AbstractSet[Route]
) -> Span:
    """What is removed with an entry or item, comments and separators included.

    Args:
        text: the piece.
        found: the node of the entry's value or of the item.
        route: its route.
        removed: the routes of all that is removed.

    Raises:
        EditError: the node is the root, or a merge key brings it in.
    """
    parent = found.parent
    if not isinstance(parent, Mapping | Sequence):
        raise EditError("a whole document is not removed by a route")
    children = _children_of(parent)
    if found.key is not None:
        start = found.key.start
        index = next(index for index, child in enumerate(children) if child.start == start)
    elif isinstance(parent, Sequence):
        index = int(route[-1])
    else:
        raise EditError("what a merge key brings in is not removed: remove it there")
    kept_before = any((*route[:-1], child.step) not in removed for child in children[:index])
    if parent.flow:
        return _removal_in_flow(children, index, kept_before=kept_before)
    first = _first_start(text, parent)
    if not kept_before and text[line_start(text, first) : first].strip(" "):
        return _removal_beside_dash(text, found, route, index=index)
    extent = extent_of(text, found, route)
    if extent.start == 0:
        return Span(0, layout.next_line(text, extent.end))
    floor = _line_start_after_previous(text, found, route)
    end = extent.end
    if extent.start == floor and layout.keeps_blank_lines(text[:floor]):
        # The blank lines behind it would go on with the block scalar before it.
        end = layout.blank_lines_end(text, end)
    return Span(layout.without_double_blank(text, extent.start, end, floor=floor), end)


def _removal_in_flow(children: list[_Child], index: int, *, kept_before: bool) -> Span:
    """What is removed with a child of a flow collection: the comma before it, or that after it if
    nothing before it is kept.
    """
    if kept_before:
        return Span(children[index - 1].end, children[index].end)
    if index + 1 < len(children):
        return Span(children[index].start, children[index + 1].start)
    return Span(children[index].start, children[index].end)


def _first_start(text: str, parent: Mapping | Sequence) -> int:
    """Where the first key or dash of a block collection starts."""
    if isinstance(parent, Mapping):
        return parent.entries[0][0].start
    return layout.dash_start(text, parent, 0)


def _removal_beside_dash(text: str, found: FoundNode, route: Route, *, index: int) -> Span:
    """What is removed with the first child of a collection that starts on the line of a dash: the
    start of the line stays, and the next child moves up to it.
    """
    parent = found.parent
    start = key_or_dash_start(text, found, route)
    following: int | None = None
    if isinstance(parent, Mapping) and index + 1 < len(parent.entries):
        following = parent.entries[index + 1][0].start
    elif isinstance(parent, Sequence) and index + 1 < len(parent.items):
        following = layout.dash_start(text, parent, index + 1)
    if following is None:
        return Span(start, max(found.node.end, start))
    end = layout.comments_below_end(text, found.node.end, column(text, start))
    if "#" in text[end:following]:
        # The comments between the two belong to the next child, and stay below the dash.
        return Span(start, end)
    return Span(start, following)
