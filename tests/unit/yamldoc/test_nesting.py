"""Nesting: old text in a new tree, and a JSON document in a List."""

from __future__ import annotations

from typing import Any

import pytest

from service.errors import EditError
from service.yamldoc.formatting import Formatting
from service.yamldoc.nesting import indentation_added
from service.yamldoc.operations import (
    HOLE,
    AddEntry,
    Nest,
    Operation,
    Remove,
    SetValue,
    Tree,
    WrapInList,
)
from tests.support.documents import edited

NESTED: list[tuple[str, Tree, str]] = [
    ("s:\n  a: 1\n", {"t": HOLE}, "s:\n  t:\n    a: 1\n"),
    (
        "s:\n  a: 1\nz: 2\n",
        {"x": 1, "t": {"u": HOLE}},
        "s:\n  x: 1\n  t:\n    u:\n      a: 1\nz: 2\n",
    ),
    ("s:\n    a: 1\n", {"t": HOLE}, "s:\n    t:\n        a: 1\n"),
    ("s: # c\n  a: 1\n", {"t": HOLE}, "s:\n  t: # c\n    a: 1\n"),
    ("s: x\n", {"t": HOLE}, "s:\n  t: x\n"),
    ("s:\n- a\n- b\n", {"t": HOLE}, "s:\n  t:\n  - a\n  - b\n"),
    ("s:\n  a: |\n    x\n\n    y\n", {"t": HOLE}, "s:\n  t:\n    a: |\n      x\n\n      y\n"),
    # Comments and blank lines that belong to the old value are indented with it.
    (
        "s:\n  a: 1\n\n  # a\n\n# z\nz: 2\n",
        {"t": HOLE},
        "s:\n  t:\n    a: 1\n\n    # a\n\n# z\nz: 2\n",
    ),
    # In flow nothing is indented, unless it is on lines of its own.
    ("{s: {a: 1}}\n", {"x": 1, "t": HOLE}, "{s: {x: 1, t: {a: 1}}}\n"),
    ('{"s": [1]}\n', {"t": {"u": HOLE}}, '{"s": {"t": {"u": [1]}}}\n'),
    (
        '{\n  "s": {\n    "a": 1\n  }\n}\n',
        {"x": 1, "t": HOLE},
        '{\n  "s": {\n    "x": 1,\n    "t": {\n      "a": 1\n    }\n  }\n}\n',
    ),
]


@pytest.mark.parametrize(("text", "tree", "expected"), NESTED)
def test_a_value_is_put_into_a_tree(text: str, tree: Tree, expected: str) -> None:
    """Its lines are indented by the depth of its new place."""
    assert edited(text, Nest(("s",), tree)) == expected


INSIDE: list[tuple[Operation, str]] = [
    (SetValue(("s", "a"), 2), "s:\n  t:\n    a: 2\n    b:\n      c: 3\n"),
    (SetValue(("s", "a"), {"d": 4}), "s:\n  t:\n    a:\n      d: 4\n    b:\n      c: 3\n"),
    (
        AddEntry(("s",), "d", {"e": 4}),
        "s:\n  t:\n    a: 1\n    b:\n      c: 3\n    d:\n      e: 4\n",
    ),
    (Remove(("s", "b")), "s:\n  t:\n    a: 1\n"),
    (Remove(("s", "b", "c")), "s:\n  t:\n    a: 1\n    b: {}\n"),
    (
        Nest(("s", "b"), {"v": [1], "u": HOLE}),
        "s:\n  t:\n    a: 1\n    b:\n      v:\n        - 1\n      u:\n        c: 3\n",
    ),
]


@pytest.mark.parametrize(("operation", "expected"), INSIDE)
def test_what_changes_inside_is_indented_too(operation: Operation, expected: str) -> None:
    """In whatever order the operations are given."""
    text = "s:\n  a: 1\n  b:\n    c: 3\n"
    nest = Nest(("s",), {"t": HOLE})
    assert edited(text, nest, operation) == expected
    assert edited(text, operation, nest) == expected


