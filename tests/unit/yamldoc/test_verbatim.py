"""Extracting text: comments, indentation, anchors and aliases."""

from __future__ import annotations

from typing import Any

import pytest

from service.errors import EditError
from service.yamldoc.emit import ExtractedText
from service.yamldoc.formatting import Formatting
from service.yamldoc.nodes import Route
from service.yamldoc.operations import AddEntry, Operation, Remove, RenameKey, SetValue, Verbatim
from service.yamldoc.verbatim import extract_verbatim, make_emitter, make_patcher
from tests.support.documents import document_of


def extract(text: str, route: Route, *operations: Operation) -> ExtractedText:
    return extract_verbatim(Verbatim(document_of(text), route, operations), Formatting())


EXTRACTED: list[tuple[str, Route, list[str], list[str], list[str]]] = [
    # The text, the route; the lines of the entry, those of the value, and the comments above.
    ("a: x\n", ("a",), ["a: x"], ["x"], []),
    ("# a\na: x # c\n  # d\nb: 1\n", ("a",), ["a: x # c", "  # d"], ["x # c", "  # d"], ["# a"]),
    ("# b\n\n# a\n# c\na: x\n", ("a",), ["a: x"], ["x"], ["# a", "# c"]),
    ("m:\n    # a\n    a:\n        b: 1\n", ("m", "a"), ["a:", "    b: 1"], ["b: 1"], ["# a"]),
    (
        "m:\n  a:\n    b: 1\n    c: 2\n",
        ("m", "a"),
        ["a:", "  b: 1", "  c: 2"],
        ["b: 1", "c: 2"],
        [],
    ),
    ("m:\n  a:\n  - b\n  - c\n", ("m", "a"), ["a:", "- b", "- c"], ["- b", "- c"], []),
    (
        "m:\n  a: |\n    x\n\n    y\n",
        ("m", "a"),
        ["a: |", "  x", "", "  y"],
        ["|", "  x", "", "  y"],
        [],
    ),
    (
        "m:\r\n  a:\r\n    b: 1\r\n    c: 2\r\n",
        ("m", "a"),
        ["a:", "  b: 1", "  c: 2"],
        ["b: 1", "c: 2"],
        [],
    ),
    ("a:\nb: 1\n", ("a",), ["a:"], ["null"], []),
    ("l:\n# of x\n- x: 1\n  y: 2\n", ("l", 0), ["x: 1", "y: 2"], ["x: 1", "y: 2"], ["# of x"]),
    ("l:\n# 1\n-\n  # 2\n  x: 1\n", ("l", 0), ["x: 1"], ["x: 1"], ["# 1", "# 2"]),
    ("l:\n- # 1\n  x: 1\n", ("l", 0), ["x: 1"], ["x: 1"], ["# 1"]),
    ("l:\n- a # c\n- b\n", ("l", 0), ["a # c"], ["a # c"], []),
    ("# a\na:\n  # in\n  b: 1\n", ("a",), ["a:", "  # in", "  b: 1"], ["b: 1"], ["# a"]),
    # In flow, only the text itself.
    ("m:\n  l: {a: [1,\n    2], b: 3}\n", ("m", "l", "a"), ["a: [1,", "  2]"], ["[1,", "  2]"], []),
    ("# c\nl: [a, b]\n", ("l", 1), ["b"], ["b"], []),
]


@pytest.mark.parametrize(("text", "route", "whole", "value", "comments"), EXTRACTED)
def test_text_is_taken_with_its_comments(
    text: str, route: Route, whole: list[str], value: list[str], comments: list[str]
) -> None:
    """Without the indentation that it had."""
    result = extract(text, route)
    assert (result.whole, result.value, result.comments) == (whole, value, comments)


