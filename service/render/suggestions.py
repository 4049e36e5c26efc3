"""Which changes become suggestions on a pull request, and on which lines. Pure, and the same for every platform.

A change is one suggestion or none: half of one is an outage. It becomes one where all its edits lie in one hunk of one file and its lines
swallow no document that it doesn't touch; otherwise it goes whole into the summary, as a patch.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from service.findings import Change, Report
from service.render.common import FileEdits, groups, whole_edits
from service.render.diff import split_lines
from service.render.pulls import FileDiff, Hunk
from service.text import Edit, SourceFile, Span, apply_edits


class Reason(StrEnum):
    """Why a change is not a suggestion."""

    NOT_TOUCHED = "not-touched"
    """The pull request doesn't touch its workload: it isn't this one's business, and not in the summary either."""
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
    suggestions: list[Suggestion] = []
    left_out: list[LeftOut] = []
    for group in groups(report.rewrite):
        changes = tuple(group)
        whole = edits.get(group[0].id, {})
        if not any(_touched(report, change, diffs) for change in group):
            left_out.append(LeftOut(changes, whole, Reason.NOT_TOUCHED))
            continue
        match _place(report, changes, whole, diffs):
            case Suggestion() as suggestion:
                suggestions.append(suggestion)
            case reason:
                left_out.append(LeftOut(changes, whole, reason))
    return suggestions, left_out


def marker(kind: str, *parts: str) -> str:
    """A comment that nobody sees, made of what stays the same from run to run."""
    return f"<!-- podsplit:{kind}:{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:16]} -->"


def _touched(report: Report, change: Change, diffs: dict[str, FileDiff]) -> bool:
    file = diffs.get(change.location.path)
    if file is None:
        return False
    first, _, last, _ = report.position(change.location)
    return any(first <= line <= last for hunk in file.hunks for line in hunk.changed)


def _place(report: Report, changes: tuple[Change, ...], edits: FileEdits, diffs: dict[str, FileDiff]) -> Suggestion | Reason:
    if not edits:
        return Reason.NEW_FILES
    if len(edits) > 1:
        return Reason.SEVERAL_FILES
    ((path, items),) = edits.items()
    source = report.sources[path]
    if "\r" in source.text:
        return Reason.LINE_ENDINGS
    if path not in diffs:
        return Reason.OUTSIDE_HUNK
    lines = split_lines(source.text)
    first, last = _lines(source, items, lines)
    if _swallows(source, items, lines, first, last):
        return Reason.OTHER_DOCUMENT
    hunk = next((hunk for hunk in diffs[path].hunks if hunk.first <= first and last <= hunk.last), None)
    if hunk is None:
        return Reason.OUTSIDE_HUNK
    if [line.removesuffix("\n") for line in lines[hunk.first - 1 : hunk.last]] != [line.removesuffix("\r") for line in hunk.lines]:
        return Reason.OTHER_VERSION
    start = sum(len(line) for line in lines[: first - 1])
    end = start + sum(len(line) for line in lines[first - 1 : last])
    inside = [Edit(Span(edit.span.start - start, edit.span.end - start), edit.content) for edit in items]
    text = apply_edits(source.text[start:end], inside)
    if text and not text.endswith("\n"):
        text += "\n"
    mark = marker("suggestion", path, *(change.id for change in changes))
    return Suggestion(changes, mark, diffs[path], hunk, first, last, text)


def _lines(source: SourceFile, edits: list[Edit], lines: list[str]) -> tuple[int, int]:
    """The lines that the edits lie in, 1-based and inclusive; an insertion behind the last line stands on it."""
    first = min(source.position(edits[0].span.start)[0], len(lines))
    last = first
    for edit in edits:
        line, column = source.position(edit.span.end)
        # A replacement that ends where a line begins leaves that line as it is; an insertion there is the line's own (indentation).
        last = max(last, line - 1 if column == 1 and edit.span.start < edit.span.end else line)
    return (min(first, last), min(max(first, last), len(lines)))


def _swallows(source: SourceFile, edits: list[Edit], lines: list[str], first: int, last: int) -> bool:
    """Whether a document lies in the lines that none of the edits is in."""
    bounds = [1, *(number for number, line in enumerate(lines, 1) if line.startswith("---")), len(lines) + 1]
    places = [(source.position(edit.span.start)[0], source.position(max(edit.span.start, edit.span.end - 1))[0]) for edit in edits]
    for start, stop in pairwise(bounds):
        inside = start < stop and start < last and stop - 1 > first
        if inside and not any(begin < stop and end >= start for begin, end in places):
            return True
    return False
