"""Operations that only make sense together, put together before they are compiled."""

from __future__ import annotations

from service.yamldoc.nodes import Mapping, Route, Scalar, Sequence
from service.yamldoc.operations import AddEntry, AddItem, Operation, Remove, SetValue, Tree
from service.yamldoc.reading import read
from service.yamldoc.stream import Document


def merge_operations(document: Document, operations: list[Operation]) -> list[Operation]:
    """Operations that only make sense together, put together.

    Additions to an empty or null collection become one new value; removals of everything in one
    become an empty one.
    """
    result: list[Operation] = []
    filled: dict[Route, SetValue] = {}
    emptied = _emptied(document, operations)
    for operation in operations:
        if isinstance(operation, AddEntry | AddItem):
            found = document.find(operation.route)
            node = found.node if found else None
            empty = (isinstance(node, Scalar) and read(node) is None) or (
                isinstance(node, Mapping) and not node.entries
            )
            if empty or (isinstance(node, Sequence) and not node.items):
                _fill(filled, result, operation)
                continue
        elif isinstance(operation, Remove) and operation.route[:-1] in emptied:
            parent = operation.route[:-1]
            if parent not in filled:
                filled[parent] = SetValue(parent, emptied[parent], operation.stage)
                result.append(filled[parent])
            continue
        result.append(operation)
    return result


def _fill(
    filled: dict[Route, SetValue], result: list[Operation], operation: AddEntry | AddItem
) -> None:
    known = filled.get(operation.route)
    if known is None or known.stage != operation.stage:
        value: Tree = {} if isinstance(operation, AddEntry) else []
        known = filled[operation.route] = SetValue(operation.route, value, operation.stage)
        result.append(known)
    if isinstance(operation, AddEntry):
        known.value[operation.key] = operation.value
    else:
        known.value.append(operation.value)


def _emptied(document: Document, operations: list[Operation]) -> dict[Route, Tree]:
    """The collections that lose all their children at one stage and get no new ones, with the
    empty value they become.
    """
    gone: dict[Route, set[int]] = {}
    counts: dict[Route, int] = {}
    for operation in operations:
        if isinstance(operation, Remove):
            gone.setdefault(operation.route[:-1], set()).add(operation.stage)
            counts[operation.route[:-1]] = counts.get(operation.route[:-1], 0) + 1
    grown = {
        operation.route for operation in operations if isinstance(operation, AddEntry | AddItem)
    }
    result: dict[Route, Tree] = {}
    for route, stages in gone.items():
        found = document.find(route)
        node = found.node if found else None
        size = (
            len(node.entries)
            if isinstance(node, Mapping)
            else len(node.items)
            if isinstance(node, Sequence)
            else 0
        )
        if route and counts[route] == size and len(stages) == 1 and route not in grown:
            result[route] = {} if isinstance(node, Mapping) else []
    return result
