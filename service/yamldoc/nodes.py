"""The tree of one YAML document, with source spans.

Nodes are plain slotted classes rather than frozen dataclasses: a stream has hundreds of thousands
of them, and a frozen constructor costs four times as much. Nothing changes them once `compose` has
returned.

Offsets are code points from the start of the *piece* (the document's own text after its `---`
line), so that a parsed piece can serve again wherever the same text stands.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, TypeAlias

Route: TypeAlias = tuple[str | int, ...]
"""The way to a node: mapping keys as Kubernetes reads them, and sequence indices, from the
document's root.
"""


class Node:
    """What all nodes have."""

    __slots__ = ("anchor", "end", "start", "tag")

    flow: ClassVar[bool] = False

    def __init__(self, start: int, end: int, anchor: str | None, tag: str | None) -> None:
        self.start = start
        """First code point, the anchor and tag included."""
        self.end = end
        """One past the last code point of the node's own text: trailing blanks and comments are
        not part of it.
        """
        self.anchor = anchor
        self.tag = tag


class Scalar(Node):
    """A scalar; its value is read when asked for (see `scalars.read_scalar`)."""

    __slots__ = ("style", "text")

    def __init__(
        self, start: int, end: int, anchor: str | None, tag: str | None, text: str, style: str
    ) -> None:
        self.start = start
        self.end = end
        self.anchor = anchor
        self.tag = tag
        self.text = text
        """The content, with quotes, escapes and folding undone."""
        self.style = style
        """'' for plain, else the indicator: ' " | or >."""


_NO_ENTRIES: list[tuple[Scalar, Node]] = []
"""Stands in until keys are spelled out, and is never added to."""


class Mapping(Node):
    """A mapping. `entries` keeps what is written; `index` answers what Kubernetes reads, the last
    of equal keys.

    Nearly all keys are plain words that read as they are written: of those only the places are
    kept, and `entries` makes their nodes when it is asked for. `spell_out` comes before the first
    entry of any other kind.
    """

    __slots__ = ("_entries", "flow", "index", "merges", "starts")

    def __init__(self, start: int, anchor: str | None, tag: str | None, flow: bool) -> None:
        self.start = start
        self.end = start
        self.anchor = anchor
        self.tag = tag
        self.flow = flow  # type: ignore[misc]  # a slot here, a constant in the other nodes
        self.index: dict[str, Node] = {}
        self.merges = False
        """Whether a merge key is among the entries."""
        self.starts: list[int] | None = []
        """Where the plain keys start, in the order of `index`; None once they are spelled out."""
        self._entries: list[tuple[Scalar, Node]] = _NO_ENTRIES

    @property
    def entries(self) -> list[tuple[Scalar, Node]]:
        """The entries in their order: the node of the key and that of the value."""
        if self.starts is not None:
            self.spell_out()
        return self._entries

    def spell_out(self) -> None:
        """Make the nodes of the keys."""
        if self.starts is not None:
            places = zip(self.index.items(), self.starts, strict=True)
            self._entries = [
                (Scalar(start, start + len(name), None, None, name, ""), value)
                for (name, value), start in places
            ]
            self.starts = None

    def values(self) -> list[Node]:
        """The values of all entries, those of hidden keys included."""
        return (
            list(self.index.values())
            if self.starts is not None
            else [value for _, value in self._entries]
        )


class Sequence(Node):
    """A sequence."""

    __slots__ = ("flow", "items")

    def __init__(self, start: int, anchor: str | None, tag: str | None, flow: bool) -> None:
        self.start = start
        self.end = start
        self.anchor = anchor
        self.tag = tag
        self.flow = flow  # type: ignore[misc]
        self.items: list[Node] = []


class Alias(Node):
    """A reference to an anchored node."""

    __slots__ = ("name", "target")

    def __init__(self, start: int, end: int, name: str, target: Node) -> None:
        self.start = start
        self.end = end
        self.anchor = None
        self.tag = None
        self.name = name
        self.target = target


Data: TypeAlias = Any
"""What a node reads as: dict, list, str, int, float, bool or None."""


def walk(node: Node) -> Iterator[Node]:
    """A node and everything below it, aliases not followed."""
    yield node
    if isinstance(node, Mapping):
        for value in node.values():
            yield from walk(value)
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from walk(item)
