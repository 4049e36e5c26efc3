"""Suggestions as each platform's API takes them: comments ready to post, within its limits. Posts
nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from service.findings import Change, Report
from service.render.diff import render_diff, render_patch
from service.render.diff_parser import FileDiff
from service.render.fixes import FileEdits
from service.render.markdown_text import bounded, code, counted, escape, fenced, folded_patch
from service.render.suggestions import LeftOut, Reason, Suggestion, marker, suggest

Json = dict[str, Any]

_EXPLANATIONS: Mapping[Reason, str] = {
    Reason.NEEDS_STAGES: "what it moves must not run twice: merge it stage after stage",
    Reason.NEW_FILES: "it makes new files",
    Reason.SEVERAL_FILES: "it edits several files",
    Reason.OUTSIDE_HUNK: "its lines are not all in one hunk of this pull request",
    Reason.OTHER_DOCUMENT: "another document lies between its lines",
    Reason.OTHER_VERSION: "the file differs from the one in the diff",
    Reason.LINE_ENDINGS: "the file has CRLF line endings",
    Reason.PLATFORM_LIMIT: "it is too long for a comment, or there are too many",
}

_GITLAB_REACH = 100
"""Lines that a suggestion on GitLab may replace above the commented one, and below it
(docs.gitlab.com, "Suggest changes").
"""


@dataclass(frozen=True, slots=True)
class Platform:
    """A forge, and what its comments look like."""

    name: str
    """The value of `?platform=`."""
    max_length: int
    """Characters of a comment, as the platform allows."""
    max_comments: int
    """Comments in one review, as a reader or the platform takes them."""
    block: Callable[[Suggestion, Report], str | None]
    """Makes what shows the change in a comment; None if the platform can't show it."""
    payload: Callable[[Suggestion, str], Json]
    """Makes the body for its API, without what only the caller knows, such as commit ids."""


def render_suggestions(report: Report, diffs: dict[str, FileDiff], platform: Platform) -> Json:
    """Comments for the changes that fit into the pull request's diff, and a summary with a patch of
    the others.

    Args:
        report: of a rewrite.
        diffs: the pull request, from `parse_diff`.
        platform: the forge.

    Returns:
        The answer of /v1/suggestions (`SuggestionsSchema`).

    Raises:
        ValueError: the report is of an analysis.
    """
    suggestions, not_suggested = suggest(report, diffs)
    comments: list[Json] = []
    over_limit: list[LeftOut] = []
    for suggestion in suggestions:
        block = (
            platform.block(suggestion, report) if len(comments) < platform.max_comments else None
        )
        body = _body(suggestion, block) if block is not None else ""
        if not body or len(body) > platform.max_length:
            over_limit.append(LeftOut(suggestion.changes, suggestion.edits, Reason.PLATFORM_LIMIT))
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
    left_out = not_suggested + over_limit
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
        f"{mark}\n### Podsplit: {counted(len(comments), 'suggestion')} on the workloads of this"
        " pull request\n"
    )
    if not comments and not others:
        text = f"{mark}\n### Podsplit: nothing to change in the workloads of this pull request\n"
    if others:
        text += "\nNot as a suggestion, but in the patch below:\n\n"
        text += bounded(
            (_list_item(item, change) for item in others for change in item.changes),
            platform.max_length // 2,
        )
    diff = _patch(report, others)
    if diff:
        folded = "\n" + folded_patch(diff)
        text += (
            folded
            if len(text) + len(folded) <= platform.max_length
            else "\n_The patch is too long for a comment: `POST /v1/rewrite?format=diff` has it._\n"
        )
    return {"marker": mark, "body": text, "patch": diff}


def _list_item(item: LeftOut, change: Change) -> str:
    text = f"- {escape(change.title)}, as {_EXPLANATIONS[item.reason]} ({code(change.id)})\n"
    return text + "".join(
        f"  - assumes: {escape(assumption.message)}\n" for assumption in change.assumptions
    )


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


def _github_block(suggestion: Suggestion, _report: Report) -> str:
    return fenced(suggestion.text, "suggestion")


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
    """The line that the comment is on: the last one, or an earlier one of a long range."""
    return min(suggestion.last, suggestion.first + _GITLAB_REACH)


def _gitlab_block(suggestion: Suggestion, _report: Report) -> str | None:
    line = _gitlab_anchor(suggestion)
    above, below = line - suggestion.first, suggestion.last - line
    if below > _GITLAB_REACH or _may_act(suggestion.text):
        return None
    return fenced(suggestion.text, f"suggestion:-{above}+{below}")


def _may_act(text: str) -> bool:
    """Whether GitLab's parser of quick actions may run a line of a suggestion: older versions end
    code at three backticks wherever they stand, and then a line with a slash at its start acts with
    the rights of the bot.
    """
    _, fence, behind = text.partition("```")
    return bool(fence) and any(line.lstrip().startswith("/") for line in behind.split("\n")[1:])


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
    return fenced(render_patch(report, suggestion.edits), "diff")


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
    Platform(
        name="github",
        max_length=65_536,
        max_comments=30,
        block=_github_block,
        payload=_github_payload,
    ),
    Platform(
        name="gitlab",
        max_length=1_000_000,
        max_comments=100,
        block=_gitlab_block,
        payload=_gitlab_payload,
    ),
    Platform(
        name="gitea",
        max_length=65_536,
        max_comments=30,
        block=_diff_block,
        payload=_gitea_payload,
    ),
    Platform(
        name="bitbucket",
        max_length=32_768,
        max_comments=30,
        block=_diff_block,
        payload=_bitbucket_payload,
    ),
)
