"""A file in whole lines: where edits stand, what lies between them, what comes of them. Looked
up once for all changes of the file.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate, pairwise

from service.render.diff import split_lines
from service.text import Edit, SourceFile, Span, apply_edits


class FileLines:
    """The lines of a source file; numbers are 1-based, ranges inclusive."""

    def __init__(self, source: SourceFile) -> None:
        self._source = source
        self.lines = split_lines(source.text)
        self._starts = [0, *accumulate(map(len, self.lines))]
        self._bounds = [
            1,
            *(number for number, line in enumerate(self.lines, 1) if line.startswith("---")),
            len(self.lines) + 1,
        ]

    def range_of(self, edits: Sequence[Edit]) -> tuple[int, int]:
        """The lines that edits lie in, given in order; an insertion behind the last line stands
        on it.
        """
        last_line = len(self.lines)
        first = min(self._source.position(edits[0].span.start)[0], last_line)
        last = first
        for edit in edits:
            line, column = self._source.position(edit.span.end)
            # A replacement that ends where a line begins leaves that line as it is; an insertion
            # there is the line's own (indentation).
            last = max(last, line - 1 if column == 1 and edit.span.start < edit.span.end else line)
        return min(first, last), min(max(first, last), last_line)

    def swallows(self, edits: Sequence[Edit], first: int, last: int) -> bool:
        """Whether a document lies in a range that none of the edits, given in order, is in."""
        begins = [self._source.position(edit.span.start)[0] for edit in edits]
        ends = [self._source.position(max(edit.span.start, edit.span.end - 1))[0] for edit in edits]
        inside = self._bounds[
            max(0, bisect_right(self._bounds, first) - 1) : bisect_left(self._bounds, last) + 1
        ]
        for start, stop in pairwise(inside):
            if (
                start < stop
                and start < last
                and stop - 1 > first
                and bisect_left(begins, stop) == bisect_left(ends, start)
            ):
                return True
        return False

    def replaced(self, edits: Sequence[Edit], first: int, last: int) -> str:
        """What stands in a range after the edits, all of them inside of it."""
        start, end = self._starts[first - 1], self._starts[last]
        moved = [
            Edit(Span(edit.span.start - start, edit.span.end - start), edit.content)
            for edit in edits
        ]
        return apply_edits(self._source.text[start:end], moved)
