"""The documentation of signals, rules and actions, read from the docstrings of their modules.

A docstring has a title line and four parts, each a paragraph that starts with its heading: `Looks
for:`, `Matters because:`, `Example:` and `Comes out:`. `docs/` and the lists over HTTP are made
from the docstrings, so they say the same.
"""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass
from types import ModuleType

_PARTS = ("Looks for", "Matters because", "Example", "Comes out")
_PART = re.compile(rf"^({'|'.join(_PARTS)}):[ \n]", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Documentation:
    """The documentation of a signal, rule or action, as Markdown."""

    title: str
    """One line, without a full stop."""
    looks_for: str
    """What it looks for."""
    why: str
    """Why it matters."""
    example: str
    """An example, its line breaks and indentation kept."""
    outcome: str
    """What comes out."""


def documented(module: ModuleType) -> Documentation:
    """The documentation in a module's docstring.

    Args:
        module: the module of a signal, rule or action.

    Raises:
        ValueError: a part is missing, or they are out of order.
    """
    docstring = inspect.getdoc(module) or ""
    pieces = _PART.split(docstring)
    if tuple(pieces[1::2]) != _PARTS:
        raise ValueError(
            f"the docstring of {module.__name__} needs the parts {_PARTS}, in this order"
        )
    texts = [
        " ".join(piece.split()) if heading != "Example" else inspect.cleandoc("\n" + piece)
        for heading, piece in zip(pieces[1::2], pieces[2::2], strict=True)
    ]
    return Documentation(pieces[0].strip().rstrip("."), *texts)
