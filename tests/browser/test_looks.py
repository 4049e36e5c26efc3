"""Barriers, widths and colours of all pages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from service.options import Options
from service.pipeline import run
from service.render.common import Producer
from service.render.html import render_html
from tests.browser.conftest import OpenPage

pytestmark = pytest.mark.xdist_group("browser")

SHOP = Path("service/web/assets/examples/shop.yaml")


def fill(page: Page) -> None:
    page.get_by_role("link", name="a shop").click()
    expect(page.locator("#status")).to_contain_text("2 findings")
    for summary in page.locator("#report summary").all():
        summary.click()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1400, 360])
@pytest.mark.parametrize("path", ["/", "/filled", "/docs", "/nothing"])
def test_pages_have_no_barriers(
    open_page: OpenPage,
    barriers: Callable[[Page], list[str]],
    path: str,
    width: int,
    scheme: str,
) -> None:
    """Colours, names, order and roles, as axe-core sees them; and no page scrolls sideways."""
    settings = {"color_scheme": scheme, "viewport": {"width": width, "height": 900}}
    page = open_page(path.replace("filled", ""), refusals=path == "/nothing", **settings)
    if path == "/filled":
        fill(page)

    assert barriers(page) == []
    assert page.locator("html").evaluate("page => page.scrollWidth") == width


@pytest.fixture
def report(tmp_path: Path) -> str:
    """A report as CI keeps it: a file without a service."""
    made = run([("shop.yaml", SHOP.read_bytes())], Options(), rewrite=True)
    path = tmp_path / "report.html"
    path.write_text(render_html(made, Producer("1.2.3", "")))
    return path.as_uri()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1400, 360])
def test_a_kept_report_has_no_barriers(
    open_page: OpenPage,
    barriers: Callable[[Page], list[str]],
    report: str,
    width: int,
    scheme: str,
) -> None:
    """Opened from a disk, with every part of it unfolded."""
    settings = {"color_scheme": scheme, "viewport": {"width": width, "height": 900}}
    page = open_page("", at=report, **settings)
    for summary in page.locator("summary").all():
        summary.click()

    assert barriers(page) == []
    assert page.locator("html").evaluate("page => page.scrollWidth") == width


def test_a_printed_report_has_everything(open_page: OpenPage, report: str) -> None:
    """Stages and evidence that are folded on a screen."""
    page = open_page("", at=report)
    page.emulate_media(media="print")

    for section in page.locator(".tabs > section").all():
        expect(section).to_be_visible()
    expect(page.locator(".bars").first).to_be_visible()
    expect(page.locator(".tabs > label").first).to_be_hidden()


def test_the_docs_are_searched(open_page: OpenPage) -> None:
    """By any words, in all their parts; a link to an entry opens it."""
    page = open_page("/docs")
    page.get_by_label("Search").fill("process namespace")
    shown = page.locator(":is(main > details, main > dl > div):visible")
    expect(page.locator("#found")).to_have_text(f"{shown.count()} found")
    expect(page.locator("#signals-process-namespace")).to_be_visible()
    expect(page.locator("#signals-known-image")).to_be_hidden()

    page.get_by_label("Search").fill("zxqv")
    expect(page.locator("#found")).to_have_text("0 found")
    expect(page.locator("main > h2:visible")).to_have_count(0)

    page.get_by_label("Search").fill("")
    page.goto(page.url + "#refusals-suppressed")
    expect(page.locator("#refusals-suppressed dl")).to_be_visible()
