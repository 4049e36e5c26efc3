"""What signals, rules and actions have in common: an id, and documentation that is their module's
docstring.

A docstring has a title line and four parts, each a paragraph that starts with its heading: `Looks
for:`, `Matters because:`, `Example:` and `Comes out:`. `docs/` and the HTTP lists are made from
them, so they can't drift apart.
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
    """The docs of a signal, rule or action, as Markdown."""

    title: str
    """One line."""
    looks_for: str
    """What it looks for."""
    why: str
    """Why it matters."""
    example: str
    """An example."""
    outcome: str
    """What comes out."""


def documented(module: ModuleType) -> Documentation:
    """The documentation in a module's docstring.

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
