"""Composing: spans of nodes, keys, and limits at their exact values."""

from __future__ import annotations

import pytest

from service.errors import InputError, LimitExceeded
from service.yamldoc.compose import Composed, Limits, compose
from service.yamldoc.nodes import Mapping, Node, Sequence
from service.yamldoc.reading import read


def composed(text: str, **limits: int) -> Composed:
    return compose(text, Limits(**limits))


def root_of(text: str) -> Node:
    root = composed(text).root
    assert root is not None
    return root


def code_of(text: str, **limits: int) -> tuple[str, int | None]:
    """The code and the offset of the error."""
    with pytest.raises(InputError) as raised:
        composed(text, **limits)
    assert isinstance(raised.value, LimitExceeded) is (
        raised.value.code in ("depth", "aliases", "scalar-length")
    )
    return raised.value.code, raised.value.offset


@pytest.mark.parametrize("text", ["", "\n", "# only a comment\n"])
def test_nothing_is_no_tree(text: str) -> None:
    """Blanks and comments are nothing."""
    assert composed(text) == Composed(None, (), is_ambiguous=False, aliased=False)


SPANS = [
    ("a: x # c\n", "x"),
    ("a: 'x' # c\n", "'x'"),
    ("a: &b !!str x\n", "&b !!str x"),
    ("a:\n  b: 1\n\n# c\nd: 2\n", "b: 1"),
    ("a:\n- 1\n- 2\n\n\n# c\n", "- 1\n- 2"),
    ("a: {b: 1} # c\n", "{b: 1}"),
    ("a: [1,\n  2 ] # c\n", "[1,\n  2 ]"),
    ("a: {}\n", "{}"),
    ("a: |\n  x\n\n\nb: 1\n", "|\n  x"),
    ("a: |\r\n  x\r\n\r\nb: 1\r\n", "|\r\n  x"),
    ("a: |+\n  x\n\nb: 1\n", "|+\n  x\n"),
    ("a: |+\r\n  x\r\n\r\nb: 1\r\n", "|+\r\n  x\r\n"),
    ("a: |2+ # c\n    x\n\nb: 1\n", "|2+ # c\n    x\n"),
    ("a: | # +\n  x\n\nb: 1\n", "| # +\n  x"),
    ("a: |+\n  x", "|+\n  x"),
    ("a: >-\n  x\n  y\n\n", ">-\n  x\n  y"),
    ("a: &b |\n  x\n\n", "&b |\n  x"),
    ("a: |\n", "|"),
    ("a: |", "|"),
    ("a: |+", "|+"),
]


@pytest.mark.parametrize(("text", "expected"), SPANS)
def test_a_node_spans_its_own_text(text: str, expected: str) -> None:
    """Without blanks and comments behind it, in every style."""
    root = root_of(text)
    assert isinstance(root, Mapping)
    node = root.values()[0]
    assert text[node.start : node.end] == expected
    assert node.end - node.start == len(expected)


def test_a_collection_ends_with_its_last_leaf() -> None:
    """The root of a block document too."""
    text = "a:\n- b: {c: 1}\n  d:\n\n# end\n"
    root = root_of(text)
    assert text[root.start : root.end] == text[: text.index("\n\n")]


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("80: a\n", {"80": "a"}),
        ("yes: a\nb: 1\n", {"true": "a", "b": 1}),
        ("a: 1\n'b': 2\nc: 3\n", {"a": 1, "b": 2, "c": 3}),
        ("a: &k x\n*k : z\n", {"a": "x", "x": "z"}),
        ("? a\n: b\n", {"a": "b"}),
        ("a b: c\n", {"a b": "c"}),
        ("{a: 1, b: }\n", {"a": 1, "b": None}),
        ('{"a":1}\n', {"a": 1}),
        ("&x a: 1\nb: *x\n", {"a": 1, "b": "a"}),
    ],
)
def test_keys_read_as_kubernetes_reads_them(text: str, data: object) -> None:
    """Plain words or not, alone or among others."""
    assert read(root_of(text)) == data


def test_a_key_of_an_escaped_line_break_keeps_its_place() -> None:
    """A plain key that is written on more characters than it reads as is no plain word."""
    root = root_of("a: 1\n? b\n  c\n: 2\n")
    assert isinstance(root, Mapping)
    key = root.entries[1][0]
    assert (key.text, key.start, key.end) == ("b c", 7, 12)


