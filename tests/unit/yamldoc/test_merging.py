"""Merging operations: empty collections that are filled, and collections that are emptied."""

from __future__ import annotations

import pytest

from service.yamldoc.merging import merge_operations
from service.yamldoc.operations import AddEntry, AddItem, Operation, Remove, RenameKey, SetValue
from tests.support.documents import document_of, edited

TEXT = """nothing:
empty map: {}
empty list: []
map: {a: 1, b: 2}
list: [x, y]
one: {a: 1}
x: y
"""


def merged(*operations: Operation) -> list[Operation]:
    return merge_operations(document_of(TEXT), operations)


@pytest.mark.parametrize("name", ["nothing", "empty map"])
def test_entries_of_an_empty_mapping_become_one_value(name: str) -> None:
    """In the order in which they are given; a null is empty too."""
    route = (name,)
    assert merged(AddEntry(route, "b", 1, 2), AddEntry(route, "a", 2, 2)) == [
        SetValue(route, {"b": 1, "a": 2}, 2)
    ]


@pytest.mark.parametrize("name", ["nothing", "empty list"])
def test_items_of_an_empty_sequence_become_one_value(name: str) -> None:
    """In the order in which they are given; a null is empty too."""
    route = (name,)
    assert merged(AddItem(route, 1, 2), AddItem(route, 2, 2)) == [SetValue(route, [1, 2], 2)]


def test_additions_of_other_stages_are_values_of_their_own() -> None:
    """As each stage has a text of its own."""
    route = ("nothing",)
    assert merged(AddItem(route, 1, 0), AddItem(route, 2, 1), AddItem(route, 3, 1)) == [
        SetValue(route, [1], 0),
        SetValue(route, [2, 3], 1),
    ]


def test_an_entry_and_an_item_are_not_merged() -> None:
    """Nothing can hold both; compiling refuses them."""
    route = ("nothing",)
    assert merged(AddItem(route, 1), AddEntry(route, "a", 2)) == [
        SetValue(route, [1]),
        SetValue(route, {"a": 2}),
    ]


@pytest.mark.parametrize(
    "operations",
    [
        (AddEntry(("map",), "c", 3),),
        (AddItem(("list",), "z"),),
        (AddEntry(("x",), "c", 3),),
        (AddEntry(("gone",), "c", 3),),
        (Remove(("map", "a")),),
        (Remove(("map", "a")), Remove(("map", "b"), 1)),
        (Remove(("list", 0)), Remove(("map", "a"))),
        (Remove(("one", "a")), AddEntry(("one",), "b", 2)),
        (Remove(("list", 0)), Remove(("list", 1)), AddItem(("list",), "z")),
        (Remove(("one", "a")), Remove(("map", "a")), AddEntry(("one",), "b", 2)),
        (Remove(("gone", "a")),),
        (Remove(("x", "a")),),
        (SetValue(("nothing",), 1), RenameKey(("x",), "z")),
        tuple(
            Remove((key,))
            for key in ("nothing", "empty map", "empty list", "map", "list", "one", "x")
        ),
    ],
)
def test_other_operations_stay_as_they_are(operations: tuple[Operation, ...]) -> None:
    """Some children are left, new ones come, or it is the document itself."""
    assert merged(*operations) == list(operations)


def test_a_collection_that_loses_all_becomes_an_empty_one() -> None:
    """At the place of the first removal, and with its stage."""
    assert merged(
        Remove(("map", "b"), 2),
        Remove(("one", "a"), 1),
        Remove(("map", "a"), 2),
        Remove(("list", 1)),
        Remove(("list", 0)),
    ) == [SetValue(("map",), {}, 2), SetValue(("one",), {}, 1), SetValue(("list",), [])]


def test_the_order_of_the_others_is_kept() -> None:
    """What is merged stands where its first part stood."""
    rename, remove = RenameKey(("x",), "z"), Remove(("map", "a"))
    assert merged(
        rename, AddItem(("nothing",), 1), remove, AddItem(("nothing",), 2), Remove(("one", "a"))
    ) == [rename, SetValue(("nothing",), [1, 2]), remove, SetValue(("one",), {})]


def test_the_operations_that_are_given_stay_as_they_are() -> None:
    """Nothing is added to their values."""
    value = {"k": 1}
    first, second = AddItem(("nothing",), value), AddEntry(("empty map",), "a", value)
    merged(first, AddItem(("nothing",), 2), second, AddEntry(("empty map",), "b", 2))
    assert (first, second) == (
        AddItem(("nothing",), {"k": 1}),
        AddEntry(("empty map",), "a", value),
    )
    assert value == {"k": 1}


def test_merged_operations_read_as_what_was_meant() -> None:
    """From an empty collection to a full one, and back."""
    assert (
        edited("a:\nb: 1\n", AddItem(("a",), 1), AddItem(("a",), 2)) == "a:\n  - 1\n  - 2\nb: 1\n"
    )
    assert edited("a:\n- 1\n- 2\nb: 1\n", Remove(("a", 1)), Remove(("a", 0))) == "a: []\nb: 1\n"
