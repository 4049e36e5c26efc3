"""A repository with branches, pull requests, comments and members, as a forge keeps it; the four
APIs of `hosted_apis` show it.
"""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from service.render.diff_parser import parse_diff
from tests.support.forge_apis import Json, Refusal

BOT, DEV, STRANGER = "podsplit-bot", "dev", "stranger"
NUMBERS = {BOT: 900, DEV: 901, STRANGER: 902}
"""What GitLab knows them by."""


@dataclass
class Comment:
    """A comment on a pull request."""

    number: int
    author: str
    body: str
    place: Json | None = None
    """Where it is on lines, as the forge keeps it."""


@dataclass
class Pull:
    """A pull request."""

    number: int
    author: str
    branch: str
    base: str
    title: str
    body: str
    root: str
    """The commit at which its branch left the base."""
    is_from_fork: bool = False
    is_gone: bool = False
    """Whether its fork was deleted."""
    state: str = "open"
    """`open`, `merged` or `closed`."""
    changed: int = 0
    """Seconds since the start of the world."""
    comments: list[Comment] = field(default_factory=list)


@dataclass
class World:
    """One repository, `team/shop`."""

    commits: dict[str, dict[str, str]] = field(default_factory=dict)
    """The texts of each commit."""
    branches: dict[str, str] = field(default_factory=dict)
    """The newest commit of each; those of forks start with `fork:`."""
    pulls: dict[int, Pull] = field(default_factory=dict)
    statuses: dict[str, dict[str, tuple[str, str]]] = field(default_factory=dict)
    """By commit and name: state and text."""
    writers: set[str] = field(default_factory=lambda: {BOT, DEV})
    writes: list[str] = field(default_factory=list)
    """What the bot changed, in order."""
    reads: list[str] = field(default_factory=list)
    failures: list[int] = field(default_factory=list)
    """Statuses that the next requests are answered with."""
    break_after: int | None = None
    """After how many more writes the connection breaks, with the write done."""
    may_see_permissions: bool = True
    may_set_status: bool = True
    refuses_branches: bool = False
    """Whether the bot may make no branch."""
    on_diff: Any = None
    """What happens once, when somebody reads a diff."""
    _count: int = 0

    def tick(self) -> int:
        """The next moment, and the next number."""
        self._count += 1
        return self._count

    def commit(
        self, branch: str, texts: Mapping[str, str | None], parent: str | None = None
    ) -> str:
        """Put a commit on a branch, on its tip or on another commit; its id."""
        base = parent or self.branches.get(branch)
        files = dict(self.commits.get(base or "", {}))
        for path, text in texts.items():
            if text is None:
                if path not in files:
                    raise Refusal(422)
                del files[path]
            else:
                files[path] = text
        raw = f"{self.tick()} {base} {sorted(files.items())}".encode()
        sha = hashlib.sha1(raw, usedforsecurity=False).hexdigest()
        self.commits[sha] = files
        self.branches[branch] = sha
        for pull in self.pulls.values():
            if pull.branch == branch and pull.state == "open":
                pull.changed = self.tick()
        return sha

    def propose(
        self,
        branch: str,
        author: str = DEV,
        *,
        base: str = "main",
        title: str = "x",
        body: str = "",
    ) -> Pull:
        """Open a pull request; one of a fork's branch is from that fork."""
        number = self.tick()
        # Whatever the base has been at, the branch was made from its tip.
        pull = Pull(number, author, branch, base, title, body, self.branches[base])
        pull.is_from_fork = branch.startswith("fork:")
        pull.changed = number
        self.pulls[number] = pull
        return pull

    def merge(self, pull: Pull) -> None:
        """Merge a pull request, if no file has changed on both sides."""
        old, new = self.commits[pull.root], self.commits[self.branches[pull.branch]]
        changed = {
            path: new.get(path)
            for path in old.keys() | new.keys()
            if old.get(path) != new.get(path)
        }
        now = self.commits[self.branches[pull.base]]
        assert all(now.get(path) == old.get(path) for path in changed), "it doesn't merge"
        self.commit(pull.base, changed)
        pull.state = "merged"
        pull.changed = self.tick()

    def head(self, pull: Pull) -> str:
        """The newest commit of a pull request."""
        return self.branches[pull.branch]

    def say(self, pull: Pull, author: str, body: str, place: Json | None = None) -> Comment:
        """Comment on a pull request."""
        comment = Comment(1000 + self.tick(), author, body, place)
        pull.comments.append(comment)
        pull.changed = self.tick()
        return comment

    def find_comment(self, number: int) -> tuple[Pull, Comment]:
        """A comment, and where it is."""
        for pull in self.pulls.values():
            for comment in pull.comments:
                if comment.number == number:
                    return pull, comment
        raise Refusal(404)

    def diff(self, pull: Pull) -> str:
        """The unified diff of a pull request."""
        if self.on_diff is not None:
            act, self.on_diff = self.on_diff, None
            act()
        old, new = self.commits[pull.root], self.commits[self.head(pull)]
        parts = []
        for path in sorted(old.keys() | new.keys()):
            if old.get(path) == new.get(path):
                continue
            before = f"a/{path}" if path in old else "/dev/null"
            after = f"b/{path}" if path in new else "/dev/null"
            lines = difflib.unified_diff(
                old.get(path, "").splitlines(keepends=True),
                new.get(path, "").splitlines(keepends=True),
                before,
                after,
            )
            parts.append(f"diff --git a/{path} b/{path}\n" + "".join(lines))
        return "".join(parts)

    def is_in_hunk(self, pull: Pull, path: str, line: int) -> bool:
        """Whether a line can be commented on."""
        file = parse_diff(self.diff(pull)).get(path)
        return file is not None and any(hunk.first <= line <= hunk.last for hunk in file.hunks)

    def set_status(self, sha: str, name: str, state: str, text: str) -> None:
        """Set a status of a commit, if the bot may."""
        if not self.may_set_status:
            raise Refusal(403)
        if sha not in self.commits:
            raise Refusal(422)
        self.statuses.setdefault(sha, {})[name] = (state, text)

    def status(self, pull: Pull, name: str = "podsplit") -> str:
        """Whether a status of a pull request's newest commit is good; empty if there is none."""
        state = self.statuses.get(self.head(pull), {}).get(name, ("", ""))[0]
        return {"": "", "success": "good", "SUCCESSFUL": "good"}.get(state, "bad")

    def said(self, pull: Pull) -> list[str]:
        """What the bot says in the conversation."""
        return [item.body for item in pull.comments if item.author == BOT and item.place is None]

    def on_lines(self, pull: Pull) -> list[Comment]:
        """What the bot says on lines."""
        return [item for item in pull.comments if item.author == BOT and item.place is not None]

    def own_pulls(self) -> list[Pull]:
        """The bot's pull requests."""
        return [pull for pull in self.pulls.values() if pull.author == BOT]


def blob(text: str) -> str:
    """What a text is known by."""
    raw = f"blob {len(text.encode())}\0".encode() + text.encode()
    return hashlib.sha1(raw, usedforsecurity=False).hexdigest()
