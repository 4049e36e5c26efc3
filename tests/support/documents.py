"""Documents for unit tests, parsed as the service parses them."""

from __future__ import annotations

from collections.abc import Iterable

from service.text import SourceFile, apply_edits
from service.yamldoc.compose import Limits
from service.yamldoc.editing import compile_operations
from service.yamldoc.formatting import Formatting, formatting_of
from service.yamldoc.operations import Operation
from service.yamldoc.stream import Document, Rejected, parse


def entry_of(text: str, limits: Limits | None = None) -> Document | Rejected:
    """The only document of a text, read or rejected."""
    (entry,) = parse(SourceFile("a.yaml", text), limits or Limits())
    return entry


def document_of(text: str) -> Document:
    """The only document of a text."""
    entry = entry_of(text)
    assert isinstance(entry, Document), entry
    return entry


def edited(
    text: str,
    *operations: Operation,
    stage: int = 2,
    around: Iterable[Operation] = (),
    formatting: Formatting | None = None,
) -> str:
    """The text after some operations, at a stage."""
    document = document_of(text)
    edits = compile_operations(
        document, operations, formatting or formatting_of([document]), around
    )
    return apply_edits(text, edits, stage)
