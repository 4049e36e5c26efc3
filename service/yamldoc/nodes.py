"""The tree of one YAML document, with source spans.

Nodes are plain slotted classes rather than frozen dataclasses: a stream has hundreds of thousands of them, and a frozen
constructor costs four times as much. Nothing changes them once `compose` has returned.

Offsets are code points from the start of the *piece* (the document's own text after its `---` line), so that a parsed
piece can serve again wherever the same text stands.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, TypeAlias

Route: TypeAlias = tuple[str | int, ...]
"""The way to a node: mapping keys as Kubernetes reads them, and sequence indices, from the document's root."""


class Node:
    """What all nodes have."""

    __slots__ = ("anchor", "end", "start", "tag")

    flow: ClassVar[bool] = False

    def __init__(self, start: int, end: int, anchor: str | None, tag: str | None) -> None:
        self.start = start
        """First code point, the anchor and tag included."""
        self.end = end
        """One past the last code point of the node's own text: trailing blanks and comments are not part of it."""
        self.anchor = anchor
        self.tag = tag


class Scalar(Node):
    """A scalar; its value is read when asked for (see `scalars.read_scalar`)."""

    __slots__ = ("style", "text")

    def __init__(self, start: int, end: int, anchor: str | None, tag: str | None, text: str, style: str) -> None:
        self.start = start
        self.end = end
        self.anchor = anchor
        self.tag = tag
        self.text = text
        """The content, with quotes, escapes and folding undone."""
        self.style = style
        """'' for plain, else the indicator: ' " | or >."""


class Mapping(Node):
    """A mapping. `entries` keeps what is written; `index` answers what Kubernetes reads, the last of equal keys."""

    __slots__ = ("entries", "flow", "index", "merges")

    def __init__(self, start: int, anchor: str | None, tag: str | None, flow: bool) -> None:
        self.start = start
        self.end = start
        self.anchor = anchor
        self.tag = tag
        self.flow = flow  # type: ignore[misc]  # a slot here, a constant in the other nodes
        self.entries: list[tuple[Scalar, Node]] = []
        self.index: dict[str, Node] = {}
        self.merges = False
        """Whether a merge key is among the entries."""


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
        for _, value in node.entries:
            yield from walk(value)
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from walk(item)
