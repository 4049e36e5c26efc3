"""What all edits of one document need."""

from __future__ import annotations

from dataclasses import dataclass

from service.text import Edit, Span
from service.yamldoc.emit import Emitter
from service.yamldoc.formatting import Formatting
from service.yamldoc.stream import Document


@dataclass(frozen=True, slots=True)
class PatchContext:
    """A document that is edited, with what new text of it is written with."""

    document: Document
    """The document."""
    text: str
    """Its text; edits are in the offsets of it."""
    formatting: Formatting
    """How the file is formatted."""
    emitter: Emitter
    """Writes new values."""


def insertion(offset: int, content: str, *, stage: int, inside: Span | None = None) -> Edit:
    """An edit that inserts text at an offset.

    Args:
        offset: where.
        content: the text.
        stage: the first stage that has it.
        inside: the span of the collection that it adds to, as in `Edit`.
    """
    return Edit(span=Span(offset, offset), content=content, stage=stage, inside=inside)