@pytest.mark.parametrize(
    ("text", "route", "key", "block", "sequence", "data"),
    [
        ("a: 1\n", ("a",), "a", False, False, 1),
        ("80: [1]\n", ("80",), "80", False, True, [1]),
        ("a:\n- 1\n", ("a",), "a", True, True, [1]),
        ("a:\n- b: 1\n", ("a", 0), None, True, False, {"b": 1}),
        ("a: {b: 1}\n", ("a",), "a", False, False, {"b": 1}),
    ],
)
def test_it_is_known_what_the_text_is(
    text: str, route: Route, key: str | None, block: bool, sequence: bool, data: Any
) -> None:
    """Its key, its style, and what it reads as."""
    result = extract(text, route)
    assert (result.key, result.block, result.sequence, result.data) == (key, block, sequence, data)


def test_operations_are_carried_out_in_the_text() -> None:
    """Whatever their stage; those outside of it don't count."""
    text = "a:\n  b: 1\n  c: 2 # c\nd: 3\n"
    operations = (
        Remove(("a", "b"), stage=2),
        SetValue(("a", "c"), 4, stage=1),
        AddEntry(("a",), "e", 5),
        SetValue(("d",), 6),
    )
    result = extract(text, ("a",), *operations)
    assert result.whole == ["a:", "  c: 4 # c", "  e: 5"]
    assert result.data == {"b": 1, "c": 2}


def test_an_operation_may_change_the_edge_of_the_text() -> None:
    """The value alone has no part of a key that is renamed."""
    renamed = extract("a: x\n", ("a",), RenameKey(("a",), "b"))
    assert (renamed.whole, renamed.value) == (["b: x"], ["x"])
    assert extract("l:\n- x\n", ("l", 0), SetValue(("l", 0), "z")).whole == ["z"]


def test_a_whole_document_can_be_extracted() -> None:
    """With the comments above it."""
    result = extract("# c\na: 1\nb: 2\n", ())
    assert (result.comments, result.whole, result.key) == (["# c"], ["a: 1", "b: 2"], None)


@pytest.mark.parametrize(
    ("text", "whole", "value"),
    [
        ("x: &x\n  y: 1\n", ["x:", "  y: 1"], ["y: 1"]),
        ("x: &x {y: 1}\n", ["x: {y: 1}"], ["{y: 1}"]),
        ("x: &x !!map {y: 1}\n", ["x: &x !!map {y: 1}"], ["&x !!map {y: 1}"]),
        ("x: &x !!map\n  y: 1\n", ["x: &x !!map", "  y: 1"], ["y: 1"]),
    ],
)
def test_the_anchor_of_the_text_itself_is_dropped(
    text: str, whole: list[str], value: list[str]
) -> None:
    """A tag stays with a value in flow; with a block it stays with the key."""
    result = extract(text, ("x",))
    assert (result.whole, result.value) == (whole, value)


def test_nothing_is_extracted_from_nowhere() -> None:
    """The route may be wrong."""
    with pytest.raises(EditError, match="nothing to carry over"):
        extract("a: 1\n", ("b",))


