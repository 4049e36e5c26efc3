"""What the rest of Podsplit calls to change YAML: operations to edits, trees to text."""

from __future__ import annotations

from collections.abc import Iterable

from service.errors import EditError
from service.text import Edit
from service.yamldoc.layout import Formatting
from service.yamldoc.operations import Operation, Tree
from service.yamldoc.stream import Document
from service.yamldoc.verbatim import make_emitter, make_patcher


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
        formatting: how the file is formatted.
        around: operations of other changes on the same document. Where they indent the text, the
            new text is indented too.

    Raises:
        CrossesAnchor: the text is shared through an anchor.
        EditError: the document has duplicate keys, or an operation can't be carried out in it.
    """
    if document.duplicates:
        raise EditError("a document with duplicate keys is not edited: remove one of them")
    edits = make_patcher(document, formatting).edits(operations, around)
    return [edit.moved(document.span.start) for edit in edits]


def emit_json_item(tree: Tree, formatting: Formatting) -> str:
    """The text of an object as a further item of the List that `WrapInList` makes, with the comma
    before it.
    """
    indent = formatting.json_indent
    gap = formatting.newline + " " * (2 * indent) if indent is not None else " "
    return "," + gap + make_emitter(formatting).flow(tree, 2 * (indent or 0))


def emit_document(tree: Tree, formatting: Formatting) -> str:
    """The text of a new document, with a final line break and without a separator line."""
    return make_emitter(formatting).document(tree)
