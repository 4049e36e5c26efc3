"""A real Chromium, and pages that fail a test where they break a rule."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from tests.conftest import Server
from tools.screenshots import browser_path

OpenPage = Callable[..., Page]

FLAGS = (
    "--no-sandbox",  # CI runs as root
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, without a window."""
    path = browser_path()
    if path is None:
        words = "Chromium is not on PATH: apt-get install chromium, as .ci/run does"
        # Where everything is meant to run, what can't is a failure.
        pytest.fail(words) if os.environ.get("CI") else pytest.skip(words)
    with sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=path, args=FLAGS)
        yield running
        running.close()


@pytest.fixture
def open_page(browser: Browser, server: Server) -> Iterator[OpenPage]:
    """Opens pages: `open_page("/docs", color_scheme="dark")`. What they complain of, such as a
    breach of their policy, fails the test.
    """
    complaints: list[str] = []
    contexts = []

    def start(
        path: str = "/", *, at: str | None = None, refusals: bool = False, **settings: object
    ) -> Page:
        context = browser.new_context(**settings)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()

        def hear(kind: str, words: str) -> None:
            # A status of 4xx is on the console too.
            if kind == "error" and not (refusals and words.startswith("Failed to load resource")):
                complaints.append(words)

        page.on("console", lambda message: hear(message.type, message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto((server.url if at is None else at) + path)
        return page

    yield start
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def barriers() -> Callable[[Page], list[str]]:
    """What axe-core finds wrong with a page."""

    def find(page: Page) -> list[str]:
        found = Axe().run(page).response["violations"]
        return [
            f"{item['id']}: {node['html'][:200]}: {node['failureSummary']}"
            for item in found
            for node in item["nodes"]
        ]

    return find
