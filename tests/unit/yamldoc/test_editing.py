"""Edits by example: comments, styles, anchors, Lists, JSON."""

from __future__ import annotations

import pytest

from service.errors import CrossesAnchor, EditError
from service.text import Edit, SourceFile, Span, apply_edits
from service.yamldoc.compose import Limits
from service.yamldoc.editing import compile_operations, emit_documents, emit_json_items
from service.yamldoc.formatting import Formatting, formatting_of
from service.yamldoc.operations import (
    HOLE,
    AddEntry,
    AddItem,
    Nest,
    Operation,
    Remove,
    RenameKey,
    SetValue,
    Verbatim,
    WrapInList,
)
from service.yamldoc.stream import Document, parse
from tests.support.documents import document_of, edited

EXAMPLES: list[tuple[str, tuple[Operation, ...], str]] = [
    ("a: 'x' # why\n", (SetValue(("a",), "y"),), "a: 'y' # why\n"),
    ('a: "x"\n', (SetValue(("a",), "0755"),), 'a: "0755"\n'),
    ("a: x\n", (SetValue(("a",), "yes"),), 'a: "yes"\n'),
    ("a: x\nb: 'q'\n", (SetValue(("a",), "yes"),), "a: x\nb: 'q'\n".replace("x", "'yes'")),
    ("a: |\n  one\n  two\n# end\n", (SetValue(("a",), "one\n2\n"),), "a: |\n  one\n  2\n# end\n"),
    ("a: 1 # one\nb: 2 # two\n", (Remove(("a",)),), "b: 2 # two\n"),
    ("# head\n\n# of a\na: 1\nb: 2\n", (Remove(("a",)),), "# head\n\nb: 2\n"),
    (
        "l:\n# of x\n- x\n# of y\n- y # trailing\n- z\n",
        (Remove(("l", 1)),),
        "l:\n# of x\n- x\n- z\n",
    ),
    ("l:\n- name: x\n  v: 1\n", (Remove(("l", 0, "name")),), "l:\n- v: 1\n"),
    ("l:\n- a\n", (Remove(("l", 0)),), "l: []\n"),
    ("l: [a, b, c]\n", (Remove(("l", 1)), Remove(("l", 2))), "l: [a]\n"),
    ("m: {a: 1, b: 2}\n", (Remove(("m", "a")),), "m: {b: 2}\n"),
    ("m: {a: 1}\n", (AddEntry(("m",), "b", [1, "x"]),), "m: {a: 1, b: [1, x]}\n"),
    (
        "m:\n    a: 1 # one\nn: 1\n",
        (AddEntry(("m",), "b", {"c": "d"}),),
        "m:\n    a: 1 # one\n    b:\n        c: d\nn: 1\n",
    ),
    (
        "m:\n  a: 1\n  b: 2\n",
        (AddEntry(("m",), "x", 3, after="a"),),
        "m:\n  a: 1\n  x: 3\n  b: 2\n",
    ),
    ("m:\n", (AddEntry(("m",), "a", 1), AddEntry(("m",), "b", 2)), "m:\n  a: 1\n  b: 2\n"),
    (
        "l:\n- a\n# of b\n- b\n",
        (AddItem(("l",), {"k": "v"}, index=1),),
        "l:\n- a\n- k: v\n# of b\n- b\n",
    ),
    ("old: 1\n", (RenameKey(("old",), "new key"),), "new key: 1\n"),
    (
        "s: # the spec\n  a: 1\n\n  # b: 2\n",
        (Nest(("s",), {"x": 1, "t": HOLE}),),
        "s:\n  x: 1\n  t: # the spec\n    a: 1\n\n    # b: 2\n",
    ),
    ("s:\r\n- a\r\n", (Nest(("s",), {"t": HOLE}),), "s:\r\n  t:\r\n  - a\r\n"),
    (
        '{"a": {"b": 1}}\n',
        (Nest(("a",), {"x": {"y": 2}, "t": HOLE}),),
        '{"a": {"x": {"y": 2}, "t": {"b": 1}}}\n',
    ),
    (
        '{\n  "a": 1\n}\n',
        (WrapInList(),),
        (
            '{\n  "apiVersion": "v1",\n  "kind": "List",\n  "items": [\n    {\n      "a": 1\n   '
            " }\n  ]\n}\n"
        ),
    ),
    (
        "items:\n- {a: 1}\n- {b: 2}\n",
        (AddItem(("items",), {"c": 3}, index=1),),
        "items:\n- {a: 1}\n- c: 3\n- {b: 2}\n",
    ),
    ("a: 1", (AddEntry((), "b", 2),), "a: 1\nb: 2"),
]


@pytest.mark.parametrize(("text", "operations", "expected"), EXAMPLES)
def test_an_edit_by_example(text: str, operations: tuple[Operation, ...], expected: str) -> None:
    """The text afterwards is what a careful person would have written."""
    assert edited(text, *operations) == expected


