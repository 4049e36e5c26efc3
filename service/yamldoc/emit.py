"""Trees to text, in a file's own habits."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from service.yamldoc import layout
from service.yamldoc.layout import Formatting
from service.yamldoc.nodes import Data
from service.yamldoc.operations import HOLE, Tree, Verbatim
from service.yamldoc.scalars import scalar_text

_HOLE_MARK = "\ue000hole\ue000"
"""Stands for HOLE while text is made; a private-use character that no manifest has a use for."""


@dataclass(frozen=True, slots=True)
class Slice:
    """A `Verbatim` leaf cut out of its document; lines are without line breaks, relative to
    column 0.
    """

    comments: list[str]
    """The comment lines that stand above it."""
    whole: list[str]
    """The entry with its key; the same as `value` for an item."""
    value: list[str]
    """The value alone."""
    key: str | None
    """The entry's key; None for an item."""
    block: bool
    """Whether the value is a collection in block style."""
    sequence: bool
    """Whether the value is a sequence."""
    data: Data
    """What the value reads as, for places where the text can't go."""


class Emitter:
    """Writes trees.

    Args:
        formatting: the file's habits.
        slices: gives a `Verbatim` leaf as its text (see `slices.cut_out`).
    """

    def __init__(self, formatting: Formatting, slices: Callable[[Verbatim], Slice]) -> None:
        self._habits = formatting
        self._slices = slices

    def document(self, tree: Tree) -> str:
        """A whole document, with a final line break and without a separator line."""
        newline = self._habits.newline
        if self._habits.json:
            return self.flow(tree, 0) + newline
        return "".join(line + newline for line in self.entries(tree, 0))

    def entries(self, tree: dict[str, Tree], column: int) -> list[str]:
        """The lines of a mapping's entries in block style."""
        return [line for key, value in tree.items() for line in self.entry(key, value, column)]

    def entry(self, key: str, value: Tree, column: int) -> list[str]:
        """The lines of one entry in block style, the key at `column`."""
        pad = " " * column
        name = scalar_text(key, preferred=self._habits.quote)
        if isinstance(value, Verbatim):
            piece = self._slices(value)
            if piece.key == key:
                return [pad + line for line in piece.comments] + _shifted(piece.whole, column)
            if piece.block:
                lines = _shifted(
                    piece.value,
                    column
                    + (self._habits.sequence_indent if piece.sequence else self._habits.indent),
                )
                return [f"{pad}{name}:", *lines]
            if len(piece.value) > 1:
                # Under another key the text's lines would stand at other depths than its
                # indentation says.
                return self.entry(key, piece.data, column)
            return [f"{pad}{name}: {piece.value[0]}"]
        if isinstance(value, dict) and value:
            return [f"{pad}{name}:", *self.entries(value, column + self._habits.indent)]
        if isinstance(value, list) and value:
            inner = column + self._habits.sequence_indent
            return [f"{pad}{name}:", *(line for item in value for line in self.item(item, inner))]
        if value is HOLE:
            return [f"{pad}{name}:{_HOLE_MARK}"]
        return self._block_scalar(f"{pad}{name}:", value, column + self._habits.indent) or [
            f"{pad}{name}: {self._inline(value)}"
        ]

    def item(self, value: Tree, column: int) -> list[str]:
        """The lines of one item in block style, its dash at `column`."""
        pad = " " * column
        comments: list[str] = []
        if isinstance(value, Verbatim):
            piece = self._slices(value)
            if not piece.block and len(piece.value) > 1:
                return self.item(piece.data, column)
            comments = [pad + line for line in piece.comments] if piece.key is None else []
            lines = _shifted(piece.value, column + 2)
        elif isinstance(value, dict) and value:
            lines = self.entries(value, column + 2)
        elif isinstance(value, list) and value:
            lines = [line for item in value for line in self.item(item, column + 2)]
        else:
            return self._block_scalar(f"{pad}-", value, column + 2) or [
                f"{pad}- {self._inline(value)}"
            ]
        # A comment that came along with the first entry goes above the dash.
        while lines and lines[0].lstrip().startswith("#"):
            comments.append(pad + lines.pop(0).lstrip())
        return [*comments, f"{pad}- {lines[0][column + 2 :]}", *lines[1:]]

    def flow(self, tree: Tree, column: int) -> str:
        """A tree in flow style, on several lines where the document is indented JSON; `column`
        is the line's indentation.
        """
        if isinstance(tree, Verbatim):
            piece = self._slices(tree)
            if piece.block:
                return self.flow(piece.data, column)
            return "\n".join([piece.value[0], *_shifted(piece.value, column)[1:]]).replace(
                "\n", self._habits.newline
            )
        if isinstance(tree, dict):
            parts = [
                f"{self._scalar_in_flow(key)}:"
                f" {self.flow(value, column + (self._habits.json_indent or 0))}"
                for key, value in tree.items()
            ]
            return self._bracketed("{", parts, "}", column)
        if isinstance(tree, list):
            return self._bracketed(
                "[",
                [self.flow(item, column + (self._habits.json_indent or 0)) for item in tree],
                "]",
                column,
            )
        return _HOLE_MARK if tree is HOLE else self._scalar_in_flow(tree)

    def around_hole(self, text: str) -> tuple[str, str]:
        """What stands before and behind HOLE in emitted text."""
        before, _, behind = text.partition(_HOLE_MARK)
        return before, behind

    def _bracketed(self, opening: str, parts: list[str], closing: str, column: int) -> str:
        if not parts or self._habits.json_indent is None:
            return opening + ", ".join(parts) + closing
        pad = self._habits.newline + " " * (column + self._habits.json_indent)
        return (
            opening + pad + ("," + pad).join(parts) + self._habits.newline + " " * column + closing
        )

    def _scalar_in_flow(self, value: Data) -> str:
        return scalar_text(
            value, preferred=self._habits.quote, flow=True, json_style=self._habits.json
        )

    def _inline(self, value: Data) -> str:
        if value in ({}, []) and not isinstance(value, str):
            return "{}" if isinstance(value, dict) else "[]"
        return scalar_text(value, preferred=self._habits.quote)

    def _block_scalar(self, head: str, value: Data, column: int) -> list[str] | None:
        """A literal block scalar for text of several lines; None where another style is plainer
        or safer.
        """
        if (
            not isinstance(value, str)
            or "\n" not in value.rstrip("\n")
            or re.search(r"[ \t](\n|\Z)|[^\n\x20-\x7e\xa0-\ud7ff]", value)
        ):
            return None
        if value.startswith((" ", "\n")):
            return None
        body = value.rstrip("\n")
        chomp = {0: "-", 1: ""}.get(len(value) - len(body), "+")
        lines = body.split("\n") + [""] * (len(value) - len(body) - 1)
        return [f"{head} |{chomp}", *(" " * column + line if line else "" for line in lines)]


def _shifted(lines: list[str], column: int) -> list[str]:
    pad = " " * column
    return (
        layout.reindent("\n".join(["", *lines]), column).split("\n")[1:]
        if column
        else [*lines]
        if lines
        else [pad]
    )
