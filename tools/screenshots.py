"""Takes docs/pictures/page-*.png: the page at / with an example, as Chromium shows it.

Run by `make pictures`, on a machine with Chromium; no test holds the files against it, as every
machine has fonts of its own. The service is started on loopback for it, and ended.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Literal

from playwright.sync_api import sync_playwright

from bench.server import running_service

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


def main() -> None:
    """Take all pictures."""
    path = browser_path()
    if path is None:
        sys.exit("Chromium is not on PATH: apt-get install chromium")
    with running_service(1) as service, sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-background-networking"]
        )
        for name, (width, scheme) in SHOTS.items():
            page = browser.new_page(viewport={"width": width, "height": 960}, color_scheme=scheme)
            page.goto(f"http://127.0.0.1:{service.port}")
            page.get_by_role("link", name="a shop").click()
            page.locator("#status", has_text="2 findings").wait_for()
            page.screenshot(path=FOLDER / f"{name}.png")
            print(f"{name}.png: {(FOLDER / f'{name}.png').stat().st_size} bytes")
        browser.close()


if __name__ == "__main__":
    main()
