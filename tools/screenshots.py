"""Takes docs/pictures/page-*.png: the page at / with an example, as Chromium shows it.

Run by `make pictures`, on a machine with Chromium; no test holds the files against it, as every
machine has fonts of its own. The service is started on loopback for it, and ended.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Literal

import requests
from playwright.sync_api import sync_playwright

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "pictures"
SHOTS: dict[str, tuple[int, Literal["light", "dark"]]] = {
    "page-light": (1280, "light"),
    "page-dark": (1280, "dark"),
    "page-narrow": (400, "light"),
}
"""Each with the width of the window in pixels, and the colours."""


def browser_path() -> str | None:
    """Where a Chromium is, as Debian, Ubuntu and GitHub's runners call it; None if nowhere."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next(filter(None, map(shutil.which, names)), None)


@contextmanager
def service() -> Iterator[str]:
    """A running service, by its address."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {"PORT": str(port), "HOST": "127.0.0.1", "WORKERS": "1"}
    environment["PODSPLIT_DRAIN_SECONDS"] = "0"
    process = subprocess.Popen([sys.executable, "-m", "service"], env=environment)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(200):
            try:
                requests.get(f"{address}/readyz", timeout=5).raise_for_status()
                break
            except requests.RequestException:
                time.sleep(0.05)
        yield address
    finally:
        process.terminate()
        process.wait(20)


def main() -> None:
    """Take all pictures."""
    path = browser_path()
    if path is None:
        sys.exit("Chromium is not on PATH: apt-get install chromium")
    with service() as address, sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-background-networking"]
        )
        for name, (width, scheme) in SHOTS.items():
            page = browser.new_page(viewport={"width": width, "height": 960}, color_scheme=scheme)
            page.goto(address)
            page.get_by_role("link", name="a shop").click()
            page.locator("#status", has_text="2 findings").wait_for()
            page.screenshot(path=FOLDER / f"{name}.png")
            print(f"{name}.png: {(FOLDER / f'{name}.png').stat().st_size} bytes")
        browser.close()


if __name__ == "__main__":
    main()
