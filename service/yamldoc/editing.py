"""What the rest of Podsplit calls to change YAML: operations to edits, trees to text."""

from __future__ import annotations

from collections.abc import Iterable

from service.errors import EditError
from service.text import Edit
from service.yamldoc.emit import Emitter
from service.yamldoc.layout import Formatting
from service.yamldoc.operations import Operation, Tree
from service.yamldoc.patch import Patcher
from service.yamldoc.stream import Document
from service.yamldoc.verbatim import extract_verbatim


def compile_operations(
    document: Document,
    operations: Iterable[Operation],
    formatting: Formatting,
    around: Iterable[Operation] = (),
) -> list[Edit]:
    """The edits of the document's file that carry out the operations.

    Args:
        document: the document.
        operations: what to do.
        formatting: how the file is written.
        around: operations of other changes on the same document; those that put text deeper count
            for the indentation.

    Raises:
        CrossesAnchor: the text is shared through an anchor.
        EditError: the document has duplicate keys, or no such place.
    """
    if document.duplicates:
        raise EditError("a document with duplicate keys is not edited: remove one of them")
    patcher = Patcher(document, formatting, lambda leaf: extract_verbatim(leaf, formatting))
    base = document.span.start
    edits = patcher.edits(list(operations), around)
    return [edit.moved(base) for edit in edits]


def emit_json_item(tree: Tree, formatting: Formatting) -> str:
    """The text of an object as a further item of the List that `Enlist` makes, the comma before
    it included.
    """
    indent = formatting.json_indent
    pad = formatting.newline + " " * (2 * indent) if indent is not None else " "
    return (
        ","
        + pad
        + Emitter(formatting, lambda leaf: extract_verbatim(leaf, formatting)).flow(
            tree, 2 * (indent or 0)
        )
    )


def emit_document(tree: Tree, formatting: Formatting) -> str:
    """The text of a new document, with a final line break and without a separator line."""
    return Emitter(formatting, lambda leaf: extract_verbatim(leaf, formatting)).document(tree)
