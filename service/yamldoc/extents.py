"""Finds the text that belongs to an entry or item, and what is removed with it."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
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
        place = parent.place_of(found.written) if found.written is not None else None
        previous = parent.entries[place - 1][1] if place else None
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


def _child(parent: Mapping | Sequence, place: int) -> _Child:
    if isinstance(parent, Sequence):
        item = parent.items[place]
        return _Child(item.start, item.end)
    key, value = parent.entries[place]
    return _Child(key.start, max(key.end, value.end))


class Removals:
    """All that is removed from a document."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self.routes = frozenset(routes)
        self._first_kept: dict[int, int] = {}

    def keeps_any_before(self, parent: Mapping | Sequence, route: Route, place: int) -> bool:
        """Whether an entry or item before a place stays.

        Args:
            parent: the collection.
            route: the route of what is at the place.
            place: the place.
        """
        first = self._first_kept.get(id(parent))
        if first is None:
            above = route[:-1]
            steps: Iterator[str | int] = (
                iter(range(len(parent.items)))
                if isinstance(parent, Sequence)
                else (read_key(key) for key, _ in parent.entries)
            )
            kept = (at for at, step in enumerate(steps) if (*above, step) not in self.routes)
            first = self._first_kept[id(parent)] = next(kept, sys.maxsize)
        return first < place


def entry_removal_span(text: str, found: FoundNode, route: Route, *, removed: Removals) -> Span:
    """What is removed with an entry or item, comments and separators included.

    Args:
        text: the piece.
        found: the node of the entry's value or of the item.
        route: its route.
        removed: all that is removed.

    Raises:
        EditError: the node is the root, or a merge key brings it in.
    """
    parent = found.parent
    if not isinstance(parent, Mapping | Sequence):
        raise EditError("a whole document is not removed by a route")
    place = int(route[-1]) if isinstance(parent, Sequence) else None
    if isinstance(parent, Mapping) and found.written is not None:
        place = parent.place_of(found.written)
    if place is None:
        raise EditError("what a merge key brings in is not removed: remove it there")
    kept_before = removed.keeps_any_before(parent, route, place)
    if parent.flow:
        return _removal_in_flow(parent, place, kept_before=kept_before)
    first = _first_start(text, parent)
    if not kept_before and text[line_start(text, first) : first].strip(" "):
        return _removal_beside_dash(text, found, route, index=place)
    extent = extent_of(text, found, route)
    if extent.start == 0:
        return Span(0, layout.next_line(text, extent.end))
    floor = _line_start_after_previous(text, found, route)
    end = extent.end
    if extent.start == floor and layout.keeps_blank_lines(text, floor):
        # The blank lines behind it would go on with the block scalar before it.
        end = layout.blank_lines_end(text, end)
    return Span(layout.without_double_blank(text, extent.start, end, floor=floor), end)


def _removal_in_flow(parent: Mapping | Sequence, place: int, *, kept_before: bool) -> Span:
    """What is removed with a child of a flow collection: the comma before it, or that after it if
    nothing before it is kept.
    """
    own = _child(parent, place)
    if kept_before:
        return Span(_child(parent, place - 1).end, own.end)
    count = len(parent.items if isinstance(parent, Sequence) else parent.entries)
    return Span(own.start, _child(parent, place + 1).start if place + 1 < count else own.end)


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
