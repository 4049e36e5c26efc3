"""The actions, listed by hand: each is one module that decides one kind of rewrite."""

from __future__ import annotations

from service.actions import split, wrap
from service.actions.context import Action

ACTIONS: tuple[Action, ...] = (Action("wrap", wrap), Action("split", split))
"""In the order in which they are planned."""
