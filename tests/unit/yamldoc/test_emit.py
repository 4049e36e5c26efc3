"""Emitting trees: block and flow style, JSON, block scalars and extracted text."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from service.yamldoc.emit import Emitter, ExtractedText, literal_lines, split_at_hole
from service.yamldoc.formatting import Formatting
from service.yamldoc.operations import HOLE, Tree, Verbatim
from tests.support.documents import document_of

LEAF = Verbatim(document_of("a: 1\n"), ("a",))


def extracted(value: list[str], **fields: Any) -> ExtractedText:
    """The text of a leaf, by default a scalar item."""
    usual: dict[str, Any] = {
        "comments": [],
        "whole": value,
        "key": None,
        "block": False,
        "sequence": False,
        "data": "as data",
    }
    return ExtractedText(value=value, **(usual | fields))


def emitter(text: ExtractedText | None = None, **formatting: Any) -> Emitter:
    def extract(leaf: Verbatim) -> ExtractedText:
        assert leaf is LEAF
        assert text is not None
        return text

    return Emitter(Formatting(**formatting), extract)


ENTRIES: list[tuple[Tree, dict[str, Any], str]] = [
    ("x", {}, "k: x"),
    ("1", {}, 'k: "1"'),
    ("1", {"quote": "'"}, "k: '1'"),
    (None, {}, "k: null"),
    ({}, {}, "k: {}"),
    ([], {}, "k: []"),
    ({"a": 1, "b": {"c": 2}}, {}, "k:\n  a: 1\n  b:\n    c: 2"),
    ({"a": 1}, {"indent": 4}, "k:\n    a: 1"),
    (
        [1, {"a": 2, "b": 3}, [4, 5], []],
        {},
        "k:\n  - 1\n  - a: 2\n    b: 3\n  - - 4\n    - 5\n  - []",
    ),
    ([1, {"a": [2]}], {"sequence_indent": 0, "indent": 4}, "k:\n- 1\n- a:\n  - 2"),
    ({"a": HOLE}, {}, "k:\n  a:\ue000hole\ue000"),
    ("a\nb\n", {}, "k: |\n  a\n  b"),
    ("a\nb", {}, "k: |-\n  a\n  b"),
    ("a\n\nb\n\n\n", {"indent": 4}, "k: |+\n    a\n\n    b\n\n"),
    (["a\nb\n"], {}, "k:\n  - |\n    a\n    b"),
    # Quoted, where a literal block scalar would be less plain or less safe.
    ("a\n", {}, 'k: "a\\n"'),
    (" a\nb", {}, 'k: " a\\nb"'),
    ("\na\nb", {}, 'k: "\\na\\nb"'),
    ("a \nb", {}, 'k: "a \\nb"'),
    ("a\nb ", {}, 'k: "a\\nb "'),
    ("a\t\nb", {}, 'k: "a\\t\\nb"'),
    ("a\tb\nc", {}, 'k: "a\\tb\\nc"'),
    ("a\x85b\nc", {}, 'k: "a\\u0085b\\nc"'),
]


@pytest.mark.parametrize(("tree", "formatting", "expected"), ENTRIES)
def test_an_entry_in_block_style(tree: Tree, formatting: dict[str, Any], expected: str) -> None:
    """As the file is formatted; deeper if its key is."""
    lines = emitter(**formatting).entry("k", tree, 0)
    assert "\n".join(lines) == expected
    deeper = emitter(**formatting).entry("k", tree, 3)
    assert deeper == ["   " + line if line else line for line in lines]


def test_keys_are_quoted_where_they_need_it() -> None:
    """As other scalars are."""
    assert emitter().entries({"80": 1, "a b": 2, "yes": 3}, 0) == ['"80": 1', "a b: 2", '"yes": 3']
    assert emitter(quote="'").entries({"80": {"81": 1}}, 0) == ["'80':", "  '81': 1"]


ITEMS: list[tuple[Tree, list[str]]] = [
    (1, [" - 1"]),
    ({}, [" - {}"]),
    ({"a": 1, "b": [2]}, [" - a: 1", "   b:", "     - 2"]),
    ([[1], 2], [" - - - 1", "   - 2"]),
    ("a\nb", [" - |-", "   a", "   b"]),
]


@pytest.mark.parametrize(("tree", "expected"), ITEMS)
def test_an_item_in_block_style(tree: Tree, expected: list[str]) -> None:
    """Its dash at the column, its further lines two columns deeper."""
    assert emitter().item(tree, 1) == expected


FLOWS: list[tuple[Tree, dict[str, Any], str]] = [
    ({"a": [1, "x", {}], "b,c": []}, {}, '{a: [1, x, {}], "b,c": []}'),
    ({"a": [1, "x", {}]}, {"json": True}, '{"a": [1, "x", {}]}'),
    ({"a": HOLE}, {}, "{a: \ue000hole\ue000}"),
    (
        {"a": [1, {}], "b": []},
        {"json": True, "json_indent": 2},
        '{\n     "a": [\n       1,\n       {}\n     ],\n     "b": []\n   }',
    ),
    (
        [1],
        {"json": True, "json_indent": 1, "newline": "\r\n"},
        "[\r\n    1\r\n   ]",
    ),
]


@pytest.mark.parametrize(("tree", "formatting", "expected"), FLOWS)
def test_a_tree_in_flow_style(tree: Tree, formatting: dict[str, Any], expected: str) -> None:
    """On one line, or indented where JSON is; here its line starts at column 3."""
    assert emitter(**formatting).flow(tree, 3) == expected


def test_a_document_ends_with_a_line_break() -> None:
    """The one of the file."""
    tree = {"a": [1]}
    assert emitter(newline="\r\n").document(tree) == "a:\r\n  - 1\r\n"
    assert emitter(json=True).document(tree) == '{"a": [1]}\n'
    assert emitter(json=True, json_indent=2).document({"a": 1}) == '{\n  "a": 1\n}\n'


BLOCK: dict[str, Any] = {
    "value": ["x: 1", "y: 2"],
    "whole": ["k:", "    x: 1"],
    "block": True,
    "key": "k",
}


@pytest.mark.parametrize(
    ("key", "text", "expected"),
    [
        # Under its own key the text of the entry stays, with its comments and its indentation.
        ("k", extracted(**BLOCK, comments=["# c"]), [" # c", " k:", "     x: 1"]),
        # Under another key a block goes to the file's own indentation, and comments stay behind.
        ("l", extracted(**BLOCK, comments=["# c"]), [" l:", "   x: 1", "   y: 2"]),
        ("l", extracted(["- 1"], block=True, sequence=True), [" l:", " - 1"]),
        ("l", extracted(["'x' # c"]), [" l: 'x' # c"]),
        # A scalar of several lines is written anew, as its lines have the depth of the old key.
        ("l", extracted(["|", "  x"]), [" l: as data"]),
        ("k", extracted(["|", "  x"], key="k", whole=["k: |", "  x"]), [" k: |", "   x"]),
    ],
)
def test_extracted_text_as_an_entry(key: str, text: ExtractedText, expected: list[str]) -> None:
    """It stays as it is where it can."""
    assert emitter(text, sequence_indent=0).entry(key, LEAF, 1) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (extracted(["x"]), [" - x"]),
        (extracted(["x"], comments=["# c", "# d"]), [" # c", " # d", " - x"]),
        (extracted(["x"], comments=["# c"], key="k"), [" - x"]),
        (extracted(["a: 1", "b: 2"], block=True), [" - a: 1", "   b: 2"]),
        (extracted(["# c", "a: 1"], block=True, comments=["# d"]), [" # d", " # c", " - a: 1"]),
        (extracted(["|", "  x"]), [" - as data"]),
    ],
)
def test_extracted_text_as_an_item(text: ExtractedText, expected: list[str]) -> None:
    """Its comments go above the dash."""
    assert emitter(text).item(LEAF, 1) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (extracted(["'x'"]), "{k: 'x'}"),
        (extracted(["[1,", " 2]"]), "{k: [1,\r\n    2]}"),
        (extracted(["a: 1"], block=True), "{k: as data}"),
    ],
)
def test_extracted_text_in_flow(text: ExtractedText, expected: str) -> None:
    """A block can't be there, and is written anew."""
    assert emitter(text, newline="\r\n").flow({"k": LEAF}, 3) == expected


def test_without_indentation_extracted_text_is_copied() -> None:
    """Even none at all, which is one empty line."""
    assert emitter(extracted(["x", "y"], key="k")).entry("k", LEAF, 0) == ["x", "y"]
    assert emitter(extracted([], key="k")).entry("k", LEAF, 0) == [""]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a", ("|-", ["a"])),
        ("a\n", ("|", ["a"])),
        ("a\n\n", ("|+", ["a", ""])),
        ("a\n\nb\n\n\n", ("|+", ["a", "", "b", "", ""])),
    ],
)
def test_a_literal_block_scalar_keeps_every_line_break(
    value: str, expected: tuple[str, list[str]]
) -> None:
    """Its indicator says how many there are at its end."""
    indicator, lines = literal_lines(value)
    assert (indicator, lines) == expected
    text = f"k: {indicator}\n" + "".join(f"  {line}\n" if line else "\n" for line in lines)
    assert yaml.safe_load(text) == {"k": value}


def test_text_is_split_where_the_old_value_goes() -> None:
    """All of it is before, if there is no such place."""
    assert split_at_hole(emitter().flow({"a": HOLE}, 0)) == ("{a: ", "}")
    assert split_at_hole("{}") == ("{}", "")
