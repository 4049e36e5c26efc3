"""Suggestions as the platforms want them: comments ready to post, within each platform's limits.
Posts nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from service.findings import Change, Report
from service.render.common import FileEdits
from service.render.diff import patch, render_diff
from service.render.markdown import code, count, escape, fence_for, fitting
from service.render.pulls import FileDiff
from service.render.suggestions import LeftOut, Reason, Suggestion, marker, suggest

Json = dict[str, Any]

_WHY: Mapping[Reason, str] = {
    Reason.NEW_FILES: "it makes new files",
    Reason.SEVERAL_FILES: "it edits several files",
    Reason.OUTSIDE_HUNK: "its lines are not all in one hunk of this pull request",
    Reason.OTHER_DOCUMENT: "another document lies between its lines",
    Reason.OTHER_VERSION: "the file differs from the one in the diff",
    Reason.LINE_ENDINGS: "the file has CRLF line endings",
    Reason.PLATFORM_LIMIT: "it is too long for a comment, or there are too many",
}


@dataclass(frozen=True, slots=True)
class Platform:
    """A forge."""

    name: str
    """What `?platform=` says."""
    longest: int
    """Characters in a comment."""
    comments: int
    """Comments in one review, as far as a reader can bear or the platform takes."""
    block: Callable[[Suggestion, Report], str | None]
    """What shows the change in a comment; None if the platform can't."""
    payload: Callable[[Suggestion, str], Json]
    """The comment as its API wants it, but for what only the caller knows, such as commit ids."""


def render_suggestions(report: Report, diffs: dict[str, FileDiff], platform: Platform) -> Json:
    """Comments for the changes that the pull request's diff has room for, and a summary with a
    patch of the others.
    """
    suggestions, left_out = suggest(report, diffs)
    comments: list[Json] = []
    for suggestion in suggestions:
        block = platform.block(suggestion, report) if len(comments) < platform.comments else None
        body = _body(suggestion, block) if block is not None else ""
        if not body or len(body) > platform.longest:
            left_out.append(LeftOut(suggestion.changes, suggestion.edits, Reason.PLATFORM_LIMIT))
            continue
        comments.append(
            {
                "marker": suggestion.marker,
                "changes": [change.id for change in suggestion.changes],
                "path": suggestion.file.path,
                "first_line": suggestion.first,
                "last_line": suggestion.last,
                "body": body,
                "payload": platform.payload(suggestion, body),
            }
        )
    return {
        "platform": platform.name,
        "comments": comments,
        "summary": _summary(report, comments, left_out, platform),
        "left_out": [
            {"change": change.id, "workload": change.workload, "reason": item.reason.value}
            for item in left_out
            for change in item.changes
        ],
    }


def _body(suggestion: Suggestion, block: str) -> str:
    lines = [f"{suggestion.marker}\n"]
    for change in suggestion.changes:
        lines.append(f"**Podsplit**: {escape(change.title)} ({change.applicability.label})\n")
        lines += [f"- assumes: {escape(assumption.message)}\n" for assumption in change.assumptions]
    return "".join(lines) + "\n" + block


def _summary(
    report: Report, comments: list[Json], left_out: list[LeftOut], platform: Platform
) -> Json:
    mark = marker("summary")
    others = [item for item in left_out if item.reason is not Reason.NOT_TOUCHED]
    text = (
        f"{mark}\n### Podsplit: {count(len(comments), 'suggestion')} on the workloads of this pull"
        " request\n"
    )
    if not comments and not others:
        text = f"{mark}\n### Podsplit: nothing to change in the workloads of this pull request\n"
    if others:
        text += "\nNot as a suggestion, but in the patch below:\n\n"
        text += fitting(
            (_other(item, change) for item in others for change in item.changes),
            platform.longest // 2,
        )
    diff = _patch(report, others)
    if diff:
        fence = fence_for(diff)
        folded = (
            "\n<details><summary>Patch, for <code>git"
            f" apply</code></summary>\n\n{fence}diff\n{diff}{fence}\n\n</details>\n"
        )
        text += (
            folded
            if len(text) + len(folded) <= platform.longest
            else "\n_The patch is too long for a comment: `POST /v1/rewrite?format=diff` has it._\n"
        )
    return {"marker": mark, "body": text, "patch": diff}


def _other(item: LeftOut, change: Change) -> str:
    text = f"- {escape(change.title)}, as {_WHY[item.reason]} ({code(change.id)})\n"
    return text + "".join(
        f"  - assumes: {escape(assumption.message)}\n" for assumption in change.assumptions
    )


def _patch(report: Report, others: list[LeftOut]) -> str:
    if any(not item.edits for item in others):
        return render_diff(report)  # files are made: only the whole says it
    merged: FileEdits = {}
    for item in others:
        for path, edits in item.edits.items():
            merged.setdefault(path, []).extend(edits)
    return patch(
        report, {path: sorted(edits, key=lambda edit: edit.span) for path, edits in merged.items()}
    )


def _fenced(suggestion: Suggestion, word: str, least: int = 3) -> str:
    fence = fence_for(suggestion.text)
    fence = fence if len(fence) >= least else "`" * least
    return f"{fence}{word}\n{suggestion.text}{fence}\n"


def _github_block(suggestion: Suggestion, _report: Report) -> str:
    return _fenced(suggestion, "suggestion")


def _github_payload(suggestion: Suggestion, body: str) -> Json:
    payload: Json = {
        "path": suggestion.file.path,
        "body": body,
        "line": suggestion.last,
        "side": "RIGHT",
    }
    if suggestion.first < suggestion.last:
        payload |= {"start_line": suggestion.first, "start_side": "RIGHT"}
    return payload


def _gitlab_anchor(suggestion: Suggestion) -> int:
    """The commented line: the last one, or one in the middle of a long range."""
    return min(suggestion.last, suggestion.first + 100)


def _gitlab_block(suggestion: Suggestion, _report: Report) -> str | None:
    line = _gitlab_anchor(suggestion)
    above, below = line - suggestion.first, suggestion.last - line
    if below > 100:
        return None
    return _fenced(suggestion, f"suggestion:-{above}+{below}")


def _gitlab_payload(suggestion: Suggestion, body: str) -> Json:
    line = _gitlab_anchor(suggestion)
    position: Json = {
        "position_type": "text",
        "new_path": suggestion.file.path,
        "old_path": suggestion.file.old_path,
        "new_line": line,
    }
    if line in suggestion.hunk.old_lines:
        position["old_line"] = suggestion.hunk.old_lines[line]
    return {"body": body, "position": position}


def _diff_block(suggestion: Suggestion, report: Report) -> str:
    text = patch(report, suggestion.edits)
    fence = fence_for(text)
    return f"{fence}diff\n{text}{fence}\n"


def _gitea_payload(suggestion: Suggestion, body: str) -> Json:
    return {
        "path": suggestion.file.path,
        "body": body,
        "new_position": suggestion.last,
        "old_position": 0,
    }


def _bitbucket_payload(suggestion: Suggestion, body: str) -> Json:
    return {
        "content": {"raw": body},
        "inline": {"path": suggestion.file.path, "to": suggestion.last},
    }


PLATFORMS = (
    Platform("github", 65_536, 30, _github_block, _github_payload),
    Platform("gitlab", 1_000_000, 100, _gitlab_block, _gitlab_payload),
    Platform("gitea", 65_536, 30, _diff_block, _gitea_payload),
    Platform("bitbucket", 32_768, 30, _diff_block, _bitbucket_payload),
)