def test_keys_are_interned() -> None:
    """The same key is in memory once, however many documents have it."""
    one, other = root_of("metadata: 1\n"), root_of("metadata: 2\n")
    assert isinstance(one, Mapping)
    assert isinstance(other, Mapping)
    assert next(iter(one.index)) is next(iter(other.index))


ERRORS = [
    ("a: {b\n", ("yaml-syntax", 6)),
    ("a: {{ .Values.x }}\n", ("template", 3)),
    ("a: {{- x }}\n", ("template", 3)),
    ("{{ if x }}\na: 1\n{{ end }}\n", ("template", 0)),
    ("a: '{{ x }}\n", ("template", 4)),
    ("a: '{{ }}\n", ("yaml-syntax", 10)),
    ("a: { {b: c}: d}\n", ("complex-key", 5)),
    ("a: {{b: c}: d}\n", ("template", 3)),
    ("? [a]\n: b\n", ("complex-key", 2)),
    ("a: &x [b]\n*x : c\n", ("complex-key", 10)),
    ("a: *x\n", ("unknown-alias", 3)),
    ("a: &x {b: *x}\n", ("recursive-alias", 10)),
    ("a: &x [*x]\n", ("recursive-alias", 7)),
    ("a: \x07\n", ("yaml-characters", 3)),
    ("a: 1\n...\nb: 2\n", ("dropped-document", 9)),
    ("a: 1\n--- \nb: 2\n", ("dropped-document", 5)),
    ("{a: 1}\nb: 2\n", ("yaml-syntax", 7)),
    ("{a: 1}\nb: 2\n...\nc: 3\n", ("dropped-document", 7)),
    ("a: [b\n...\nc", ("yaml-syntax", 6)),
    ("%YAML 1.1\n---\na: 1\n", ("directive", 0)),
    ("%TAG ! tag:x,2000:\n---\na: 1\n", ("directive", 0)),
    ("a: {~: x}\n", ("null-key", 4)),
]


@pytest.mark.parametrize(("text", "expected"), ERRORS)
def test_what_kubectl_refuses_is_refused_with_its_place(
    text: str, expected: tuple[str, int | None]
) -> None:
    """Each under its own code."""
    assert code_of(text) == expected


@pytest.mark.parametrize(
    "tag", ["!!str", "!!int", "!", "!!map", "!!seq", "!!float", "!!null", "!!binary"]
)
def test_tags_of_the_core_are_read(tag: str) -> None:
    """Whether the value fits its tag is seen when it is read."""
    value = {"!!map": "{}", "!!seq": "[]"}.get(tag, "'1'")
    assert isinstance(root_of(f"a: {tag} {value}\n"), Mapping)


def nested(depth: int) -> str:
    return "[" * depth + "]" * depth


def test_the_depth_limit_is_exact() -> None:
    """As many nested collections as it says, and not one more."""
    assert isinstance(composed(nested(3), depth=3).root, Sequence)
    assert code_of(nested(4), depth=3) == ("depth", 3)
    assert code_of("a: {b: {c: {}}}", depth=3) == ("depth", 11)


def test_the_limit_of_a_scalar_is_exact() -> None:
    """It counts what is written, quotes and indentation included; keys are scalars too."""
    for within, above in (
        ("abc", "abcd"),
        ("'b'", "'bc'"),
        ("&a b", "&a bc"),
        ("{abc: d}", "{abcd: e}"),
        ("{a: {bcd: e}}", "{a: {bcde: f}}"),
    ):
        limit = 4 if within.startswith("&") else 3
        assert composed(within, scalar_length=limit).root is not None
        assert code_of(above, scalar_length=limit)[0] == "scalar-length"
    assert composed("k: &a b", scalar_length=4).root is not None
    assert code_of("|\n  abcdef\n", scalar_length=8)[0] == "scalar-length"


def test_the_limit_of_written_out_aliases_is_exact() -> None:
    """Every node counts once for each place at which it would stand."""
    text = "a: &a [1, 2]\nb: [*a, *a]\n"
    # The mapping, 3 nodes of a, and the list b with twice 3 more.
    assert composed(text, expanded_nodes=11).aliased
    assert code_of(text, expanded_nodes=10)[0] == "aliases"
    assert composed("[1, 2, 3, 4, 5]", expanded_nodes=2).root is not None
    # The mapping, its two values, and the key once more.
    assert composed("&k a: 1\nb: *k\n", expanded_nodes=3).aliased
    assert code_of("&k a: 1\nb: *k\n", expanded_nodes=2)[0] == "aliases"


