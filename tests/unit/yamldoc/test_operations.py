"""Operations are values: planning compares them, and keeps them in sets."""

from __future__ import annotations

import pytest

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
from tests.support.documents import document_of


def operations() -> list[Operation]:
    return [
        SetValue(("a",), 1),
        RenameKey(("a",), "b"),
        AddEntry(("a",), "b", 1),
        AddItem(("a",), 1),
        Remove(("a",)),
        Nest(("a",), {"b": HOLE}),
        WrapInList(),
    ]


def test_operations_are_equal_by_what_they_do() -> None:
    """And different ones are not."""
    assert operations() == operations()
    assert all(
        one != other
        for index, one in enumerate(operations())
        for other in operations()[index + 1 :]
    )
    assert Remove(("a",)) != Remove(("a",), stage=1)


def test_operations_belong_to_the_first_stage_unless_told() -> None:
    """They add at the end, and to no other place."""
    assert {operation.stage for operation in operations()} == {0}
    assert AddEntry(("a",), "b", 1).after is None
    assert AddItem(("a",), 1).index is None
    assert WrapInList().route == ()


@pytest.mark.parametrize("operation", operations(), ids=lambda operation: type(operation).__name__)
def test_an_operation_does_not_change(operation: Operation) -> None:
    """It can be shared between plans."""
    with pytest.raises(AttributeError):
        operation.stage = 3  # type: ignore[misc]


def test_text_is_copied_as_it_is_unless_told() -> None:
    """Two leaves are equal only in the same document."""
    document = document_of("a: 1\n")
    assert Verbatim(document, ("a",)).operations == ()
    assert Verbatim(document, ("a",)) == Verbatim(document, ("a",))
    assert Verbatim(document, ("a",)) != Verbatim(document_of("a: 1\n"), ("a",))
