"""What operations on a document mean on plain data: the oracle for `service.yamldoc.editing`."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

from service.yamldoc.operations import (
    HOLE,
    AddEntry,
    AddItem,
    Nest,
    Operation,
    Remove,
    RenameKey,
    SetValue,
)


def apply_operations(data: Any, operations: Iterable[Operation]) -> Any:
    """A copy of `data` with the operations carried out.

    They touch disjoint places, so removals can come last.
    """
    root = [copy.deepcopy(data)]
    for operation in sorted(operations, key=_order):
        _apply(root, operation)
    return root[0]


def _order(operation: Operation) -> tuple[int, ...]:
    """Removals last, deep routes first, and in one list from its end: so indices still hold."""
    match operation:
        case Remove(route=(*_, int(index))):
            pass
        case AddItem(index=int(index)):
            pass
        case _:
            index = 0
    return (isinstance(operation, Remove), -len(operation.route), -index)


def _apply(root: list[Any], operation: Operation) -> None:
    holder: Any = root
    step: Any = 0
    for following in operation.route:
        holder, step = holder[step], following
    match operation:
        case SetValue():
            holder[step] = operation.value
        case RenameKey():
            renamed = {
                operation.name if key == step else key: value for key, value in holder.items()
            }
            holder.clear()
            holder.update(renamed)
        case AddEntry():
            holder[step] = {**(holder[step] or {}), operation.key: operation.value}
        case AddItem():
            items = list(holder[step] or [])
            items.insert(
                len(items) if operation.index is None else operation.index, operation.value
            )
            holder[step] = items
        case Remove():
            del holder[step]
        case Nest():
            holder[step] = _fill_hole(operation.tree, holder[step])


def _fill_hole(tree: Any, old: Any) -> Any:
    """A tree with the old value in its hole."""
    if tree is HOLE:
        return old
    return (
        {key: _fill_hole(value, old) for key, value in tree.items()}
        if isinstance(tree, dict)
        else tree
    )
