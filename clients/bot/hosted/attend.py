"""Looks at one pull request, and makes it say and do what it should.

Whatever the reason for looking (a webhook, a sweep, a start after a crash), what is to be done is
read from the forge: which commands have no answer, which commit is the newest, what was posted. So
a look that is repeated changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import requests

from clients.bot.forge import PullRequest, Repository, State
from clients.bot.hosted.commands import Command, answer, unanswered
from clients.bot.hosted.contents import Bounds, Cache, read_manifests
from clients.bot.hosted.splits import Splits
from clients.bot.hosted.stages import Mark, read_mark
from clients.bot.reconcile import Outcome, reconcile
from clients.bot.selection import manifests_of_diff
from clients.bot.service import Service
from clients.bot.trouble import Refused, Trouble, Unreachable

_HOW_TO_SPLIT = (
    "\nOnce this is merged, a comment `/podsplit apply` opens a pull request for the first stage of"
    " the split, and `/podsplit next` those that follow, each to be merged when the one before has"
    " been rolled out.\n"
)
_NOT_ALLOWED = (401, 403, 404)


@dataclass(frozen=True)
class Surroundings:
    """What all looks share."""

    service: Service
    """Podsplit."""
    bounds: Bounds
    """How much of a repository is read."""
    cache: Cache
    """What was read before."""
    name: str = ""
    """What tells this bot's comments from those of another one."""
    docs: str = ""
    """Where people find the documentation."""


@dataclass
class Look:
    """What came of a look."""

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
        mark = read_mark(pull_request.body, repository.hidden)
        is_own = mark is not None and pull_request.author == account
        look = Look()
        comments = repository.conversation(pull_request).comments()
        commands = list(unanswered(comments, account, repository.hidden))
        if commands:
            # As it was when they were said, or later.
            pull_request = repository.pull_request(number)
        is_wanted = False
        for command in commands:
            if not self._may_write(command.author, look):
                continue
            look.commands += 1
            if command.word == "recheck":
                is_wanted = True
                continue
            self._carry_out(command, pull_request, mark if is_own else None, look)
        if is_own and mark is not None:
            look.outcome = "stage" if pull_request.state is State.OPEN else "closed"
            if pull_request.state is State.OPEN:
                reviewed = self._check_stage(pull_request, mark, reviewed, look)
        elif pull_request.state is not State.OPEN:
            look.outcome = "closed"
        elif not is_wanted and self._is_known(pull_request, reviewed):
            look.outcome, reviewed = "known", _what(pull_request)
        else:
            reviewed = self._review(pull_request, account, look)
        if is_wanted:
            self._answer_rechecks(pull_request, account, look)
        return look, reviewed

    @property
    def _status(self) -> str:
        """The name of the status."""
        return f"podsplit/{self._around.name}" if self._around.name else "podsplit"

    def _is_known(self, pull_request: PullRequest, reviewed: str) -> bool:
        """Whether a commit was reviewed for this base: as the last look says or, after a start, the
        status, which is set when all else has been said.
        """
        if reviewed:
            return reviewed == _what(pull_request)
        return self._repository.conversation(pull_request).has_status(self._status)

    def _review(self, pull_request: PullRequest, account: str, look: Look) -> str:
        """Make a pull request say what the service says of it; what was reviewed."""
        repository, around = self._repository, self._around
        status = self._status
        diff = manifests_of_diff(repository.difference(pull_request), self._folders)
        try:
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
            text = f"not looked at: {public(trouble)}"
            self._set_status(pull_request, status, text, passed=not self._is_strict, look=look)
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
        self._set_status(pull_request, status, text, passed=passed, look=look)
        return _what(pull_request)

    def _carry_out(
        self, command: Command, pull_request: PullRequest, mark: Mark | None, look: Look
    ) -> None:
        """Do what a command says, and answer it."""
        try:
            done = self._splits.carry_out(command, pull_request, mark)
        except Unreachable:
            raise
        except Trouble as trouble:
            text = f"That can't be done: {public(trouble)}."
        else:
            text = done.text
            look.stages += done.stages
        self._say(pull_request, command.comment, text)

    def _answer_rechecks(self, pull_request: PullRequest, account: str, look: Look) -> None:
        """Say that it was looked at again, to each who asked: only once that is so."""
        if look.outcome == "superseded":
            return
        comments = self._repository.conversation(pull_request).comments()
        text = f"Podsplit has looked at {pull_request.head[:12]} again."
        for command in list(unanswered(comments, account, self._repository.hidden)):
            if command.word == "recheck" and self._may_write(command.author, look):
                self._say(pull_request, command.comment, text)

    def _may_write(self, account: str, look: Look) -> bool:
        """Whether somebody may push; nobody may where the forge doesn't tell the bot."""
        try:
            return self._repository.may_write(account)
        except requests.HTTPError as error:
            if error.response.status_code != requests.codes.forbidden:
                raise
            look.refused += ("permissions",)
            return False

    def _set_status(
        self, pull_request: PullRequest, name: str, text: str, *, passed: bool, look: Look
    ) -> None:
        """Set a status; a token that may comment need not be allowed to."""
        conversation = self._repository.conversation(pull_request)
        try:
            conversation.set_status(name, text, passed=passed)
        except requests.HTTPError as error:
            if error.response.status_code not in _NOT_ALLOWED:
                raise
            look.refused += ("status",)

    def _check_stage(self, pull_request: PullRequest, mark: Mark, checked: str, look: Look) -> str:
        """Say at a stage's commit whether it may still be merged, unless that was said; what is
        said.
        """
        is_current = self._splits.digest_of(pull_request.base, mark) == mark.before
        verdict = f"{_what(pull_request)} {'current' if is_current else 'stale'}"
        if verdict == checked:
            return verdict
        self._set_status(
            pull_request,
            "podsplit/stage",
            f"stage {mark.stage} of {mark.workload}"
            if is_current
            else (
                "don't merge: the manifests have changed since; close this, and comment"
                " /podsplit apply for a new one"
            ),
            passed=is_current,
            look=look,
        )
        return verdict

    def _say(self, pull_request: PullRequest, comment: str, text: str) -> None:
        body = answer(comment, self._repository.hidden, text)
        self._repository.conversation(pull_request).create({"body": body})


def _what(pull_request: PullRequest) -> str:
    """What is reviewed: a commit, for a base."""
    return f"{pull_request.base}@{pull_request.head}"


def _has_split(said: dict[str, Any]) -> bool:
    """Whether a split is among the changes that are told of."""
    told = [change for comment in said["comments"] for change in comment["changes"]]
    told += [item["change"] for item in said["left_out"] if item["reason"] != "not-touched"]
    return any(change.startswith("split:") for change in told)


def public(trouble: Trouble) -> str:
    """What everybody may read of some trouble."""
    return trouble.public if isinstance(trouble, Refused) else str(trouble)
