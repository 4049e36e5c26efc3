"""The one loop: make the pull request say what the service says."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import requests

from clients.bot.forge import Comment, Conversation, Posted, is_refusal

_KEY = re.compile(r"[0-9a-f]{16}")
_HANDED_BACK = (401, 403)
"""Statuses that mean the token, and not one comment."""


@dataclass
class Outcome:
    """What was done."""

    created: int = 0
    updated: int = 0
    deleted: int = 0
    dismissed: int = 0
    """Suggestions that somebody has resolved or deleted, and that aren't posted again."""
    refused: list[str] = field(default_factory=list)
    """A sentence for each comment that the forge refused."""


def reconcile(forge: Conversation, answer: dict[str, Any], account: str = "") -> Outcome:
    """Create, update and delete comments until the pull request says what the answer says.

    Comments of others are left alone, those of bots with another name too. A suggestion that
    somebody has resolved stays as it is, and one that somebody has deleted isn't posted again: the
    summary has a line, unseen, of those that were posted.

    Args:
        forge: what is said on the pull request.
        answer: the service's.
        account: who the bot is; empty where that isn't known: then its comments are known by their
            text alone.

    Raises:
        requests.HTTPError: the forge refuses the token, or can't be read.
    """
    posted: dict[str, list[Posted]] = {}
    for comment in forge.comments():
        is_own = not account or comment.author == account
        if is_own and (marker := _marker_of(comment.body, answer)):
            posted.setdefault(marker, []).append(comment)
    summary = answer["summary"]
    before = _recorded(posted.get(summary["marker"], []), answer)
    outcome = Outcome()
    known: list[str] = []
    wanted: list[Comment] = []
    for new in answer["comments"]:
        if _is_dismissed(new, posted, before):
            outcome.dismissed += 1
            posted.pop(new["marker"], None)
            known.append(_key(new["marker"]))
        else:
            wanted.append(new)
    missing = [new for new in wanted if _find(posted, new) is None]
    if len(missing) > 1 and forge.create_together(missing):
        outcome.created += len(missing)
        known += [_key(new["marker"]) for new in missing]
        wanted = [new for new in wanted if new not in missing]
    known += [_key(new["marker"]) for new in wanted if _put(forge, new, posted, outcome)]
    # A summary that says nothing is posted only where one is already.
    if known or not summary["quiet"] or summary["marker"] in posted:
        body = summary["body"].rstrip("\n") + _record(known, answer)
        _put(forge, {"marker": summary["marker"], "body": body}, posted, outcome)
    for stale in (comment for comments in posted.values() for comment in comments):
        if stale.settled:
            continue
        forge.delete(stale)
        outcome.deleted += 1
    return outcome


def _put(
    forge: Conversation, new: Comment, posted: dict[str, list[Posted]], outcome: Outcome
) -> bool:
    """Have a comment said where it should be, and take it from those that are left over.

    Returns:
        Whether it is there now.
    """
    same = _find(posted, new)
    try:
        if same is None:
            forge.create(new)
            outcome.created += 1
            return True
        posted[new["marker"]].remove(same)
        if _normalized(same.body) != _normalized(new["body"]):
            forge.update(same, new["body"])
            outcome.updated += 1
    except requests.HTTPError as error:
        if error.response.status_code in _HANDED_BACK or not is_refusal(error.response):
            raise
        outcome.refused.append(
            f"{new.get('path', 'summary')}: the forge answers {error.response.status_code}"
        )
        return False
    return True


def _find(posted: dict[str, list[Posted]], new: Comment) -> Posted | None:
    """What is posted of a comment where it should be."""
    candidates = posted.get(new["marker"], [])
    return next((candidate for candidate in candidates if _is_in_place(candidate, new)), None)


def _is_dismissed(new: Comment, posted: dict[str, list[Posted]], before: set[str]) -> bool:
    """Whether somebody has resolved a suggestion, or deleted what was posted."""
    there = posted.get(new["marker"], [])
    if there:
        return any(comment.settled for comment in there)
    return _key(new["marker"]) in before


def _marker_of(body: str, answer: dict[str, Any]) -> str:
    """The marker that a comment starts with, if it is one of this bot's; else empty."""
    first_line = body.replace("\r\n", "\n").partition("\n")[0].rstrip()
    is_own = first_line.startswith(answer["marker_start"]) and _KEY.search(first_line)
    return first_line if is_own else ""


def _end_of_marker(answer: dict[str, Any]) -> str:
    """What is behind the key in a marker."""
    return str(_KEY.split(answer["summary"]["marker"])[-1])


def _key(marker: str) -> str:
    found = _KEY.search(marker)
    assert found is not None, "a marker has 16 hexadecimal digits"
    return found[0]


def _record(keys: list[str], answer: dict[str, Any]) -> str:
    """A line that readers don't see, with the suggestions that were posted."""
    if not keys:
        return "\n"
    return f"\n\n{answer['marker_start']}posted:{','.join(keys)}{_end_of_marker(answer)}\n"


def _recorded(summaries: list[Posted], answer: dict[str, Any]) -> set[str]:
    """The suggestions that a summary says were posted."""
    start = f"{answer['marker_start']}posted:"
    return {
        key
        for summary in summaries
        for line in summary.body.splitlines()
        if line.startswith(start)
        for key in _KEY.findall(line)
    }


def _is_in_place(posted: Posted, comment: Comment) -> bool:
    """Whether a posted comment is on the lines that it should be on."""
    payload = comment.get("payload")
    if payload is None or posted.place is None:
        return payload is None and posted.place is None
    fields = payload.get("position", payload.get("inline", payload))
    return all(fields.get(name) == value for name, value in posted.place.items())


def _normalized(body: str) -> str:
    """A text without what forges change in it: line endings and blanks at the ends."""
    return body.replace("\r\n", "\n").strip()
