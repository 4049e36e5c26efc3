"""The tree of one YAML document, with source spans.

Nodes are plain slotted classes rather than frozen dataclasses, and made with positional arguments:
a stream has hundreds of thousands of them, and a frozen constructor costs four times as much.
Nothing changes them once `compose` has returned. Nodes are equal only to themselves.

Offsets are code points from the start of the *piece* (the document's own text after its `---`
line), so that a parsed piece can be used again wherever the same text is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, TypeAlias

Route: TypeAlias = tuple[str | int, ...]
"""The way to a node: mapping keys as Kubernetes reads them, and sequence indices, from the
document's root.
"""


class Node:
    """What all nodes have in common."""

    __slots__ = ("anchor", "end", "start", "tag")

    flow: ClassVar[bool] = False

    def __init__(self, start: int, end: int, anchor: str | None, tag: str | None) -> None:
        self.start = start
        """The first code point, the anchor and tag included."""
        self.end = end
        """One past the last code point of the node's own text; trailing blanks and comments are
        not part of it.
        """
        self.anchor = anchor
        """The name of its anchor, without the `&`; None if it has none."""
        self.tag = tag
        """The tag as libyaml resolves it; None if none is written."""


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
        """Empty for a plain scalar, else its indicator: ' " | or >."""


_NO_ENTRIES: list[tuple[Scalar, Node]] = []
"""The entries of each mapping whose key nodes are not made yet; nothing is added to it."""


class Mapping(Node):
    """A mapping. `entries` has what is written; `index` has what Kubernetes reads, the last of
    equal keys.

    Nearly all keys are plain words that read as they are written. Of those only the offsets are
    kept, until `entries` is read or a key of another kind comes: then `make_key_nodes` makes their
    nodes.
    """

    __slots__ = ("_entries", "_places", "flow", "index", "key_starts", "merges")

    def __init__(self, start: int, anchor: str | None, tag: str | None, flow: bool) -> None:
        self.start = start
        self.end = start
        self.anchor = anchor
        self.tag = tag
        self.flow = flow  # type: ignore[misc]  # a slot here, a constant in the other nodes
        self.index: dict[str, Node] = {}
        self.merges = False
        """Whether a merge key is among the entries."""
        self.key_starts: list[int] | None = []
        """Where the plain keys start, in the order of `index`; None once the keys are nodes."""
        self._entries: list[tuple[Scalar, Node]] = _NO_ENTRIES
        self._places: dict[int, int] | None = None
        """The place of each entry by its value's identity, once somebody asks."""

    @property
    def entries(self) -> list[tuple[Scalar, Node]]:
        """The entries in their order, each as the nodes of its key and its value."""
        if self.key_starts is not None:
            self.make_key_nodes()
        return self._entries

    def make_key_nodes(self) -> None:
        """Make the nodes of the keys, unless they are made already."""
        if self.key_starts is not None:
            places = zip(self.index.items(), self.key_starts, strict=True)
            self._entries = [
                (Scalar(start, start + len(name), None, None, name, ""), value)
                for (name, value), start in places
            ]
            self.key_starts = None

    def place_of(self, value: Node) -> int | None:
        """The place of the entry that has a value, by identity; None if there is none."""
        if self._places is None:
            self._places = {id(own): place for place, (_, own) in enumerate(self.entries)}
        return self._places.get(id(value))

    def values(self) -> list[Node]:
        """The values of all entries, those that a later equal key hides included."""
        return (
            list(self.index.values())
            if self.key_starts is not None
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
        self.flow = flow  # type: ignore[misc]  # as in Mapping
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
        """The name of the anchor, without the `*`."""
        self.target = target
        """The node that has the anchor."""


Data: TypeAlias = Any
"""What a node reads as: dict, list, str, int, float, bool or None."""


def walk(node: Node) -> Iterator[Node]:
    """A node and all values and items below it; keys are left out, and aliases not followed."""
    yield node
    if isinstance(node, Mapping):
        for value in node.values():
            yield from walk(value)
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from walk(item)
