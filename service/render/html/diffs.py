"""Differences as rows with the old text at the left and the new at the right."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher, unified_diff
from itertools import starmap, zip_longest

_HUNK = re.compile(r"@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@")

_MOST_LINES = 2_000
"""Lines of a text up to which it is compared line by line, as that takes quadratic time."""

_MOST_PAIRED = 400
"""Lines of a change up to which those that say the same are looked for, likewise."""

Piece = tuple[str, bool]
"""A part of a line, and whether it is what has changed in it."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line on each side, or on one of them."""

    old: int | None
    """Its number in the old text; None where there is none."""
    new: int | None
    """Likewise in the new text."""
    old_pieces: tuple[Piece, ...]
    """The old line."""
    new_pieces: tuple[Piece, ...]
    """The new line."""

    @property
    def kind(self) -> str:
        """`same` for context, else `changed`."""
        return "same" if self.is_same else "changed"

    @property
    def is_same(self) -> bool:
        """Whether it is context."""
        return self.old is not None and self.new is not None and self.old_pieces == self.new_pieces


@dataclass(frozen=True, slots=True)
class Hunk:
    """What is shown of a file in one go."""

    path: str
    """The file."""
    rows: tuple[Row, ...]
    """Its lines."""


def hunks_of(diff: str) -> Iterator[Hunk]:
    """The hunks of a unified diff.

    Args:
        diff: as `render_diff` makes it.
    """
    path, rows, gone, come = "", list[Row](), list[tuple[int, str]](), list[tuple[int, str]]()
    old = new = 0
    for line in diff.split("\n"):
        header = _HUNK.match(line)
        if line.startswith("diff --git ") or header:
            rows += _paired(gone, come)
            gone, come = [], []
            if rows:
                yield Hunk(path, tuple(rows))
                rows = []
        if header:
            old, new = int(header[1]), int(header[2])
        elif line.startswith(("--- ", "+++ ")) and not old and not new:
            if not line.endswith("/dev/null"):
                path = line[4:].strip('"').partition("/")[2]
        elif line.startswith("diff --git "):
            old = new = 0
        elif line.startswith("-"):
            gone.append((old, line[1:]))
            old += 1
        elif line.startswith("+"):
            come.append((new, line[1:]))
            new += 1
        elif line.startswith(" "):
            rows += _paired(gone, come)
            gone, come = [], []
            pieces = ((line[1:], False),)
            rows.append(Row(old, new, pieces, pieces))
            old, new = old + 1, new + 1
    rows += _paired(gone, come)
    if rows:
        yield Hunk(path, tuple(rows))


def _paired(gone: Sequence[tuple[int, str]], come: Sequence[tuple[int, str]]) -> list[Row]:
    """Old and new lines beside each other: those that say the same, whatever their indentation, and
    between them one after another.
    """
    if max(len(gone), len(come)) > _MOST_PAIRED:
        return list(starmap(_row, zip_longest(gone, come)))
    old_words, new_words = ([text.strip() for _, text in lines] for lines in (gone, come))
    rows: list[Row] = []
    matcher = SequenceMatcher(None, old_words, new_words, autojunk=False)
    for _, first, last, new_first, new_last in matcher.get_opcodes():
        rows += starmap(_row, zip_longest(gone[first:last], come[new_first:new_last]))
    return rows


def _row(old: tuple[int, str] | None, new: tuple[int, str] | None) -> Row:
    if old is None or new is None:
        alone = [((line[1], False),) if line else () for line in (old, new)]
        return Row(old and old[0], new and new[0], *alone)
    return Row(old[0], new[0], *_pieces(old[1], new[1]))


def _pieces(old: str, new: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Two lines, each in what both begin with, what differs, and what both end with."""
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    # Lines that have little in common are just other lines.
    if 2 * (start + end) < min(len(old), len(new)):
        return ((old, False),), ((new, False),)
    return _parts(old, start, end), _parts(new, start, end)


def _parts(text: str, start: int, end: int) -> tuple[Piece, ...]:
    cut = len(text) - end
    parts = ((text[:start], False), (text[start:cut], True), (text[cut:], False))
    return tuple(part for part in parts if part[0])


def unified(path: str, old: str | None, new: str | None) -> str:
    """A unified diff of a file, for reading; of texts that are too long to compare their lines, all
    that differs between their common beginning and end.

    Args:
        path: the file.
        old: its text before; None where it isn't there.
        new: its text after; likewise.
    """
    before, after = (old or "").split("\n"), (new or "").split("\n")
    body = "\n".join(
        list(unified_diff(before, after, lineterm="", n=3))[2:]
        if max(len(before), len(after)) <= _MOST_LINES
        else _replaced(before, after)
    )
    names = "--- a/" + path, "+++ b/" + path
    return f"diff --git a/{path} b/{path}\n{names[0]}\n{names[1]}\n{body}\n" if body else ""


def _replaced(old: list[str], new: list[str]) -> list[str]:
    """One hunk that replaces what differs."""
    start = end = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    gone, come = old[start : len(old) - end], new[start : len(new) - end]
    head = f"@@ -{start + 1},{len(gone)} +{start + 1},{len(come)} @@"
    return [head, *(f"-{line}" for line in gone), *(f"+{line}" for line in come)]
