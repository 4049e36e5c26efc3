"""A real Gitea on loopback: the program that `PODSPLIT_TEST_GITEA` names, beside whose file its
sources are (`src`), as it reads its templates from there.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

PROGRAM = os.environ.get("PODSPLIT_TEST_GITEA", "")
_PASSWORD = secrets.token_urlsafe(12)

_CONFIG = """WORK_PATH = {folder}
RUN_MODE = prod
RUN_USER = {user}
I_AM_BEING_UNSAFE_RUNNING_AS_ROOT = true
[server]
HTTP_ADDR = 127.0.0.1
HTTP_PORT = {port}
ROOT_URL = http://127.0.0.1:{port}/
STATIC_ROOT_PATH = {sources}
OFFLINE_MODE = true
DISABLE_SSH = true
[database]
DB_TYPE = sqlite3
PATH = {folder}/gitea.db
[security]
INSTALL_LOCK = true
SECRET_KEY = for-tests-only
[service]
DISABLE_REGISTRATION = true
[webhook]
ALLOWED_HOST_LIST = loopback
[log]
MODE = console
LEVEL = Warn
"""


@dataclass(frozen=True)
class Person:
    """Somebody who uses the API."""

    name: str
    api: str
    token: str

    def ask(self, method: str, path: str, expected: int = 0, **body: Any) -> Any:
        """The answer of the API to a request.

        Args:
            method: of HTTP.
            path: behind the API's address.
            expected: a status that is no failure, beside those below 400.
            body: what is sent as JSON.
        """
        answer = requests.request(
            method,
            f"{self.api}{path}",
            json=body or None,
            headers={"Authorization": f"token {self.token}"},
            timeout=30,
        )
        assert answer.ok or answer.status_code == expected, (method, path, answer.status_code)
        is_json = answer.headers.get("Content-Type", "").startswith("application/json")
        return answer.json() if answer.content and is_json else answer.text


@dataclass(frozen=True)
class Gitea:
    """The server, with those who use it."""

    url: str
    owner: Person
    """An administrator, who owns the repository."""
    bot: Person
    dev: Person
    """May write."""
    stranger: Person
    """May read."""


@contextmanager
def running_gitea(folder: Path) -> Iterator[Gitea]:
    """Run a Gitea with four accounts.

    Args:
        folder: an empty folder for what it keeps.
    """
    folder.mkdir()
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config = folder / "app.ini"
    user = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
    sources = Path(PROGRAM).resolve().parent / "src"
    config.write_text(_CONFIG.format(folder=folder, user=user, port=port, sources=sources))
    environ = os.environ | {"HOME": str(folder), "GITEA_WORK_DIR": str(folder)}
    url = f"http://127.0.0.1:{port}"
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [PROGRAM, "web", "--config", config], env=environ, stdout=log, stderr=log
        )
    try:
        _wait(url, process)
        people = [
            Person(name, f"{url}/api/v1", _account(config, environ, name))
            for name in ("owner", "podsplit-bot", "dev", "stranger")
        ]
        yield Gitea(url, *people)
    finally:
        process.terminate()
        process.wait(30)


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        try:
            if requests.get(f"{url}/api/healthz", timeout=5).ok:
                return
        except requests.RequestException:
            time.sleep(0.1)
    raise AssertionError("Gitea didn't start")


def _account(config: Path, environ: dict[str, str], name: str) -> str:
    """Make an account; its token."""
    command = [PROGRAM, "--config", str(config), "admin", "user"]
    made = [*command, "create", "--username", name, "--password", _PASSWORD]
    made += ["--email", f"{name}@example.com", "--must-change-password=false"]
    if name == "owner":
        made.append("--admin")
    subprocess.run(made, env=environ, check=True, capture_output=True)
    token = [*command, "generate-access-token", "--username", name, "--scopes", "all", "--raw"]
    done = subprocess.run(
        [*token, "--token-name", "t"], env=environ, check=True, capture_output=True, text=True
    )
    return done.stdout.splitlines()[-1]


class Team:
    """A repository with a bot that looks at it, and somebody who works there."""

    path = "/repos/team/shop"

    def __init__(self, gitea: Gitea, folder: Path, service: str) -> None:
        """Make the repository, and write the bot's settings.

        Args:
            gitea: the forge.
            folder: an empty folder, for the settings.
            service: the address of Podsplit.
        """
        self.gitea = gitea
        gitea.owner.ask("POST", "/orgs", username="team")
        gitea.owner.ask("POST", "/orgs/team/repos", name="shop", auto_init=True)
        for name, permission in (("podsplit-bot", "admin"), ("dev", "write")):
            gitea.owner.ask("PUT", f"{self.path}/collaborators/{name}", permission=permission)
        self._secret = secrets.token_urlsafe(12)
        folder.mkdir()
        (folder / "forge.token").write_text(gitea.bot.token)
        (folder / "forge.secret").write_text(self._secret)
        forge = {"kind": "gitea", "api": f"{gitea.url}/api/v1", "repositories": ["team/*"]}
        (folder / "bot.yaml").write_text(json.dumps({"forges": {"forge": forge}}))
        self.settings = {
            "PODSPLIT_URL": service,
            "PODSPLIT_BOT_CONFIG": str(folder / "bot.yaml"),
            "PODSPLIT_BOT_SECRETS": str(folder),
        }
        """The variables of the bot."""

    def ask(self, method: str, path: str, expected: int = 0, **body: Any) -> Any:
        """Ask about the repository, as somebody who may write."""
        return self.gitea.dev.ask(method, f"{self.path}{path}", expected, **body)

    def tell(self, bot: str) -> None:
        """Have the bot told of what happens.

        Args:
            bot: its address.
        """
        config = {
            "url": f"{bot}/webhooks/forge",
            "content_type": "json",
            "secret": self._secret,
        }
        self.gitea.owner.ask(
            "POST",
            f"{self.path}/hooks",
            type="gitea",
            active=True,
            events=["pull_request", "push", "issue_comment"],
            config=config,
        )

    def propose(self, branch: str, files: dict[str, str]) -> int:
        """Open a pull request with some texts; its number."""
        known = {
            item["path"]: item["sha"]
            for item in self.ask("GET", "/git/trees/main?recursive=1")["tree"]
        }
        changes = [
            {"path": path, "content": b64encode(text.encode()).decode(), "operation": "create"}
            | ({"operation": "update", "sha": known[path]} if path in known else {})
            for path, text in files.items()
        ]
        self.ask(
            "POST",
            "/contents",
            branch="main",
            new_branch=branch,
            message=f"Add {branch}",
            files=changes,
        )
        made = self.ask("POST", "/pulls", head=branch, base="main", title=f"Add {branch}")
        return int(made["number"])

    def say(self, number: int, text: str) -> None:
        """Comment on a pull request."""
        self.ask("POST", f"/issues/{number}/comments", body=text)

    def talk(self, number: int) -> list[str]:
        """What the bot says in the conversation of a pull request."""
        comments = self.ask("GET", f"/issues/{number}/comments")
        return [item["body"] for item in comments if item["user"]["login"] == "podsplit-bot"]

    def merge(self, number: int) -> bool:
        """Merge a pull request; False as long as Gitea still looks at it."""
        self.ask("POST", f"/pulls/{number}/merge", 405, Do="merge")
        return bool(self.ask("GET", f"/pulls/{number}")["merged"])

    def open_pulls(self) -> list[int]:
        """The numbers of the pull requests that are open."""
        return [item["number"] for item in self.ask("GET", "/pulls?state=open")]
