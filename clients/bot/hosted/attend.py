"""Looks at one pull request, and makes it say and do what it should.

Whatever the reason for looking (a webhook, a sweep, a start after a crash), what is to be done is
read from the forge: which commands have no answer, which commit is the newest, what was posted. So
a look that is repeated changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import requests

from clients.bot.forge import PullRequest, Repository, State, is_refusal
from clients.bot.hosted.commands import Command, answer, unanswered
from clients.bot.hosted.contents import read_manifests
from clients.bot.hosted.splits import Splits
from clients.bot.hosted.stages import Mark, read_mark
from clients.bot.hosted.surroundings import Surroundings
from clients.bot.reconcile import Outcome, reconcile
from clients.bot.selection import manifests_of_diff
from clients.bot.trouble import Trouble, Unreachable

_HOW_TO_SPLIT = (
    "\nOnce this is merged, a comment `/podsplit apply` opens a pull request for the first stage of"
    " the split, and `/podsplit next` those that follow, each to be merged when the one before has"
    " been rolled out.\n"
)
_NOT_ALLOWED = (403, 404)
_MOST_COMMANDS = 20
"""Commands that one look is about."""
_MOST_AUTHORS = 10
"""People about whom a look asks whether they may write."""
_OUTCOMES = {
    "reviewed": "Podsplit has looked at {head} again.",
    "refused": "Podsplit can't look at {head}: the status says why.",
    "stage": "This is a stage of a split: the status says whether it may be merged.",
    "closed": "This pull request is closed, so there is nothing to look at.",
}
"""What is answered to a recheck, by what came of the look."""


@dataclass
class Look:
    """What came of a look."""

    changed: str
    """When the pull request had changed, as it was read first."""
    outcome: str = "nothing"
    """`reviewed`, `known` (that commit was), `superseded` (there is a newer one), `stage` (an open
    pull request of the bot's own), `closed`, or `refused` (nothing can be said of it).
    """
    comments: Outcome | None = None
    """What was posted."""
    commands: int = 0
    """How many commands were carried out or declined."""
    stages: tuple[tuple[str, int], ...] = ()
    """The stages that pull requests were opened for, each with the number of that."""
    refused: tuple[str, ...] = ()
    """What the forge doesn't let the bot do: `permissions` (ask who may write), `status`."""


class Attendant:
    """Looks at the pull requests of one repository."""

    def __init__(
        self,
        repository: Repository,
        surroundings: Surroundings,
        *,
        platform: str,
        folders: tuple[str, ...] = (),
        strict: bool = False,
    ) -> None:
        """Know a repository.

        Args:
            repository: the repository.
            surroundings: what all looks share.
            platform: the forge, by the service's name for it.
            folders: folders and files to look at; none for all.
            strict: whether the status fails while there is something to change.
        """
        self._repository = repository
        self._around = surroundings
        self._platform = platform
        self._folders = folders
        self._is_strict = strict
        self._splits = Splits(repository, surroundings, folders)

    def attend(self, number: int, reviewed: str = "") -> tuple[Look, str]:
        """Look at a pull request.

        Args:
            number: its number.
            reviewed: what the last look has returned; empty if there was none.

        Returns:
            What came of it, and what was reviewed, for the next look.

        Raises:
            requests.RequestException: the forge refuses something, or can't be reached.
            Unreachable: the service can't be.
        """
        repository = self._repository
        pull_request = repository.pull_request(number)
        account = repository.own_account()
        mark = None
        if pull_request.author == account:
            mark = read_mark(pull_request.body, repository.hidden)
        look = Look(pull_request.changed)
        commands = self._permitted_commands(pull_request, account, look)
        if commands:
            # As it was when they were said, or later.
            pull_request = repository.pull_request(number)
        is_asked = any(command.word == "recheck" for command in commands)
        if pull_request.state is not State.OPEN or not pull_request.head:
            # That of a fork that is gone has no commit any more.
            look.outcome = "closed"
        elif mark is not None:
            look.outcome = "stage"
            reviewed = self._check_stage(pull_request, mark, reviewed, look)
        elif not is_asked and self._is_known(pull_request, reviewed):
            look.outcome, reviewed = "known", _what(pull_request)
        else:
            reviewed = self._review(pull_request, account, look)
        # What can't be done for a command keeps nobody from being told of the rest.
        for command in commands:
            text = self._carry_out(command, pull_request, mark, look)
            if text:
                body = answer(command.comment, repository.hidden, text)
                repository.conversation(pull_request).create({"body": body})
        return look, reviewed

    def _permitted_commands(
        self, pull_request: PullRequest, account: str, look: Look
    ) -> list[Command]:
        """The commands without an answer, of those who may write. Strangers may say as many as they
        like: no more than some are asked about.
        """
        repository = self._repository
        comments = repository.conversation(pull_request).comments()
        found = list(unanswered(comments, account, repository.hidden))[:_MOST_COMMANDS]
        authors = list(dict.fromkeys(command.author for command in found))[:_MOST_AUTHORS]
        permitted = {author for author in authors if self._may_write(author, look)}
        commands = [command for command in found if command.author in permitted]
        look.commands = len(commands)
        return commands

    @property
    def _status(self) -> str:
        """The name of the status."""
        return f"podsplit/{self._around.name}" if self._around.name else "podsplit"

    def _is_known(self, pull_request: PullRequest, reviewed: str) -> bool:
        """Whether a commit was reviewed for this pull request and base: as the last look says or,
        after a start, the status, which is set when all else has been said.
        """
        if reviewed:
            return reviewed == _what(pull_request)
        try:
            said = self._repository.conversation(pull_request).status(self._status)
        except requests.HTTPError as error:
            if not _is_forbidden(error):
                raise
            return False
        return said.startswith(self._about(pull_request))

    def _about(self, pull_request: PullRequest) -> str:
        """What a status starts with, as a commit may be in several pull requests."""
        return f"{self._repository.sign}{pull_request.number} to {pull_request.base}: "

    def _review(self, pull_request: PullRequest, account: str, look: Look) -> str:
        """Make a pull request say what the service says of it; what was reviewed."""
        repository, around = self._repository, self._around
        try:
            diff = manifests_of_diff(repository.difference(pull_request), self._folders)
            files = read_manifests(
                repository,
                pull_request.head,
                source=pull_request.source,
                folders=self._folders,
                bounds=around.bounds,
                cache=around.cache,
            )
            said = around.service.suggestions(self._platform, around.name, files, diff)
        except Unreachable:
            raise
        except Trouble as trouble:
            text = f"not looked at: {trouble.public}"
            self._set_status(pull_request, text, passed=not self._is_strict, look=look)
            look.outcome = "refused"
            return _what(pull_request)
        newest = repository.pull_request(pull_request.number)
        if newest.head != pull_request.head or newest.state is not State.OPEN:
            # What was said is of a commit that nobody looks at any more; the newest is looked at
            # next.
            look.outcome = "superseded"
            return ""
        look.outcome = "reviewed"
        if _has_split(said):
            said["summary"]["body"] += _HOW_TO_SPLIT
        look.comments = reconcile(repository.conversation(pull_request), said, account)
        quiet = said["summary"]["quiet"]
        text = "nothing to change"
        if not quiet:
            text = f"suggestions: {len(said['comments'])}; the summary has the rest"
        passed = quiet or not self._is_strict
        self._set_status(pull_request, text, passed=passed, look=look)
        return _what(pull_request)

    def _carry_out(
        self, command: Command, pull_request: PullRequest, mark: Mark | None, look: Look
    ) -> str:
        """Do what a command says; the answer, or nothing if that has to wait."""
        if command.word == "recheck":
            return _OUTCOMES.get(look.outcome, "").format(head=pull_request.head[:12])
        try:
            done = self._splits.carry_out(command, pull_request, mark)
        except Unreachable:
            raise
        except Trouble as trouble:
            return f"That can't be done: {trouble.public}."
        except requests.HTTPError as error:
            if not is_refusal(error.response):
                raise
            return f"That can't be done: the forge answers {error.response.status_code}."
        look.stages += done.stages
        return done.text

    def _may_write(self, account: str, look: Look) -> bool:
        """Whether somebody may push; nobody may where the forge doesn't tell the bot."""
        try:
            return self._repository.may_write(account)
        except requests.HTTPError as error:
            if not _is_forbidden(error):
                raise
            look.refused += ("permissions",)
            return False

    def _set_status(
        self, pull_request: PullRequest, text: str, *, passed: bool, look: Look
    ) -> bool:
        """Set the status, and say whether it is: a token that may comment need not be allowed."""
        conversation = self._repository.conversation(pull_request)
        try:
            conversation.set_status(self._status, self._about(pull_request) + text, passed=passed)
        except requests.HTTPError as error:
            if not _is_forbidden(error):
                raise
            look.refused += ("status",)
            return False
        return True

    def _check_stage(self, pull_request: PullRequest, mark: Mark, checked: str, look: Look) -> str:
        """Say at a stage's commit whether it may still be merged, unless that was said; what is
        said.
        """
        try:
            is_current = self._splits.digest_of(pull_request.base, mark) == mark.before
        except Trouble:
            # What can't be read can't be what it was.
            is_current = False
        verdict = f"{_what(pull_request)} {'current' if is_current else 'stale'}"
        if verdict == checked:
            return verdict
        text = f"stage {mark.stage} of {mark.workload}"
        if not is_current:
            text = "don't merge: the manifests have changed; close this, and say /podsplit apply"
        is_set = self._set_status(pull_request, text, passed=is_current, look=look)
        return verdict if is_set else ""


def _is_forbidden(error: requests.HTTPError) -> bool:
    """Whether a forge doesn't let the bot do something, rather than not yet."""
    return error.response.status_code in _NOT_ALLOWED and is_refusal(error.response)


def _what(pull_request: PullRequest) -> str:
    """What is reviewed: a commit, for a base."""
    return f"{pull_request.base}@{pull_request.head}"


def _has_split(said: dict[str, Any]) -> bool:
    """Whether a split is among the changes that are told of."""
    told = [change for comment in said["comments"] for change in comment["changes"]]
    told += [item["change"] for item in said["left_out"] if item["reason"] != "not-touched"]
    return any(change.startswith("split:") for change in told)
