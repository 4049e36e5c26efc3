"""What is said on a pull request: a comment for each change that fits into its diff, and a summary
of everything else. Nothing is posted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from service.findings import Change, Report
from service.render.common import NOBODY, Producer
from service.render.diff import render_diff, render_patch
from service.render.diff_parser import FileDiff
from service.render.explanations import (
    change_lines,
    container_table,
    place_of,
    speaks_of_stages,
    stages_explained,
)
from service.render.fixes import FileEdits
from service.render.markdown_text import bounded, code, counted, escape, folded_patch, joined
from service.render.mermaid import pictures
from service.render.platforms import Platform
from service.render.suggestions import (
    LeftOut,
    Reason,
    Suggestion,
    key_of,
    suggest,
    touched_workloads,
)
from service.render.topology import Topology

Json = dict[str, Any]

_EXPLANATIONS: Mapping[Reason, str] = {
    Reason.NEEDS_STAGES: "what it touches must not run twice: see what has to be done first",
    Reason.NEW_FILES: "it makes new files",
    Reason.SEVERAL_FILES: "it edits several files",
    Reason.OUTSIDE_HUNK: "its lines are not all in one hunk of this pull request",
    Reason.OTHER_DOCUMENT: "another document lies between its lines",
    Reason.OTHER_VERSION: "the file differs from the one in the diff",
    Reason.LINE_ENDINGS: "the file has CRLF line endings",
    Reason.PLATFORM_LIMIT: "it is too long for a comment, or there are too many",
}

_MAX_TABLE = 8_000
"""Characters of a table of containers in a comment."""


@dataclass(frozen=True, slots=True)
class Asker:
    """For whom comments are made."""

    platform: Platform
    """The forge."""
    bot: str = ""
    """A name that tells the comments of one bot from those of another; empty for the only one."""
    producer: Producer = NOBODY
    """Who makes them."""

    @property
    def marker_start(self) -> str:
        """How every comment of this bot starts."""
        return f"{self.platform.hidden[0]}podsplit{f'[{self.bot}]' if self.bot else ''}:"

    def marker(self, kind: str, key: str) -> str:
        """What a comment starts with, unseen: the same from run to run."""
        return f"{self.marker_start}{kind}:{key}{self.platform.hidden[1]}"

    def opening(self, kind: str, key: str) -> str:
        """The first line of a comment; the definition of a link is a paragraph of its own."""
        return self.marker(kind, key) + ("\n" if self.platform.html else "\n\n")


def render_suggestions(report: Report, diffs: dict[str, FileDiff], asker: Asker) -> Json:
    """Comments for the changes that fit into the pull request's diff, and a summary with a patch of
    the others.

    Args:
        report: of a rewrite.
        diffs: the pull request, from `parse_diff`.
        asker: the forge, and whose comments they are.

    Returns:
        The answer of /v1/suggestions (`SuggestionsSchema`).

    Raises:
        ValueError: the report is of an analysis.
    """
    platform = asker.platform
    suggestions, not_suggested = suggest(report, diffs)
    topology = Topology(report)
    comments: list[Json] = []
    over_limit: list[LeftOut] = []
    for suggestion in suggestions:
        block = (
            platform.block(suggestion, report) if len(comments) < platform.max_comments else None
        )
        body = _body(report, suggestion, block, topology, asker) if block is not None else ""
        if not body:
            over_limit.append(LeftOut(suggestion.changes, suggestion.edits, Reason.PLATFORM_LIMIT))
            continue
        comments.append(
            {
                "marker": asker.marker("suggestion", suggestion.key),
                "changes": [change.id for change in suggestion.changes],
                "path": suggestion.file.path,
                "first_line": suggestion.first,
                "last_line": suggestion.last,
                "body": body,
                "payload": platform.payload(suggestion, body),
            }
        )
    left_out = not_suggested + over_limit
    return {
        "platform": platform.name,
        "marker_start": asker.marker_start,
        "comments": comments,
        "summary": _Summary(report, diffs, topology, asker).of(len(comments), left_out),
        "left_out": [
            {"change": change.id, "workload": change.workload, "reason": item.reason.value}
            for item in left_out
            for change in item.changes
        ],
    }


def _body(
    report: Report, suggestion: Suggestion, block: str, topology: Topology, asker: Asker
) -> str:
    """The comment: what it does and why, the suggestion, and as much of the containers and of the
    picture as there is room for; empty where not even the suggestion fits.
    """
    text = asker.opening("suggestion", suggestion.key)
    for change in suggestion.changes:
        text += f"**Podsplit**: {escape(change.title)}\n\n"
        text += "".join(change_lines(report, change, asker.producer)) + "\n"
    if speaks_of_stages(suggestion.changes):
        text += f"{stages_explained(report, asker.producer)}\n"
    text += block
    room = asker.platform.max_length - len(text) - 1
    if room < -1:
        return ""
    places = {(change.location.path, change.workload) for change in suggestion.changes}
    workloads = [
        workload
        for workload in report.workloads
        if (workload.location.path, workload.title) in places
    ]
    more, _ = joined(
        [
            container_table(report, workloads, _MAX_TABLE),
            pictures(topology, suggestion.changes) if asker.platform.html else "",
        ],
        room - 2,
    )
    return f"{text}\n{more}" if more else text


class _Summary:
    """The one comment about everything that isn't suggested."""

    def __init__(
        self, report: Report, diffs: dict[str, FileDiff], topology: Topology, asker: Asker
    ) -> None:
        self._report = report
        self._asker = asker
        self._topology = topology
        self._diffs = diffs
        self._paths = diffs.keys()
        self._touched = touched_workloads(report, diffs)
        self._names = {(workload.location.path, workload.title) for workload in self._touched}

    def of(self, comments: int, left_out: list[LeftOut]) -> Json:
        """The summary in the answer.

        Args:
            comments: how many suggestions there are.
            left_out: the changes that are not suggested.
        """
        platform = self._asker.platform
        opening = self._asker.opening("summary", key_of())
        others = [item for item in left_out if item.reason is not Reason.NOT_TOUCHED]
        remarks = list(self._remarks())
        diff = _patch(self._report, others)
        text, missing = joined(
            [
                opening + self._headline(comments, others, remarks),
                container_table(self._report, self._touched, min(_MAX_TABLE, self._room)),
                self._others(others),
                "**Not changed**\n\n" + bounded(remarks, self._room) if remarks else "",
                self._pictures(others),
                folded_patch(diff, html=platform.html) if diff else "",
            ],
            # A bot adds a line with a key for each suggestion.
            platform.max_length - 300 - 17 * platform.max_comments,
        )
        if missing:
            text += (
                "_Something is left out here, too long for a comment: `POST /v1/rewrite` has"
                " everything, with `format=diff` as a patch._\n"
            )
        quiet = not (comments or others or remarks)
        return {"marker": opening.strip(), "body": text, "patch": diff, "quiet": quiet}

    @property
    def _room(self) -> int:
        """Characters of one of its lists."""
        return self._asker.platform.max_length // 5

    def _headline(self, comments: int, others: list[LeftOut], remarks: list[str]) -> str:
        count = "nothing to change in"
        if comments or others:
            count = f"{counted(comments, 'suggestion')} on"
        elif remarks:
            count = f"{counted(len(remarks), 'remark')} on"
        return f"### Podsplit: {count} the workloads of this pull request\n"

    def _others(self, others: list[LeftOut]) -> str:
        if not others:
            return ""
        items = bounded(
            (self._item(item, change) for item in others for change in item.changes), self._room
        )
        text = f"**Not as a suggestion, but in the patch below**\n\n{items}"
        stages = any(item.reason is Reason.NEEDS_STAGES for item in others) or speaks_of_stages(
            change for item in others for change in item.changes
        )
        return f"{text}\n{stages_explained(self._report, self._asker.producer)}" if stages else text

    def _item(self, item: LeftOut, change: Change) -> str:
        lines = change_lines(self._report, change, self._asker.producer)
        details = "".join(f"    {line}" for line in lines)
        title = f"**{escape(change.title)}**, as {_EXPLANATIONS[item.reason]}"
        return f"- {title} ({code(change.id)})\n{details}"

    def _remarks(self) -> Iterator[str]:
        """What is to be known of the touched workloads and isn't changed: findings that no change
        is for, what was held back, and what can't be read.
        """
        report = self._report
        for finding in report.findings:
            place = (finding.location.path, finding.workload)
            if finding.change is None and finding.is_open and place in self._names:
                rule = self._asker.producer.link(code(finding.rule), f"rules-{finding.rule}")
                yield f"- {escape(finding.workload)}: {escape(finding.message)} ({rule})\n"
        for item in report.rewrite.held_back if report.rewrite else ():
            if (item.location.path, item.workload) in self._names:
                yield (
                    f"- {escape(item.workload)}: {item.action} held back: {escape(item.message)}"
                    f" ({code(item.reason)})\n"
                )
        for path in sorted(self._paths - report.sources.keys()):
            if path.endswith((".yaml", ".yml", ".json")) and _shows_a_kind(self._diffs[path]):
                yield f"- {code(path)} is in the diff and was not sent, so nothing is said of it\n"
        for rejected in report.rejected:
            if rejected.location.path in self._paths:
                place_text = code(place_of(report, rejected.location))
                yield f"- {place_text} can't be read: {escape(rejected.message)}\n"

    def _pictures(self, others: list[LeftOut]) -> str:
        if not self._asker.platform.html:
            return ""
        return pictures(self._topology, [change for item in others for change in item.changes])


def _shows_a_kind(file: FileDiff) -> bool:
    """Whether the lines of a diff are of a manifest: one has a kind, and is mostly shown whole."""
    return any("kind" in line for hunk in file.hunks for line in hunk.lines)


def _patch(report: Report, others: list[LeftOut]) -> str:
    if any(not item.edits for item in others):
        return render_diff(report)  # new files are only in the whole diff
    merged: FileEdits = {}
    for item in others:
        for path, edits in item.edits.items():
            merged.setdefault(path, []).extend(edits)
    return render_patch(
        report, {path: sorted(edits, key=lambda edit: edit.span) for path, edits in merged.items()}
    )
