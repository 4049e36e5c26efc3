"""The hosted bot as it is served, on forges as strict as the real ones: webhooks, reviews, commands
and splits that are taken through a repository.

What depends on the forge's API is asked of all four, the rest of one.
"""

from __future__ import annotations

import itertools
import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from clients.bot import bitbucket, gitea, github, gitlab
from clients.bot.bitbucket import Bitbucket
from clients.bot.gitea import Gitea
from clients.bot.github import GitHub
from clients.bot.gitlab import GitLab
from clients.bot.hosted.attend import Attendant
from clients.bot.hosted.contents import Bounds, Cache
from clients.bot.hosted.stages import Mark, write_mark
from clients.bot.hosted.surroundings import Surroundings
from clients.bot.service import Service
from tests.conftest import ROOT, Server, StartServer
from tests.support.forge_apis import Refusal
from tests.support.forge_world import BOT, DEV, STRANGER, Pull, World
from tests.support.hosted_apis import (
    KINDS,
    SECRET,
    TOKEN,
    HostedForge,
    running_hosted_forge,
)

EXAMPLE = (ROOT / "examples" / "wordpress-and-mysql.yaml").read_text()
TWO = (ROOT / "examples" / "frontend-and-api.yaml").read_text()
PATH = "apps/blog.yaml"
POD = """apiVersion: v1
kind: Pod
metadata:
  name: NAME
  labels: {app: NAME}
spec:
  containers:
  - name: NAME
    image: nginx:1.29
"""
PODS = {"apps/web.yaml": POD.replace("NAME", "web"), "apps/shop.yaml": POD.replace("NAME", "shop")}


def until(condition: Callable[[], object], seconds: float = 8) -> None:
    """Wait for a condition."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it didn't come to that"
        time.sleep(0.05)


@dataclass
class Bot:
    """A forge, and the bot that works on it."""

    forge: HostedForge
    settings: dict[str, str]
    start: StartServer
    server: Server

    @property
    def world(self) -> World:
        """What the forge holds."""
        return self.forge.world

    def restart(self, **more: str) -> None:
        """End the bot in the middle of whatever it does, and start it at the same address."""
        for process in (self.server.process.pid, *self.server.workers()):
            os.kill(process, signal.SIGKILL)
        self.server.process.wait(20)
        self.server = self.start(**self.settings | {"PORT": str(self.server.port)} | more)

    def looks(self) -> list[dict[str, object]]:
        """What the log says of looks at pull requests."""
        lines = map(json.loads, self.server.log.read_text().splitlines())
        return [line for line in lines if line["logger"] == "podsplit.bot"]

    def say(self, pull: Pull, text: str, author: str = DEV) -> None:
        """Comment, and have the forge tell of it, twice."""
        comment = self.world.say(pull, author, text)
        for _ in range(2):
            assert self.forge.tell("issue_comment", pull, comment).status_code == 202

    def answer(self, pull: Pull, text: str) -> str:
        """What the bot answers to a comment."""
        before = len(self.world.said(pull))
        self.say(pull, text)
        until(lambda: len(self.world.said(pull)) > before)
        return self.world.said(pull)[-1]

    def wait_for_stage(self, pull: Pull, expected: str) -> None:
        """Wait for what the bot says at a stage's commit."""
        until(lambda: self.world.status(pull) == expected)

    def metrics(self) -> str:
        """What Prometheus reads."""
        return requests.get(f"{self.server.url}/metrics", timeout=10).text


