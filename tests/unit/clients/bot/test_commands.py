"""Which comments are commands, and which of them have no answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from clients.bot.forge import Posted
from clients.bot.hosted.commands import answer, is_command, unanswered

HIDDEN = ("<!-- ", " -->")


NOW = datetime.now(UTC)


def said(number, body, author="dev", place=None, age=timedelta()):
    written = (NOW - age).isoformat()
    return Posted("url", body, place, number=number, author=author, written=written)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/podsplit recheck", True),
        ("/podsplit  apply apps/a.yaml:shop \r\nplease", True),
        ("/podsplit next\n", True),
        ("> /podsplit next", False),
        ("please\n/podsplit next", False),
        ("/podsplit nextone", False),
        ("/podsplit", False),
        ("/podsplit apply my apps/x.yaml:blog", True),
        (" /podsplit apply", False),
    ],
)
def test_a_comment_is_a_command_if_it_starts_with_one(text, expected):
    """Nothing is started by a quotation, or by what is said besides."""
    assert is_command(text) is expected


def test_a_command_is_unanswered_until_the_bot_has_answered_it():
    """An answer like the bot's, by somebody else, is none; nor is a comment on lines a command."""
    comments = [
        said("1", "/podsplit apply"),
        said("2", "/podsplit next x"),
        said("3", answer("1", HIDDEN, "done"), "bot"),
        said("4", answer("2", HIDDEN, "done"), "stranger"),
        said("5", "/podsplit next", place={"line": 1}),
        said("6", "/podsplit next", author=""),
        said("7", "/podsplit next", age=timedelta(days=2)),
    ]

    (command,) = unanswered(comments, "bot", HIDDEN)
    assert (command.word, command.target, command.comment, command.author) == (
        "next",
        "x",
        "2",
        "dev",
    )


def test_the_account_of_the_bot_may_be_a_persons():
    """What the bot says itself is never a command."""
    comments = [
        said("1", "/podsplit next", "bot"),
        said("2", answer("0", HIDDEN, "/podsplit"), "bot"),
    ]

    assert [command.comment for command in unanswered(comments, "bot", HIDDEN)] == ["1"]
