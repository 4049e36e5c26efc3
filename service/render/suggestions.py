"""Which changes become suggestions on a pull request, and on which lines. Pure, and the same for
every platform.

A change is one suggestion or none: half of one is an outage. It becomes one where all its edits lie
in one hunk of one file and its lines swallow no document that it doesn't touch; otherwise it goes
whole into the summary, as a patch.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from service.findings import Change, Report
from service.render.common import FileEdits, groups, whole_edits
from service.render.lines import FileLines
from service.render.pulls import FileDiff, Hunk
from service.text import SourceFile


class Reason(StrEnum):
    """Why a change is not a suggestion."""

    NOT_TOUCHED = "not-touched"
    """The pull request doesn't touch its workload: it isn't this one's business, and not in the
    summary either.
    """
    NEW_FILES = "new-files"
    """It makes files, which a suggestion can't."""
    SEVERAL_FILES = "several-files"
    """It edits more than one file."""
    OUTSIDE_HUNK = "outside-hunk"
    """Its lines aren't all in one hunk, and others can't be commented on."""
    OTHER_DOCUMENT = "other-document"
    """Its lines would swallow a document that it doesn't touch."""
    OTHER_VERSION = "other-version"
    """The file that was sent is not the one that the diff leads to."""
    LINE_ENDINGS = "line-endings"
    """The file has CRLF line endings, which platforms don't keep in suggestions."""
    PLATFORM_LIMIT = "platform-limit"
    """It is longer than the platform allows, or there are too many."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Whole lines of a file, and what should stand there."""

    changes: tuple[Change, ...]
    """What it does; changes that belong together are one suggestion."""
    edits: FileEdits
    """Its edits."""
    marker: str
    """The same from run to run, so that a bot updates its comment and doesn't post another."""
    file: FileDiff
    """The file in the pull request."""
    hunk: Hunk
    """The hunk that it lies in."""
    first: int
    """The first line, 1-based."""
    last: int
    """The last line."""
    text: str
    """What stands there afterwards, with a line feed behind each line; empty to delete them."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Changes that are no suggestion."""

    changes: tuple[Change, ...]
    """What they do."""
    edits: FileEdits
    """Their edits; empty where edits alone don't say them."""
    reason: Reason
    """Why."""


def suggest(report: Report, diffs: dict[str, FileDiff]) -> tuple[list[Suggestion], list[LeftOut]]:
    """The suggestions for a pull request, and what is left out, with reasons.

    Args:
        report: of a rewrite.
        diffs: the pull request, from `parse_diff`.

    Raises:
        ValueError: the report is of an analysis.
    """
    if report.rewrite is None:
        raise ValueError("the report holds no rewrite")
    edits = whole_edits(report)
    files = {
        path: _Changed(report.sources[path], file)
        for path, file in diffs.items()
        if path in report.sources
    }
    suggestions: list[Suggestion] = []
    left_out: list[LeftOut] = []
    for group in groups(report.rewrite):
        changes = tuple(group)
        whole = edits.get(group[0].id, {})
        if not any(_touched(report, change, files) for change in group):
            left_out.append(LeftOut(changes, whole, Reason.NOT_TOUCHED))
            continue
        match _place(report, changes, whole, files):
            case Suggestion() as suggestion:
                suggestions.append(suggestion)
            case reason:
                left_out.append(LeftOut(changes, whole, reason))
    return suggestions, left_out


def marker(kind: str, *parts: str) -> str:
    """A comment that nobody sees, made of what stays the same from run to run."""
    return (
        f"<!-- podsplit:{kind}:{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:16]} -->"
    )


class _Changed:
    """A file of the pull request, looked at once for all its changes."""

    def __init__(self, source: SourceFile, file: FileDiff) -> None:
        self.source = source
        self.file = file
        self.changed = sorted({line for hunk in file.hunks for line in hunk.changed})

    @cached_property
    def lines(self) -> FileLines:
        return FileLines(self.source)

    @cached_property
    def hunks(self) -> list[tuple[Hunk, bool]]:
        """Each hunk, and whether its lines are those of the file that was sent."""
        return [(hunk, self._is_same(hunk)) for hunk in self.file.hunks]

    def _is_same(self, hunk: Hunk) -> bool:
        sent = self.lines.lines[hunk.first - 1 : hunk.last]
        return [line.removesuffix("\n") for line in sent] == [
            line.removesuffix("\r") for line in hunk.lines
        ]

    def touches(self, first: int, last: int) -> bool:
        """Whether the pull request changes a line of a range."""
        place = bisect_left(self.changed, first)
        return place < len(self.changed) and self.changed[place] <= last


def _touched(report: Report, change: Change, files: dict[str, _Changed]) -> bool:
    file = files.get(change.location.path)
    if file is None:
        return False
    first, _, last, _ = report.position(change.location)
    return file.touches(first, last)


def _place(
    report: Report, changes: tuple[Change, ...], edits: FileEdits, files: dict[str, _Changed]
) -> Suggestion | Reason:
    if not edits:
        return Reason.NEW_FILES
    if len(edits) > 1:
        return Reason.SEVERAL_FILES
    ((path, items),) = edits.items()
    if "\r" in report.sources[path].text:
        return Reason.LINE_ENDINGS
    if path not in files:
        return Reason.OUTSIDE_HUNK
    file = files[path]
    first, last = file.lines.range_of(items)
    if file.lines.swallows(items, first, last):
        return Reason.OTHER_DOCUMENT
    hunk, same = next(
        ((hunk, same) for hunk, same in file.hunks if hunk.first <= first and last <= hunk.last),
        (None, False),
    )
    if hunk is None:
        return Reason.OUTSIDE_HUNK
    if not same:
        return Reason.OTHER_VERSION
    text = file.lines.replaced(items, first, last)
    if text and not text.endswith("\n"):
        text += "\n"
    mark = marker("suggestion", path, *(change.id for change in changes))
    return Suggestion(changes, edits, mark, file.file, hunk, first, last, text)
