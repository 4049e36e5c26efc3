"""Links, anchors, pictures and what is made from the code."""

from __future__ import annotations

import json
import re
from pathlib import Path
from textwrap import dedent
from xml.etree import ElementTree as ET

import pytest
import yaml

from tests.support.pages import ROOT, anchors, blocks, links, pages
from tools.pictures import FOLDER, pictures

EACH_PAGE = pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))


@EACH_PAGE
def test_links_lead_somewhere(page: Path) -> None:
    """A relative link names a file that is there, and an anchor in it that is there."""
    for link in links(page):
        if re.match(r"[a-z]+:", link):
            assert link.startswith("https://"), link
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert target.is_relative_to(ROOT), link
        if anchor:
            assert anchor in anchors(target), link


@EACH_PAGE
def test_pages_hold_on_any_machine(page: Path) -> None:
    """No path of somebody's own machine stands in them."""
    assert (
        re.findall(r"(?<![\w.])(?:/home/|/root/|/Users/|/work/|[A-Z]:\\)\S*", page.read_text())
        == []
    )


@EACH_PAGE
def test_examples_are_well_formed(page: Path) -> None:
    """YAML and JSON in the text can be read, dots for what is left out aside, and each block
    says what it is.
    """
    for block in blocks(page):
        assert block.language, f"{block}: say what it is"
        if block.language == "yaml":
            for piece in re.split(r"^\.\.\.$", block.text, flags=re.MULTILINE):
                list(yaml.safe_load_all(dedent(piece)))
        elif block.language == "json":
            json.loads(block.text)


def test_every_page_is_found() -> None:
    """From the README, in some steps."""
    found: set[Path] = set()
    new = {ROOT / "README.md"}
    while new:
        found |= new
        led = (
            (each.parent / link.partition("#")[0]).resolve()
            for each in new
            for link in links(each)
            if ":" not in link
        )
        new = {path for path in led if path.suffix == ".md" and path.is_file()} - found
    assert set(pages()) - found == set()


@pytest.mark.parametrize("name", pictures())
def test_a_picture_is_what_the_rewrite_says(name: str) -> None:
    """`make docs` has nothing to draw."""
    assert (FOLDER / name).read_text() == pictures()[name]


def test_no_picture_is_left_over() -> None:
    """Each is drawn by the code, and shown on a page."""
    drawn = {path.name for path in FOLDER.iterdir()}
    shown = {Path(link).name for page in pages() for link in links(page) if link.endswith(".svg")}
    assert drawn == set(pictures()) == shown


@pytest.mark.parametrize("name", pictures())
def test_a_picture_can_be_read(name: str) -> None:
    """By who doesn't see it, and in the dark: it has a title and a description, and colours for
    both.
    """
    picture = ET.fromstring(pictures()[name])
    space = {"svg": "http://www.w3.org/2000/svg"}
    assert [picture.findtext(f"svg:{part}", "", space) != "" for part in ("title", "desc")] == [
        True,
        True,
    ]
    style = picture.findtext("svg:style", "", space)
    light, _, dark = style.partition("@media(prefers-color-scheme:dark)")
    used = {word for element in picture.iter() for word in element.get("class", "").split()} - {
        "mono",
        "b",
    }
    assert {word for word in used if f".{word}{{" not in light or f".{word}{{" not in dark} == set()