def test_an_alias_may_repeat_beside_its_anchor() -> None:
    """Only inside of it, it would never end."""
    assert read(root_of("a: &x {b: &y 1, c: *y}\nd: *x\ne: [*x, *y]\n")) == {
        "a": {"b": 1, "c": 1},
        "d": {"b": 1, "c": 1},
        "e": [{"b": 1, "c": 1}, 1],
    }


def test_duplicates_are_counted_up_to_a_hundred() -> None:
    """Each with the key before it that it hides."""
    assert len(composed("a: 1\n" * 101).duplicates) == 100
    assert len(composed("a: 1\n" * 102).duplicates) == 100
    pairs = composed("a: 1\nb: 2\na: 3\na: 4\n").duplicates
    assert [(pair.key.start, pair.hidden.start) for pair in pairs] == [(10, 0), (15, 10)]


@pytest.mark.parametrize(
    ("text", "is_equal"),
    [
        ("a: 1\na: 1\n", True),
        ("a: 1\na: 2\n", False),
        ("a: x\na: 'x'\n", True),
        ("a: 1\na: '1'\n", False),
        ("a: 1\na: true\n", False),
        ("a: 010\na: 8\n", True),
        ("a: {b: 1}\na: {b: 1}\n", True),
        ("a: {b: 1}\na: {b:  1}\n", False),
        ("a: [x]\na: x\n", False),
        ("x: &x 1\na: [*x]\na: [*x]\n", False),
        ("a: .nan\na: .nan\n", False),
        ("a: 1\n" * 101 + "b: 1\nb: 2\n", False),
    ],
)
def test_two_values_are_equal_where_that_is_sure(text: str, is_equal: bool) -> None:
    """Else it can't be told which one is meant."""
    assert composed(text).is_ambiguous is not is_equal


def test_without_duplicates_nothing_is_ambiguous() -> None:
    """Merge keys and other mappings are none."""
    assert not composed("x: &x {a: 1}\ny: {<<: *x, a: 2}\n").is_ambiguous


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("a: 1\nb: 2\n", 0),
        ("80: 1\n'80': 2\n", 1),
        ("yes: 1\n'true': 2\n", 1),
        ("a: 1\n'a': 2\n", 1),
        ("x: &x {a: 1}\ny: {<<: *x, <<: *x}\n", 0),
        ("x: &x {a: 1}\ny: {'<<': *x, '<<': *x}\n", 1),
        ("x: &x {a: 1}\ny: {<<: *x, a: 2}\n", 0),
        ("a: {b: 1}\nc: {b: 1}\n", 0),
    ],
)
def test_keys_are_equal_if_they_read_the_same(text: str, count: int) -> None:
    """A merge key is no duplicate, neither of another one nor of what it brings in."""
    assert len(composed(text).duplicates) == count


@pytest.mark.parametrize("head", ["", "# first\n"])
def test_a_crowd_of_directives_is_refused_before_it_is_parsed(head: str) -> None:
    """Sixteen are left to the parser, which sees that one stands twice; one more costs too much."""
    text = head + "".join(f"%TAG !a{number}! tag:x,2000:\n" for number in range(15))
    assert code_of(text + "%TAG !a0! tag:x,2000:\n")[0] == "yaml-syntax"
    assert code_of(text + "%TAG !a0! tag:x,2000:\n" * 2) == ("directive", 0)


def test_a_syntax_error_is_explained_in_the_parsers_words() -> None:
    """Which quote nothing of the text."""
    with pytest.raises(InputError, match="not valid YAML: mapping values are not allowed"):
        composed("secret: b: c\n")


def test_the_default_limits_are_the_documented_ones() -> None:
    """A sender may rely on them."""
    limits = Limits()
    assert (limits.depth, limits.expanded_nodes) == (200, 1_000_000)
    assert limits.scalar_length == 4 * 1024 * 1024


def test_whether_there_is_an_alias_is_noted() -> None:
    """An anchor alone is none."""
    assert composed("a: &x 1\nb: *x\n").aliased
    assert not composed("a: &x 1\n").aliased