@pytest.fixture(params=KINDS)
def bot(
    request: pytest.FixtureRequest, tmp_path: Path, server: Server, start_bot: StartServer
) -> Iterator[Bot]:
    """A bot on a repository with the example on its main branch."""
    with running_hosted_forge(request.param) as forge:
        forge.world.commit("main", {PATH: EXAMPLE, "README.md": "a shop", "values.yaml": "a: 1\n"})
        secrets = tmp_path / "secrets"
        secrets.mkdir()
        (secrets / "forge.token").write_text(TOKEN)
        (secrets / "forge.secret").write_text(SECRET)
        config = tmp_path / "bot.yaml"
        config.write_text(
            json.dumps(
                {
                    "forges": {
                        "forge": {
                            "kind": forge.kind,
                            "api": forge.api_url,
                            "repositories": ["team/*"],
                        }
                    }
                }
            )
        )
        settings = {
            "PODSPLIT_URL": server.url,
            "PODSPLIT_BOT_CONFIG": str(config),
            "PODSPLIT_BOT_SECRETS": str(secrets),
            "PODSPLIT_BOT_SWEEP_SECONDS": "3600",
        }
        running = start_bot(**settings)
        forge.hook = f"{running.url}/webhooks/forge"
        made = Bot(forge, settings, start_bot, running)
        yield made
        # Before the forge, which it would go on asking for a while.
        made.server.terminate()
        made.server.process.wait(40)


def test_a_pull_request_from_its_first_push_to_its_last(bot: Bot) -> None:
    """A suggestion on the lines of each Pod, a summary, a status; nothing is posted twice, whatever
    the webhooks and a restart; and what no longer holds is taken back.
    """
    world = bot.world
    world.commit("pods", PODS, parent=world.branches["main"])
    pull = world.propose("pods")
    for _ in range(2):
        assert bot.forge.tell(pull=pull).status_code == 202
    until(lambda: world.status(pull) == "good")
    assert len(world.on_lines(pull)) == 2
    assert len(world.said(pull)) == 1
    if bot.forge.kind == "github":
        assert sum("/reviews" in write for write in world.writes) == 1
    before = [(item.number, item.body) for item in pull.comments]
    bot.restart()
    until(lambda: {look["outcome"] for look in bot.looks() if look["number"]} == {"known"})
    bot.say(pull, "/podsplit recheck")
    until(lambda: len(world.said(pull)) == 2)
    assert "again" in world.said(pull)[-1]
    assert [(item.number, item.body) for item in pull.comments if item.author == BOT][:-1] == before
    world.commit("pods", {"apps/web.yaml": None, "apps/shop.yaml": None})
    bot.forge.tell(pull=pull)
    until(lambda: not world.on_lines(pull))
    until(lambda: "nothing to change" in world.said(pull)[0])
    counted = 'podsplit_bot_comments_total{forge="forge",what="deleted"} 2.0'
    until(lambda: counted in bot.metrics())


def test_a_split_by_merging_its_stages_ends_with_the_text_of_the_rewrite(
    bot: Bot, server: Server
) -> None:
    """Byte for byte, though the bot is killed between any two of them."""
    world = bot.world
    answer = requests.post(
        f"{server.url}/v1/rewrite?format=yaml", data=EXAMPLE.encode(), timeout=30
    )
    world.commit("note", {PATH: f"{EXAMPLE}# x\n"}, parent=world.branches["main"])
    origin = world.propose("note")
    world.merge(origin)
    said = bot.answer(origin, "/podsplit apply")
    stages = []
    while "is open:" in said:
        (stage,) = [pull for pull in world.own_pulls() if pull.state == "open"]
        bot.wait_for_stage(stage, "good")
        stages.append(stage.title.split(":")[0])
        assert "To go back" in stage.body
        assert "isn't merged yet" in bot.answer(stage, "/podsplit next")
        world.merge(stage)
        bot.restart()
        said = bot.answer(stage, "/podsplit next")
    assert "the split is done" in said
    assert stages == [f"Podsplit, stage {name}" for name in ("add", "switch", "contract")]
    assert world.commits[world.branches["main"]][PATH] == f"{answer.text}# x\n"
    assert len(world.own_pulls()) == 3


