"""What is read line by line, held against the tree that libyaml's events make."""

from __future__ import annotations

import json
from collections.abc import Iterator

from service.yamldoc.compose import Limits, compose
from service.yamldoc.lines import LineRead, read_lines
from service.yamldoc.nodes import Mapping, Node, Route, Scalar, Sequence
from service.yamldoc.reading import read
from service.yamldoc.scalars import read_key


def differences(text: str, found: LineRead) -> Iterator[str]:
    """In what a document that was read line by line differs from its tree."""
    composed = compose(text, Limits())
    assert composed.root is not None
    assert not composed.duplicates
    assert not composed.aliased
    data = read(composed.root)
    # As JSON, as 1, 1.0 and True are equal in Python.
    if json.dumps(data) != json.dumps(found.data):
        yield f"data {found.data} instead of {data}"
        return
    quotes = []
    for route, key, node in _nodes(composed.root, (), None):
        place = found.place_of(text, route, key=False)
        if place is not None and place != (node.start, max(node.start, node.end)):
            yield f"{route} at {place} instead of {(node.start, node.end)}"
        place = found.place_of(text, route, key=True)
        wanted = key or node
        if place is not None and place != (wanted.start, max(wanted.start, wanted.end)):
            yield f"the key of {route} at {place} instead of {(wanted.start, wanted.end)}"
        if isinstance(node, Scalar) and node.style in ("'", '"') and node.text:
            quotes.append(node.style)
    if quotes != [*found.quotes]:
        yield f"quotes {found.quotes} instead of {quotes}"


def places_found(text: str) -> Iterator[bool]:
    """Of all that a document holds, whether its place was found without a tree."""
    found = read_lines(text, Limits())
    assert found is not None
    root = compose(text, Limits()).root
    assert root is not None
    for route, _, _ in _nodes(root, (), None):
        yield found.place_of(text, route, key=False) is not None


def _nodes(
    node: Node, route: Route, key: Scalar | None
) -> Iterator[tuple[Route, Scalar | None, Node]]:
    """All nodes with their routes and keys."""
    yield route, key, node
    if isinstance(node, Mapping):
        for own, value in node.entries:
            yield from _nodes(value, (*route, read_key(own)), own)
    elif isinstance(node, Sequence):
        for index, item in enumerate(node.items):
            yield from _nodes(item, (*route, index), None)
