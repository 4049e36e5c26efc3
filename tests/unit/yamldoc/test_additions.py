"""Adding entries and items: where they go, how they are separated, and what refuses them."""

from __future__ import annotations

import pytest

from service.errors import EditError
from service.yamldoc.operations import AddEntry, AddItem, Operation, Remove
from tests.support.documents import edited

ENTRIES = [
    # At the end, with the indentation of the first entry.
    ("m:\n    a: 1\n", None, "m:\n    a: 1\n    new: 9\n"),
    ("m:\n  a: 1\nn: 2\n", None, "m:\n  a: 1\n  new: 9\nn: 2\n"),
    ("m:\n  a: 1", None, "m:\n  a: 1\n  new: 9"),
    ("m:\r\n  a: 1\r\n", None, "m:\r\n  a: 1\r\n  new: 9\r\n"),
    # Behind comments that belong to the entry before it, before those that belong to the next.
    (
        "m:\n  a: 1 # a\n    # a too\n  # m\nn: 2\n",
        None,
        "m:\n  a: 1 # a\n    # a too\n  new: 9\n  # m\nn: 2\n",
    ),
    ("m:\n  a: # a\n  b: # b\n", None, "m:\n  a: # a\n  b: # b\n  new: 9\n"),
    # After the key that is named; at the end if there is none, or if it is the merge key.
    ("m:\n  a: 1\n  b: 2\n", "a", "m:\n  a: 1\n  new: 9\n  b: 2\n"),
    ("m:\n  a: {c: 1}\n  b: 2\n", "a", "m:\n  a: {c: 1}\n  new: 9\n  b: 2\n"),
    ("m:\n  a:\n  b: 2\n", "a", "m:\n  a:\n  new: 9\n  b: 2\n"),
    ("m:\n  a: 1\n  b: 2\n", "z", "m:\n  a: 1\n  b: 2\n  new: 9\n"),
    ("m:\n  80: 1\n  b: 2\n", "80", "m:\n  80: 1\n  new: 9\n  b: 2\n"),
    (
        "x: &x {c: 1}\nm:\n  <<: *x\n  b: 2\n",
        "<<",
        "x: &x {c: 1}\nm:\n  <<: *x\n  b: 2\n  new: 9\n",
    ),
    # In flow, with the separator that is used there.
    ("m: {a: 1}\n", None, "m: {a: 1, new: 9}\n"),
    ("m: {a: 1, b: 2}\n", "a", "m: {a: 1, new: 9, b: 2}\n"),
    ("m: {a: , b: 2}\n", "a", "m: {a: , new: 9, b: 2}\n"),
    ("m: {\n  a: 1\n}\n", None, "m: {\n  a: 1,\n  new: 9\n}\n"),
    ("m: {a: 1,\n  b: 2}\n", None, "m: {a: 1,\n  b: 2, new: 9}\n"),
]


@pytest.mark.parametrize(("text", "after", "expected"), ENTRIES)
def test_an_entry_is_added(text: str, after: str | None, expected: str) -> None:
    """Behind the key that is named, or at the end."""
    assert edited(text, AddEntry(("m",), "new", 9, after=after)) == expected


def test_a_key_is_quoted_as_its_place_needs_it() -> None:
    """In flow and in JSON more than in a block."""
    assert edited("m:\n  a: 1\n", AddEntry(("m",), "b,c", 2)) == "m:\n  a: 1\n  b,c: 2\n"
    assert edited("m: {a: 1}\n", AddEntry(("m",), "b,c", 2)) == 'm: {a: 1, "b,c": 2}\n'
    assert edited("x: 'y'\nm: {a: 1}\n", AddEntry(("m",), "80", 2)) == (
        "x: 'y'\nm: {a: 1, '80': 2}\n"
    )
    assert edited('{"m": {"a": 1}}\n', AddEntry(("m",), "b", 2)) == '{"m": {"a": 1, "b": 2}}\n'


def test_a_value_of_several_lines_is_indented_as_its_place_is() -> None:
    """In JSON too."""
    assert edited("m:\n  a:\n    b: 1\n", AddEntry(("m", "a"), "c", {"d": [1]})) == (
        "m:\n  a:\n    b: 1\n    c:\n      d:\n        - 1\n"
    )
    assert edited('{\n  "m": {\n    "a": 1\n  }\n}\n', AddEntry(("m",), "c", {"d": 1})) == (
        '{\n  "m": {\n    "a": 1,\n    "c": {\n      "d": 1\n    }\n  }\n}\n'
    )


