"""Takes docs/pictures/bot-*.png: what the hosted bot posts, on a real Gitea.

Run by `make pictures` where `PODSPLIT_TEST_GITEA` names the program (docs/development.md) and
Chromium is on PATH. Everything is started on loopback, and ended.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from bench.server import running_service
from tests.support.gitea import PROGRAM, Team, running_gitea
from tools.screenshots import FOLDER, browser_path

ROOT = Path(__file__).resolve().parent.parent
SHOTS = ("bot-review", "bot-stage")
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
        sync_playwright() as driver,
    ):
        team = Team(gitea, Path(folder) / "settings", f"http://127.0.0.1:{service.port}")
        browser = driver.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-background-networking"]
        )
        pages = f"{gitea.url}/team/shop/pulls"
        with _running_bot(team):
            number = team.propose("reports", {"apps/reports.yaml": POD})
            _until(lambda: team.talk(number))
            _shoot(browser, f"{pages}/{number}", "bot-review")
            example = (ROOT / "examples" / "wordpress-and-mysql.yaml").read_text()
            origin = team.propose("blog", {"apps/blog.yaml": example})
            _until(lambda: team.merge(origin))
            team.say(origin, "/podsplit apply")
            _until(lambda: any("is open:" in text for text in team.talk(origin)))
            _shoot(browser, f"{pages}/{max(team.open_pulls())}", "bot-stage")
        browser.close()


@contextmanager
def _running_bot(team: Team) -> Iterator[None]:
    """Run the bot, and have it told of the repository."""
    process = subprocess.Popen(
        [sys.executable, "-m", "clients.bot.hosted"],
        cwd=ROOT,
        env=os.environ | team.settings | {"PORT": str(PORT)},
        stderr=subprocess.DEVNULL,
    )
    team.tell(f"http://127.0.0.1:{PORT}")
    try:
        yield
    finally:
        process.terminate()
        process.wait(60)


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