@pytest.mark.parametrize("bot", ["github"], indirect=True)
def test_it_stops_when_the_manifests_have_changed(bot: Bot) -> None:
    """Before a merge by the status of the stage, after it by the answer; `apply` goes on from what
    is there.
    """
    world = bot.world
    world.commit("note", {PATH: f"{EXAMPLE}# x\n"}, parent=world.branches["main"])
    origin = world.propose("note")
    assert "once it is merged" in bot.answer(origin, "/podsplit apply nowhere")
    assert "is open:" in bot.answer(origin, "/podsplit apply")
    (stage,) = world.own_pulls()
    bot.wait_for_stage(stage, "good")
    assert "is open already" in bot.answer(origin, "/podsplit apply apps/blog.yaml:blog")
    world.commit("main", {"README.md": "another shop"})
    bot.forge.tell("push")
    assert "isn't merged yet" in bot.answer(origin, "/podsplit next")
    assert world.status(stage) == "good"
    world.commit("main", {PATH: EXAMPLE.replace("mysql:8.4", "mysql:8.5")})
    bot.forge.tell("push")
    bot.wait_for_stage(stage, "bad")
    stage.state = "closed"
    assert "was closed without a merge" in bot.answer(stage, "/podsplit next")
    assert "is open:" in bot.answer(stage, "/podsplit apply")
    (_, again) = world.own_pulls()
    world.merge(again)
    world.commit("main", {PATH: world.commits[world.branches["main"]][PATH].replace("8.5", "8.6")})
    assert "Stopped" in bot.answer(again, "/podsplit next")
    assert "is open:" in bot.answer(again, "/podsplit apply")
    assert "mysql:8.6" in world.commits[world.head(world.own_pulls()[-1])][PATH]


def test_who_may_not_write_starts_nothing(bot: Bot) -> None:
    """Neither by a command, nor by a pull request with a mark like the bot's: it is read from a
    fork, reviewed, and nothing is written to the fork.
    """
    world = bot.world
    world.commit("fork:pods", PODS, parent=world.branches["main"])
    pull = world.propose("fork:pods", STRANGER)
    mark = Mark("add", "Pod/web", (f"{PATH}:blog",), (PATH,), "0", "0", pull.number, "1")
    pull.body = write_mark(mark, bot.forge.api.hidden) + "\n\nmine\n"
    bot.forge.tell(pull=pull)
    # GitLab takes no status of a commit that is in a fork.
    is_said = bot.forge.kind != "gitlab"
    until(lambda: len(world.said(pull)) == 1 and (world.status(pull) == "good" or not is_said))
    assert len(world.on_lines(pull)) == 2
    writes = len(world.writes)
    for word in ("apply", "next", "recheck"):
        bot.say(pull, f"/podsplit {word}", STRANGER)
    bot.say(pull, "/podsplit next")
    until(lambda: "no split was begun here" in world.said(pull)[-1])
    assert len(world.writes) == writes + 1
    assert world.own_pulls() == []
    if bot.forge.kind == "bitbucket":
        assert any("/other/shop/src/" in read for read in world.reads)


@pytest.mark.parametrize("bot", ["gitlab"], indirect=True)
def test_the_newest_commit_wins(bot: Bot) -> None:
    """A push while the bot looks: of the older commit nothing is said."""
    world = bot.world
    world.commit("pods", PODS, parent=world.branches["main"])
    pull = world.propose("pods")
    world.on_diff = lambda: world.commit("pods", {"apps/shop.yaml": None})
    bot.forge.tell(pull=pull)
    until(lambda: world.status(pull) == "good")
    until(lambda: {look["outcome"] for look in bot.looks()} >= {"superseded", "reviewed"})
    assert len(world.on_lines(pull)) == 1
    assert len(world.statuses) == 1
    # A pull request to another branch has another diff.
    world.branches["other"] = world.branches["main"]
    pull.base = "other"
    reviews = [look["outcome"] for look in bot.looks()].count("reviewed")
    bot.forge.tell(pull=pull)
    until(lambda: [look["outcome"] for look in bot.looks()].count("reviewed") > reviews)


@pytest.mark.parametrize("bot", ["github"], indirect=True)
def test_limits_and_failures_of_the_forge(bot: Bot) -> None:
    """It waits where it is asked to, and asks again what failed."""
    world = bot.world
    world.commit("pods", PODS, parent=world.branches["main"])
    pull = world.propose("pods")
    world.failures = [429, 503, 403, 502]
    bot.forge.tell(pull=pull)
    until(lambda: world.status(pull) == "good")
    assert len(world.on_lines(pull)) == 2


