"""The hosted bot on a real forge: a Gitea on loopback, that of `PODSPLIT_TEST_GITEA=<program>`."""

from __future__ import annotations

import os
import signal
import time
from base64 import b64decode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.conftest import ROOT, Server, StartServer
from tests.support.gitea import PROGRAM, Gitea, encoded, running_gitea

real_forge = pytest.mark.skipif(
    not PROGRAM, reason="no forge to test on: PODSPLIT_TEST_GITEA names no program"
)
pytestmark = real_forge

EXAMPLE = (ROOT / "examples" / "wordpress-and-mysql.yaml").read_text()
REPOSITORY = "/repos/team/shop"
PATH = "apps/blog.yaml"
POD = """apiVersion: v1
kind: Pod
metadata:
  name: web
  labels: {app: web}
spec:
  containers:
  - name: web
    image: nginx:1.29
"""


@dataclass
class Team:
    """A repository, and a bot that looks at it."""

    gitea: Gitea
    settings: dict[str, str]
    start_bot: StartServer
    bot: Server

    def restart(self) -> None:
        """End the bot, whatever it does, and start it again at the same address."""
        for process in (self.bot.process.pid, *self.bot.workers()):
            os.kill(process, signal.SIGKILL)
        self.bot.process.wait(20)
        self.bot = self.start_bot(**self.settings | {"PORT": str(self.bot.port)})

    def propose(self, branch: str, files: dict[str, str]) -> int:
        """Open a pull request with some texts; its number."""
        known = {
            item["path"]: item["sha"]
            for item in self.gitea.dev.ask("GET", f"{REPOSITORY}/git/trees/main?recursive=1")[
                "tree"
            ]
        }
        changes = [
            {"path": path, "content": encoded(text), "operation": "create"}
            | ({"operation": "update", "sha": known[path]} if path in known else {})
            for path, text in files.items()
        ]
        self.gitea.dev.ask(
            "POST",
            f"{REPOSITORY}/contents",
            branch="main",
            new_branch=branch,
            message="x",
            files=changes,
        )
        return int(
            self.gitea.dev.ask(
                "POST", f"{REPOSITORY}/pulls", head=branch, base="main", title=branch
            )["number"]
        )

    def talk(self, number: int) -> list[str]:
        """What the bot said in the conversation of a pull request."""
        comments = self.gitea.dev.ask("GET", f"{REPOSITORY}/issues/{number}/comments")
        return [item["body"] for item in comments if item["user"]["login"] == "podsplit-bot"]

    def say(self, number: int, text: str) -> None:
        """Comment as somebody who may write."""
        self.gitea.dev.ask("POST", f"{REPOSITORY}/issues/{number}/comments", body=text)

    def answer(self, number: int, text: str) -> str:
        """What the bot answers to a comment."""
        before = len(self.talk(number))
        self.say(number, text)
        until(lambda: len(self.talk(number)) > before)
        return self.talk(number)[-1]

    def merge(self, number: int) -> None:
        """Merge a pull request; Gitea wants to look at it for a moment first."""

        def is_merged() -> bool:
            self.gitea.dev.ask("POST", f"{REPOSITORY}/pulls/{number}/merge", 405, Do="merge")
            return bool(self.gitea.dev.ask("GET", f"{REPOSITORY}/pulls/{number}")["merged"])

        until(is_merged)

    def text(self, path: str = PATH) -> str:
        """What the main branch holds."""
        found = self.gitea.dev.ask("GET", f"{REPOSITORY}/contents/{path}?ref=main")
        return b64decode(found["content"]).decode()

    def statuses(self, number: int) -> dict[str, Any]:
        """The newest state of each status of a pull request's head."""
        head = self.gitea.dev.ask("GET", f"{REPOSITORY}/pulls/{number}")["head"]["sha"]
        found = self.gitea.dev.ask("GET", f"{REPOSITORY}/commits/{head}/status")
        return {item["context"]: item["status"] for item in found["statuses"] or ()}

    def open_pulls(self) -> list[int]:
        """The numbers of the pull requests that are open."""
        return [
            item["number"] for item in self.gitea.dev.ask("GET", f"{REPOSITORY}/pulls?state=open")
        ]


def wait_for_status(team: Team, number: int, state: str) -> None:
    """Wait for what the bot says at a stage's commit."""
    until(lambda: team.statuses(number).get("podsplit/stage") == state)


