"""Extents: which comments belong to a node, and what is removed with it."""

from __future__ import annotations

import pytest

from service.errors import EditError
from service.yamldoc.extents import Removals, entry_removal_span, extent_of, key_or_dash_start
from service.yamldoc.nodes import Route
from service.yamldoc.operations import Remove
from service.yamldoc.reading import FoundNode
from tests.support.documents import document_of, edited


def at(text: str, route: Route) -> FoundNode:
    found = document_of(text).find(route)
    assert found is not None
    return found


EXTENTS: list[tuple[str, Route, str]] = [
    ("a: 1 # a\nb: 2\n", ("a",), "a: 1 # a"),
    ("# a\na: 1\nb: 2\n", ("a",), "# a\na: 1"),
    ("# head\n\n# a\na: 1\n", ("a",), "# a\na: 1"),
    ("a: 1\n  # a too\n# b\nb: 2\n", ("a",), "a: 1\n  # a too"),
    ("a: 1\n  # a too\n# b\nb: 2\n", ("b",), "# b\nb: 2"),
    ("a:\n  c: 1\n    # deep\n  # c\nb: 2\n", ("a",), "a:\n  c: 1\n    # deep\n  # c"),
    ("a:\nb: 2\n", ("a",), "a:"),
    ("a: # a\nb: 2\n", ("a",), "a: # a"),
    ("a: |\n  x\n\n\nb: 2\n", ("a",), "a: |\n  x"),
    ("l:\n# of a\n- a\n# of b\n- b\n", ("l", 0), "# of a\n- a"),
    ("l:\n# of a\n- a\n# of b\n- b\n", ("l", 1), "# of b\n- b"),
    ("l:\n- a\n-\n- b\n", ("l", 1), "-"),
    ("l:\n-\n  # of x\n  x: 1\n- b\n", ("l", 0), "-\n  # of x\n  x: 1"),
    # In the middle of a line it starts there, but ends as others do.
    ("l:\n- x: 1\n    # deep\n  y: 2\n", ("l", 0, "x"), "x: 1\n    # deep"),
    ("l:\n# of l\n- - a\n  - b\n", ("l", 0, 0), "- a"),
    # A deep comment above belongs to what is before it.
    ("a:\n  b: 1\n  # b\nc: 2\n", ("c",), "c: 2"),
    # A line of the text before it that looks like a comment is none.
    ('a: "x\n# y"\nb: 1\n', ("b",), "b: 1"),
    ('l:\n- "x\n# y"\n- b\n', ("l", 1), "- b"),
    ('l:\n- "x\n# y" # c\n- b\n', ("l", 0), '- "x\n# y" # c'),
    ("x: &x {y: 1}\na: *x # a\nb: 2\n", ("a",), "a: *x # a"),
    ("l:\n- &x a\n- *x # c\n", ("l", 1), "- *x # c"),
]


@pytest.mark.parametrize(("text", "route", "expected"), EXTENTS)
def test_the_extent_of_a_node_has_its_comments(text: str, route: Route, expected: str) -> None:
    """Those right above it, beside it, and deeper ones below it."""
    extent = extent_of(text, at(text, route), route)
    assert text[extent.start : extent.end] == expected


@pytest.mark.parametrize(
    ("text", "route", "expected"),
    [
        ("a: 1\nb: 2\n", ("b",), "b: 2\n"),
        ("l:\n- a\n- b\n", ("l", 1), "- b\n"),
        ("l: [a, b]\n", ("l", 0), "a, b]\n"),
        ("l: [a, b]\n", ("l", 1), "b]\n"),
        ("a: 1\n", (), "a: 1\n"),
        ("l: {a: 1, b: 2}\n", ("l", "b"), "b: 2}\n"),
    ],
)
def test_a_node_starts_with_its_key_or_dash(text: str, route: Route, expected: str) -> None:
    """In a flow sequence with itself."""
    assert text[key_or_dash_start(text, at(text, route), route) :] == expected


