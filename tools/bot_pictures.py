"""Takes docs/pictures/bot-*.png: what the hosted bot posts, on a real Gitea.

Run by `make pictures` where `PODSPLIT_TEST_GITEA` names the program (docs/development.md) and
Chromium is on PATH. Everything is started on loopback, and ended.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from bench.server import running_service
from tests.support.gitea import PROGRAM, Gitea, encoded, running_gitea
from tools.screenshots import FOLDER, browser_path

ROOT = Path(__file__).resolve().parent.parent
SHOTS = ("bot-review", "bot-stage")
REPOSITORY = "/repos/team/shop"
SECRET = "told to both"  # noqa: S105 - of a forge on loopback, made for the pictures
PORT = 8092
POD = """apiVersion: v1
kind: Pod
metadata:
  name: reports
  labels: {app: reports}
spec:
  containers:
  - name: reports
    image: registry.example.com/team/reports:1.4
    ports:
    - containerPort: 8080
"""


def main() -> None:
    """Take both pictures."""
    path = browser_path()
    if path is None or not PROGRAM:
        sys.exit("Chromium has to be on PATH, and PODSPLIT_TEST_GITEA to name a Gitea")
    with (
        tempfile.TemporaryDirectory() as folder,
        running_service(1) as service,
        running_gitea(Path(folder) / "gitea") as gitea,
        _running_bot(Path(folder), gitea, f"http://127.0.0.1:{service.port}"),
        sync_playwright() as driver,
    ):
        browser = driver.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-background-networking"]
        )
        number = _propose(gitea, "reports", "apps/reports.yaml", POD)
        _until(lambda: _talk(gitea, number))
        _shoot(browser, f"{gitea.url}/team/shop/pulls/{number}", "bot-review")
        example = (ROOT / "examples" / "wordpress-and-mysql.yaml").read_text()
        origin = _propose(gitea, "blog", "apps/blog.yaml", example)
        _until(lambda: _merged(gitea, origin))
        comments = f"{REPOSITORY}/issues/{origin}/comments"
        gitea.dev.ask("POST", comments, body="/podsplit apply")
        _until(lambda: any("is open:" in text for text in _talk(gitea, origin)))
        stage = max(item["number"] for item in gitea.dev.ask("GET", f"{REPOSITORY}/pulls"))
        _shoot(browser, f"{gitea.url}/team/shop/pulls/{stage}", "bot-stage")
        browser.close()


@contextmanager
def _running_bot(folder: Path, gitea: Gitea, service: str) -> Iterator[None]:
    """A repository, and the bot that is told of it."""
    gitea.owner.ask("POST", "/orgs", username="team")
    gitea.owner.ask("POST", "/orgs/team/repos", name="shop", auto_init=True)
    for name, permission in (("podsplit-bot", "admin"), ("dev", "write")):
        gitea.owner.ask("PUT", f"{REPOSITORY}/collaborators/{name}", permission=permission)
    (folder / "forge.token").write_text(gitea.bot.token)
    (folder / "forge.secret").write_text(SECRET)
    forge = {"kind": "gitea", "api": f"{gitea.url}/api/v1", "repositories": ["team/shop"]}
    (folder / "bot.yaml").write_text(json.dumps({"forges": {"forge": forge}}))
    told = {
        "PORT": str(PORT),
        "PODSPLIT_URL": service,
        "PODSPLIT_BOT_CONFIG": str(folder / "bot.yaml"),
        "PODSPLIT_BOT_SECRETS": str(folder),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "clients.bot.hosted"],
        cwd=ROOT,
        env=os.environ | told,
        stderr=subprocess.DEVNULL,
    )
    gitea.owner.ask(
        "POST",
        f"{REPOSITORY}/hooks",
        type="gitea",
        active=True,
        events=["pull_request", "push", "issue_comment"],
        config={
            "url": f"http://127.0.0.1:{PORT}/webhooks/forge",
            "content_type": "json",
            "secret": SECRET,
        },
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(60)


def _propose(gitea: Gitea, branch: str, path: str, text: str) -> int:
    """Open a pull request with a new file; its number."""
    file = {"path": path, "content": encoded(text), "operation": "create"}
    gitea.dev.ask(
        "POST",
        f"{REPOSITORY}/contents",
        branch="main",
        new_branch=branch,
        message=f"Add {branch}",
        files=[file],
    )
    made = gitea.dev.ask(
        "POST", f"{REPOSITORY}/pulls", head=branch, base="main", title=f"Add {branch}"
    )
    return int(made["number"])


def _talk(gitea: Gitea, number: int) -> list[str]:
    comments: list[dict[str, Any]] = gitea.dev.ask("GET", f"{REPOSITORY}/issues/{number}/comments")
    return [item["body"] for item in comments]


def _merged(gitea: Gitea, number: int) -> bool:
    gitea.dev.ask("POST", f"{REPOSITORY}/pulls/{number}/merge", 405, Do="merge")
    return bool(gitea.dev.ask("GET", f"{REPOSITORY}/pulls/{number}")["merged"])


def _until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + 60
    while not condition():
        if time.monotonic() > end:
            sys.exit("the bot says nothing")
        time.sleep(0.5)


def _shoot(browser: Browser, url: str, name: str) -> None:
    page = browser.new_page(viewport={"width": 1100, "height": 900})
    page.goto(url)
    page.wait_for_load_state("networkidle")
    time.sleep(3)  # pictures of Mermaid are drawn by a script, some time after
    page.locator(".issue-content-left").screenshot(path=FOLDER / f"{name}.png")
    print(f"{name}.png: {(FOLDER / f'{name}.png').stat().st_size} bytes")


if __name__ == "__main__":
    main()
