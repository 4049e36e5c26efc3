"""What operations on a document mean, said on plain data: the oracle for
`service.yamldoc.editing`.
"""

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


def applied(data: Any, operations: Iterable[Operation]) -> Any:
    """A copy of `data` with the operations carried out; they touch disjoint places, so removals
    can come last.
    """
    root = [copy.deepcopy(data)]
    ordered = sorted(operations, key=lambda o: (isinstance(o, Remove), -len(o.route), _reversed(o)))
    for operation in ordered:
        _apply(root, operation)
    return root[0]


def _reversed(operation: Operation) -> tuple[Any, ...]:
    last = (
        operation.route[-1]
        if isinstance(operation, Remove) and isinstance(operation.route[-1], int)
        else 0
    )
    index = operation.index if isinstance(operation, AddItem) and operation.index is not None else 0
    return (-int(last), -index)


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
            holder[step] = _filled(operation.tree, holder[step])


def _filled(tree: Any, old: Any) -> Any:
    if tree is HOLE:
        return old
    return (
        {key: _filled(value, old) for key, value in tree.items()}
        if isinstance(tree, dict)
        else tree
    )
