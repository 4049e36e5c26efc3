"""Writes trees as text, formatted like the rest of the file."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from service.yamldoc import layout
from service.yamldoc.formatting import Formatting
from service.yamldoc.nodes import Data
from service.yamldoc.operations import HOLE, Tree, Verbatim
from service.yamldoc.scalars import scalar_text

_HOLE_MARK = "\ue000hole\ue000"
"""Marks `HOLE` in emitted text; its private-use characters occur in no manifest."""


@dataclass(frozen=True, slots=True)
class ExtractedText:
    """The text of a `Verbatim` leaf, as lines without line breaks whose first is at column 0."""

    comments: list[str]
    """The comment lines above it."""
    whole: list[str]
    """The lines of the entry with its key; for an item the same as `value`."""
    value: list[str]
    """The lines of the value alone."""
    key: str | None
    """The entry's key; None for an item."""
    block: bool
    """Whether the value is a collection in block style."""
    sequence: bool
    """Whether the value is a sequence."""
    data: Data
    """What the value reads as, for places where the text itself can't be used."""


class Emitter:
    """Writes trees.

    Args:
        formatting: how the file is formatted.
        extract: returns the text of a `Verbatim` leaf, as `verbatim.extract_verbatim` does.
    """

    def __init__(
        self, formatting: Formatting, extract: Callable[[Verbatim], ExtractedText]
    ) -> None:
        self._formatting = formatting
        self._extract_leaf = extract
        self._extracted: dict[int, tuple[Verbatim, ExtractedText]] = {}
        self._root_entries: dict[tuple[str, int], tuple[Tree, list[str]]] = {}

    def _extract(self, leaf: Verbatim) -> ExtractedText:
        """The text of a leaf; looked for once where several trees hold the same one."""
        known = self._extracted.get(id(leaf))
        if known is None:
            known = self._extracted[id(leaf)] = (leaf, self._extract_leaf(leaf))
        return known[1]

    def document(self, tree: Tree) -> str:
        """The text of a document, with a final line break and without a separator line."""
        newline = self._formatting.newline
        if self._formatting.json:
            return self.flow(tree, 0) + newline
        return "".join(
            line + newline for key, value in tree.items() for line in self._root_entry(key, value)
        )

    def _root_entry(self, key: str, value: Tree) -> list[str]:
        """The lines of an entry of a document; made once where several have the same value."""
        known = self._root_entries.get((key, id(value)))
        if known is None:
            known = self._root_entries[key, id(value)] = (value, self.entry(key, value, 0))
        return known[1]

    def entries(self, tree: dict[str, Tree], column: int) -> list[str]:
        """The lines of a mapping's entries in block style."""
        return [line for key, value in tree.items() for line in self.entry(key, value, column)]

    def entry(self, key: str, value: Tree, column: int) -> list[str]:
        """The lines of one entry in block style, the key at `column`."""
        pad = " " * column
        name = scalar_text(key, preferred=self._formatting.quote)
        if isinstance(value, Verbatim):
            return self._extracted_entry(key, self._extract(value), column)
        if isinstance(value, dict) and value:
            return [f"{pad}{name}:", *self.entries(value, column + self._formatting.indent)]
        if isinstance(value, list) and value:
            inner = column + self._formatting.sequence_indent
            return [f"{pad}{name}:", *(line for item in value for line in self.item(item, inner))]
        if value is HOLE:
            return [f"{pad}{name}:{_HOLE_MARK}"]
        return self._block_scalar(f"{pad}{name}:", value, column + self._formatting.indent) or [
            f"{pad}{name}: {scalar_text(value, preferred=self._formatting.quote)}"
        ]

    def _extracted_entry(self, key: str, extracted: ExtractedText, column: int) -> list[str]:
        """The lines of an entry whose value is text of a document."""
        pad = " " * column
        if extracted.key == key:
            comments = [pad + line for line in extracted.comments]
            return comments + _indented(extracted.whole, column)
        name = scalar_text(key, preferred=self._formatting.quote)
        if extracted.block:
            formatting = self._formatting
            inner = column + (
                formatting.sequence_indent if extracted.sequence else formatting.indent
            )
            return [f"{pad}{name}:", *_indented(extracted.value, inner)]
        if len(extracted.value) > 1:
            # The indentation of the further lines depends on the depth of the old key.
            return self.entry(key, extracted.data, column)
        return [f"{pad}{name}: {extracted.value[0]}"]

    def item(self, value: Tree, column: int) -> list[str]:
        """The lines of one item in block style, its dash at `column`."""
        pad = " " * column
        comments: list[str] = []
        if isinstance(value, Verbatim):
            extracted = self._extract(value)
            if not extracted.block and len(extracted.value) > 1:
                return self.item(extracted.data, column)
            if extracted.key is None:
                comments = [pad + line for line in extracted.comments]
            lines = _indented(extracted.value, column + 2)
        elif isinstance(value, dict) and value:
            lines = self.entries(value, column + 2)
        elif isinstance(value, list) and value:
            lines = [line for item in value for line in self.item(item, column + 2)]
        else:
            return self._block_scalar(f"{pad}-", value, column + 2) or [
                f"{pad}- {scalar_text(value, preferred=self._formatting.quote)}"
            ]
        # A comment above the first entry goes above the dash.
        while lines and lines[0].lstrip().startswith("#"):
            comments.append(pad + lines.pop(0).lstrip())
        return [*comments, f"{pad}- {lines[0][column + 2 :]}", *lines[1:]]

    def flow(self, tree: Tree, column: int) -> str:
        """A tree in flow style; on several lines where the document is indented JSON.

        Args:
            tree: the tree.
            column: the indentation of the line on which the text starts.
        """
        if isinstance(tree, Verbatim):
            extracted = self._extract(tree)
            if extracted.block:
                return self.flow(extracted.data, column)
            lines = [extracted.value[0], *_indented(extracted.value, column)[1:]]
            return self._formatting.newline.join(lines)
        inner = column + (self._formatting.json_indent or 0)
        if isinstance(tree, dict):
            parts = [
                f"{self._scalar_in_flow(key)}: {self.flow(value, inner)}"
                for key, value in tree.items()
            ]
            return "{" + self._joined(parts, column) + "}"
        if isinstance(tree, list):
            return "[" + self._joined([self.flow(item, inner) for item in tree], column) + "]"
        return _HOLE_MARK if tree is HOLE else self._scalar_in_flow(tree)

    def _joined(self, parts: list[str], column: int) -> str:
        """The entries or items of a flow collection, with what separates them."""
        if not parts or self._formatting.json_indent is None:
            return ", ".join(parts)
        last_line = self._formatting.newline + " " * column
        pad = last_line + " " * self._formatting.json_indent
        return pad + ("," + pad).join(parts) + last_line

    def _scalar_in_flow(self, value: Data) -> str:
        return scalar_text(
            value, preferred=self._formatting.quote, flow=True, json_style=self._formatting.json
        )

    def _block_scalar(self, head: str, value: Data, column: int) -> list[str] | None:
        """The lines of a literal block scalar for text of several lines.

        None if the value is no such text, or if blanks at the start or the end of its lines or rare
        characters make a quoted scalar safer.
        """
        if (
            not isinstance(value, str)
            or "\n" not in value.rstrip("\n")
            or re.search(r"[ \t](\n|\Z)|[^\n\x20-\x7e\xa0-\ud7ff]", value)
            or value.startswith((" ", "\n"))
        ):
            return None
        indicator, lines = literal_lines(value)
        return [f"{head} {indicator}", *(" " * column + line if line else "" for line in lines)]


def literal_lines(value: str) -> tuple[str, list[str]]:
    """A text as a literal block scalar: its indicator, such as `|-`, and its lines without
    indentation.
    """
    body = value.rstrip("\n")
    final_breaks = len(value) - len(body)
    chomping = {0: "-", 1: ""}.get(final_breaks, "+")
    return f"|{chomping}", body.split("\n") + [""] * (final_breaks - 1)


def split_at_hole(text: str) -> tuple[str, str]:
    """What is before and after `HOLE` in emitted text."""
    before, _, after = text.partition(_HOLE_MARK)
    return before, after


def _indented(lines: list[str], column: int) -> list[str]:
    """The lines, indented by some columns."""
    if not column:
        return [*lines] or [""]
    return layout.reindent("\n".join(["", *lines]), column).split("\n")[1:]
