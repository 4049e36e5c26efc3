"""The forges, and what their APIs take: comments on lines, within their limits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from service.findings import Report
from service.render.diff import render_patch
from service.render.markdown_text import fenced
from service.render.suggestions import Suggestion

Json = dict[str, Any]

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
    html: bool = True
    """Whether comments may hold HTML, and Mermaid is drawn; where not, both show as text."""

    @property
    def hidden(self) -> tuple[str, str]:
        """What stands before and behind a text that readers don't see: a comment of HTML, or else
        the definition of a link that nothing uses.
        """
        return ("<!-- ", " -->") if self.html else ("[//]: # (", ")")


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
        html=False,
    ),
)