@pytest.mark.parametrize("bot", ["gitea"], indirect=True)
def test_a_token_with_few_rights(bot: Bot) -> None:
    """No status, and nobody's commands; the review is there all the same, and the log says why."""
    world = bot.world
    world.may_set_status = world.may_see_permissions = False
    world.commit("pods", PODS, parent=world.branches["main"])
    pull = world.propose("pods")
    world.say(pull, DEV, "/podsplit recheck")
    bot.forge.tell(pull=pull)
    until(lambda: any("not_allowed" in look for look in bot.looks()))
    assert len(world.on_lines(pull)) == 2
    (look,) = [look for look in bot.looks() if "not_allowed" in look]
    assert look["not_allowed"] == ["permissions", "status"]


@pytest.mark.parametrize("bot", ["bitbucket"], indirect=True)
def test_what_was_missed_is_found_by_the_sweep(bot: Bot) -> None:
    """A start looks at every pull request that is open, and at what was said on closed ones."""
    world = bot.world
    world.commit("pods", PODS, parent=world.branches["main"])
    pull = world.propose("pods")
    world.commit("note", {PATH: f"{EXAMPLE}# x\n"}, parent=world.branches["main"])
    origin = world.propose("note")
    world.merge(origin)
    world.say(origin, DEV, "/podsplit apply")
    bot.restart()
    until(lambda: world.status(pull) == "good" and world.own_pulls())
    world.commit("blog", {"apps/two.yaml": EXAMPLE}, parent=world.branches["main"])
    blog = world.propose("blog")
    bot.forge.tell(pull=blog)
    until(lambda: world.said(blog))
    assert "`/podsplit apply`" in world.said(blog)[0]
    until(lambda: "is open:" in "".join(world.said(origin)))


def test_which_webhooks_are_taken(bot: Bot) -> None:
    """Those that are signed, of repositories in the settings, and about something."""
    world, forge = bot.world, bot.forge
    world.commit("pods", PODS, parent=world.branches["main"])
    pull = world.propose("pods")
    assert forge.tell(pull=pull, secret="guessed").status_code == 401
    answer = forge.tell("issue_comment", pull, world.say(pull, DEV, "nice"))
    assert (answer.status_code, answer.json()) == (202, {"status": "ignored"})
    foreign: dict[str, Any] = {
        "repository": {"full_name": "others/shop"},
        "project": {"path_with_namespace": "others/shop"},
    }
    assert forge.tell(pull=pull, **foreign).status_code == 403
    url = forge.hook
    forge.hook = f"{url}s"
    assert forge.tell(pull=pull).status_code == 404
    forge.hook = url
    wrong: dict[str, Any] = {
        "pull_request": 1,
        "pullrequest": 1,
        "object_attributes": 1,
        "action": "opened",
        "object_kind": "merge_request",
    }
    assert forge.tell(pull=pull, **wrong).status_code == 422
    assert requests.post(url, data=b"x" * 6_000_000, timeout=30).status_code == 413
    assert requests.get(f"{bot.server.url}/healthz", timeout=10).json() == {"status": "ok"}
    text = bot.metrics()
    for outcome in ("unauthentic", "ignored", "foreign", "unreadable"):
        assert f'podsplit_bot_webhooks_total{{forge="forge",outcome="{outcome}"}} 1.0' in text


@pytest.mark.parametrize("bot", ["gitlab"], indirect=True)
def test_no_log_holds_a_token_or_a_manifest(bot: Bot) -> None:
    """Whatever happens; and what was begun when it is told to stop comes to its end."""
    world = bot.world
    secret = PODS["apps/web.yaml"].replace("nginx", "s3cret-image")
    world.commit("pods", {"apps/web.yaml": secret}, parent=world.branches["main"])
    pull = world.propose("pods")
    bot.forge.tell(pull=pull)
    until(lambda: any(look.get("number") == pull.number for look in bot.looks()) or world.writes)
    bot.server.terminate()
    assert bot.server.process.wait(40) == 0
    assert world.status(pull) == "good"
    log = bot.server.log.read_text()
    for text in (TOKEN, SECRET, "s3cret", "Traceback"):
        assert text not in log


