"""Nodes: entries that are made when they are asked for, and walking a tree."""

from __future__ import annotations

import pytest

from service.yamldoc.nodes import Alias, Mapping, Scalar, Sequence, walk
from tests.support.documents import document_of


def root_of(text: str) -> Mapping:
    root = document_of(text).root
    assert isinstance(root, Mapping)
    return root


def test_the_nodes_of_plain_keys_are_made_when_asked_for() -> None:
    """With the places that they have in the text; the values stay the same nodes."""
    text = "a: 1\nbc: 2\n"
    mapping = root_of(text)
    values = mapping.values()
    starts = [mapping.key_starts]
    keys = [key for key, _ in mapping.entries]
    assert [*starts, mapping.key_starts] == [[0, 5], None]
    assert [(key.text, key.start, key.end) for key in keys] == [("a", 0, 1), ("bc", 5, 7)]
    assert [(key.style, key.anchor, key.tag) for key in keys] == [("", None, None)] * 2
    assert [value for _, value in mapping.entries] == values == mapping.values()
    assert mapping.entries is mapping.entries


def test_entries_has_what_is_written_and_index_what_is_read() -> None:
    """Of equal keys the last one is read, but all their values are there."""
    mapping = root_of("a: 1\nb: 2\na: 3\n")
    assert [key.text for key, _ in mapping.entries] == ["a", "b", "a"]
    assert {key: value.start for key, value in mapping.index.items()} == {"a": 13, "b": 8}
    assert [value.start for value in mapping.values()] == [3, 8, 13]


@pytest.mark.parametrize(
    ("text", "merges"),
    [("x: &a {b: 1}\nc: {<<: *a}\n", True), ("x: &a {b: 1}\nc: {'<<': *a}\n", False)],
)
def test_a_merge_key_is_noted(text: str, merges: bool) -> None:
    """In quotes it is a key like any other."""
    inner = root_of(text).index["c"]
    assert isinstance(inner, Mapping)
    assert inner.merges is merges
    assert ("<<" in inner.index) is not merges


def test_walking_a_tree_meets_every_value_once() -> None:
    """Keys are left out, and aliases are not followed."""
    root = root_of("a: &x [1, {b: 2}]\nc: *x\n")
    nodes = list(walk(root))
    assert nodes[0] is root
    assert [type(node) for node in nodes] == [Mapping, Sequence, Scalar, Mapping, Scalar, Alias]
    assert [node.text for node in nodes if isinstance(node, Scalar)] == ["1", "2"]


def test_an_alias_knows_its_anchor() -> None:
    """By name and by node."""
    root = root_of("a: &x y\nb: *x\n")
    alias = root.index["b"]
    assert isinstance(alias, Alias)
    assert alias.name == root.index["a"].anchor == "x"
    assert alias.target is root.index["a"]
