"""What the rest of Podsplit calls to change YAML: operations to edits, trees to text."""

from __future__ import annotations

from collections.abc import Iterable

from service.errors import RepeatedKey
from service.text import Edit
from service.yamldoc.formatting import Formatting
from service.yamldoc.nodes import Route
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
        RepeatedKey: a key stands twice with different values, or where an operation is.
        EditError: an operation can't be carried out.
    """
    operations = list(operations)
    if document.is_ambiguous or any(
        _is_below_duplicate(document, operation.route) for operation in operations
    ):
        raise RepeatedKey("a key of what would be edited stands twice: remove one of them")
    edits = make_patcher(document, formatting).edits(operations, around)
    return [edit.moved(document.span.start) for edit in edits]


def _is_below_duplicate(document: Document, route: Route) -> bool:
    """Whether a route leads through a key that stands twice in its mapping."""
    keys = {duplicate.key for duplicate in document.duplicates}
    found = (document.find(route[:depth]) for depth in range(1, len(route) + 1)) if keys else ()
    return any(entry is not None and entry.key in keys for entry in found)


def emit_json_items(trees: Iterable[Tree], formatting: Formatting) -> list[str]:
    """The texts of objects as further items of the List that `WrapInList` makes, each with the
    comma before it.
    """
    indent = formatting.json_indent
    gap = formatting.newline + " " * (2 * indent) if indent is not None else " "
    emitter = make_emitter(formatting)
    return ["," + gap + emitter.flow(tree, 2 * (indent or 0)) for tree in trees]


def emit_documents(trees: Iterable[Tree], formatting: Formatting) -> list[str]:
    """The texts of new documents, each with a final line break and without a separator line. What
    the trees have in common, such as text that they take over, is looked for once.
    """
    emitter = make_emitter(formatting)
    return [emitter.document(tree) for tree in trees]
