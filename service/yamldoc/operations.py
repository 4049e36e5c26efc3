"""What may be done to a document, in Routes; `editing.compile_operations` turns it into edits of
text.

Values are trees: dict, list, str, int, float, bool, None, and `Verbatim` for text that is carried
over from a document.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from service.yamldoc.nodes import Route
from service.yamldoc.stream import Document

Tree: TypeAlias = Any
"""dict, list, scalar, Verbatim or HOLE."""


class _Hole:
    """See `HOLE`."""

    __slots__ = ()


HOLE: Final = _Hole()
"""In the tree of `Nest`: where the old value goes."""


@dataclass(frozen=True, slots=True)
class SetValue:
    """Replace the value at a route; a scalar keeps its quoting style where that still reads the
    same.
    """

    route: Route
    value: Tree
    stage: int = 0


@dataclass(frozen=True, slots=True)
class RenameKey:
    """Give the entry at a route another key."""

    route: Route
    name: str
    stage: int = 0


@dataclass(frozen=True, slots=True)
class AddEntry:
    """Add an entry to the mapping at a route, which may be empty or null."""

    route: Route
    key: str
    value: Tree
    stage: int = 0
    after: str | None = None
    """The key to stand behind; the last one if None or absent."""


@dataclass(frozen=True, slots=True)
class AddItem:
    """Add an item to the sequence at a route, which may be empty or null."""

    route: Route
    value: Tree
    stage: int = 0
    index: int | None = None
    """The index it gets among the old items; behind the last one if None."""


@dataclass(frozen=True, slots=True)
class Remove:
    """Remove the entry or item at a route, with the comments that belong to it."""

    route: Route
    stage: int = 0


@dataclass(frozen=True, slots=True)
class Nest:
    """Put the block value at a route deeper: in its place comes `tree`, whose HOLE, the last leaf,
    is the old value.

    Operations inside the old value may go along with it.
    """

    route: Route
    tree: Tree
    stage: int = 0


@dataclass(frozen=True, slots=True)
class WrapInList:
    """Make a JSON document the one item of a `List`, so that others can stand beside it; its
    route is empty.
    """

    route: Route = ()
    stage: int = 0


Operation: TypeAlias = SetValue | RenameKey | AddEntry | AddItem | Remove | Nest | WrapInList


@dataclass(frozen=True, slots=True)
class Verbatim:
    """A leaf of a tree: the text at a route of a document, comments included, after `operations`
    inside it.
    """

    document: Document
    route: Route
    operations: tuple[Operation, ...] = field(default=())
