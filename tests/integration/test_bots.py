"""The example bot, as CI runs it: a real checkout, the real service, and a forge as strict as the
real ones.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from service.render.diff_parser import parse_diff
from tests.conftest import Server
from tests.support.forges import TOKEN, PullRequest, running_forge
from tests.unit.render.pull_requests import as_github, as_gitlab

ROOT = Path(__file__).resolve().parents[2]
BOT = ROOT / "examples" / "bots" / "podsplit_bot.py"
POD = (
    "apiVersion: v1\nkind: Pod\nmetadata:\n  name: NAME\n  labels: {app: NAME}\nspec:\n "
    " containers:\n    - name: app\n      image: nginx\n"
)


@dataclass
class Checkout:
    """A clone on a branch, and the pull request of the branch."""

    folder: Path
    pull_request: PullRequest
    environ: dict[str, str]
    """The environment that the bot runs in."""
    platform: str

    def git(self, *words: str) -> str:
        """The output of a git command."""
        author = (
            "-c",
            "user.name=t",
            "-c",
            "user.email=t@example.com",
            "-c",
            "core.autocrlf=false",
        )
        return subprocess.run(
            ["git", *author, *words], cwd=self.folder, capture_output=True, text=True, check=True
        ).stdout

    def push(self, files: dict[str, str | None]) -> None:
        """Commit files, and tell the forge which lines can be commented on.

        Args:
            files: texts by path; None removes the file.
        """
        for name, content in files.items():
            path = self.folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(content) if content is not None else path.unlink()
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "x")
        self.pull_request.hunks = {
            path: [range(hunk.first, hunk.last + 1) for hunk in file.hunks]
            for path, file in parse_diff(self.git("diff", "main...HEAD")).items()
        }

    def run(self, *, fails: bool = False) -> str:
        """Run the bot once; its output."""
        done = subprocess.run(
            [sys.executable, str(BOT), self.platform, "main"],
            cwd=self.folder,
            env=self.environ,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert (done.returncode != 0) == fails, done.stderr
        return done.stdout + done.stderr

    @property
    def line_comments(self) -> list[dict[str, Any]]:
        """The comments on lines."""
        return self.pull_request.comments_of_kind("review", "discussion")

    @property
    def summaries(self) -> list[str]:
        """The texts of the bot's comments on no line."""
        return [
            note["body"]
            for note in self.pull_request.comments_of_kind("talk", "note")
            if note["body"].startswith("<!-- podsplit:")
        ]

    def apply_suggestion(self, comment: dict[str, Any]) -> str:
        """The text that the forge gives the file when somebody takes the suggestion."""
        path = comment["path"] if self.platform == "github" else comment["position"]["new_path"]
        text = (self.folder / path).read_text()
        if self.platform == "gitlab":
            return as_gitlab(text, comment)
        return as_github(
            text, {name: value for name, value in comment.items() if value is not None}
        )


@pytest.fixture(params=["github", "gitlab"])
def checkout(request: pytest.FixtureRequest, tmp_path: Path, server: Server) -> Iterator[Checkout]:
    """A branch that changes nothing yet; people have already commented on its pull request."""
    with running_forge() as (url, pull_request):
        environ = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("GIT", "CI", "PODSPLIT"))
        } | {
            "PODSPLIT_URL": server.url + "/",
            "GITHUB_API_URL": url,
            "GITHUB_REPOSITORY": "team/shop",
            "GITHUB_TOKEN": TOKEN,
            "PULL_NUMBER": "7",
            "HEAD_SHA": pull_request.head,
            "CI_API_V4_URL": f"{url}/api/v4",
            "CI_PROJECT_ID": "42",
            "CI_MERGE_REQUEST_IID": "7",
            "GITLAB_TOKEN": TOKEN,
        }
        talk = "talk" if request.param == "github" else "note"
        for words in (
            "Please look.",
            "> <!-- podsplit:summary:0123456789abcdef --> what's this?",
            "LGTM",
            "Later.",
            "Now.",
        ):
            pull_request.add_comment(talk, body=words)
        branch = Checkout(
            folder=tmp_path, pull_request=pull_request, environ=environ, platform=request.param
        )
        branch.git("init", "--quiet", "--initial-branch=main")
        (tmp_path / "old.yaml").write_text(POD.replace("NAME", "old"))
        (tmp_path / "link.yaml").symlink_to("old.yaml")
        (tmp_path / "latin.yaml").write_bytes("# grün\n".encode("latin-1"))
        branch.git("add", "--all")
        branch.git("commit", "--quiet", "--message", "x")
        branch.git("switch", "--quiet", "--create", "branch")
        yield branch