@pytest.mark.parametrize("bot", ["bitbucket"], indirect=True)
def test_only_folders_and_files_that_are_not_excluded_are_read(bot: Bot, tmp_path: Path) -> None:
    """By the settings of the bot, and by `.podsplit.yaml`; more than the bounds is said."""
    world = bot.world
    config = json.loads((tmp_path / "bot.yaml").read_text())
    config["forges"]["forge"] |= {"paths": ["apps"], "strict": True}
    (tmp_path / "bot.yaml").write_text(json.dumps(config))
    bot.restart(PODSPLIT_BOT_MAX_FILES="4")
    others = {f"apps/many/{number}.yaml": POD for number in range(5)}
    files = PODS | others | {"other/web.yaml": POD, "apps/.podsplit.yaml": "exclude: [many]\n"}
    world.commit("pods", files, parent=world.branches["main"])
    pull = world.propose("pods")
    bot.forge.tell(pull=pull)
    until(lambda: world.status(pull) == "bad")
    assert len(world.on_lines(pull)) == 2
    world.commit("pods", {"apps/.podsplit.yaml": "{}\n"})
    bot.forge.tell(pull=pull)
    until(lambda: world.status(pull) == "bad")
    (text,) = [text for _, text in world.statuses[world.head(pull)].values()]
    assert text.split(": ", 1)[1].startswith("not looked at: 9 files may be manifests, more than 4")


@pytest.mark.parametrize("bot", ["gitea"], indirect=True)
def test_of_several_workloads_one_has_to_be_named(bot: Bot) -> None:
    """The answer lists them as they are to be said."""
    world = bot.world
    world.commit("main", {"apps/two.yaml": TWO})
    world.commit(
        "note",
        {PATH: f"{EXAMPLE}# x\n", "apps/two.yaml": f"{TWO}# x\n"},
        parent=world.branches["main"],
    )
    origin = world.propose("note")
    said = bot.answer(origin, "/podsplit apply")
    assert "so say which" in said
    asked = [line.removeprefix("- ").strip("`.") for line in said.splitlines() if "`/pod" in line]
    assert asked[0] == f"/podsplit apply {PATH}:blog"
    for line in asked:
        assert "is open:" in bot.answer(origin, line)
    assert len(world.own_pulls()) == len(asked)


@pytest.mark.parametrize("bot", ["github"], indirect=True)
def test_what_found_no_room_is_found_by_a_later_sweep(bot: Bot) -> None:
    """With a queue that is too short, and a forge that is down for a while."""
    world = bot.world
    pulls = []
    for number in range(5):
        branch = f"pods-{number}"
        text = POD.replace("NAME", f"web-{number}")
        world.commit(branch, {"apps/web.yaml": text}, parent=world.branches["main"])
        pulls.append(world.propose(branch))
    bot.restart(PODSPLIT_BOT_QUEUE="1", PODSPLIT_BOT_SWEEP_SECONDS="1")
    until(lambda: all(world.status(pull) == "good" for pull in pulls), 20)


@pytest.mark.parametrize("bot", ["github"], indirect=True)
def test_what_the_forge_refuses_is_said(bot: Bot) -> None:
    """A diff that it doesn't show by the status, a command by the answer, after the review."""
    world = bot.world
    world.commit("pods", PODS, parent=world.branches["main"])
    pull = world.propose("pods")

    def refuse() -> None:
        raise Refusal(406)

    world.on_diff = refuse
    bot.forge.tell(pull=pull)
    until(lambda: world.statuses.get(world.head(pull)))
    assert (
        "GitHub shows no diff of so many files" in world.statuses[world.head(pull)]["podsplit"][1]
    )
    world.refuses_branches = True
    assert "the forge answers 403" in bot.answer(pull, f"/podsplit apply {PATH}:blog")
    assert world.own_pulls() == []
    bot.say(pull, "/podsplit recheck")
    until(lambda: "has looked at" in world.said(pull)[-1])
    assert len(world.on_lines(pull)) == 2


