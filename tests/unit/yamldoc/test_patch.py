"""Patching: values set and keys renamed in every style, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from service.errors import CrossesAnchor, EditError
from service.yamldoc.formatting import Formatting
from service.yamldoc.nodes import Route
from service.yamldoc.operations import (
    HOLE,
    AddEntry,
    AddItem,
    Nest,
    Operation,
    Remove,
    RenameKey,
    SetValue,
    Tree,
    Verbatim,
)
from tests.support.documents import document_of, edited

A: Route = ("a",)

VALUES: list[tuple[str, Tree, str]] = [
    # A scalar for a scalar, with what stands around it.
    ("a: x # c\n", "z", "a: z # c\n"),
    ("a: &b x\n", "z", "a: &b z\n"),
    ("a:   x\n", "z", "a:   z\n"),
    ("a: |\n  x y  \n# c\nb: 1\n", "z é\n", "a: |\n  z é\n# c\nb: 1\n"),
    ("a:\nb: 1\n", "z", "a: z\nb: 1\n"),
    ("a: # c\nb: 1\n", "z", "a: z # c\nb: 1\n"),
    ("a: {b: 1}\n", "z", "a: z\n"),
    ("a:\n  b: 1\nc: 2\n", "z", "a: z\nc: 2\n"),
    # A scalar of several lines goes to lines of its own.
    ("a: x # c\nb: 1\n", "y\nz\n", "a: | # c\n  y\n  z\nb: 1\n"),
    ("a: x", "y\nz\n", "a: |\n  y\n  z\n"),
    ("a: x", "y\nz", "a: |-\n  y\n  z"),
    ("a: x", "y\nz\n\n", "a: |+\n  y\n  z\n\n"),
    # A collection for anything; a comment behind the old value stays beside the key.
    ("a: x # c\nb: 1\n", {"c": 1, "d": [2]}, "a: # c\n  c: 1\n  d:\n    - 2\nb: 1\n"),
    ("a:\n  b: 1\n  c: 2\nd: 3\n", {"e": 4}, "a:\n  e: 4\nd: 3\n"),
    ("a: x\n", {}, "a: {}\n"),
    ("a: x # c \n", [], "a: [] # c \n"),
    ("a:\n", [1], "a:\n  - 1\n"),
    ("'a' : x\n", {"b": 1}, "'a' :\n  b: 1\n"),
    ('"a: \\"b": 1\na: x\n', {"b": 1}, '"a: \\"b": 1\na:\n  b: 1\n'),
]


@pytest.mark.parametrize(("text", "value", "expected"), VALUES)
def test_a_value_of_a_block_mapping_is_set(text: str, value: Tree, expected: str) -> None:
    """Nothing else changes."""
    assert edited(text, SetValue(A, value)) == expected


OTHERS: list[tuple[str, Route, Tree, str]] = [
    # Keys that need quotes.
    ("'a:b': 1\n", ("a:b",), {"c": 2}, "'a:b':\n  c: 2\n"),
    ("80: 1\n", ("80",), {"c": 2}, "80:\n  c: 2\n"),
    ("'it''s': 1\n", ("it's",), [2], "'it''s':\n  - 2\n"),
    ("? x\n: 1\n", ("x",), 2, "? x\n: 2\n"),
    # Items of a block sequence.
    ("l:\n- x # c\n- y\n", ("l", 0), "z", "l:\n- z # c\n- y\n"),
    ("l:\n- x # c\n- y\n", ("l", 0), {"a": 1, "b": 2}, "l:\n- a: 1 # c\n  b: 2\n- y\n"),
    ("l:\n- x\n", ("l", 0), [1, 2], "l:\n- - 1\n  - 2\n"),
    ("l:\n-\n- y\n", ("l", 0), "z", "l:\n- z\n- y\n"),
    ("l:\n- a: 1\n- y\n", ("l", 0), "z", "l:\n- z\n- y\n"),
    ("l:\n- x\n", ("l", 0), "y\nz\n", "l:\n- |\n  y\n  z\n"),
    # Flow collections.
    ("m: {a: x, b: 1}\n", ("m", "a"), "z", "m: {a: z, b: 1}\n"),
    ("m: {a: , b: 1}\n", ("m", "a"), "z", "m: {a: z, b: 1}\n"),
    ("m: {a: x}\n", ("m", "a"), {"b": [1]}, "m: {a: {b: [1]}}\n"),
    ("m: {a: &x {b: 1}}\n", ("m", "a"), [1], "m: {a: &x [1]}\n"),
    ("m: [a, b]\n", ("m", 1), {"c": 1}, "m: [a, {c: 1}]\n"),
    ("m: [a, b]\n", ("m", 1), "c,d", 'm: [a, "c,d"]\n'),
    ('{"a": 1}\n', ("a",), "x", '{"a": "x"}\n'),
    ('{"a": "x"}\n', ("a",), {"b": None}, '{"a": {"b": null}}\n'),
    ('{\n  "a": 1\n}\n', ("a",), {"b": 2}, '{\n  "a": {\n    "b": 2\n  }\n}\n'),
]


@pytest.mark.parametrize(("text", "route", "value", "expected"), OTHERS)
def test_a_value_is_set_in_every_place(text: str, route: Route, value: Tree, expected: str) -> None:
    """Under any key, in sequences, in flow and in JSON."""
    assert edited(text, SetValue(route, value)) == expected


def test_an_empty_value_right_behind_a_colon_gets_a_space() -> None:
    """Or it would be part of the key."""
    assert edited("{a: 1,'b':}\n", SetValue(("b",), {"c": 1})) == "{a: 1,'b': {c: 1}}\n"
    assert edited("{a: 1,'b':}\n", SetValue(("b",), 2)) == "{a: 1,'b': 2}\n"
    assert edited("l:\n-\n", SetValue(("l", 0), 2)) == "l:\n- 2\n"


def test_a_value_without_a_space_before_it_stays_so() -> None:
    """As in compact JSON."""
    assert edited('{"a":1}\n', SetValue(A, 2)) == '{"a":2}\n'
    assert edited('{"a":1}\n', SetValue(A, {"b": 2})) == '{"a":{"b": 2}}\n'


def test_comments_of_copied_text_do_not_go_beside_the_key() -> None:
    """The entry has its own."""
    source = document_of("# of a\na: # c\n  b: 1\n")
    assert edited("a: x\nd: 1\n", SetValue(A, Verbatim(source, A))) == "a: # c\n  b: 1\nd: 1\n"


KEYS = [
    ("a: 1\n", "b", {}, "b: 1\n"),
    ("a: 1\n", "80", {}, '"80": 1\n'),
    ("'a': 1\n", "b", {}, "'b': 1\n"),
    ("'a': 1\n", "it's", {}, "'it''s': 1\n"),
    ('"a": 1\n', "b", {}, '"b": 1\n'),
    ('{"a": 1}\n', "b", {}, '{"b": 1}\n'),
    ("a: 1\n", "é", {"json": True}, '"é": 1\n'),
]


@pytest.mark.parametrize(("text", "name", "formatting", "expected"), KEYS)
def test_a_key_is_renamed(text: str, name: str, formatting: dict[str, Any], expected: str) -> None:
    """With the quotes of the old one, or those that it needs."""
    form = Formatting(**formatting) if formatting else None
    assert edited(text, RenameKey(A, name), formatting=form) == expected


ANCHORS = "p: &x {b: 1, c: [2]}\nq: *x\nr: {<<: *x, d: 3}\n"
CROSSING: list[Operation] = [
    SetValue(("p", "b"), 2),
    SetValue(("p",), 2),
    RenameKey(("p", "b"), "e"),
    AddEntry(("p",), "e", 2),
    AddItem(("p", "c"), 2),
    Remove(("p", "b")),
    Remove(("p",)),
    Nest(("p",), {"t": HOLE}),
    SetValue(("q", "b"), 2),
    SetValue(("r", "b"), 2),
    Remove(("r", "b")),
]


@pytest.mark.parametrize("operation", CROSSING)
def test_shared_text_is_not_changed(operation: Operation) -> None:
    """It would change elsewhere too."""
    with pytest.raises(CrossesAnchor):
        edited(ANCHORS, operation)


@pytest.mark.parametrize(
    ("text", "operation", "expected"),
    [
        (ANCHORS, SetValue(("r", "d"), 4), ANCHORS.replace("d: 3", "d: 4")),
        (ANCHORS, Remove(("r",)), ANCHORS[: ANCHORS.index("r:")]),
        ("x: {y: &a 1, z: *a}\nb: 2\n", Remove(("x",)), "b: 2\n"),
        ("x: &a 1\nb: 2\n", Remove(("x",)), "b: 2\n"),
    ],
)
def test_what_is_not_shared_is_changed_beside_anchors(
    text: str, operation: Operation, expected: str
) -> None:
    """An anchor may go with all of its aliases."""
    assert edited(text, operation) == expected


@pytest.mark.parametrize(
    "text",
    ["x: {y: &a 1}\nz: *a\n", "x:\n  y: &a 1\nz: *a\n"],
)
def test_an_anchor_is_not_removed_from_its_aliases(text: str) -> None:
    """It may be anywhere in what would go."""
    with pytest.raises(CrossesAnchor, match="alias elsewhere"):
        edited(text, Remove(("x",)))


REFUSED: list[tuple[str, Operation | tuple[Operation, ...], str]] = [
    ("a: 1\n", SetValue(("b",), 1), "nothing at the place"),
    ("a: 1\n", SetValue((), {"b": 1}), "whole document"),
    ("a:\n- b\n", RenameKey(("a", 0), "c"), "no key"),
    ("a: 1\n", RenameKey((), "c"), "no key"),
    ("a: 1\n", Remove(("a",)), "last entry"),
    ("a: 1\nb: 2\n", (Remove(("b",)), Remove(("a",), 1)), "last entry"),
]


@pytest.mark.parametrize(("text", "operation", "message"), REFUSED)
def test_what_can_not_be_done_is_refused(
    text: str, operation: Operation | tuple[Operation, ...], message: str
) -> None:
    """With the reason."""
    operations = operation if isinstance(operation, tuple) else (operation,)
    with pytest.raises(EditError, match=message):
        edited(text, *operations)


def test_only_what_is_removed_counts_as_removed() -> None:
    """What changes beside it keeps its comma."""
    assert edited("m: {a: 1, b: 2}\n", SetValue(("m", "a"), 9), Remove(("m", "b"))) == "m: {a: 9}\n"


def test_a_document_may_lose_all_but_one_entry() -> None:
    """And collections in it may lose all."""
    assert edited("a: 1\nb: 2\nc: 3\n", Remove(("a",)), Remove(("c",))) == "b: 2\n"
    assert edited("a:\n  b: 1\n", Remove(("a", "b"))) == "a: {}\n"


def test_each_operation_has_its_own_stage() -> None:
    """Whatever it is."""
    text = "a: 1\nb: 2\nc:\n- 3\nd:\n  e: 4\nf: 5\n"
    operations: list[Operation] = [
        SetValue(A, 9, stage=1),
        RenameKey(("b",), "x", stage=1),
        AddItem(("c",), 9, stage=1),
        AddEntry(("d",), "y", 9, stage=1),
        Remove(("f",), stage=1),
    ]
    for operation in operations:
        assert edited(text, operation, stage=0) == text != edited(text, operation, stage=1)
    assert edited(text, Nest(("d",), {"t": HOLE}, stage=1), stage=0) == text
