"""The operations on a document, in Routes. `editing.compile_operations` turns them into edits.

Every operation has a `route`, the place that it changes, and a `stage`, the first stage whose text
has the change. Values are trees: dict, list, str, int, float, bool, None, and `Verbatim` for text
that is copied from a document.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from service.yamldoc.nodes import Route
from service.yamldoc.stream import Document

Tree: TypeAlias = Any
"""dict, list, scalar, `Verbatim` or `HOLE`."""


class _Hole:
    """The type of `HOLE`, which has one value only."""

    __slots__ = ()


HOLE: Final = _Hole()
"""Where the old value goes in the tree of a `Nest`."""


@dataclass(frozen=True, slots=True)
class SetValue:
    """Replace the value at a route. A new scalar keeps the quotes of the old one where it can."""

    route: Route
    value: Tree
    stage: int = 0
    until: int | None = None
    """The first stage that has it no longer; None if all later ones have it."""


@dataclass(frozen=True, slots=True)
class RenameKey:
    """Give the entry at a route another key."""

    route: Route
    name: str
    stage: int = 0


@dataclass(frozen=True, slots=True)
class AddEntry:
    """Add an entry to the mapping at a route; the mapping may be empty or null."""

    route: Route
    key: str
    value: Tree
    stage: int = 0
    after: str | None = None
    """The key after which it goes; the last one if None, or if there is no such key."""
    until: int | None = None
    """The first stage that has it no longer; None if all later ones have it."""


@dataclass(frozen=True, slots=True)
class AddItem:
    """Add an item to the sequence at a route; the sequence may be empty or null."""

    route: Route
    value: Tree
    stage: int = 0
    index: int | None = None
    """The index of the old item before which it goes; at the end if None or too large."""
    until: int | None = None
    """The first stage that has it no longer; None if all later ones have it."""


@dataclass(frozen=True, slots=True)
class Remove:
    """Remove the entry or item at a route, with the comments that belong to it."""

    route: Route
    stage: int = 0


@dataclass(frozen=True, slots=True)
class Nest:
    """Replace the value at a route by a tree that holds the old value.

    The place of the old value in `tree` is `HOLE`, which has to be its last leaf. Operations inside
    the old value may be compiled together with it.
    """

    route: Route
    tree: Tree
    stage: int = 0
    later: tuple[tuple[int, Tree], ...] = ()
    """Other trees, of the same depth, by the stage from which on they are there instead."""


@dataclass(frozen=True, slots=True)
class WrapInList:
    """Make a JSON document the only item of a `List`, so that further objects can be added to the
    file. The route is empty.
    """

    route: Route = ()
    stage: int = 0


Operation: TypeAlias = SetValue | RenameKey | AddEntry | AddItem | Remove | Nest | WrapInList


@dataclass(frozen=True, slots=True)
class Verbatim:
    """A leaf of a tree: the text at a route of a document with its comments, after `operations`
    inside it. Their stages don't count.
    """

    document: Document
    route: Route
    operations: tuple[Operation, ...] = field(default=())
