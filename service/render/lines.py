"""A file in whole lines: which lines edits are on, and what replaces them. Made once for all
changes of the file.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate, pairwise

from service.render.diff import split_lines
from service.text import Edit, SourceFile, Span, apply_edits


class FileLines:
    """The lines of a source file. Numbers are 1-based, and ranges include both ends."""

    def __init__(self, source: SourceFile) -> None:
        self._source = source
        self.lines = split_lines(source.text)
        self._offsets = [0, *accumulate(map(len, self.lines))]
        self._document_starts = [
            1,
            *(number for number, line in enumerate(self.lines, 1) if line.startswith("---")),
            len(self.lines) + 1,
        ]

    def line_range(self, edits: Sequence[Edit]) -> tuple[int, int]:
        """The first and last line of edits in order. An insertion after the last line is on it."""
        last_line = len(self.lines)
        first = min(self._source.position(edits[0].span.start)[0], last_line)
        last = first
        for edit in edits:
            line, column = self._source.position(edit.span.end)
            # A replacement that ends at the start of a line leaves that line as it is; an insertion
            # there changes the line (its indentation).
            last = max(last, line - 1 if column == 1 and edit.span.start < edit.span.end else line)
        return min(first, last), min(max(first, last), last_line)

    def has_untouched_document(self, edits: Sequence[Edit], first: int, last: int) -> bool:
        """Whether a range of lines overlaps a document that has none of the edits, which are given
        in order.
        """
        begins = [self._source.position(edit.span.start)[0] for edit in edits]
        ends = [self._source.position(max(edit.span.start, edit.span.end - 1))[0] for edit in edits]
        bounds = self._document_starts
        nearby = bounds[max(0, bisect_right(bounds, first) - 1) : bisect_left(bounds, last) + 1]
        for start, stop in pairwise(nearby):
            if (
                start < stop
                and start < last
                and stop - 1 > first
                and bisect_left(begins, stop) == bisect_left(ends, start)
            ):
                return True
        return False

    def replaced_text(self, edits: Sequence[Edit], first: int, last: int) -> str:
        """The text of a range after the edits, which are all inside of it."""
        start, end = self._offsets[first - 1], self._offsets[last]
        moved = [
            Edit(Span(edit.span.start - start, edit.span.end - start), edit.content)
            for edit in edits
        ]
        return apply_edits(self._source.text[start:end], moved)