ITEMS = [
    # At the end, or before the item of an index.
    ("l:\n- a\n- b\n", None, "l:\n- a\n- b\n- new\n"),
    ("l:\n- a\n- b\n", 2, "l:\n- a\n- b\n- new\n"),
    ("l:\n- a\n- b\n", 9, "l:\n- a\n- b\n- new\n"),
    ("l:\n- a\n- b\n", 1, "l:\n- a\n- new\n- b\n"),
    ("l:\n- a\n- b\n", 0, "l:\n- new\n- a\n- b\n"),
    ("l:\n  - a", None, "l:\n  - a\n  - new"),
    # Comments go with the item that they belong to.
    (
        "l:\n# of a\n- a # a\n  # a too\n# of b\n- b\n",
        1,
        "l:\n# of a\n- a # a\n  # a too\n- new\n# of b\n- b\n",
    ),
    ("l:\n# of a\n- a\n", 0, "l:\n- new\n# of a\n- a\n"),
    ("l: # l\n- a\n", 0, "l: # l\n- new\n- a\n"),
    ("l:\r\n# of a\r\n- a\r\n", 0, "l:\r\n- new\r\n# of a\r\n- a\r\n"),
    # In flow.
    ("l: [a, b]\n", None, "l: [a, b, new]\n"),
    ("l: [a, b]\n", 1, "l: [a, new, b]\n"),
    ("l: [a, b]\n", 0, "l: [new, a, b]\n"),
    ("l: [\n  a,\n  b\n]\n", 1, "l: [\n  a,\n  new,\n  b\n]\n"),
    ("l: [\n  a\n]\n", 0, "l: [\n  new,\n  a\n]\n"),
]


@pytest.mark.parametrize(("text", "index", "expected"), ITEMS)
def test_an_item_is_added(text: str, index: int | None, expected: str) -> None:
    """Before the item of the index, or at the end."""
    assert edited(text, AddItem(("l",), "new", index=index)) == expected


def test_an_item_takes_the_first_place_beside_another_dash() -> None:
    """The old first item goes to a line of its own."""
    assert edited("l:\n- - a\n  - b\n", AddItem(("l", 0), "new", index=0)) == (
        "l:\n- - new\n  - a\n  - b\n"
    )
    assert edited("l:\n- - a\n", AddItem(("l", 0), {"b": 1, "c": 2}, index=0)) == (
        "l:\n- - b: 1\n    c: 2\n  - a\n"
    )


REFUSED: list[tuple[str, Operation, str]] = [
    ("m: [a]\n", AddEntry(("m",), "b", 1), "not a mapping"),
    ("m: x\n", AddEntry(("m",), "b", 1), "not a mapping"),
    ("l: {a: 1}\n", AddItem(("l",), 1), "not a sequence"),
    ("l: x\n", AddItem(("l",), 1), "not a sequence"),
    ("m:\n  a: |\n    x", AddEntry(("m",), "b", 1), "final line break"),
    ("l:\n- |\n  x", AddItem(("l",), 1), "final line break"),
]


@pytest.mark.parametrize(("text", "operation", "message"), REFUSED)
def test_what_can_not_be_added_is_refused(text: str, operation: Operation, message: str) -> None:
    """With the reason."""
    with pytest.raises(EditError, match=message):
        edited(text, operation)


def test_before_an_open_end_something_may_be_added() -> None:
    """Only text behind it would change the last value."""
    assert edited("l:\n- |\n  x", AddItem(("l",), 1, index=0)) == "l:\n- 1\n- |\n  x"


def test_an_addition_goes_with_what_it_adds_to() -> None:
    """A later stage that removes the collection removes the addition too, at its edge as well."""
    cases: list[tuple[str, Operation]] = [
        ("x: 1\nm:\n  a: 1\n", AddEntry(("m",), "b", 2)),
        ("x: 1\nm: {a: 1}\n", AddEntry(("m",), "b", 2)),
        ("x: 1\nm:\n- a\n", AddItem(("m",), 2)),
        ("x: 1\nm:\n- a\n", AddItem(("m",), 2, index=0)),
        ("x: 1\nm: [a]\n", AddItem(("m",), 2)),
        ("x: 1\nm: [a]\n", AddItem(("m",), 2, index=0)),
    ]
    for text, operation in cases:
        operations = (operation, Remove(("m",), stage=1))
        assert edited(text, *operations, stage=1) == "x: 1\n"
        assert edited(text, *operations, stage=0) == edited(text, operation) != text
