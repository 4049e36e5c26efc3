"""Scalars: what they read as in the Kubernetes tools, and when they need quotes."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from service.errors import InputError
from service.yamldoc.nodes import Scalar
from service.yamldoc.scalars import (
    is_word,
    plain_is_safe,
    quote,
    read_key,
    read_scalar,
    resolve_plain,
    scalar_text,
)


def scalar(text: str, *, style: str = "", tag: str | None = None) -> Scalar:
    full_tag = tag and f"tag:yaml.org,2002:{tag}"
    return Scalar(7, 7 + len(text), None, full_tag, text, style)


TRUE = "y Y yes Yes YES true True TRUE on On ON"
FALSE = "n N no No NO false False FALSE off Off OFF"
TEXT = "app yEs tRUE oN nULL Nulls yesno t f -y ~x"
PLAIN: list[tuple[str, Any]] = [
    *((word, True) for word in TRUE.split()),
    *((word, False) for word in FALSE.split()),
    *((word, None) for word in ("", "~", "null", "Null", "NULL")),
    # Words that only look like those above.
    *((word, word) for word in TEXT.split()),
    ("0", 0),
    ("-1", -1),
    ("+1", 1),
    ("1_000", 1000),
    ("0755", 493),
    ("0o755", 493),
    ("0O17", 15),
    ("0x1F", 31),
    ("0X1f", 31),
    ("-0x10", -16),
    ("0b101", 5),
    ("0B11", 3),
    ("089", 89),
    ("0x", "0x"),
    ("0b12", "0b12"),
    ("1.", 1),
    ("1.5", 1.5),
    ("1.0", 1),
    ("1e3", 1000),
    ("1E-1", 0.1),
    ("+1.5", 1.5),
    ("-1.5", -1.5),
    ("1_0.5", 10.5),
    (".5", 0.5),
    (".5e1", 5),
    (".5_0", 0.5),
    ("._5", "._5"),
    (".", "."),
    (".x", ".x"),
    ("-", "-"),
    ("-x", "-x"),
    ("1.2.3", "1.2.3"),
    ("12:30:45", "12:30:45"),
    ("2001-01-01", "2001-01-01"),
    ("10.0.0.0/8", "10.0.0.0/8"),
    ("1e400", "1e400"),
    ("-1e400", "-1e400"),
    (".5e999", ".5e999"),
    # The range of 64 bits; beyond it the tools read a float.
    (str(2**63 - 1), 2**63 - 1),
    (str(2**63), float(2**63)),
    (str(-(2**63)), -(2**63)),
    (str(-(2**63) - 1), float(-(2**63) - 1)),
    # A whole float is an integer in JSON, up to 1e21, where its form changes.
    ("9.5e20", 950000000000000000000),
    ("-9.5e20", -950000000000000000000),
    ("1e21", 1e21),
    ("-1e21", -1e21),
    # What is too long or too large for a number is a text.
    ("9" * 300, 1e300),
    ("9" * 301, 1e301),
    ("9" * 400, "9" * 400),
    ("0b" + "1" * 298, float(2**298)),
    ("0b" + "1" * 299, "0b" + "1" * 299),
    ("0x" + "f" * 298, "0x" + "f" * 298),
]


@pytest.mark.parametrize(("text", "value"), PLAIN)
def test_a_plain_scalar_reads_as_kubectl_reads_it(text: str, value: Any) -> None:
    """With its type: 1 is neither 1.0 nor true."""
    result = resolve_plain(text)
    assert (result, type(result)) == (value, type(value))
    assert read_scalar(scalar(text)) == value


@pytest.mark.parametrize(
    "text",
    [
        ".nan",
        ".NaN",
        ".NAN",
        *(sign + word for sign in ("", "+", "-") for word in (".inf", ".Inf", ".INF")),
    ],
)
def test_what_json_has_no_form_for_is_refused(text: str) -> None:
    """With its place; in quotes it is a text."""
    with pytest.raises(InputError) as raised:
        read_scalar(scalar(text))
    assert (raised.value.code, raised.value.offset) == ("not-a-number", 7)
    assert read_scalar(scalar(text, style='"')) == text


@pytest.mark.parametrize("style", ["'", '"', "|", ">"])
def test_a_quoted_scalar_is_a_text(style: str) -> None:
    """Whatever is in it, nothing included."""
    assert [read_scalar(scalar(text, style=style)) for text in ("", "1", "yes", "~")] == [
        "",
        "1",
        "yes",
        "~",
    ]


@pytest.mark.parametrize(
    ("text", "tag", "value"),
    [
        ("1", "str", "1"),
        ("", "str", ""),
        ("2001-01-01", "timestamp", "2001-01-01"),
        ("aGk=", "binary", "hi"),
        ("aG\n k=", "binary", "hi"),
        ("1", "int", 1),
        ("0x10", "int", 16),
        ("1", "float", 1),
        ("1.5", "float", 1.5),
        ("yes", "bool", True),
        ("~", "null", None),
    ],
)
def test_a_tag_says_what_a_scalar_is(text: str, tag: str, value: Any) -> None:
    """In quotes or not."""
    for style in ("", '"'):
        result = read_scalar(scalar(text, tag=tag, style=style))
        assert (result, type(result)) == (value, type(value))


def test_the_non_specific_tag_makes_a_text() -> None:
    """`! 1` is a string."""
    assert read_scalar(Scalar(0, 3, None, "!", "1", "")) == "1"


@pytest.mark.parametrize(
    ("text", "tag", "code"),
    [
        ("x", "int", "bad-tag"),
        ("1.5", "int", "bad-tag"),
        ("yes", "int", "bad-tag"),
        ("yes", "float", "bad-tag"),
        ("1", "bool", "bad-tag"),
        ("x", "null", "bad-tag"),
        ("a", "binary", "bad-binary"),
        ("/w==", "binary", "bad-binary"),
    ],
)
def test_a_scalar_that_does_not_fit_its_tag_is_refused(text: str, tag: str, code: str) -> None:
    """With its place."""
    with pytest.raises(InputError) as raised:
        read_scalar(scalar(text, tag=tag))
    assert (raised.value.code, raised.value.offset) == (code, 7)


@pytest.mark.parametrize(
    ("node", "key"),
    [
        (scalar("app"), "app"),
        (scalar("80"), "80"),
        (scalar("0755"), "493"),
        (scalar("1.5"), "1.5"),
        (scalar("yes"), "true"),
        (scalar("no", style="'"), "no"),
        (scalar("", style="'"), ""),
        (scalar("name"), "name"),
        (scalar("1", tag="str"), "1"),
        (scalar("app", tag="str"), "app"),
    ],
)
def test_a_key_is_a_string(node: Scalar, key: str) -> None:
    """In the form that JSON has for what it reads as."""
    assert read_key(node) == key


@pytest.mark.parametrize("text", ["", "~", "null"])
def test_a_null_key_is_refused(text: str) -> None:
    """With its place."""
    with pytest.raises(InputError) as raised:
        read_key(scalar(text))
    assert (raised.value.code, raised.value.offset) == ("null-key", 7)


@pytest.mark.parametrize("text", ["app", "metadata", "image", "<a", "$x"])
def test_a_word_reads_as_it_is_written(text: str) -> None:
    """Its first character is one that no other value starts with."""
    assert is_word(text)
    assert read_key(scalar(text)) == text


@pytest.mark.parametrize("text", ["", "<<", "yes", "name", "true", "1", "-", ".x", "~"])
def test_what_may_be_another_value_is_no_word(text: str) -> None:
    """A merge key is none either; `name` is looked at closely for its n."""
    assert not is_word(text)


SAFE = [
    "a",
    "a b",
    "a:b",
    "a#b",
    "k8s.io/app",
    "1.2.3",
    "a,b",
    "a]b",
    "$(x)",
    "(a)",
    "+x",
    "~x",
    ";",
]
UNSAFE = [
    "", " a", "a ", "a: b", "a #b", "a:", "- a", "-", "?", ":", "#a", "&a", "*a", "!a", "|", ">",
    "%a", "@a", "`a", "'a", '"a', "{a", "[a", ",", "a\nb", "a\tb", "a\x85b", "a\u2028b", "a\ufeff",
    "yes", "null", "~", "1", "0755", "1e3", ".5", ".inf", ".nan", "=", "<<", "---", "---a", "...",
    "12:30:45", "1:30", "2001-01-01", "2001-1-1 x", "1_000", "1,000", "0x1F", "0o7", "0b1", ".5_0",
]  # fmt: skip


@pytest.mark.parametrize("text", SAFE)
def test_a_safe_text_needs_no_quotes(text: str) -> None:
    """Every reader reads it as it is written."""
    assert plain_is_safe(text, flow=False)
    assert scalar_text(text) == text
    assert yaml.safe_load(f"a: {text}") == {"a": text}


@pytest.mark.parametrize("text", UNSAFE)
def test_an_unsafe_text_gets_quotes(text: str) -> None:
    """With which it reads as what it is."""
    assert plain_is_safe(text, flow=False) is False
    assert yaml.safe_load(f"a: {scalar_text(text)}") == {"a": text}
    assert yaml.safe_load(f"a: {scalar_text(text, preferred=chr(39))}") == {"a": text}


@pytest.mark.parametrize("text", [f"a{mark}b" for mark in "[]{},:#&*!|>'\"%@`?"])
def test_in_flow_more_texts_need_quotes(text: str) -> None:
    """Those with an indicator anywhere."""
    assert plain_is_safe(text, flow=False)
    assert plain_is_safe(text, flow=True) is False
    assert plain_is_safe(text.replace(text[1], "-"), flow=True)
    assert scalar_text(text, flow=True) != text == scalar_text(text)


@pytest.mark.parametrize(
    ("text", "preferred", "expected"),
    [
        ("a", '"', '"a"'),
        ("a", "'", "'a'"),
        ("it's", "'", "'it''s'"),
        ("it's", '"', '"it\'s"'),
        ('say "a"', '"', "'say \"a\"'"),
        ('say "a"', "", '"say \\"a\\""'),
        ('"it\'s"', '"', '"\\"it\'s\\""'),
        ('"a\\b"', '"', '"\\"a\\\\b\\""'),
        ('"é"', '"', '"\\"é\\""'),
        ("a\nb", "'", '"a\\nb"'),
        ("a\tb", "'", '"a\\tb"'),
        ("é😀", "'", "'é😀'"),
        ("é😀", '"', '"é😀"'),
        ("\x7f", "'", '"\\u007f"'),
        ("\x85\u2028\ufeff", "'", '"\\u0085\\u2028\\ufeff"'),
        ("\u2029\ufffe", '"', '"\\u2029\\ufffe"'),
        ("", '"', '""'),
        ("", "'", "''"),
    ],
)
def test_quotes_are_the_preferred_ones_where_they_can_be(
    text: str, preferred: str, expected: str
) -> None:
    """And others where they make the text plainer, or possible."""
    assert quote(text, preferred) == expected


def test_double_quotes_are_preferred_where_nothing_is_said() -> None:
    """As in most manifests."""
    assert (quote("1"), quote('"1"')) == ('"1"', "'\"1\"'")
    assert (scalar_text("1"), scalar_text('"1"')) == ('"1"', "'\"1\"'")


@pytest.mark.parametrize(
    ("value", "expected"),
    [(None, "null"), (True, "true"), (1, "1"), (1.5, "1.5"), ("a", "a"), ("1", '"1"')],
)
def test_other_scalars_are_written_as_in_json(value: Any, expected: str) -> None:
    """Which every reader reads alike."""
    assert scalar_text(value) == expected


def test_in_json_every_text_has_double_quotes() -> None:
    """Whatever the file prefers."""
    assert scalar_text("é", json_style=True, preferred="'") == '"é"'
    assert scalar_text(1, json_style=True) == "1"
