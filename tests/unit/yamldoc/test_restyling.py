"""Restyling: a new scalar is written as the old one was, where it can be."""

from __future__ import annotations

from typing import Any

import pytest

from service.yamldoc.formatting import Formatting
from service.yamldoc.nodes import Scalar
from service.yamldoc.operations import Tree
from service.yamldoc.restyling import restyled, scalar_end
from tests.support.documents import document_of


def scalar_in(text: str) -> Scalar:
    """The scalar of a text: the value of `a`."""
    found = document_of(text).find(("a",))
    assert found is not None
    assert isinstance(found.node, Scalar)
    return found.node


RESTYLED: list[tuple[str, Tree, str | None]] = [
    # Plain: as long as it can be.
    ("a: x\n", "z", "z"),
    ("a: x\n", "y z", "y z"),
    ("a: x\n", "1", '"1"'),
    ("a: x\n", "", '""'),
    ("a: x\n", "y: z", '"y: z"'),
    ("a: x\n", "y\nz", None),
    ("a: 1\n", "x", "x"),
    # Quoted: with the same quotes, but double ones for several lines.
    ("a: 'x'\n", "y", "'y'"),
    ("a: 'x'\n", "it's", "'it''s'"),
    ("a: 'x'\n", "y\nz", '"y\\nz"'),
    ('a: "x"\n', "y", '"y"'),
    ('a: "x"\n', 'y"', '"y\\""'),
    # Not a text: as in JSON.
    ("a: 'x'\n", 1, "1"),
    ("a: x\n", None, "null"),
    ("a: x\n", True, "true"),
    # A literal block scalar keeps its indentation and its comment.
    ("a: |\n    x\n    y\n", "z é\nw\n", "|\n    z é\n    w"),
    ("a: | # c\n  x y\n", "z é\n\nw", "|- # c\n  z é\n\n  w"),
    ("a: |-\n  x y\n", "z é\n\n", "|+\n  z é\n"),
    ("a: |\n\n  x y\n", "z é", "|-\n  z é"),
    ("a: &b |\n  x y\n", "z é", "|-\n  z é"),
    # It can't hold everything.
    ("a: |2\n   x y\n", "z é", '"z é"'),
    ("a: | # 2\n  x y\n", "z é", "|- # 2\n  z é"),
    ("a: >\n  x y\n", "z é", '"z é"'),
    ("a: |\n  x y\n", " z é", '" z é"'),
    ("a: |\n  x y\n", "\nz é", '"\\nz é"'),
    ("a: |\n  x y\n", "", '""'),
    ("a: |\n", "z é", '"z é"'),
]


@pytest.mark.parametrize(("text", "value", "expected"), RESTYLED)
def test_the_style_of_the_old_scalar_is_kept(text: str, value: Tree, expected: str | None) -> None:
    """None where a plain scalar can't hold several lines."""
    assert (
        restyled(text, scalar_in(text), value, formatting=Formatting(), in_flow=False) == expected
    )


SPLICED: list[tuple[str, str, str | None]] = [
    # Only what differs is changed, and everything else stays as it was written.
    (
        'a: "x\\u0020http://localhost:80/ \\t"\n',
        "x http://shop-web:80/ \t",
        '"x\\u0020http://shop-web:80/ \\t"',
    ),
    ("a: 'it''s localhost'\n", "it's shop-web", "'it''s shop-web'"),
    ("a: |\n  one localhost\n  two\n", "one shop-web\ntwo\n", "|\n  one shop-web\n  two"),
    ("a: >-\n  one\n  localhost\n", "one shop-web", ">-\n  one\n  shop-web"),
    ("a: |\n  x 1 \n", "x 2 \n", "|\n  x 2 "),
    # The word around the difference is what is found again: 1 alone occurs twice.
    ("a: 'x1 y1'\n", "x1 y2", "'x1 y2'"),
    ("a: 'x1,x2'\n", "x1,x3", "'x1,x3'"),
    ("a: '10.0.0.1'\n", "10.0.0.2", "'10.0.0.2'"),
    # What is added or removed without a word to hold on to is written anew.
    ('a: "\\u0061 b"\n', "a b c", '"a b c"'),
    ('a: "\\u0061 b "\n', "a ", '"a "'),
    # So is a part that occurs twice in the value or in what is written, or that needs escapes.
    ('a: "\\u0061 b b"\n', "a b c", '"a b c"'),
    ('a: "\\u0062 b"\n', "b c", '"b c"'),
    ('a: "\\x62 x62"\n', "b y", '"b y"'),
    ('a: "\\u0061 é"\n', "a è", '"a è"'),
    ('a: "\\u0061 c"\n', "a è", '"a è"'),
    ('a: "\\u0061 é"\n', "a c", '"a c"'),
]


@pytest.mark.parametrize(("text", "value", "expected"), SPLICED)
def test_only_the_part_that_differs_is_changed(text: str, value: str, expected: str | None) -> None:
    """Where that part is written as it reads, once."""
    assert (
        restyled(text, scalar_in(text), value, formatting=Formatting(), in_flow=False) == expected
    )


FORMATTED: list[tuple[str, Tree, dict[str, Any], bool, str]] = [
    ("a: x\n", "1", {"quote": "'"}, False, "'1'"),
    ("a: x\n", "b,c", {}, True, '"b,c"'),
    ("a: x\n", "b,c", {}, False, "b,c"),
    ("a: x\n", "y\nz", {}, True, '"y\\nz"'),
    ("a: 'x'\n", "y\nz", {}, True, '"y\\nz"'),
    ("a: 'x'\n", 'y\n"', {"quote": "'"}, False, '"y\\n\\""'),
    ('{"a": "x"}', "é", {"json": True}, True, '"é"'),
    ('{"a": "x"}', 'é"\u2028', {"json": True}, True, '"é\\"\u2028"'),
    ("a: |\n  x y\n", "z é\nw", {"newline": "\r\n"}, False, "|-\r\n  z é\r\n  w"),
]


@pytest.mark.parametrize(("text", "value", "fields", "in_flow", "expected"), FORMATTED)
def test_the_new_scalar_is_formatted_as_the_file(
    text: str, value: Tree, fields: dict[str, Any], in_flow: bool, expected: str
) -> None:
    """With its quotes and line breaks; in flow and JSON as they need it."""
    formatting = Formatting(**fields)
    result = restyled(text, scalar_in(text), value, formatting=formatting, in_flow=in_flow)
    assert result == expected


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("a: x  # c\n", "x"),
        ("a: 'x'  \n", "'x'"),
        ("a: |\n  x  \nb: 1\n", "|\n  x  "),
        ("a: >\n  x\t\n", ">\n  x\t"),
    ],
)
def test_blanks_at_the_end_of_a_block_scalar_are_part_of_it(text: str, written: str) -> None:
    """Behind others they are not."""
    node = scalar_in(text)
    assert text[node.start : scalar_end(text, node)] == written
