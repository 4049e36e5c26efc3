"""Reading trees as data, and finding nodes by route: aliases, merge keys and dead ends."""

from __future__ import annotations

from typing import Any

import pytest

from service.errors import InputError
from service.yamldoc.nodes import Alias, Mapping, Route, Scalar, Sequence
from service.yamldoc.reading import find, is_merge, merge_sources, nearest, read, resolve_alias
from tests.support.documents import document_of

ANCHORS = """base: &base
  a: 1
  b: &inner {x: 2}
other: &other {a: 3, c: 4}
alias: *base
merged:
  b: 5
  <<: *base
late:
  <<: *base
  a: 6
both: {<<: [*base, *other]}
inline: {<<: {d: 7}}
mixed: &mixed {<<: *base, e: 8}
mixed alias: *mixed
list: [*inner, plain]
"""


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("a: {b: [1, x, null, {}, []]}\n", {"a": {"b": [1, "x", None, {}, []]}}),
        ("a: &x [1]\nb: *x\n", {"a": [1], "b": [1]}),
        ("a: 1\na: 2\n", {"a": 2}),
    ],
)
def test_a_tree_reads_as_plain_data(text: str, data: Any) -> None:
    """Aliases written out, and the last of equal keys."""
    assert read(document_of(text).root) == data


def test_merge_keys_read_as_kubectl_reads_them() -> None:
    """In the order of the entries; of several sources the first one wins."""
    data = document_of(ANCHORS).read()
    assert data["merged"] == {"b": {"x": 2}, "a": 1}
    assert data["late"] == {"a": 6, "b": {"x": 2}}
    assert data["both"] == {"a": 1, "b": {"x": 2}, "c": 4}
    assert data["inline"] == {"d": 7}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: &x {b: 1}\nc: {<<: *x}\n", True),
        ("a: &x {b: 1}\nc: {!!merge <<: *x}\n", True),
        ("a: &x {b: 1}\nc: {'<<': *x}\n", False),
        ("a: &x {b: 1}\nc: {!!str <<: *x}\n", False),
        ("a: &x {b: 1}\nc: {<: *x}\n", False),
    ],
)
def test_a_merge_key_is_plain(text: str, expected: bool) -> None:
    """In quotes or with a tag of its own it is a key like others."""
    found = document_of(text).find(("c",))
    assert found is not None
    assert isinstance(found.node, Mapping)
    assert is_merge(found.node.entries[0][0]) is expected


@pytest.mark.parametrize("value", ["1", "[1]", "[*x, y]", "[[*x]]", "~"])
def test_a_merge_key_takes_mappings_only(value: str) -> None:
    """Anything else is refused, with its place."""
    text = f"a: &x {{b: 1}}\nc: {{<<: {value}}}\n"
    with pytest.raises(InputError) as raised:
        document_of(text).read()
    assert (raised.value.code, raised.value.offset) == ("bad-merge", text.index("<<") + 4)


def test_sources_of_a_merge_come_in_the_order_in_which_they_are_read() -> None:
    """The first one is read last, as it wins; aliases are followed."""
    document = document_of("a: &x {}\nb: &y {}\nc: {<<: [*x, *y]}\n")
    root = document.root
    assert isinstance(root, Mapping)
    merged = root.index["c"]
    assert isinstance(merged, Mapping)
    assert merge_sources(merged.entries[0][1]) == [root.index["b"], root.index["a"]]
    assert merge_sources(root.index["a"]) == [root.index["a"]]


FOUND: list[tuple[Route, Any]] = [
    ((), ...),
    (("base", "a"), 1),
    (("alias", "b", "x"), 2),
    (("merged", "a"), 1),
    (("merged", "b"), {"x": 2}),
    (("late", "a"), 6),
    (("both", "a"), 1),
    (("both", "c"), 4),
    (("inline", "d"), 7),
    (("list", 0, "x"), 2),
    (("list", 1), "plain"),
]


@pytest.mark.parametrize(("route", "data"), FOUND)
def test_a_route_leads_to_a_node(route: Route, data: Any) -> None:
    """Through aliases and merge keys, to what is read there."""
    document = document_of(ANCHORS)
    found = document.find(route)
    assert found is not None
    assert read(found.node) == (document.read() if data is ... else data)
    assert nearest(document.root, route) == (found.node, len(route))


@pytest.mark.parametrize(
    ("route", "depth"),
    [
        (("none",), 0),
        (("none", "base"), 0),
        (("base", "a", 0), 2),
        (("base", "none"), 1),
        (("base", "a", "none"), 2),
        (("base", 0), 1),
        (("alias", "b", "y"), 2),
        (("merged", "none"), 1),
        (("list", 2), 1),
        (("list", -1), 1),
        (("list", "0"), 1),
        (("list", 1, "x"), 2),
    ],
)
def test_a_route_may_lead_to_nothing(route: Route, depth: int) -> None:
    """The nearest node is then the deepest one on the way."""
    document = document_of(ANCHORS)
    assert document.find(route) is None
    node, steps = nearest(document.root, route)
    assert steps == depth
    found = document.find(route[:depth])
    assert found is not None
    assert node is found.node


@pytest.mark.parametrize(
    ("route", "shared"),
    [
        ((), False),
        (("base",), True),
        (("base", "a"), True),
        (("alias", "a"), True),
        (("merged",), False),
        (("merged", "b"), True),
        (("late", "a"), False),
        (("late", "b"), True),
        (("inline", "d"), True),
        (("mixed", "e"), True),
        (("mixed alias", "e"), True),
        (("list",), False),
        (("list", 0), True),
        (("list", 1), False),
    ],
)
def test_what_other_places_show_too_is_shared(route: Route, shared: bool) -> None:
    """An anchored node, what is in it, and what an alias or a merge key brings in."""
    found = document_of(ANCHORS).find(route)
    assert found is not None
    assert found.shared is shared


def test_an_anchor_without_an_alias_shares_nothing() -> None:
    """Its node is written once and read once; at the root too."""
    root = document_of("&x\na: &y {b: 1}\n").root
    assert [
        find(root, route, aliased=aliased).shared  # type: ignore[union-attr]
        for route in ((), ("a", "b"))
        for aliased in (True, False)
    ] == [True, False, True, False]
    unless_told = find(root, ("a", "b"))
    assert unless_told is not None
    assert unless_told.shared is True


def test_a_found_node_knows_its_place() -> None:
    """How it is written, where, and under which key."""
    document = document_of(ANCHORS)
    root = document.root
    assert isinstance(root, Mapping)

    top = document.find(())
    assert top is not None
    assert (top.node, top.written, top.parent, top.key) == (root, root, None, None)

    alias = document.find(("alias",))
    assert alias is not None
    assert isinstance(alias.written, Alias)
    assert (alias.node, alias.parent) == (root.index["base"], root)
    assert alias.key is not None
    assert alias.key.text == "alias"

    merged = document.find(("merged", "a"))
    assert merged is not None
    assert isinstance(merged.node, Scalar)
    assert (merged.written, merged.key) == (None, None)
    assert merged.parent is root.index["merged"]

    item = document.find(("list", 1))
    assert item is not None
    assert isinstance(item.parent, Sequence)
    assert (item.written, item.key) == (item.node, None)


def test_an_alias_is_resolved_to_its_node() -> None:
    """Any other node is what it is."""
    root = document_of("a: &x 1\nb: *x\n").root
    assert isinstance(root, Mapping)
    assert resolve_alias(root.index["b"]) is root.index["a"]
    assert resolve_alias(root) is root
