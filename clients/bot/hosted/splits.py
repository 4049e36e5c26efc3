"""Takes a split through a repository: `/podsplit apply` and `/podsplit next`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from clients.bot.forge import PullRequest, Repository, State
from clients.bot.hosted import stages
from clients.bot.hosted.commands import Command
from clients.bot.hosted.contents import read_manifests
from clients.bot.hosted.stages import Mark, Plan, digest, read_mark, write_mark
from clients.bot.hosted.surroundings import Surroundings
from clients.bot.selection import manifests_of_diff, paths_of_diff
from clients.bot.service import File
from clients.bot.trouble import Trouble

_MOST_PULLS = 300
"""Pull requests, the last changed first, among which the bot's own are looked for."""
_MAX_TITLE = 250
"""Characters of a title; GitLab and Bitbucket take 255."""
_MAX_BODY = 20_000
"""Characters of what a pull request says; Bitbucket takes 32,768 in a comment."""
_MOST_LISTED = 20
"""Workloads that an answer names."""
_NOT_IN_NAMES = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True)
class Done:
    """What came of a command."""

    text: str
    """The answer."""
    stages: tuple[tuple[str, int], ...] = ()
    """The stages that a pull request was opened for, one or none, with the number of that."""


class Splits:
    """The splits of one repository."""

    def __init__(
        self, repository: Repository, surroundings: Surroundings, folders: tuple[str, ...]
    ) -> None:
        self._repository = repository
        self._around = surroundings
        self._folders = folders

    def own(self) -> Iterator[tuple[PullRequest, Mark]]:
        """The bot's own pull requests, each with its mark: the open ones, and those that were
        closed lately.
        """
        account = self._repository.own_account()
        seen: set[int] = set()
        for pull_request in chain(
            self._repository.pull_requests(only_open=True),
            islice(self._repository.pull_requests(only_open=False), _MOST_PULLS),
        ):
            if pull_request.author == account and pull_request.number not in seen:
                seen.add(pull_request.number)
                mark = read_mark(pull_request.body, self._repository.hidden)
                if mark is not None:
                    yield pull_request, mark

    def digest_of(self, branch: str, mark: Mark) -> str:
        """The digest of what a branch has in a split's files."""
        tip = self._repository.tip(branch)
        files = self._files(tip) if tip is not None else []
        return digest({file["path"]: file["content"] for file in files}, mark.paths)

    def carry_out(self, command: Command, pull_request: PullRequest, mark: Mark | None) -> Done:
        """Do what a command says.

        Args:
            command: `apply` or `next`, by somebody who may write.
            pull_request: where it was said.
            mark: of that pull request, if it is one of the bot's own.

        Raises:
            Trouble: it can't be done.
            requests.RequestException: the forge refuses something, or can't be reached.
        """
        own = list(self.own())
        # After a crash the pull request may be there, and the answer not.
        made = next((pull for pull, known in own if known.asked == command.comment), None)
        if made is not None:
            return Done(_opened(made))
        base = pull_request.base
        if command.word == "next":
            mark = self._merged(pull_request, mark, own)
        if mark is not None:
            only, origin = mark.only, mark.origin
        else:
            only, origin = self._chosen(command, pull_request), pull_request.number
        waiting = next(
            (
                pull
                for pull, known in own
                if pull.state is State.OPEN and not set(known.only).isdisjoint(only)
            ),
            None,
        )
        if waiting is not None:
            return Done(f"{waiting.url} is open already: merge it, or close it and say it again.")
        tip = self._repository.tip(base)
        if tip is None:
            raise Trouble(f"there is no branch {base} any more")
        files = self._files(tip)
        if command.word == "next" and mark is not None:
            texts = {file["path"]: file["content"] for file in files}
            if digest(texts, mark.paths) != mark.after:
                changed = ", ".join(f"`{path}`" for path in mark.paths)
                return Done(
                    f"Stopped: what `{base}` holds is not what the stage *{mark.stage}* left"
                    f" ({changed}). See what has changed; `/podsplit apply` here goes on from what"
                    " is there now."
                )
        rewritten = self._around.service.rewrite(files, list(only))
        plan = stages.plan_next(rewritten, files)
        if plan is None:
            return Done(_nothing(rewritten, only, is_next=command.word == "next"))
        self._check_current(base, tip)
        opened = self._open(
            plan, rewritten, only, base=base, tip=tip, origin=origin, asked=command.comment
        )
        return Done(_opened(opened), ((plan.stage, opened.number),))

    def _merged(
        self,
        pull_request: PullRequest,
        mark: Mark | None,
        own: Sequence[tuple[PullRequest, Mark]],
    ) -> Mark:
        """The stage after which the next one is asked for: that of the pull request, or the newest
        of those that were asked for on it.

        Raises:
            Trouble: there is none, or it isn't merged.
        """
        if mark is None:
            asked = [item for item in own if item[1].origin == pull_request.number]
            if not asked:
                raise Trouble("no split was begun here: `/podsplit apply` begins one")
            pull_request, mark = max(asked, key=lambda item: item[0].number)
        if pull_request.state is State.OPEN:
            raise Trouble(f"{pull_request.url} isn't merged yet: merge it first, and wait for it")
        if pull_request.state is State.CLOSED:
            raise Trouble(
                f"{pull_request.url} was closed without a merge: `/podsplit apply` begins again"
            )
        return mark

    def _chosen(self, command: Command, pull_request: PullRequest) -> tuple[str, ...]:
        """The workload that is meant, as the service takes it.

        Raises:
            Trouble: there is none, or it isn't clear which.
        """
        repository = self._repository
        tip = repository.tip(pull_request.base)
        if tip is None:
            raise Trouble(f"there is no branch {pull_request.base}")
        answer = self._around.service.rewrite(self._files(tip))
        candidates = stages.workloads_of(answer)
        if command.target:
            wanted = {
                workload
                for workload, changes in candidates.items()
                if command.target in _spellings(workload, changes)
            }
        else:
            diff = manifests_of_diff(repository.difference(pull_request), self._folders)
            touched = paths_of_diff(diff)
            wanted = {workload for workload in candidates if workload.rpartition(":")[0] in touched}
        if len(wanted) == 1:
            workload = wanted.pop()
            return stages.names_of(workload, candidates[workload])
        if wanted:
            listed = "".join(
                f"\n- `/podsplit apply {workload}`" for workload in sorted(wanted)[:_MOST_LISTED]
            )
            raise Trouble(f"there are {len(wanted)}, so say which:{listed}")
        where = "of that name" if command.target else "in this pull request's files"
        hint = (
            ""
            if pull_request.state is State.MERGED
            else f" (it looks at `{pull_request.base}`: what this pull request adds is there once"
            " it is merged)"
        )
        raise Trouble(f"`{pull_request.base}` has no workload {where} that would be changed{hint}")

    def _open(
        self,
        plan: Plan,
        answer: dict[str, Any],
        only: Sequence[str],
        *,
        base: str,
        tip: str,
        origin: int,
        asked: str,
    ) -> PullRequest:
        """Make the branch and the pull request of a stage. The branch is named for the comment that
        asked: one that is there without a pull request is what a crash has left.
        """
        repository = self._repository
        by_workload = stages.workloads_of(answer)
        workload = next(iter(by_workload))
        changes = [change for own in by_workload.values() for change in own]
        names = [name for item in by_workload.items() for name in stages.names_of(*item)]
        mark = Mark(
            stage=plan.stage,
            workload=changes[0]["workload"],
            only=tuple(dict.fromkeys([*only, *names])),
            paths=plan.paths,
            before=plan.before,
            after=plan.after,
            origin=origin,
            asked=asked,
        )
        self._check_new(plan, tip, answer)
        name = _NOT_IN_NAMES.sub("-", workload.rpartition(":")[2].lower()).strip("-")[:40]
        branch = f"podsplit/{name}-{plan.stage}-{asked}"
        if repository.tip(branch) is not None:
            repository.delete_branch(branch)
        title = stages.title_of(plan, changes)[:_MAX_TITLE]
        repository.commit(branch, tip, f"{title}\n", plan.texts)
        text = stages.explain(plan, changes, answer, self._around.docs)[:_MAX_BODY]
        asked_in = f"{repository.sign}{origin}"
        body = f"{write_mark(mark, repository.hidden)}\n\n{text}\nAsked for in {asked_in}.\n"
        return repository.propose(branch, base, title, body)

    def _check_new(self, plan: Plan, tip: str, answer: dict[str, Any]) -> None:
        """See that no new file is there already, unread: passed over, too long, or no manifest.

        Raises:
            Trouble: one is.
        """
        sent = {file["path"] for file in answer["files"] if file["status"] != "added"}
        new = plan.texts.keys() - sent
        if new:
            there = {entry.path for entry in self._repository.files(tip)} & new
            if there:
                raise Trouble(f"there is a file `{min(there)}` already, which was not looked at")

    def _check_current(self, branch: str, tip: str) -> None:
        """See that nothing was pushed while the stage was planned.

        Raises:
            Trouble: something was.
        """
        if self._repository.tip(branch) != tip:
            raise Trouble(f"`{branch}` changed meanwhile: say it again")

    def _files(self, commit: str) -> list[File]:
        return read_manifests(
            self._repository,
            commit,
            folders=self._folders,
            bounds=self._around.bounds,
            cache=self._around.cache,
        )


def _spellings(workload: str, changes: Sequence[dict[str, Any]]) -> set[str]:
    """How a workload may be called."""
    return {workload, changes[0]["workload"], workload.rpartition(":")[2]}


def _opened(pull_request: PullRequest) -> str:
    return f"{pull_request.url} is open: it says what to wait for, and how to go back."


def _nothing(answer: dict[str, Any], only: Sequence[str], *, is_next: bool) -> str:
    """Why there is no stage left."""
    paths = {place.rpartition(":")[0] for place in only}
    reasons = "".join(
        f"\n- {held['workload']}: {held['message']} (`{held['reason']}`)"
        for held in answer["held_back"]
        if held["location"]["path"] in paths
    )
    if reasons:
        return f"Podsplit holds it back:\n{reasons}"
    return "That was the last stage: the split is done." if is_next else "There is nothing to do."
