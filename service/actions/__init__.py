"""The actions, listed by hand: each is one package that decides one kind of rewrite."""

from __future__ import annotations

from service.actions import split, wrap
from service.actions.context import Action
from service.actions.split import decide as split_decide
from service.actions.wrap import decide as wrap_decide

ACTIONS: tuple[Action, ...] = (
    Action(
        id="wrap",
        module=wrap,
        rules=("bare-pod", "replicated-pods"),
        is_wanted=wrap_decide.is_wanted,
        propose=wrap_decide.propose,
        complete=wrap_decide.complete,
    ),
    Action(
        id="split",
        module=split,
        rules=("unrelated-containers", "split-in-progress"),
        is_wanted=split_decide.is_wanted,
        propose=split_decide.propose,
        complete=split_decide.complete,
    ),
)
"""In the order in which they are planned: what a later one proposes may build on an earlier one."""