@pytest.mark.parametrize("bot", ["gitlab"], indirect=True)
def test_slow_clients_keep_nobody_waiting(bot: Bot) -> None:
    """Whoever sends half a webhook, often."""
    head = b"POST /webhooks/forge HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"
    slow = [bot.server.connect() for _ in range(40)]
    try:
        for connection in slow:
            connection.sendall(head)
        assert requests.get(f"{bot.server.url}/readyz", timeout=5).status_code == 200
    finally:
        for connection in slow:
            connection.close()


@pytest.mark.parametrize("bot", ["bitbucket"], indirect=True)
def test_a_fork_that_is_gone_costs_nobody_else(bot: Bot) -> None:
    """Its pull request has no commit any more."""
    world = bot.world
    world.commit("fork:pods", PODS, parent=world.branches["main"])
    gone = world.propose("fork:pods", STRANGER)
    gone.is_gone = True
    world.commit("pods", PODS, parent=world.branches["main"])
    pull = world.propose("pods")
    bot.restart()
    until(lambda: world.status(pull) == "good")
    assert "no split was begun here" in bot.answer(pull, "/podsplit next")


@pytest.fixture(params=KINDS)
def attendant(request: pytest.FixtureRequest, server: Server) -> Iterator[tuple[World, Attendant]]:
    """Who looks at pull requests, without the rest of the bot."""
    with running_hosted_forge(request.param) as forge:
        forge.world.commit("main", {PATH: EXAMPLE})
        module = {"github": github, "gitlab": gitlab, "gitea": gitea, "bitbucket": bitbucket}
        make = {"github": GitHub, "gitlab": GitLab, "gitea": Gitea, "bitbucket": Bitbucket}
        http = module[forge.kind].session(TOKEN)
        repository = make[forge.kind](http, forge.api_url, "team/shop")
        around = Surroundings(Service(server.url), Bounds(100, 1_000_000), Cache())
        yield forge.world, Attendant(repository, around, platform=forge.kind)


def attend(world: World, attendant: Attendant, pull: Pull, broken: int) -> bool:
    """Look at a pull request, with a connection that breaks after some write, until it is done.

    Returns:
        Whether there were so many writes.
    """
    world.break_after = broken
    for _ in range(5):
        try:
            attendant.attend(pull.number)
        except requests.RequestException:
            continue
        break
    else:
        pytest.fail("it isn't done")
    was_broken, world.break_after = world.break_after is None, None
    return was_broken


def test_a_crash_in_a_review_posts_nothing_twice(attendant: tuple[World, Attendant]) -> None:
    """After whichever write: the comments, the summary, the status."""
    world, looks = attendant
    for broken in itertools.count(1):
        branch = f"pods-{broken}"
        world.commit(branch, PODS, parent=world.branches["main"])
        pull = world.propose(branch)
        was_broken = attend(world, looks, pull, broken)
        assert (len(world.on_lines(pull)), len(world.said(pull))) == (2, 1)
        assert world.status(pull) == "good"
        if not was_broken:
            break
    assert broken > 2


def test_a_crash_in_a_split_opens_nothing_twice(attendant: tuple[World, Attendant]) -> None:
    """After whichever write: what makes the branch, the pull request, the answer."""
    world, looks = attendant
    origin = world.propose("main")
    origin.state = "merged"
    for broken in itertools.count(1):
        world.say(origin, DEV, "/podsplit apply apps/blog.yaml:blog")
        was_broken = attend(world, looks, origin, broken)
        (stage,) = [pull for pull in world.own_pulls() if pull.state == "open"]
        assert len(world.said(origin)) == broken
        assert "is open:" in world.said(origin)[-1]
        changed = world.commits[world.head(stage)]
        assert "podsplit.dev/split-from: blog" in changed[PATH]
        stage.state = "closed"
        if not was_broken:
            break
    assert broken > 2
