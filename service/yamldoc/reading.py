"""Reads a tree as plain data, as the Kubernetes tools do, and finds nodes by Route."""

from __future__ import annotations

from typing import NamedTuple

from service.errors import InputError
from service.yamldoc.nodes import Alias, Data, Mapping, Node, Route, Scalar, Sequence
from service.yamldoc.scalars import read_key, read_scalar


def read(node: Node) -> Data:
    """A node as dict, list, str, int, float, bool or None, aliases and merge keys written out.

    Raises:
        InputError: a value that kubectl refuses, such as an infinity.
    """
    kind = type(node)
    if kind is Scalar:
        return read_scalar(node)  # type: ignore[arg-type]
    if kind is Mapping:
        if node.merges:  # type: ignore[attr-defined]
            return _read_merged(node)  # type: ignore[arg-type]
        return {key: read(value) for key, value in node.index.items()}  # type: ignore[attr-defined]
    if kind is Sequence:
        return [read(item) for item in node.items]  # type: ignore[attr-defined]
    return read(node.target)  # type: ignore[attr-defined]


def data_at(data: Data, route: Route) -> Data:
    """What is at a route in plain data; None if nothing is."""
    for step in route:
        if isinstance(data, dict):
            data = data.get(step)
        elif isinstance(data, list) and isinstance(step, int) and 0 <= step < len(data):
            data = data[step]
        else:
            return None
    return data


def _read_merged(node: Mapping) -> dict[str, Data]:
    """The data of a mapping with merge keys.

    kubectl takes entries in their order: a merge key that is written after a key overrides it.
    """
    data: dict[str, Data] = {}
    for key, value in node.entries:
        if is_merge(key):
            for source in merge_sources(value):
                data.update(read(source))
        else:
            data[read_key(key)] = read(value)
    return data


def is_merge(key: Scalar) -> bool:
    """Whether an entry's key is the merge key."""
    return key.text == "<<" and not key.style and key.tag in (None, "tag:yaml.org,2002:merge")


def merge_sources(value: Node) -> list[Mapping]:
    """The mappings that a merge key brings in; later ones override earlier ones.

    Raises:
        InputError: `bad-merge`: the value is neither a mapping nor a sequence of mappings.
    """
    target = resolve_alias(value)
    candidates = list(reversed(target.items)) if isinstance(target, Sequence) else [target]
    mappings = [resolve_alias(candidate) for candidate in candidates]
    for mapping in mappings:
        if not isinstance(mapping, Mapping):
            raise InputError(
                "bad-merge",
                "a merge key (<<) takes a mapping or a sequence of mappings",
                value.start,
            )
    return mappings  # type: ignore[return-value]


def resolve_alias(node: Node) -> Node:
    """The node itself, or what an alias stands for."""
    return node.target if type(node) is Alias else node


class FoundNode(NamedTuple):
    """The node that a Route leads to."""

    node: Node
    """The node, aliases followed."""
    shared: bool
    """Whether the route goes through an alias, a merge key or an anchored node, so that an edit
    would change other places too.
    """
    written: Node | None
    """The node as it is written in its parent, which may be an alias; None if a merge key brings
    it in.
    """
    parent: Node | None
    """The collection that holds it; None for the root."""

    @property
    def key(self) -> Scalar | None:
        """The key of the entry; None for an item, the root, and what a merge key brings in."""
        if not isinstance(self.parent, Mapping) or self.written is None:
            return None
        place = self.parent.place_of(self.written)
        return self.parent.entries[place][0] if place is not None else None


def find(root: Node, route: Route, *, aliased: bool = True) -> FoundNode | None:
    """The node at a route; None if there is none.

    Args:
        root: the root of the tree.
        route: the way from the root.
        aliased: whether the tree has any alias; without one, anchors don't make a node shared.
    """
    if not aliased and (found := _find_plainly(root, route)):
        return found
    node, shared = resolve_alias(root), root.anchor is not None
    written: Node | None = root
    parent: Node | None = None
    for step in route:
        parent = node
        if type(node) is Mapping:
            if node.merges:
                written, came_by_merge = _merged(node, step)
                shared = shared or came_by_merge
            else:
                written = node.index.get(step)  # type: ignore[arg-type]  # an index is no key, and not found
                came_by_merge = False
        elif type(node) is Sequence and isinstance(step, int) and 0 <= step < len(node.items):
            written, came_by_merge = node.items[step], False
        else:
            return None
        if written is None:
            return None
        shared = shared or written.anchor is not None or type(written) is Alias
        node = resolve_alias(written)
        if came_by_merge:
            written = None
    return FoundNode(node=node, shared=shared and aliased, written=written, parent=parent)


def _find_plainly(root: Node, route: Route) -> FoundNode | None:
    """The node at a route in a tree without aliases; None if there is none, or if a merge key is on
    the way.
    """
    node: Node | None = root
    parent: Node | None = None
    for step in route:
        parent = node
        if type(node) is Mapping and not node.merges:
            node = node.index.get(step)  # type: ignore[arg-type]  # an index is no key
        elif type(node) is Sequence and isinstance(step, int) and 0 <= step < len(node.items):
            node = node.items[step]
        else:
            return None
        if node is None:
            return None
    assert node is not None
    return FoundNode(node=node, shared=False, written=node, parent=parent)


def nearest(root: Node, route: Route) -> tuple[Node, int]:
    """The deepest node on a route that exists, and how many steps lead to it."""
    node, depth = resolve_alias(root), 0
    for step in route:
        child: Node | None = None
        if type(node) is Mapping:
            child = _merged(node, step)[0] if node.merges else node.index.get(step)  # type: ignore[arg-type]
        elif type(node) is Sequence and isinstance(step, int) and 0 <= step < len(node.items):
            child = node.items[step]
        if child is None:
            break
        node, depth = child.target if type(child) is Alias else child, depth + 1
    return node, depth


def _merged(node: Mapping, step: str | int) -> tuple[Node | None, bool]:
    """The node under a key of a mapping with merge keys, and whether a merge key brings it in."""
    result: tuple[Node | None, bool] = (None, False)
    for key, value in node.entries:
        if is_merge(key):
            for source in merge_sources(value):
                inner = find(source, (step,))
                result = (inner.node, True) if inner else result
        elif read_key(key) == step:
            result = (value, False)
    return result
