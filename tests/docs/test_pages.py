"""The pages: their links, their examples and their pictures."""

from __future__ import annotations

import json
import re
from pathlib import Path
from textwrap import dedent
from xml.etree import ElementTree as ET

import pytest
import yaml

from tests.support.pages import ROOT, anchors, blocks, links, pages
from tools.bot_pictures import SHOTS as BOT_SHOTS
from tools.pictures import FOLDER, pictures
from tools.screenshots import SHOTS

every_page = pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))


@every_page
def test_links_lead_somewhere(page: Path) -> None:
    """A relative link names a file that exists, and an anchor that is in it."""
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


@every_page
def test_pages_hold_on_any_machine(page: Path) -> None:
    """No page holds a path of one machine."""
    assert (
        re.findall(r"(?<![\w.])(?:/home/|/root/|/Users/|/work/|[A-Z]:\\)\S*", page.read_text())
        == []
    )


@every_page
def test_examples_are_well_formed(page: Path) -> None:
    """Each block names its language. YAML and JSON can be read; a line of three dots stands for
    what is left out.
    """
    for block in blocks(page):
        assert block.language, f"{block}: name the language behind the fence"
        if block.language == "yaml":
            for piece in re.split(r"^\.\.\.$", block.text, flags=re.MULTILINE):
                list(yaml.safe_load_all(dedent(piece)))
        elif block.language == "json":
            json.loads(block.text)


def test_every_page_is_found() -> None:
    """Links lead from the README to every page, over other pages."""
    found: set[Path] = set()
    new = {ROOT / "README.md"}
    while new:
        found |= new
        linked = (
            (page.parent / link.partition("#")[0]).resolve()
            for page in new
            for link in links(page)
            if ":" not in link
        )
        new = {path for path in linked if path.suffix == ".md" and path.is_file()} - found
    assert set(pages()) - found == set()


@pytest.mark.parametrize("name", pictures())
def test_a_picture_is_what_the_rewrite_says(name: str) -> None:
    """The committed picture is what `make docs` draws."""
    assert (FOLDER / name).read_text() == pictures()[name]


def test_no_picture_is_left_over() -> None:
    """Each picture is drawn by the code, and shown on a page; one by `make weights`, those of the
    page and of the bot by `make pictures`.
    """
    drawn = {path.name for path in FOLDER.iterdir()}
    text = "".join(page.read_text() for page in pages())
    shown = set(re.findall(r"pictures/([\w-]+\.(?:svg|png))", text))
    assert (
        drawn
        == {*pictures(), "calibration.svg", *(f"{name}.png" for name in (*SHOTS, *BOT_SHOTS))}
        == shown
    )


@pytest.mark.parametrize("name", pictures())
def test_a_picture_can_be_read(name: str) -> None:
    """A picture has a title and a description for screen readers, and colours for light and dark
    pages.
    """
    picture = ET.fromstring(pictures()[name])
    namespaces = {"svg": "http://www.w3.org/2000/svg"}
    assert picture.findtext("svg:title", "", namespaces)
    assert picture.findtext("svg:desc", "", namespaces)
    style = picture.findtext("svg:style", "", namespaces)
    light, _, dark = style.partition("@media(prefers-color-scheme:dark)")
    classes = {word for element in picture.iter() for word in element.get("class", "").split()}
    coloured = classes - {"mono", "b"}
    assert {word for word in coloured if f".{word}{{" not in light} == set()
    assert {word for word in coloured if f".{word}{{" not in dark} == set()
