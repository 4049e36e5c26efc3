"""Text: source files, spans, edits. Knows no YAML.

Offsets are code points, spans are half-open. Lines and columns are made for people only, 1-based,
at the edge.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field

from service.errors import InputError, OverlappingEdits

_NEWLINE = re.compile("\n")


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A half-open range of code points."""

    start: int
    """The first code point."""
    end: int
    """One past the last; equal to `start` for a place between two code points."""

    def covers(self, other: Span) -> bool:
        """Whether `other` lies within; a zero-width span on an edge stays outside, so that it
        survives a replacement beside it.
        """
        if other.start == other.end:
            return self == other or self.start < other.start < self.end
        return self.start <= other.start and other.end <= self.end

    def overlaps(self, other: Span) -> bool:
        """Whether the two share text. Zero-width spans share text only with what they are
        strictly inside of.
        """
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the text of a span."""

    span: Span
    """What is replaced; zero-width to insert."""
    content: str
    """What stands there afterwards."""
    stage: int = 0
    """The edit belongs to the text of this stage and of all later ones."""
    gives_way: bool = False
    """For indentation: it goes without a word where its line is replaced."""
    inside: Span | None = None
    """For an insertion: the text of what it adds to, so that it goes where that goes though it
    stands at its edge.
    """

    def moved(self, by: int) -> Edit:
        """The same edit in a text that starts `by` code points further up."""
        inside = Span(self.inside.start + by, self.inside.end + by) if self.inside else None
        return Edit(
            Span(self.span.start + by, self.span.end + by),
            self.content,
            self.stage,
            self.gives_way,
            inside,
        )


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file as it was sent."""

    path: str
    """The path relative to the set's root, with forward slashes."""
    text: str
    """The decoded text, a byte order mark included."""
    _lines: list[int] = field(default_factory=list, repr=False, compare=False)

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, both 1-based, columns in code points.

        Only line feeds end a line, as in git, editors and forges; YAML 1.1 would count NEL and
        U+2028 too.
        """
        if not self._lines:
            self._lines.append(0)
            self._lines.extend(match.end() for match in _NEWLINE.finditer(self.text))
        line = bisect_right(self._lines, offset)
        return line, offset - self._lines[line - 1] + 1


def decode(path: str, raw: bytes) -> SourceFile:
    """Decode one file.

    Raises:
        InputError: `not-utf-8` with the byte's place, or `utf-16`; kubectl reads neither.
    """
    if (
        raw[:2] in (b"\xff\xfe", b"\xfe\xff")
        or (len(raw) > 3 and (raw[0], raw[2]) == (0, 0))
        or raw[1:4:2] == b"\0\0"
    ):
        raise InputError("utf-16", "the file is UTF-16 or UTF-32: save it as UTF-8", 0)
    try:
        return SourceFile(path, raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8")
        message = f"byte {error.start} is not UTF-8: save the file as UTF-8"
        raise InputError("not-utf-8", message, len(before)) from None


def effective_edits(edits: Iterable[Edit], stage: int) -> list[Edit]:
    """The edits that make the text of `stage`, in the order of their places.

    An edit of a later stage replaces those of earlier stages that it covers: a container that
    leaves in the last stage takes along the port name that it got in the first. Of insertions at
    one place the innermost comes first; else they keep the order in which they were given.

    Raises:
        OverlappingEdits: two edits that don't nest that way want the same text.
    """
    wanted = [edit for edit in edits if edit.stage <= stage]
    kept: list[Edit] = []
    for edit in sorted(wanted, key=_order):
        while kept and _meet(kept[-1], edit):
            last = kept[-1]
            if (last.stage > edit.stage or edit.gives_way) and _covers(last, edit):
                break
            if (edit.stage > last.stage or last.gives_way) and _covers(edit, last):
                kept.pop()
                continue
            raise OverlappingEdits(
                f"two edits of stage {edit.stage} want the text at offset {edit.span.start}"
            )
        else:
            kept.append(edit)
    return kept


def _order(edit: Edit) -> tuple[int, bool, int, int]:
    """By place; insertions first, the innermost first of all; the longest replacement before
    those that it covers.
    """
    span = edit.span
    inserts = span.start == span.end
    return span.start, not inserts, -span.end, -edit.inside.start if inserts and edit.inside else 1


def _covers(edit: Edit, other: Edit) -> bool:
    return edit.span.covers(other.inside or other.span)


def _meet(first: Edit, second: Edit) -> bool:
    """Whether two edits, the first no further down than the second, can't both be made."""
    if first.span == second.span:
        return first.span.start != first.span.end
    return first.span.overlaps(second.span) or (
        first.stage > second.stage and second.inside is not None and _covers(first, second)
    )


def apply_edits(text: str, edits: Iterable[Edit], stage: int = 0) -> str:
    """The text of a stage: `text` with the edits up to `stage`, applied in one pass.

    Raises:
        OverlappingEdits: see `effective_edits`.
    """
    parts: list[str] = []
    position = 0
    for edit in effective_edits(edits, stage):
        parts.append(text[position : edit.span.start])
        parts.append(edit.content)
        position = edit.span.end
    parts.append(text[position:])
    return "".join(parts)