REMOVALS: list[tuple[str, list[Route], str]] = [
    # Block mappings.
    ("a: 1\nb: 2\nc: 3\n", [("a",)], "b: 2\nc: 3\n"),
    ("a: 1\nb: 2\nc: 3\n", [("b",)], "a: 1\nc: 3\n"),
    ("a: 1\nb: 2\nc: 3\n", [("c",)], "a: 1\nb: 2\n"),
    ("a: 1\nb: 2", [("b",)], "a: 1"),
    ("a: 1\r\nb: 2\r\nc: 3\r\n", [("b",)], "a: 1\r\nc: 3\r\n"),
    ("a: 1\n\nb: 2\n\nc: 3\n", [("b",)], "a: 1\n\nc: 3\n"),
    ("\na: 1\nb: 2\n", [("a",)], "\nb: 2\n"),
    ("m:\n  a: 1\n  b: 2\nn: 3\n", [("m", "a")], "m:\n  b: 2\nn: 3\n"),
    ("m:\n  # of a\n  a: 1\n  # of b\n  b: 2\n", [("m", "a")], "m:\n  # of b\n  b: 2\n"),
    # Beside a dash, its place stays.
    ("l:\n- a: 1\n  b: 2\n", [("l", 0, "a")], "l:\n- b: 2\n"),
    ("l:\n- a: 1 # a\n    # a\n\n  b: 2\n", [("l", 0, "a")], "l:\n- b: 2\n"),
    ("l:\n- a: 1\n  # b\n  b: 2\n", [("l", 0, "a")], "l:\n- \n  # b\n  b: 2\n"),
    ("l:\n- a: 1\n  b: 2\n", [("l", 0, "b")], "l:\n- a: 1\n"),
    ("l:\n- a: 1\n  b: 2\n  c: 3\n", [("l", 0, "a"), ("l", 0, "b")], "l:\n- c: 3\n"),
    ("l:\n- - a\n  - b\n", [("l", 0, 0)], "l:\n- - b\n"),
    ("l:\n- - a\n  - b\n", [("l", 0, 1)], "l:\n- - a\n"),
    ("l:\n- - a\n  - b\n  - c\n", [("l", 0, 0)], "l:\n- - b\n  - c\n"),
    ("l:\n# of a\n- a\n- b\n", [("l", 0)], "l:\n- b\n"),
    ("l:\n-\n  a: 1\n  b: 2\n", [("l", 0, "a")], "l:\n-\n  b: 2\n"),
    # Block sequences.
    ("l:\n- a\n# b\n- b\n- c\n", [("l", 1)], "l:\n- a\n- c\n"),
    ("l:\n- a\n- b\n", [("l", 0)], "l:\n- b\n"),
    # Flow collections.
    ("m: {a: 1, b: 2, c: 3}\n", [("m", "a")], "m: {b: 2, c: 3}\n"),
    ("m: {a: 1, b: 2, c: 3}\n", [("m", "b")], "m: {a: 1, c: 3}\n"),
    ("m: {a: 1, b: 2, c: 3}\n", [("m", "c")], "m: {a: 1, b: 2}\n"),
    ("m: {a: 1, b: 2, c: 3}\n", [("m", "a"), ("m", "b")], "m: {c: 3}\n"),
    ("m: {a: 1, b: 2, c: 3}\n", [("m", "b"), ("m", "c")], "m: {a: 1}\n"),
    ("m: {a: 1, b: 2, c: 3}\n", [("m", "a"), ("m", "c")], "m: {b: 2}\n"),
    ("m: [a, b, a]\n", [("m", 2)], "m: [a, b]\n"),
    ("m: {a: , b: 2}\n", [("m", "b")], "m: {a: }\n"),
    ("m: [\n  a,\n  b\n]\n", [("m", 0)], "m: [\n  b\n]\n"),
    ("m: [\n  a,\n  b\n]\n", [("m", 1)], "m: [\n  a\n]\n"),
]


@pytest.mark.parametrize(("text", "routes", "expected"), REMOVALS)
def test_what_goes_with_a_node(text: str, routes: list[Route], expected: str) -> None:
    """Its lines, or its text with one comma; what is left is written as before."""
    assert edited(text, *(Remove(route) for route in routes)) == expected


def test_a_node_alone_is_removed_without_a_comma() -> None:
    """Such removals become an empty value when they are planned."""
    for text, route in (("m: {a: 1}\n", ("m", "a")), ("m: [a]\n", ("m", 0))):
        span = entry_removal_span(text, at(text, route), route, removed=Removals([route]))
        assert text[span.start : span.end] in ("a: 1", "a")


def test_the_only_child_beside_a_dash_leaves_the_dash() -> None:
    """With what stands behind it."""
    text = "l:\n- a: 1 # c\n"
    route: Route = ("l", 0, "a")
    span = entry_removal_span(text, at(text, route), route, removed=Removals([route]))
    assert text[: span.start] + text[span.end :] == "l:\n-  # c\n"
    text = "l:\n- a:\n"
    span = entry_removal_span(text, at(text, route), route, removed=Removals([route]))
    assert text[: span.start] + text[span.end :] == "l:\n- \n"
    text, route = "l:\n- - a\n", ("l", 0, 0)
    span = entry_removal_span(text, at(text, route), route, removed=Removals([route]))
    assert text[: span.start] + text[span.end :] == "l:\n- \n"


def test_what_has_no_place_is_not_removed() -> None:
    """The root has no parent, and what a merge key brings in is written elsewhere."""
    text = "m: {<<: {a: 1}, b: 2}\n"
    with pytest.raises(EditError, match="whole document"):
        entry_removal_span(text, at(text, ()), (), removed=Removals([()]))
    with pytest.raises(EditError, match="merge key"):
        entry_removal_span(text, at(text, ("m", "a")), ("m", "a"), removed=Removals([("m", "a")]))
