"""Lines, comments and the formatting of files, at the edges of text."""

from __future__ import annotations

from typing import Any

import pytest

from service.errors import EditError
from service.text import SourceFile, Span
from service.yamldoc import layout
from service.yamldoc.compose import Limits
from service.yamldoc.formatting import Formatting, formatting_of, is_json
from service.yamldoc.layout import is_block
from service.yamldoc.nodes import Mapping, Node, Sequence
from service.yamldoc.stream import Document, parse
from tests.support.documents import document_of

LINES = "ab\n\r\ncd\re"
"""The lines ab, an empty one, cd and e, with three kinds of line breaks."""


@pytest.mark.parametrize(
    ("offset", "start", "end"),
    [(0, 0, 2), (1, 0, 2), (2, 0, 2), (3, 3, 3), (5, 5, 7), (7, 5, 7), (8, 8, 9), (9, 8, 9)],
)
def test_the_line_of_an_offset(offset: int, start: int, end: int) -> None:
    """A line break belongs to the line that it ends."""
    assert layout.line_start(LINES, offset) == start
    assert layout.line_end(LINES, offset) == end
    assert layout.column(LINES, offset) == offset - start


@pytest.mark.parametrize("text", ["\nx", "\rx"])
def test_a_line_may_be_empty(text: str) -> None:
    """The first one too."""
    assert [layout.line_start(text, offset) for offset in (0, 1, 2)] == [0, 1, 1]
    assert [layout.line_end(text, offset) for offset in (0, 1, 2)] == [0, 2, 2]


@pytest.mark.parametrize(("end", "expected"), [(2, 3), (3, 5), (7, 8), (9, 9)])
def test_the_next_line_starts_after_the_line_break(end: int, expected: int) -> None:
    """Of one character or of two; the last line has no next one."""
    assert layout.next_line(LINES, end) == expected


@pytest.mark.parametrize(
    ("text", "offset", "expected"), [("  - a", 4, 2), ("  a", 1, 1), ("\n a", 2, 1), ("a b", 2, 0)]
)
def test_indentation_is_what_starts_the_line(text: str, offset: int, expected: int) -> None:
    """As far as it is before the offset."""
    assert layout.indentation(text, offset) == expected


def node_at(text: str, *route: str | int) -> Node:
    found = document_of(text).find(route)
    assert found is not None
    assert found.written is not None
    return found.written


@pytest.mark.parametrize(
    ("text", "content"),
    [
        ("a: x\n", "x\n"),
        ("a: &b x\n", "x\n"),
        ("a: !!str &b x\n", "x\n"),
        ("a: &b\n  c: d\n", "c: d\n"),
        ("a: &b [x]\n", "[x]\n"),
        ("a: &b\n", "&b\n"),
    ],
)
def test_content_starts_after_anchor_and_tag(text: str, content: str) -> None:
    """If there is any content."""
    assert text[layout.content_start(text, node_at(text, "a")) :] == content


def test_the_colon_of_a_key_ends_it() -> None:
    """Blanks before it are passed over."""
    text = "'a' : b\n"
    root = document_of(text).root
    assert isinstance(root, Mapping)
    assert text[layout.colon_end(text, root.entries[0][0]) :] == " b\n"


def test_block_collections_are_told_from_others() -> None:
    """Flow collections and scalars are none."""
    text = "a: {b: 1}\nc: [1]\nd:\n- 1\ne: x\n"
    assert is_block(document_of(text).root)
    assert [is_block(node_at(text, key)) for key in "acde"] == [False, False, True, False]


@pytest.mark.parametrize(
    ("text", "dashes"),
    [
        ("a:\n- b\n# - x\n- c\n", [3, 13]),
        ("a:\n- - b\n  - c\n- d\n", [3, 15]),
        ("a: &x\n  - |\n    - x\n  - c\n  -", [8, 22, 28]),
        ("a:\n- b: 1\n  -: 2\n-\n", [3, 17]),
    ],
)
def test_the_dash_of_an_item(text: str, dashes: list[int]) -> None:
    """At the column of the first one; dashes in items are deeper."""
    sequence = node_at(text, "a")
    assert isinstance(sequence, Sequence)
    found = [layout.dash_start(text, sequence, index) for index in range(len(sequence.items))]
    assert found == dashes
    assert {text[offset] for offset in found} == {"-"}


ABOVE = [
    ("# a\nx: 1\n", 0, 0, "# a\n"),
    ("y: 1\n# a\n# b\nx: 1\n", 0, 0, "# a\n# b\n"),
    ("# a\n\n# b\nx: 1\n", 0, 0, "# b\n"),
    ("# a\n\nx: 1\n", 0, 0, ""),
    ("# a\r\n# b\r\nx: 1\n", 0, 0, "# a\r\n# b\r\n"),
    ("y: 1 # a\nx: 1\n", 0, 0, ""),
    # A comment that is deeper belongs to what is before it, one that is not to what follows.
    ("  # a\n# b\nx: 1\n", 0, 0, "# b\n"),
    ("# a\n  # b\n  x: 1\n", 2, 0, "# a\n  # b\n"),
    ("  # a\n   # b\n  x: 1\n", 2, 0, ""),
    # Nothing above the floor.
    ("# a\n# b\nx: 1\n", 0, 4, "# b\n"),
    ("# a\n# b\nx: 1\n", 0, 5, ""),
]


