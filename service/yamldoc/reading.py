"""What a tree says: plain data as the Kubernetes tools read it, and look-ups by Route."""

from __future__ import annotations

from dataclasses import dataclass

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


def _read_merged(node: Mapping) -> dict[str, Data]:
    """Kubectl takes entries in their order: a merge key written after a key overrides it."""
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
    """The mappings that a merge key brings in, in the order in which a later one overrides an earlier one.

    Raises:
        InputError: `bad-merge` where the value is anything else.
    """
    target = follow(value)
    candidates = list(reversed(target.items)) if isinstance(target, Sequence) else [target]
    mappings = [follow(candidate) for candidate in candidates]
    for mapping in mappings:
        if not isinstance(mapping, Mapping):
            raise InputError("bad-merge", "a merge key (<<) takes a mapping or a sequence of mappings", value.start)
    return mappings  # type: ignore[return-value]


def follow(node: Node) -> Node:
    """The node itself, or what an alias stands for."""
    return node.target if isinstance(node, Alias) else node


@dataclass(frozen=True, slots=True)
class Found:
    """Where a Route leads."""

    node: Node
    """The node, aliases followed."""
    shared: bool
    """Whether the way went through an alias, a merge key or an anchored node: editing it changes more than this place."""
    key: Scalar | None
    """The key of the entry, where the last step is one that is written in its mapping."""
    parent: Node | None
    """The collection that holds it."""


def find(root: Node, route: Route) -> Found | None:
    """The node at a route, or None.

    Anchors without any alias don't make a node shared; callers pass documents where that was checked (see `Document.find`).
    """
    found = Found(follow(root), root.anchor is not None, None, None)
    for step in route:
        following = _step(found, step)
        if following is None:
            return None
        found = following
    return found


def _step(found: Found, step: str | int) -> Found | None:
    node = found.node
    if isinstance(node, Sequence):
        if not isinstance(step, int) or not 0 <= step < len(node.items):
            return None
        child = node.items[step]
        return Found(follow(child), found.shared or child.anchor is not None or isinstance(child, Alias), None, node)
    if not isinstance(node, Mapping):
        return None
    if not node.merges and step not in node.index:
        return None
    result: Found | None = None
    for key, value in node.entries:
        if is_merge(key):
            for source in merge_sources(value):
                inner = _step(Found(source, True, None, None), step)
                result = Found(inner.node, True, None, node) if inner else result
        elif key.text == step or read_key(key) == step:
            shared = found.shared or value.anchor is not None or isinstance(value, Alias)
            result = Found(follow(value), shared, key, node)
    return result
