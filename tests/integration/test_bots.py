"""The example bot, as CI runs it: a real checkout, the real service, and a forge that is as
strict as the real ones.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from service.render.diff_parser import parse_diff
from tests.support.forges import TOKEN, State, forge
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
    state: State
    environ: dict[str, str]
    platform: str

    def git(self, *words: str) -> str:
        who = ("-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "core.autocrlf=false")
        return subprocess.run(
            ["git", *who, *words], cwd=self.folder, capture_output=True, text=True, check=True
        ).stdout

    def push(self, files: dict[str, str | None]) -> None:
        """Commit files, or their removal, and let the forge know the lines that can be commented
        on.
        """
        for path, content in files.items():
            place = self.folder / path
            place.parent.mkdir(exist_ok=True)
            place.write_text(content) if content is not None else place.unlink()
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "x")
        self.state.hunks = {
            path: [range(hunk.first, hunk.last + 1) for hunk in file.hunks]
            for path, file in parse_diff(self.git("diff", "main...HEAD")).items()
        }

    def run(self, *, fails: bool = False) -> str:
        """The bot once; what it says."""
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
    def on_lines(self) -> list[dict]:
        return self.state.of("review", "discussion")

    @property
    def summaries(self) -> list[str]:
        return [
            each["body"]
            for each in self.state.of("talk", "note")
            if each["body"].startswith("<!-- podsplit:")
        ]

    def applied(self, comment: dict) -> str:
        """What the forge makes of the file when somebody takes the suggestion."""
        path = comment["path"] if self.platform == "github" else comment["position"]["new_path"]
        text = (self.folder / path).read_text()
        if self.platform == "gitlab":
            return as_gitlab(text, comment)
        return as_github(
            text, {name: value for name, value in comment.items() if value is not None}
        )


@pytest.fixture(params=["github", "gitlab"])
def checkout(request, tmp_path, server):
    """A branch that changes nothing yet; somebody talked on its pull request already."""
    with forge() as (url, state):
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
            "HEAD_SHA": state.head,
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
            state.add(talk, body=words)
        made = Checkout(tmp_path, state, environ, request.param)
        made.git("init", "--quiet", "--initial-branch=main")
        (tmp_path / "old.yaml").write_text(POD.replace("NAME", "old"))
        (tmp_path / "link.yaml").symlink_to("old.yaml")
        (tmp_path / "latin.yaml").write_bytes("# grün\n".encode("latin-1"))
        made.git("add", "--all")
        made.git("commit", "--quiet", "--message", "x")
        made.git("switch", "--quiet", "--create", "branch")
        yield made


def test_a_pull_request_from_its_first_push_to_its_last(checkout):
    """Suggestions that apply, posted once; moved, changed and deleted as the branch goes on;
    what people wrote stays.
    """
    talk = [dict(each) for each in checkout.state.comments.values()]

    checkout.push(
        {"app/one.yaml": POD.replace("NAME", "one"), "app/two.yaml": POD.replace("NAME", "two")}
    )
    assert "not UTF-8: latin.yaml" in checkout.run()
    assert len(checkout.on_lines) == 2
    assert len(checkout.summaries) == 1
    for comment in checkout.on_lines:
        assert "kind: Deployment" in checkout.applied(comment)

    checkout.state.writes.clear()
    checkout.run()
    assert checkout.state.writes == []

    # One is mended, the other moves down.
    moved = "# a line above\n" + POD.replace("NAME", "two")
    checkout.push({"app/one.yaml": checkout.applied(checkout.on_lines[0]), "app/two.yaml": moved})
    checkout.run()
    (comment,) = checkout.on_lines
    assert checkout.applied(comment).startswith(
        "# a line above\napiVersion: apps/v1\nkind: Deployment\n"
    )
    assert sum(write.startswith("DELETE") for write in checkout.state.writes) == 2

    checkout.push({"app/two.yaml": None})
    checkout.run()
    assert checkout.on_lines == []
    assert "nothing to change" in checkout.summaries[0]
    assert [dict(each) for each in checkout.state.comments.values()][: len(talk)] == talk


def test_another_text_on_the_same_lines(checkout):
    """It is updated where it is."""
    checkout.push({"app.yaml": POD.replace("NAME", "app")})
    checkout.run()
    (comment,) = checkout.on_lines
    comment["body"] = comment["body"].replace("Deployment", "Deploiement")
    checkout.state.writes.clear()
    checkout.run()

    assert len(checkout.state.writes) == 1
    assert checkout.state.writes[0].split()[0] in ("PATCH", "PUT")
    assert checkout.on_lines == [comment]
    assert "Deploiement" not in comment["body"]


def test_two_runs_at_once_posted_twice(checkout):
    """The next run takes one of the two back."""
    checkout.push({"app.yaml": POD.replace("NAME", "app")})
    checkout.run()
    for each in list(checkout.state.comments.values())[-2:]:
        checkout.state.add(**{name: value for name, value in each.items() if name != "id"})
    checkout.run()

    assert (len(checkout.on_lines), len(checkout.summaries)) == (1, 1)


def test_nothing_to_say(checkout):
    """No comment at all where none was before."""
    checkout.push({"app.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: app\n"})
    checkout.run()

    assert checkout.state.writes == []


def test_a_forge_that_is_busy(checkout):
    """Reading is tried again."""
    checkout.push({"app.yaml": POD.replace("NAME", "app")})
    checkout.state.failures = 2
    checkout.run()

    assert len(checkout.on_lines) == 1


def test_a_token_that_may_only_read(checkout):
    """As on a fork: what would have been said is printed, and the build doesn't fail for it."""
    checkout.push({"app.yaml": POD.replace("NAME", "app")})
    checkout.state.read_only = True
    said = checkout.run()

    assert "the token may not comment" in said
    assert "kind: Deployment" in said
    assert checkout.state.writes == []


def test_a_comment_that_is_refused(checkout):
    """The others are posted all the same, and the run says so."""
    checkout.push({"one.yaml": POD.replace("NAME", "one"), "two.yaml": POD.replace("NAME", "two")})
    checkout.state.hunks.pop("one.yaml")
    said = checkout.run(fails=True)

    assert "one.yaml: 4" in said
    assert (len(checkout.on_lines), len(checkout.summaries)) == (1, 1)


@pytest.mark.parametrize("path", sorted(BOT.parent.glob("*.py")), ids=lambda path: path.name)
def test_the_bot_is_short(path):
    """Each of its files is under 150 lines."""
    assert len(path.read_text().splitlines()) < 150