ANCHORS = """scalar: &scalar 1
map: &map {a: 1, b: 2}
list: &list [1]
"""
ALIASES: list[tuple[str, list[str]]] = [
    # Aliases of what is outside are written out, in the style of their place.
    ("x:\n  y: *scalar # c\n", ["x:", "  y: 1 # c"]),
    ("x:\n  y: *map # c\n  z: 1\n", ["x:", "  y:", "    a: 1", "    b: 2 # c", "  z: 1"]),
    ("x:\n  y: *list\n", ["x:", "  y:", "    - 1"]),
    ("x: {y: *map}\n", ["x: {y: {a: 1, b: 2}}"]),
    ("x:\n- *map\n- *scalar\n", ["x:", "- {a: 1, b: 2}", "- 1"]),
    ("x: [*list]\n", ["x: [[1]]"]),
    # Aliases of what is inside stay, with their anchors; other anchors are dropped.
    ("x:\n  y: &y 1\n  z: *y\n", ["x:", "  y: &y 1", "  z: *y"]),
    ("x:\n  y: &y 1\n", ["x:", "  y: 1"]),
    ("x:\n  y: &y\n    z: 1\n", ["x:", "  y:", "    z: 1"]),
    ("x:\n- &y\n  z: 1\n", ["x:", "-", "  z: 1"]),
    ("x:\n  y: &y !!str 1\n", ["x:", "  y: &y !!str 1"]),
    ("x:\n- &y 1\n- *y\n", ["x:", "- &y 1", "- *y"]),
    ("z: &z {}\nx:\n  y: *z # c\n", ["x:", "  y: {} # c"]),
    ("x: {y: [*scalar]}\n", ["x: {y: [1]}"]),
    # Merge keys are written out without the keys that stand beside them.
    ("x:\n  <<: *map\n  c: 3\n", ["x:", "  a: 1", "  b: 2", "  c: 3"]),
    ("x:\n  <<: *map\n  b: 3\n", ["x:", "  a: 1", "  b: 3"]),
    ("x:\n  c: 3\n  <<: *map\n", ["x:", "  c: 3", "  a: 1", "  b: 2"]),
    ("x: {<<: *map, c: 3}\n", ["x: {a: 1, b: 2, c: 3}"]),
    ("x:\n  <<: *map\n  a: 3\n  b: 4\n", ["x:", "  a: 3", "  b: 4"]),
    ("x: {a: 3, b: 4, <<: {}}\n", ["x: {a: 3, b: 4, <<: {}}"]),
    ("x: {c: 3, <<: {d: 4}}\n", ["x: {c: 3, <<: {d: 4}}"]),
    ("x:\n  y: &y {d: 4}\n  z:\n    <<: *y\n", ["x:", "  y: &y {d: 4}", "  z:", "    <<: *y"]),
]


@pytest.mark.parametrize(("text", "expected"), ALIASES)
def test_aliases_are_written_out_as_far_as_they_need_it(text: str, expected: list[str]) -> None:
    """So that the text stands for itself."""
    result = extract(ANCHORS + text, ("x",))
    assert result.whole == expected


def test_a_merge_key_that_brings_nothing_in_is_dropped() -> None:
    """Before other entries, and behind them."""
    head = "empty: &empty {}\n"
    assert extract(head + "x: {a: 1, <<: *empty}\n", ("x",)).whole == ["x: {a: 1}"]
    assert extract(head + "x: {<<: *empty, a: 1}\n", ("x",)).whole == ["x: {a: 1}"]
    assert extract(head + "x: {a: 1, <<: *empty, b: 2}\n", ("x",)).whole == ["x: {a: 1, b: 2}"]
    assert extract(head + "x:\n  <<: *empty\n  a: 1\n", ("x",)).whole == ["x:", "  a: 1"]


@pytest.mark.parametrize(
    ("route", "lines", "block", "sequence"),
    [
        (("x", "map"), ["a: 1", "b: 2"], True, False),
        (("x", "list"), ["- 1"], True, True),
        (("x", "scalar"), ["1"], False, False),
        (("x", "empty"), ["[]"], False, True),
        (("x", "none"), ["{}"], False, False),
    ],
)
def test_what_a_merge_key_brings_in_is_written_anew(
    route: Route, lines: list[str], block: bool, sequence: bool
) -> None:
    """It has no text in its place, and no key there."""
    text = "m: &m {map: {a: 1, b: 2}, list: [1], scalar: 1, empty: [], none: {}}\nx: {<<: *m}\n"
    result = extract(text, route)
    assert (result.whole, result.value, result.comments) == (lines, lines, [])
    assert (result.key, result.block, result.sequence) == (None, block, sequence)
    assert result.data == document_of(text).read(route)


def test_emitter_and_patcher_extract_leaves() -> None:
    """With the formatting of the file that is written."""
    leaf = Verbatim(document_of("a: 'x' # c\n"), ("a",))
    formatting = Formatting(indent=3, newline="\r\n")
    assert make_emitter(formatting).document({"k": {"a": leaf}}) == "k:\r\n   a: 'x' # c\r\n"
    (edit,) = make_patcher(document_of("b: 1\n"), formatting).edits([AddEntry((), "a", leaf)])
    assert edit.content == "\r\na: 'x' # c"
