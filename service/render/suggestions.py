"""Decides which changes become suggestions on a pull request, and on which lines. The same for
every platform.

A change becomes one suggestion or none, as half of a change is an outage. It becomes one if all its
edits are in one hunk of one file, and its lines overlap no document that it does not touch. If not,
it goes into the summary, as a patch.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from dataclasses import dataclass
from enum import StrEnum

from service.assumptions import AssumptionCode
from service.findings import Change, Location, Report, WorkloadReport
from service.lazy import cached_property
from service.render.diff_parser import FileDiff, Hunk
from service.render.fixes import FileEdits, connected_changes, edits_by_change
from service.render.lines import FileLines
from service.text import SourceFile

_NEVER_AT_ONCE = frozenset(
    {
        AssumptionCode.DATA_TAKEN_OVER,
        AssumptionCode.OLD_PODS_DELETED_FIRST,
        AssumptionCode.RUNS_ONCE,
    }
)
"""What is assumed of changes whose stages a merge must not skip."""


class Reason(StrEnum):
    """Why a change is not suggested."""

    NOT_TOUCHED = "not-touched"
    """The pull request does not touch its workload. It is not in the summary either."""
    NEEDS_STAGES = "needs-stages"
    """What it moves must not run twice: applied at once, two would write to the same data."""
    NEW_FILES = "new-files"
    """It makes files, which a suggestion can't."""
    SEVERAL_FILES = "several-files"
    """It edits more than one file."""
    OUTSIDE_HUNK = "outside-hunk"
    """Its lines are not all in one hunk, and others can't be commented on."""
    OTHER_DOCUMENT = "other-document"
    """Its lines overlap a document that it does not touch."""
    OTHER_VERSION = "other-version"
    """The file that was sent differs from the one in the diff."""
    LINE_ENDINGS = "line-endings"
    """The file has CRLF line endings, which platforms don't keep in suggestions."""
    PLATFORM_LIMIT = "platform-limit"
    """It is longer than the platform allows, or there are too many."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Whole lines of a file, and what should replace them."""

    changes: tuple[Change, ...]
    """The changes that it makes; connected changes are one suggestion."""
    edits: FileEdits
    """Its edits."""
    key: str
    """The same from run to run, so that a bot updates its comment instead of posting another."""
    file: FileDiff
    """The file in the pull request."""
    hunk: Hunk
    """The hunk that it is in."""
    first: int
    """The first line, 1-based."""
    last: int
    """The last line."""
    text: str
    """The new lines, each with a line feed at its end; empty to delete the old ones."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Changes that are not suggested."""

    changes: tuple[Change, ...]
    """The changes."""
    edits: FileEdits
    """Their edits; empty if edits alone don't make them."""
    reason: Reason
    """Why."""


def suggest(report: Report, diffs: dict[str, FileDiff]) -> tuple[list[Suggestion], list[LeftOut]]:
    """Decide what is suggested on a pull request, and what is left out for which reason.

    Args:
        report: of a rewrite.
        diffs: the pull request, from `parse_diff`.

    Raises:
        ValueError: the report is of an analysis.
    """
    if report.rewrite is None:
        raise ValueError("the report holds no rewrite")
    edits = edits_by_change(report)
    files = {
        path: _ChangedFile(report.sources[path], file)
        for path, file in diffs.items()
        if path in report.sources
    }
    suggestions: list[Suggestion] = []
    left_out: list[LeftOut] = []
    for group in connected_changes(report.rewrite):
        changes = tuple(group)
        group_edits = edits.get(group[0].id, {})
        match _decide(report, changes, group_edits, files):
            case Suggestion() as suggestion:
                suggestions.append(suggestion)
            case reason:
                left_out.append(LeftOut(changes, group_edits, reason))
    return suggestions, left_out


def touched_workloads(report: Report, diffs: dict[str, FileDiff]) -> list[WorkloadReport]:
    """The workloads of which a pull request changes lines, in the order of the input."""
    files = {
        path: _ChangedFile(report.sources[path], file)
        for path, file in diffs.items()
        if path in report.sources
    }
    return [
        workload for workload in report.workloads if _is_touched(report, workload.location, files)
    ]


def key_of(*parts: str) -> str:
    """16 hexadecimal digits, made of what stays the same from run to run."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


class _ChangedFile:
    """A file of the pull request, read once for all its changes."""

    def __init__(self, source: SourceFile, diff: FileDiff) -> None:
        self.source = source
        self.diff = diff
        self.changed = sorted({line for hunk in diff.hunks for line in hunk.changed})

    @cached_property
    def lines(self) -> FileLines:
        """The lines of the file that was sent."""
        return FileLines(self.source)

    @cached_property
    def hunks(self) -> list[tuple[Hunk, bool]]:
        """Each hunk, and whether its lines are the same in the file that was sent."""
        return [(hunk, self._is_same(hunk)) for hunk in self.diff.hunks]

    def _is_same(self, hunk: Hunk) -> bool:
        sent = self.lines.lines[hunk.first - 1 : hunk.last]
        return [line.removesuffix("\n") for line in sent] == [
            line.removesuffix("\r") for line in hunk.lines
        ]

    def touches(self, first: int, last: int) -> bool:
        """Whether the pull request changes a line of a range."""
        position = bisect_left(self.changed, first)
        return position < len(self.changed) and self.changed[position] <= last


def _is_touched(report: Report, place: Location, files: dict[str, _ChangedFile]) -> bool:
    file = files.get(place.path)
    if file is None:
        return False
    first, _, last, _ = report.position(place)
    return file.touches(first, last)


def _decide(
    report: Report, changes: tuple[Change, ...], edits: FileEdits, files: dict[str, _ChangedFile]
) -> Suggestion | Reason:
    if not any(_is_touched(report, change.location, files) for change in changes):
        return Reason.NOT_TOUCHED
    if any(
        assumption.code in _NEVER_AT_ONCE for change in changes for assumption in change.assumptions
    ):
        return Reason.NEEDS_STAGES
    if not edits:
        return Reason.NEW_FILES
    if len(edits) > 1:
        return Reason.SEVERAL_FILES
    ((path, file_edits),) = edits.items()
    if "\r" in report.sources[path].text:
        return Reason.LINE_ENDINGS
    if path not in files:
        return Reason.OUTSIDE_HUNK
    file = files[path]
    first, last = file.lines.line_range(file_edits)
    if file.lines.has_untouched_document(file_edits, first, last):
        return Reason.OTHER_DOCUMENT
    hunk, is_same = next(
        (
            (hunk, is_same)
            for hunk, is_same in file.hunks
            if hunk.first <= first and last <= hunk.last
        ),
        (None, False),
    )
    if hunk is None:
        return Reason.OUTSIDE_HUNK
    if not is_same:
        return Reason.OTHER_VERSION
    text = file.lines.replaced_text(file_edits, first, last)
    if text and not text.endswith("\n"):
        text += "\n"
    return Suggestion(
        changes=changes,
        edits=edits,
        key=key_of(path, *(change.id for change in changes)),
        file=file.diff,
        hunk=hunk,
        first=first,
        last=last,
        text=text,
    )
