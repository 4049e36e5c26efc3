"""The documentation in a docstring: its parts, and what happens if one is missing."""

from __future__ import annotations

from types import ModuleType

import pytest

from service.documentation import Documentation, documented

DOCSTRING = """A title, over
two lines.

Looks for: what it
looks for. Example: is a word here.

Matters because:
it does.

Example:
    a: 1
      b: 2

Comes out: a finding.
"""


def module_with(docstring: str | None) -> ModuleType:
    return ModuleType("some_rule", docstring)


def test_a_docstring_is_taken_apart() -> None:
    """Paragraphs become one line each; the example keeps its lines."""
    assert documented(module_with(DOCSTRING)) == Documentation(
        title="A title, over\ntwo lines",
        looks_for="what it looks for. Example: is a word here.",
        why="it does.",
        example="a: 1\n  b: 2",
        outcome="a finding.",
    )


@pytest.mark.parametrize(
    "docstring",
    [
        None,
        "",
        "A title.\n",
        DOCSTRING.replace("Matters because:", "It matters because:"),
        DOCSTRING.replace("Comes out:", "Example:"),
        DOCSTRING.replace("Looks for:", "Comes out:").replace("Comes out: a", "Looks for: a"),
        DOCSTRING + "\nExample: another one\n",
        DOCSTRING.replace("Comes out: a", "Comes out:a"),
    ],
)
def test_a_docstring_without_its_parts_is_refused(docstring: str | None) -> None:
    """All four, once each, in their order; the error names the module."""
    with pytest.raises(ValueError, match="some_rule"):
        documented(module_with(docstring))