@pytest.mark.parametrize(("text", "own_column", "floor", "expected"), ABOVE)
def test_comments_right_above_a_node_belong_to_it(
    text: str, own_column: int, floor: int, expected: str
) -> None:
    """Without a blank line between them."""
    start = text.rindex("x:") - own_column
    top = layout.comments_above_start(text, start, own_column=own_column, floor=floor)
    assert text[top:start] == expected


BELOW = [
    ("x: 1", 0, "x: 1"),
    ("x: 1 # a\ny: 2\n", 0, "x: 1 # a"),
    ("x: 1\n  # a\n # b\ny: 2\n", 0, "x: 1\n  # a\n # b"),
    ("x: 1\n# a\ny: 2\n", 0, "x: 1"),
    ("x: 1\n # a\n# b\n", 0, "x: 1\n # a"),
    ("x: 1\n # a\n", 1, "x: 1"),
    ("x: 1\n\t# a\n", 0, "x: 1\n\t# a"),
    ("x: 1\r\n  # a\r\n", 0, "x: 1\r\n  # a"),
    ("x: 1\n\n  # a\n\n", 0, "x: 1\n\n  # a"),
    ("x: 1\n\ny: 2\n  # a\n", 0, "x: 1"),
    ("x: 1\n", 0, "x: 1"),
    ("x: 1\n  y\n", 0, "x: 1"),
    ("x: 1\n  # a", 0, "x: 1\n  # a"),
]


@pytest.mark.parametrize(("text", "own_column", "expected"), BELOW)
def test_deeper_comments_below_a_node_belong_to_it(
    text: str, own_column: int, expected: str
) -> None:
    """With blank lines between them or not."""
    assert text[: layout.comments_below_end(text, 3, own_column)] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: |+\n", True),
        ("- |+\n", True),
        ("|+\n", True),
        ("a: >+2\n", True),
        ("a: |2+ # b\n", True),
        ("a: |\n", False),
        ("a: |-\n", False),
        ("a: 'x|+'\n", False),
        ("a: |+x\n", False),
    ],
)
def test_a_block_scalar_may_keep_blank_lines(text: str, expected: bool) -> None:
    """A plus sign in its header says so."""
    assert layout.keeps_blank_lines(text) is expected


@pytest.mark.parametrize(
    ("text", "end"),
    [("a\nb", 1), ("a\n\nb", 2), ("a\n \n\t\nb", 5), ("a\n\n", 2), ("a", 1), ("a\n", 1)],
)
def test_blank_lines_end_before_the_next_line(text: str, end: int) -> None:
    """Their last line break stays."""
    assert layout.blank_lines_end(text, 1) == end


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("a\nx\nb\n", "a\nb\n"),
        ("a\n\nx\nb\n", "a\n\nb\n"),
        ("a\nx\n\nb\n", "a\n\nb\n"),
        ("a\n\nx\n\nb\n", "a\n\nb\n"),
        ("a\n\n \nx\n\nb\n", "a\n\nb\n"),
        ("a\r\n\r\nx\r\n\r\nb\r\n", "a\r\n\r\nb\r\n"),
        ("a\n\nx\n", "a\n\n"),
        ("a\n\nx", "a\n"),
        ("\nx\n\nb\n", "\n\nb\n"),
        ("x\nb\n", "\nb\n"),
        ("a\r\nx\r\nb\r\n", "a\r\nb\r\n"),
        ("\n\nx\n\nb\n", "\n\nb\n"),
        ("\nx\n\n\n", "\n\n\n"),
    ],
)
def test_a_removal_leaves_no_double_blank_line(text: str, rest: str) -> None:
    """Where there was one on both sides, one of them goes too."""
    start = text.index("x")
    first = layout.without_double_blank(text, start, start + 1, floor=0)
    assert text[:first] + text[start + 1 :] == rest


@pytest.mark.parametrize(
    ("text", "shift", "expected"),
    [
        ("a\nb\n\nc", 2, "a\n  b\n\n  c"),
        ("a\r\nb\r\n\r\nc", 1, "a\r\n b\r\n\r\n c"),
        ("a\rb\x85c\u2028d\u2029e", 1, "a\r b\x85 c\u2028 d\u2029 e"),
        ("a\n    b\n  c\nd", -2, "a\n  b\nc\nd"),
        ("a\n b", -2, "a\nb"),
        ("a\n\tb", -2, "a\n\tb"),
        ("  a\n  b", 0, "  a\n  b"),
        ("  a", -2, "  a"),
    ],
)
def test_all_lines_but_the_first_are_indented(text: str, shift: int, expected: str) -> None:
    """Empty ones stay empty, and only spaces are taken away."""
    assert layout.reindent(text, shift) == expected