def test_what_another_change_nests_is_indented_too() -> None:
    """Its own edits bring the old lines there; what is not below its route stays."""
    text = "s:\n  a: 1\nz:\n  y: 2\n"
    other = [Nest(("s",), {"t": HOLE})]
    assert edited(text, AddEntry(("s",), "b", {"c": 3}), around=other) == (
        "s:\n  a: 1\n    b:\n      c: 3\nz:\n  y: 2\n"
    )
    assert edited(text, AddEntry(("z",), "b", {"c": 3}), around=other) == (
        "s:\n  a: 1\nz:\n  y: 2\n  b:\n    c: 3\n"
    )
    add = AddEntry(("s",), "b", {"c": 3})
    assert edited(text, *other, add, around=other) == edited(text, *other, add)


REFUSED: list[Tree] = [
    {"t": 1},
    {"t": HOLE, "u": 1},
    {"t": {"u": HOLE, "v": 1}},
    {"t": {}},
    {"t": [HOLE]},
    {},
]


@pytest.mark.parametrize("tree", REFUSED)
def test_the_old_value_is_the_last_leaf(tree: Tree) -> None:
    """Anywhere else its lines could not stay as they are."""
    with pytest.raises(EditError, match="no place"):
        edited("s:\n  a: 1\n", Nest(("s",), tree))


def test_only_a_value_with_a_key_is_nested() -> None:
    """An item has none."""
    with pytest.raises(EditError, match="no key"):
        edited("s:\n- a\n", Nest(("s", 0), {"t": HOLE}))


INDENTED = """{
 "apiVersion": "v1",
 "kind": "List",
 "items": [
  {
   "a": {
    "b": 1
   }
  }
 ]
}
"""
LISTS = [
    ('{"a": 1}\n', '{"apiVersion": "v1", "kind": "List", "items": [{"a": 1}]}\n'),
    ('{\n "a": {\n  "b": 1\n }\n}\n', INDENTED),
    ('{\r\n "a": {\r\n  "b": 1\r\n }\r\n}\r\n', INDENTED.replace("\n", "\r\n")),
    ('{\n"a": 1\n}\n', '{\n"apiVersion": "v1",\n"kind": "List",\n"items": [\n{\n"a": 1\n}\n]\n}\n'),
]


@pytest.mark.parametrize(("text", "expected"), LISTS)
def test_a_json_document_becomes_the_item_of_a_list(text: str, expected: str) -> None:
    """Indented as the document is."""
    assert edited(text, WrapInList()) == expected


def test_what_changes_in_a_list_is_indented_too() -> None:
    """Twice as deep."""
    text = '{\n  "a": 1\n}\n'
    assert edited(text, WrapInList(), AddEntry((), "b", {"c": 2})) == (
        '{\n  "apiVersion": "v1",\n  "kind": "List",\n  "items": [\n    {\n      "a": 1,\n'
        '      "b": {\n        "c": 2\n      }\n    }\n  ]\n}\n'
    )


@pytest.mark.parametrize(
    ("operation", "fields", "columns"),
    [
        (Nest((), {"a": HOLE}), {"indent": 3}, 3),
        (Nest((), {"x": 1, "a": {"b": HOLE}}), {"indent": 3}, 6),
        (Nest((), {"a": HOLE}), {"indent": 3, "json": True, "json_indent": 1}, 1),
        (Nest((), {"a": HOLE}), {"indent": 3, "json": True}, 0),
        (Nest((), HOLE), {"indent": 3}, 0),
        (WrapInList(), {"json": True, "json_indent": 4}, 8),
        (WrapInList(), {"json": True}, 0),
    ],
)
def test_the_indentation_that_an_operation_adds(
    operation: Nest | WrapInList, fields: dict[str, Any], columns: int
) -> None:
    """The depth of the old text in the new one, as the file indents."""
    assert indentation_added(operation, Formatting(**fields)) == columns
