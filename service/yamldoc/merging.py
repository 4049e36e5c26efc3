"""Merges operations that can't be compiled one by one."""

from __future__ import annotations

from collections.abc import Iterable

from service.yamldoc.nodes import Mapping, Route, Scalar, Sequence
from service.yamldoc.operations import AddEntry, AddItem, Operation, Remove, SetValue
from service.yamldoc.reading import read
from service.yamldoc.stream import Document


def merge_operations(document: Document, operations: Iterable[Operation]) -> list[Operation]:
    """Merge operations that can't be compiled one by one.

    Additions to an empty or null collection become one new value, and the removals of all that a
    collection holds become an empty one. All other operations stay as they are.
    """
    operations = list(operations)
    emptied = _emptied_collections(document, operations)
    result: list[Operation] = []
    replaced: dict[Route, int] = {}
    """For each collection that gets a new value, where in `result` the operation is."""
    for operation in operations:
        if isinstance(operation, AddEntry | AddItem) and _is_empty(document, operation.route):
            index = replaced.get(operation.route)
            known = result[index] if index is not None else None
            if index is not None and isinstance(known, SetValue) and _goes_with(operation, known):
                result[index] = _with_addition(known, operation)
            else:
                replaced[operation.route] = len(result)
                result.append(_with_addition(None, operation))
        elif isinstance(operation, Remove) and operation.route[:-1] in emptied:
            parent = operation.route[:-1]
            if parent not in replaced:
                replaced[parent] = len(result)
                result.append(SetValue(parent, emptied[parent], operation.stage))
        else:
            result.append(operation)
    return result


def _is_empty(document: Document, route: Route) -> bool:
    """Whether there is an empty collection or a null at a route."""
    found = document.find(route)
    match found.node if found else None:
        case Scalar() as scalar:
            return read(scalar) is None
        case Mapping() as mapping:
            return not mapping.entries
        case Sequence() as sequence:
            return not sequence.items
    return False


def _goes_with(addition: AddEntry | AddItem, known: SetValue) -> bool:
    """Whether an addition belongs in the new value that a collection gets."""
    is_entry = isinstance(addition, AddEntry)
    return (addition.stage, addition.until, is_entry) == (
        known.stage,
        known.until,
        isinstance(known.value, dict),
    )


def _with_addition(known: SetValue | None, addition: AddEntry | AddItem) -> SetValue:
    """The new value of an empty collection: with one more entry or item than `known` has."""
    if isinstance(addition, AddEntry):
        old = known.value if known else {}
        return SetValue(
            addition.route,
            {**old, addition.key: addition.value},
            stage=addition.stage,
            until=addition.until,
        )
    old = known.value if known else []
    return SetValue(
        addition.route, [*old, addition.value], stage=addition.stage, until=addition.until
    )


def _emptied_collections(
    document: Document, operations: Iterable[Operation]
) -> dict[Route, dict[str, object] | list[object]]:
    """The collections that lose all their children at one stage and get no new ones, each with the
    empty value that it gets; a whole document is never among them.
    """
    stages: dict[Route, list[int]] = {}
    grown: set[Route] = set()
    for operation in operations:
        if isinstance(operation, Remove):
            stages.setdefault(operation.route[:-1], []).append(operation.stage)
        elif isinstance(operation, AddEntry | AddItem):
            grown.add(operation.route)
    result: dict[Route, dict[str, object] | list[object]] = {}
    for route, removals in stages.items():
        if not route or route in grown or len(set(removals)) > 1:
            continue
        found = document.find(route)
        node = found.node if found else None
        if isinstance(node, Mapping) and len(node.entries) == len(removals):
            result[route] = {}
        elif isinstance(node, Sequence) and len(node.items) == len(removals):
            result[route] = []
    return result