def test_indentation_goes_to_the_starts_of_lines() -> None:
    """Of those inside the span, its first one left out."""
    assert layout.indent_offsets("a\nb\n\nc\r\nd\n", Span(0, 9)) == [2, 5, 8]
    assert layout.indent_offsets("a\nb\n\nc\r\nd\n", Span(2, 8)) == [5]
    assert layout.indent_offsets("a\nb\n\nc\r\nd\n", Span(1, 5)) == [2]


OPEN = ["a: |\n  x", "a: >+\n  x", "a:\n- b: |\n    x"]
CLOSED = [
    *(text + end for text in OPEN for end in ("\n", "\r")),
    "a: |-\n  x",
    "a: x",
    "a: []",
    "a: |\n  x\nb: c",
]


@pytest.mark.parametrize("text", OPEN)
def test_nothing_is_added_to_an_open_block_scalar(text: str) -> None:
    """Its value would get the line break that it lacks; before its end there is no danger."""
    document = document_of(text)
    with pytest.raises(EditError, match="final line break"):
        layout.check_open_end(document, len(text))
    layout.check_open_end(document, len(text) - 1)


@pytest.mark.parametrize("text", CLOSED)
def test_text_may_be_added_to_other_ends(text: str) -> None:
    """With a final line break, or where the value has none anyway."""
    layout.check_open_end(document_of(text), len(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [('{"a": 1}', True), ("{a: 1}", False), ("{'a': 1}", False), ('"a": 1', False), ("{}", False)],
)
def test_json_is_told_by_its_first_key(text: str, expected: bool) -> None:
    """A flow mapping with a key in double quotes."""
    assert is_json(document_of(text)) is expected


FORMATS: list[tuple[str, dict[str, Any]]] = [
    ("a: 1\n", {}),
    ("a: 1\r\nb: 2\r\n", {"newline": "\r\n"}),
    ("a: 1\r\nb: 2\n", {}),
    ("a: 1\r\nb: 2\r\nc: 3\n", {"newline": "\r\n"}),
    ("a:\n    b: 1\n", {"indent": 4, "sequence_indent": 4}),
    ("a:\n    b: 1\nc:\n  d: 1\ne:\n  f: 1\n", {}),
    ("a:\n    b:\n      c:\n        d: 1\n", {}),
    ("a:\n- b\n", {"sequence_indent": 0}),
    ("a:\n - b\nc:\n   d: 1\n", {"indent": 3, "sequence_indent": 1}),
    ("a: {b: {c: 1}}\n", {}),
    ("a: &x\n     b: 1\nc: !!map\n     d: 1\ne: !!seq\n     - 1\n", {}),
    ("a: 'x'\nb: \"y\"\nc: 'z'\n", {"quote": "'"}),
    ("a: 'x'\nb: \"y\"\n", {}),
    ('a: \'x\'\nb: ""\nc: ""\n', {"quote": "'"}),
    ("'a': x\n", {}),
    ('{"a": {"b": 1}}\n', {"json": True}),
    ('{\n  "a": 1\n}\n', {"json": True, "json_indent": 2}),
    ('  {\n     "a": 1\n}\n', {"json": True, "json_indent": 3}),
    ("{\n  a: 1\n}\n", {}),
]


@pytest.mark.parametrize(("text", "fields"), FORMATS)
def test_the_formatting_of_a_file(text: str, fields: dict[str, Any]) -> None:
    """What most of its lines do; the defaults where they don't say."""
    assert formatting_of([document_of(text)]) == Formatting(**fields)


def documents_of(text: str) -> list[Document]:
    return [
        entry for entry in parse(SourceFile("a", text), Limits()) if isinstance(entry, Document)
    ]


def test_the_first_document_says_whether_a_file_is_json() -> None:
    """And all of them how it is indented."""
    documents = documents_of('{"a": 1}\n---\nb:\n    c: 1\n')
    assert formatting_of(documents) == Formatting(json=True, indent=4, sequence_indent=4)
    assert formatting_of(documents[1:]) == Formatting(indent=4, sequence_indent=4)
    assert formatting_of([]) == Formatting()


def test_a_tree_and_lines_say_the_same() -> None:
    """Of two that are as common, the smaller counts."""
    documents = documents_of("a:\n- b:\n      c: 1\nd:\n  e: 1\n")
    found = formatting_of(documents)
    for document in documents:
        document.release_tree()
    assert formatting_of(documents) == found == Formatting(sequence_indent=0)


def test_a_few_thousand_nodes_are_enough() -> None:
    """The four thousandth node of a document counts, the next one doesn't."""
    for filler, quote in ((3997, "'"), (3998, '"')):
        text = "? a\n: [" + "x," * filler + "]\n? b\n: 'y'\n"
        assert formatting_of(documents_of(text)).quote == quote


def test_a_thousand_collections_are_enough() -> None:
    """Of all documents together."""
    for count, quote in ((999, "'"), (1000, '"')):
        text = "".join(f"a{number}:\n- x\n" for number in range(count)) + "---\nb: 'y'\n"
        assert formatting_of(documents_of(text)).quote == quote
