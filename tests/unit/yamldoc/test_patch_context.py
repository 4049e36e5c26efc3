"""Insertions, which all edits that add text are made of."""

from __future__ import annotations

from service.text import Edit, Span
from service.yamldoc.patch_context import insertion


def test_an_insertion_replaces_nothing() -> None:
    """It has its stage, and what it adds to."""
    assert insertion(3, "x", stage=1) == Edit(Span(3, 3), "x", stage=1)
    assert insertion(3, "x", stage=0, inside=Span(1, 3)) == Edit(Span(3, 3), "x", inside=Span(1, 3))