def test_a_pull_request_from_its_first_push_to_its_last(checkout: Checkout) -> None:
    """Suggestions can be applied and are posted once. They are moved, changed and deleted as the
    branch goes on. What people wrote stays.
    """
    talk = [dict(comment) for comment in checkout.pull_request.comments.values()]

    checkout.push(
        {"app/one.yaml": POD.replace("NAME", "one"), "app/two.yaml": POD.replace("NAME", "two")}
    )
    assert "not UTF-8: 'latin.yaml'" in checkout.run()
    assert len(checkout.line_comments) == 2
    assert len(checkout.summaries) == 1
    for comment in checkout.line_comments:
        assert "kind: Deployment" in checkout.apply_suggestion(comment)

    checkout.pull_request.writes.clear()
    checkout.run()
    assert checkout.pull_request.writes == []

    # The first suggestion is taken, the Pod of the second moves down.
    moved = "# a line above\n" + POD.replace("NAME", "two")
    checkout.push(
        {
            "app/one.yaml": checkout.apply_suggestion(checkout.line_comments[0]),
            "app/two.yaml": moved,
        }
    )
    checkout.run()
    (comment,) = checkout.line_comments
    assert checkout.apply_suggestion(comment).startswith(
        "# a line above\napiVersion: apps/v1\nkind: Deployment\n"
    )
    assert sum(write.startswith("DELETE") for write in checkout.pull_request.writes) == 2

    checkout.push({"app/two.yaml": None})
    checkout.run()
    assert checkout.line_comments == []
    assert "nothing to change" in checkout.summaries[0]
    assert [dict(comment) for comment in checkout.pull_request.comments.values()][
        : len(talk)
    ] == talk


def test_another_text_on_the_same_lines(checkout: Checkout) -> None:
    """A comment whose text has changed is updated where it is."""
    checkout.push({"app.yaml": POD.replace("NAME", "app")})
    checkout.run()
    (comment,) = checkout.line_comments
    comment["body"] = comment["body"].replace("Deployment", "Deploiement")
    checkout.pull_request.writes.clear()
    checkout.run()

    assert len(checkout.pull_request.writes) == 1
    assert checkout.pull_request.writes[0].split()[0] in ("PATCH", "PUT")
    assert checkout.line_comments == [comment]
    assert "Deploiement" not in comment["body"]


def test_two_runs_at_once_posted_twice(checkout: Checkout) -> None:
    """The next run deletes one of two equal comments."""
    checkout.push({"app.yaml": POD.replace("NAME", "app")})
    checkout.run()
    for comment in list(checkout.pull_request.comments.values())[-2:]:
        checkout.pull_request.add_comment(
            **{name: value for name, value in comment.items() if name != "id"}
        )
    checkout.run()

    assert (len(checkout.line_comments), len(checkout.summaries)) == (1, 1)


def test_nothing_to_suggest(checkout: Checkout) -> None:
    """The bot posts nothing where there is nothing to say and no comment of it."""
    checkout.push({"app.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: app\n"})
    checkout.run()

    assert checkout.pull_request.writes == []


def test_a_forge_that_is_busy(checkout: Checkout) -> None:
    """Requests that read are tried again after an error."""
    checkout.push({"app.yaml": POD.replace("NAME", "app")})
    checkout.pull_request.failures = 2
    checkout.run()

    assert len(checkout.line_comments) == 1


def test_a_token_that_may_only_read(checkout: Checkout) -> None:
    """With a token that may not write, as on a fork, the bot prints what it would post, and
    succeeds.
    """
    checkout.push({"app.yaml": POD.replace("NAME", "app")})
    checkout.pull_request.is_read_only = True
    output = checkout.run()

    assert "the token may not comment" in output
    assert "kind: Deployment" in output
    assert checkout.pull_request.writes == []


def test_a_comment_that_is_refused(checkout: Checkout) -> None:
    """The other comments are posted, and the bot fails with the one that was refused."""
    checkout.push({"one.yaml": POD.replace("NAME", "one"), "two.yaml": POD.replace("NAME", "two")})
    checkout.pull_request.hunks.pop("one.yaml")
    output = checkout.run(fails=True)

    assert "one.yaml: 4" in output
    assert (len(checkout.line_comments), len(checkout.summaries)) == (1, 1)


@pytest.mark.parametrize("path", sorted(BOT.parent.glob("*.py")), ids=lambda path: path.name)
def test_the_bot_is_short(path: Path) -> None:
    """Each file of the bot has fewer than 150 lines."""
    assert len(path.read_text().splitlines()) < 150