def until(condition: Callable[[], bool], seconds: float = 40) -> None:
    """Wait for a condition."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it didn't come to that"
        time.sleep(0.3)


@pytest.fixture
def team(tmp_path: Path, server: Server, start_bot: StartServer) -> Iterator[Team]:
    """A repository with the example, and the bot that is told of it by a webhook."""
    with running_gitea(tmp_path / "gitea") as gitea:
        gitea.owner.ask("POST", "/orgs", username="team")
        gitea.owner.ask("POST", "/orgs/team/repos", name="shop", auto_init=True)
        for name, permission in (("podsplit-bot", "admin"), ("dev", "write")):
            gitea.owner.ask("PUT", f"{REPOSITORY}/collaborators/{name}", permission=permission)
        gitea.owner.ask(
            "POST",
            f"{REPOSITORY}/contents/{PATH}",
            message="x",
            branch="main",
            content=encoded(EXAMPLE),
        )
        (tmp_path / "secrets").mkdir()
        (tmp_path / "secrets" / "forge.token").write_text(gitea.bot.token)
        (tmp_path / "secrets" / "forge.secret").write_text("told to both")
        (tmp_path / "bot.yaml").write_text(
            f"forges: {{forge: {{kind: gitea, api: '{gitea.url}/api/v1', repositories: [team/*]}}}}"
        )
        settings = {
            "PODSPLIT_URL": server.url,
            "PODSPLIT_BOT_CONFIG": str(tmp_path / "bot.yaml"),
            "PODSPLIT_BOT_SECRETS": str(tmp_path / "secrets"),
        }
        bot = start_bot(**settings)
        gitea.owner.ask(
            "POST",
            f"{REPOSITORY}/hooks",
            type="gitea",
            active=True,
            events=["pull_request", "push", "issue_comment"],
            config={
                "url": f"{bot.url}/webhooks/forge",
                "content_type": "json",
                "secret": "told to both",
            },
        )
        yield Team(gitea, settings, start_bot, bot)


def test_a_pull_request_is_reviewed_and_what_it_says_follows_its_head(team: Team) -> None:
    """A suggestion on its lines, a summary and a status, which go when the reason goes."""
    number = team.propose("pod", {"apps/web.yaml": POD})
    until(lambda: team.statuses(number).get("podsplit") == "success")
    assert team.talk(number)[0].startswith("<!-- podsplit:summary:")
    reviews = team.gitea.dev.ask("GET", f"{REPOSITORY}/pulls/{number}/reviews")
    assert [item["comments_count"] for item in reviews] == [1] or "web" in team.talk(number)[0]
    said = team.talk(number)
    team.restart()
    assert "again" in team.answer(number, "/podsplit recheck")
    assert team.talk(number)[:-1] == said


def test_a_split_by_four_merges_ends_with_the_text_of_the_rewrite(
    team: Team, server: Server
) -> None:
    """Asked for by who may write, stage by stage, with the bot killed on the way."""
    wanted = requests.post(
        f"{server.url}/v1/rewrite?format=yaml", data=EXAMPLE.encode(), timeout=30
    ).text
    origin = team.propose("note", {PATH: EXAMPLE.replace("# A blog", "# Our blog")})
    wanted = wanted.replace("# A blog", "# Our blog")
    until(lambda: "podsplit" in team.statuses(origin))
    team.gitea.stranger.ask(
        "POST", f"{REPOSITORY}/issues/{origin}/comments", body="/podsplit apply"
    )
    team.merge(origin)
    seen = []
    answer = team.answer(origin, "/podsplit apply")
    for _ in range(6):
        if "is open:" not in answer:
            break
        (stage,) = team.open_pulls()
        body = team.gitea.dev.ask("GET", f"{REPOSITORY}/pulls/{stage}")["body"]
        seen.append(body.split("**")[1])
        wait_for_status(team, stage, "success")
        team.merge(stage)
        team.restart()
        answer = team.answer(stage, "/podsplit next")
    assert "the split is done" in answer
    assert seen == ["add", "switch", "contract"]
    assert team.text() == wanted


def test_it_stops_when_the_manifests_have_changed(team: Team) -> None:
    """An open stage says so by its status, and the next one isn't made."""
    origin = team.propose("note", {PATH: EXAMPLE.replace("# A blog", "# Our blog")})
    team.merge(origin)
    assert "is open:" in team.answer(origin, "/podsplit apply")
    (stage,) = team.open_pulls()
    wait_for_status(team, stage, "success")
    team.merge(stage)
    changed = team.propose("image", {PATH: team.text().replace("mysql:8.4", "mysql:8.5")})
    team.merge(changed)
    assert "Stopped" in team.answer(stage, "/podsplit next")
    assert "is open:" in team.answer(stage, "/podsplit apply")
    (stage,) = team.open_pulls()
    changed = team.propose("again", {PATH: team.text().replace("mysql:8.5", "mysql:8.6")})
    team.merge(changed)
    wait_for_status(team, stage, "failure")
