"""The hosted bot on a real forge: a Gitea on loopback, that of `PODSPLIT_TEST_GITEA=<program>`."""

from __future__ import annotations

import os
import signal
import time
from base64 import b64decode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from tests.conftest import ROOT, Server, StartServer
from tests.support.gitea import PROGRAM, Team, running_gitea

pytestmark = pytest.mark.skipif(
    not PROGRAM, reason="no forge to test on: PODSPLIT_TEST_GITEA names no program"
)

EXAMPLE = (ROOT / "examples" / "wordpress-and-mysql.yaml").read_text()
NOTED = EXAMPLE.replace("# A blog", "# Our blog")
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
class Bot:
    """A repository, and the bot that looks at it."""

    team: Team
    start: StartServer
    server: Server

    def restart(self) -> None:
        """End the bot, whatever it does, and start it again at the same address."""
        for process in (self.server.process.pid, *self.server.workers()):
            os.kill(process, signal.SIGKILL)
        self.server.process.wait(20)
        self.server = self.start(**self.team.settings | {"PORT": str(self.server.port)})

    def answer(self, number: int, text: str) -> str:
        """What the bot answers to a comment."""
        before = len(self.team.talk(number))
        self.team.say(number, text)
        until(lambda: len(self.team.talk(number)) > before)
        return self.team.talk(number)[-1]

    def merge(self, number: int) -> None:
        """Merge a pull request."""
        until(lambda: self.team.merge(number))

    def text(self) -> str:
        """What the main branch holds."""
        found = self.team.ask("GET", f"/contents/{PATH}?ref=main")
        return b64decode(found["content"]).decode()

    def wait_for_status(self, number: int, name: str, state: str) -> None:
        """Wait for a status of a pull request's newest commit."""

        def is_there() -> bool:
            head = self.team.ask("GET", f"/pulls/{number}")["head"]["sha"]
            found = self.team.ask("GET", f"/commits/{head}/status")["statuses"] or ()
            return {item["context"]: item["status"] for item in found}.get(name) == state

        until(is_there)


def until(condition: Callable[[], bool], seconds: float = 40) -> None:
    """Wait for a condition."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it didn't come to that"
        time.sleep(0.3)


@pytest.fixture
def bot(tmp_path: Path, server: Server, start_bot: StartServer) -> Iterator[Bot]:
    """A bot that is told of a repository by a webhook."""
    with running_gitea(tmp_path / "gitea") as gitea:
        team = Team(gitea, tmp_path / "settings", server.url)
        running = start_bot(**team.settings)
        team.tell(running.url)
        yield Bot(team, start_bot, running)


def test_a_pull_request_is_reviewed_and_nothing_is_said_twice(bot: Bot) -> None:
    """A suggestion on its lines, a summary and a status, whatever restarts."""
    team = bot.team
    number = team.propose("pod", {"apps/web.yaml": POD})
    bot.wait_for_status(number, "podsplit", "success")
    said = team.talk(number)
    assert said[0].startswith("<!-- podsplit:summary:")
    reviews = team.ask("GET", f"/pulls/{number}/reviews")
    assert [item["comments_count"] for item in reviews] == [1]
    bot.restart()
    assert "again" in bot.answer(number, "/podsplit recheck")
    assert team.talk(number)[:-1] == said
    assert len(team.ask("GET", f"/pulls/{number}/reviews")) == 1


def test_a_split_by_merges_ends_with_the_text_of_the_rewrite(bot: Bot, server: Server) -> None:
    """Asked for by who may write, stage by stage, with the bot killed on the way."""
    team = bot.team
    url = f"{server.url}/v1/rewrite?format=yaml"
    wanted = requests.post(url, data=NOTED.encode(), timeout=30).text
    origin = team.propose("blog", {PATH: NOTED})
    bot.wait_for_status(origin, "podsplit", "success")
    assert "`/podsplit apply`" in team.talk(origin)[0]
    comments = f"{team.path}/issues/{origin}/comments"
    team.gitea.stranger.ask("POST", comments, body="/podsplit apply")
    bot.merge(origin)
    seen = []
    answer = bot.answer(origin, "/podsplit apply")
    while "is open:" in answer:
        (stage,) = team.open_pulls()
        seen.append(team.ask("GET", f"/pulls/{stage}")["body"].split("**")[1])
        bot.wait_for_status(stage, "podsplit", "success")
        bot.merge(stage)
        bot.restart()
        answer = bot.answer(stage, "/podsplit next")
    assert "the split is done" in answer
    assert seen == ["add", "switch", "contract"]
    assert bot.text() == wanted


def test_it_stops_when_the_manifests_have_changed(bot: Bot) -> None:
    """An open stage says so by its status, and the next one isn't made."""
    team = bot.team
    origin = team.propose("blog", {PATH: EXAMPLE})
    bot.merge(origin)
    assert "is open:" in bot.answer(origin, "/podsplit apply")
    (stage,) = team.open_pulls()
    bot.wait_for_status(stage, "podsplit", "success")
    bot.merge(stage)
    changed = team.propose("image", {PATH: bot.text().replace("mysql:8.4", "mysql:8.5")})
    bot.merge(changed)
    assert "Stopped" in bot.answer(stage, "/podsplit next")
    assert "is open:" in bot.answer(stage, "/podsplit apply")
    (stage,) = team.open_pulls()
    changed = team.propose("again", {PATH: bot.text().replace("mysql:8.5", "mysql:8.6")})
    bot.merge(changed)
    bot.wait_for_status(stage, "podsplit", "failure")
