"""What people say to the bot in comments, and where its answers are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from clients.bot.forge import Posted, first_line

RECENT = timedelta(days=1)
"""How long something that was said, or a pull request that was closed, is looked at."""
WORDS = ("recheck", "apply", "next")
_COMMAND = re.compile(
    rf"/podsplit[ \t]+({'|'.join(WORDS)})(?:[ \t]+(\S[^\r\n]{{0,1400}}?))?[ \t]*(?:\r?\n|\Z)"
)


@dataclass(frozen=True)
class Command:
    """A command in a comment."""

    word: str
    """One of `WORDS`."""
    target: str
    """What it is about; empty for what the pull request is about."""
    comment: str
    """The number of the comment."""
    author: str
    """Whose it is, as in `Posted`."""


def is_command(text: str) -> bool:
    """Whether a comment is a command: it starts with one."""
    return _COMMAND.match(text) is not None


def unanswered(
    comments: Iterable[Posted], account: str, hidden: tuple[str, str]
) -> Iterator[Command]:
    """The commands of the last day that the bot has not answered, in their order. What was said
    before by somebody who may write only now is not meant any more.

    Args:
        comments: all of the pull request.
        account: the bot's own.
        hidden: as in `Repository`.
    """
    talk = [comment for comment in comments if comment.place is None]
    answered = {first_line(comment.body) for comment in talk if comment.author == account}
    for comment in talk:
        found = _COMMAND.match(comment.body)
        is_new = answer_marker(comment.number, hidden) not in answered
        # The account may be a person's: what the bot itself says starts with a marker.
        if found and is_new and comment.author and is_recent(comment.written):
            yield Command(found[1], found[2] or "", comment.number, comment.author)


def answer_marker(comment: str, hidden: tuple[str, str]) -> str:
    """What the answer to a comment starts with, unseen."""
    return f"{hidden[0]}podsplit-bot:answer:{comment}{hidden[1]}"


def answer(comment: str, hidden: tuple[str, str], text: str) -> str:
    """An answer to a comment, with its marker."""
    return f"{answer_marker(comment, hidden)}\n\n{text.rstrip()}\n"


def is_recent(text: str) -> bool:
    """Whether a moment, as a forge writes it, is less than a day ago."""
    return datetime.now(UTC) - moment(text) < RECENT


def moment(text: str) -> datetime:
    """A moment as a forge writes it; one that can't be read is now."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return datetime.now(UTC)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