SHARED = [
    ("a: &x {k: v}\nb: *x\n", SetValue(("a", "k"), "w")),
    ("a: &x {k: v}\nb: *x\n", SetValue(("b", "k"), "w")),
    ("a: &x {k: v}\nb: {<<: *x, l: m}\n", SetValue(("b", "k"), "w")),
    ("a: &x {k: v}\nb: *x\n", Remove(("a",))),
]


@pytest.mark.parametrize(("text", "operation"), SHARED)
def test_shared_text_is_not_edited(text: str, operation: Operation) -> None:
    """What an anchor shares would change in more places than meant."""
    with pytest.raises(CrossesAnchor):
        edited(text, operation)


def test_nothing_is_added_behind_an_open_block_scalar() -> None:
    """Without a final line break its value has none; text behind it would give it one."""
    with pytest.raises(EditError, match="final line break"):
        edited("a: |\n  x", AddEntry((), "b", 1))
    assert edited("a: |-\n  x", AddEntry((), "b", 1)) == "a: |-\n  x\nb: 1"


def test_an_anchor_that_nobody_uses_is_no_obstacle() -> None:
    """Its node is written once and read once."""
    assert edited("a: &x {k: v}\n", SetValue(("a", "k"), "w")) == "a: &x {k: w}\n"


def test_a_document_with_duplicate_keys_is_not_edited() -> None:
    """It can't be told which one is meant."""
    with pytest.raises(EditError, match="stands twice"):
        edited("a: 1\na: 2\nb: 3\n", SetValue(("b",), 4))


CARRIED = [
    (
        "base: &b {cpu: 1}\nl:\n- name: x\n  res: *b # shared\n",
        {"name": "x", "res": {"cpu": 1}},
        "  res:\n      cpu: 1 # shared",
    ),
    ("base: &b {cpu: 1, mem: 2}\nl:\n- <<: *b\n  mem: 3\n", {"cpu": 1, "mem": 3}, "cpu: 1"),
    ("l:\n- &own\n  name: x\nm: *own\n", {"name": "x"}, "- name: x"),
    ("l:\n-\n  # about it\n  name: x\n", {"name": "x"}, "# about it"),
    (
        "l:\n-   name: x   # wide\n    v: |\n      t\n",
        {"name": "x", "v": "t\n"},
        "name: x   # wide",
    ),
]


@pytest.mark.parametrize(("text", "data", "fragment"), CARRIED)
def test_carried_text_stands_on_its_own(text: str, data: object, fragment: str) -> None:
    """Aliases to what stays behind are written out, anchors that stay behind are dropped,
    comments come along.
    """
    document = document_of(text)
    tree = {"kind": "X", "l": [Verbatim(document, ("l", 0))]}
    (new,) = emit_documents([tree], formatting_of([document]))
    assert document_of(new).read(("l", 0)) == data
    assert fragment.strip().splitlines()[0] in new
    assert "*" not in new
    assert "&" not in new


def test_what_is_added_follows_the_habits_of_the_file() -> None:
    """Indentation, dashes under their key or not, and quotes are those of the text around."""
    document = document_of("a:\n    b:\n    - 'x'\n    - 'y'\n")
    trees = [{"k": {"l": ["0755"]}}, {"k": 1}]
    assert emit_documents(trees, formatting_of([document])) == [
        "k:\n    l:\n    - '0755'\n",
        "k: 1\n",
    ]


def test_edits_are_those_of_the_file() -> None:
    """Behind other documents they are further down."""
    text = "a: 1\n---\nb: 2\n"
    _, document = parse(SourceFile("a.yaml", text), Limits())
    assert isinstance(document, Document)
    edits = compile_operations(document, [SetValue(("b",), 3)], Formatting())
    assert edits == [Edit(Span(12, 13), "3")]
    assert apply_edits(text, edits) == "a: 1\n---\nb: 3\n"


@pytest.mark.parametrize(
    ("formatting", "expected"),
    [
        (Formatting(json=True), ', {"a": [1]}'),
        (
            Formatting(json=True, json_indent=2),
            ',\n    {\n      "a": [\n        1\n      ]\n    }',
        ),
        (
            Formatting(json=True, json_indent=1, newline="\r\n"),
            ',\r\n  {\r\n   "a": [\r\n    1\r\n   ]\r\n  }',
        ),
    ],
)
def test_a_further_item_of_a_list_is_indented_as_the_first(
    formatting: Formatting, expected: str
) -> None:
    """With the comma before it."""
    assert emit_json_items([{"a": [1]}], formatting) == [expected]


@pytest.mark.parametrize("text", ['{"a": 1}\n', '{\n  "a": 1\n}\n'])
def test_further_items_go_behind_the_first(text: str) -> None:
    """The list is then one of several objects."""
    formatting = formatting_of([document_of(text)])
    wrapped = edited(text, WrapInList())
    end = wrapped.rindex("}", 0, wrapped.rindex("]")) + 1
    (item,) = emit_json_items([{"b": [2]}], formatting)
    items = wrapped[:end] + item + wrapped[end:]
    assert document_of(items).read(("items",)) == [{"a": 1}, {"b": [2]}]
