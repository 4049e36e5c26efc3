"""Text: source files, spans and edits. Knows no YAML.

Offsets count code points, and spans are half-open. Lines and columns are 1-based; they are made for
people only, where output is rendered.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from service.errors import InputError, OverlappingEdits

_NEWLINE = re.compile("\n")


class Span(NamedTuple):
    """A half-open range of code points."""

    start: int
    """The first code point."""
    end: int
    """One past the last; equal to `start` for a place between two code points."""

    def moved(self, by: int) -> Span:
        """The same span, `by` code points further down."""
        return Span(self.start + by, self.end + by)

    def covers(self, other: Span) -> bool:
        """Whether `other` lies within this span.

        A zero-width span at an edge is outside: an insertion there survives a replacement of this
        span.
        """
        if other.start == other.end:
            return self == other or self.start < other.start < self.end
        return self.start <= other.start and other.end <= self.end

    def overlaps(self, other: Span) -> bool:
        """Whether the two share text; a zero-width span does so only where it is strictly inside
        the other.
        """
        return self.start < other.end and other.start < self.end


class Edit(NamedTuple):
    """A replacement of the text of a span."""

    span: Span
    """What is replaced; zero-width for an insertion."""
    content: str
    """The new text."""
    stage: int = 0
    """The first stage whose text has the edit; all later ones have it too."""
    droppable: bool = False
    """Whether the edit is dropped, rather than refused, where another one replaces its line; so
    for indentation.
    """
    inside: Span | None = None
    """For an insertion: the span of the collection that it adds to. Where that is replaced, so is
    the insertion, though it stands at the edge.
    """
    until: int | None = None
    """The first stage whose text no longer has the edit; None if all later ones have it."""

    def moved(self, by: int) -> Edit:
        """The same edit, `by` code points further down."""
        # As `dataclasses.replace` would, in a third of the time.
        return Edit(
            self.span.moved(by),
            self.content,
            self.stage,
            self.droppable,
            self.inside.moved(by) if self.inside is not None else None,
            self.until,
        )


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file as it was sent."""

    path: str
    """The path, relative to the root of the set, with forward slashes."""
    text: str
    """The decoded text, a byte order mark included."""
    _line_starts: list[int] = field(default_factory=list, repr=False, compare=False)

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, both 1-based, columns in code points.

        Only line feeds end a line, as in git, editors and forges. YAML 1.1 ends lines at NEL,
        U+2028 and U+2029 too.
        """
        if not self._line_starts:
            self._line_starts.append(0)
            self._line_starts.extend(match.end() for match in _NEWLINE.finditer(self.text))
        line = bisect_right(self._line_starts, offset)
        return line, offset - self._line_starts[line - 1] + 1


_MAGIC = (
    (b"\xfd7zXZ\x00", "compressed with xz"),
    (b"BZh", "compressed with bzip2"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd"),
    (b"\x1f\x8b", "compressed with gzip"),
    (b"PK\x03\x04", "a zip archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\x7fELF", "a program"),
    (b"%PDF-", "a PDF"),
    (b"\x89PNG", "a picture"),
    (b"GIF8", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
)
"""How files begin that are no text, each with what it is."""


_BEGINNING = 4096
"""Bytes of a file in which what text never has shows that it is none."""


def decode(path: str, raw: bytes) -> SourceFile:
    """Decode one file.

    Raises:
        InputError: `not-utf-8`, with the number of code points before the bad byte, or `utf-16`
            for UTF-16 and UTF-32. kubectl reads neither.
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
        if b"\0" in raw[:_BEGINNING]:
            message = "the file is binary: send text, or a folder as tar, tar.gz or zip"
        if kind := next((what for magic, what in _MAGIC if raw.startswith(magic)), None):
            message = f"the file is {kind}: send text, or a folder as tar, tar.gz or zip"
        raise InputError("not-utf-8", message, len(before)) from None


def effective_edits(edits: Iterable[Edit], stage: int) -> list[Edit]:
    """The edits that make the text of `stage`, in the order of their places.

    An edit of a later stage replaces the edits of earlier stages that it covers: where the last
    stage removes a container, the port name that the first stage gave it goes too. Of insertions at
    one place the innermost comes first; otherwise they keep the order in which they were given.

    Raises:
        OverlappingEdits: two edits overlap, and neither replaces the other.
    """
    return effective_by_stage(edits, [stage])[stage]


def effective_by_stage(edits: Iterable[Edit], stages: Iterable[int]) -> dict[int, list[Edit]]:
    """What `effective_edits` says of some stages.

    Raises:
        OverlappingEdits: see there.
    """
    ordered = sorted(edits, key=_sort_key)
    return {stage: _effective(ordered, stage) for stage in stages}


def _effective(ordered: Iterable[Edit], stage: int) -> list[Edit]:
    """The edits that make the text of a stage, of all edits in the order of their places."""
    kept: list[Edit] = []
    for edit in ordered:
        if edit.stage > stage or (edit.until is not None and stage >= edit.until):
            continue
        while kept and _conflict(kept[-1], edit):
            last = kept[-1]
            if (last.stage > edit.stage or edit.droppable) and _covers(last, edit):
                break
            if (edit.stage > last.stage or last.droppable) and _covers(edit, last):
                kept.pop()
                continue
            raise OverlappingEdits(
                f"two edits of stage {edit.stage} want the text at offset {edit.span.start}"
            )
        else:
            kept.append(edit)
    return kept


def _sort_key(edit: Edit) -> tuple[int, bool, int, int]:
    """By place. At one place come insertions, the innermost first, then replacements, the longest
    first.
    """
    span = edit.span
    inserts = span.start == span.end
    # A collection that starts later lies deeper.
    depth = -edit.inside.start if inserts and edit.inside else 1
    return span.start, not inserts, -span.end, depth


def _covers(edit: Edit, other: Edit) -> bool:
    """Whether an edit replaces all that another one changes or adds to."""
    return edit.span.covers(other.inside or other.span)


def _conflict(first: Edit, second: Edit) -> bool:
    """Whether two edits can't both be made; the first is no further down than the second."""
    one, other = first.span, second.span
    # Most are some lines apart.
    if one.end < other.start and second.inside is None:
        return False
    if one == other:
        return one.start != one.end
    return one.overlaps(other) or (
        first.stage > second.stage and second.inside is not None and _covers(first, second)
    )


def apply_edits(text: str, edits: Iterable[Edit], stage: int = 0) -> str:
    """The text of a stage: `text` with the edits up to `stage`, applied in one pass.

    Raises:
        OverlappingEdits: see `effective_edits`.
    """
    return joined(text, effective_edits(edits, stage))


def joined(text: str, effective: Iterable[Edit]) -> str:
    """A text with edits that go together, which are in the order of their places."""
    parts: list[str] = []
    position = 0
    for edit in effective:
        parts.append(text[position : edit.span.start])
        parts.append(edit.content)
        position = edit.span.end
    parts.append(text[position:])
    return "".join(parts)
