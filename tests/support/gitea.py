"""A real Gitea on loopback: the program that `PODSPLIT_TEST_GITEA` names, beside whose file its
sources are (`src`), as it reads its templates from there.
"""

from __future__ import annotations

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


def encoded(text: str) -> str:
    """A text as the API takes the content of a file."""
    return b64encode(text.encode()).decode()
