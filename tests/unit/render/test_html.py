"""The report as one HTML file."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from service.options import Options
from service.pipeline import run
from service.render.common import Producer
from service.render.diff import render_diff
from service.render.html import CONTENT_SECURITY_POLICY, render_html
from service.render.html.diffs import hunks_of, unified
from tests.unit.render.reports import BARE, TWO_SERVERS, full

EXAMPLES = sorted(Path("examples").glob("*.yaml"))
VOID = {"meta", "input", "br", "rect", "path", "circle"}


class Page(HTMLParser):
    """The tags of a page, which have to be closed in their order, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data


def rendered(*files: tuple[str, str], **options) -> str:
    encoded = [(path, text.encode()) for path, text in files]
    return render_html(
        run(encoded, Options(**options), rewrite=True), Producer("1.2.3", "http://x/docs")
    )


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_it_needs_nothing_else(path):
    """Well-formed; no script, nothing loaded, no inline style; ids are there once, and labels and
    pictures name some of them.
    """
    page = Page(rendered((path.name, path.read_text())))
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]

    assert len(set(ids)) == len(ids)
    assert not {tag for tag, _ in page.tags} & {"script", "link", "img", "iframe", "object", "base"}
    for tag, attributes in page.tags:
        assert (
            not {name for name in attributes if name.startswith("on")}
            | {"style", "src"} & attributes.keys()
        )
        assert tag == "a" or "href" not in attributes
        named = (attributes.get("for") or "", *(attributes.get("aria-labelledby") or "").split())
        assert {name for name in named if name} <= set(ids)


def test_its_policy_lets_its_own_style_through_and_nothing_else():
    """In the file itself, as it may be opened from a disk; by the digest of the style."""
    text = rendered(("shop.yaml", TWO_SERVERS))
    style = re.search("<style>(.*)</style>", text, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()

    assert f"style-src 'sha256-{digest}'" in CONTENT_SECURITY_POLICY
    assert CONTENT_SECURITY_POLICY.startswith("default-src 'none'")
    assert CONTENT_SECURITY_POLICY.replace("'", "&#39;") in text


HOSTILE = "</td><script>alert(1)</script><svg onload=x>&amp;\"'`{{7*7}}{% raw %}"


def test_hostile_text_stays_text():
    """In every place that what was sent gets to."""
    quoted = HOSTILE.replace("'", "''")
    pod = (
        TWO_SERVERS.replace("name: frontend # 🎉", f"name: 'front {quoted}' # {HOSTILE}")
        .replace("nginx:1.27", f"'nginx:{quoted}'")
        .replace("{containerPort: 80}", f"{{containerPort: 80, name: '{quoted}'}}")
    )
    broken = "a: [\n"
    skipped = "x: 1\n"
    text = rendered(
        (f"{HOSTILE}.yaml", f"# podsplit: ignore[bare-pod] {HOSTILE}\n{pod}"),
        (f"b{HOSTILE}.yaml", broken),
        (f"c{HOSTILE}.yaml", skipped),
    )
    page = Page(text)

    assert "script" not in {tag for tag, _ in page.tags}
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    assert "{{7*7}}" in page.words
    assert page.words.count("<script>alert(1)</script>") > 5


def test_everything_is_told():
    """Findings with their state, changes, held back, rejected, skipped, evidence with its sum."""
    page = Page(render_html(full()))
    for words in (
        "nobody writes",
        "ignored",
        "(known)",
        "Put Pod web under a Deployment",
        "assumes: nothing else makes this Pod",
        "say which it is",
        "not valid YAML",
        "a Helm chart's values",
        "fluentd ships logs",
        "kubectl apply -f web.yaml",
    ):
        assert words in page.words, words


def test_the_stages_are_tabs_without_scripts():
    """All at once, then each that changes something; the first is chosen."""
    page = Page(rendered(("blog.yaml", Path("examples/wordpress-and-mysql.yaml").read_text())))
    radios = [attributes for tag, attributes in page.tags if attributes.get("type") == "radio"]
    sections = [attributes["aria-label"] for tag, attributes in page.tags if tag == "section"]

    assert sections == ["all at once", "add", "switch", "contract"]
    assert len(radios) == 4
    assert ["checked" in radio for radio in radios] == [True, False, False, False]


def test_a_picture_says_in_words_what_it_shows():
    """For those who don't see it."""
    text = rendered(("shop.yaml", TWO_SERVERS))
    told = re.findall("<desc[^>]*>(.*?)</desc>", text)

    assert told[0] == (
        "Pod/shop holds frontend (main), api (unrelated). Port 80 of Service/shop leads to"
        " frontend. Port 3000 of Service/shop leads to api."
    )
    assert told[1].startswith("Deployment/shop holds frontend (main).")


INGRESS = """---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop}
spec:
  rules:
  - http:
      paths:
      - {path: /api, backend: {service: {name: shop, port: {number: 3000}}}}
      - {path: /lost, backend: {service: {name: shop, port: {number: 9}}}}
"""


def test_ingresses_are_drawn_where_they_lead():
    """To the port of the Service, before and after; what leads nowhere isn't."""
    text = rendered(("shop.yaml", TWO_SERVERS + INGRESS))
    told = re.findall("<desc[^>]*>(.*?)</desc>", text)

    assert all("Ingress/shop leads from /api to port 3000 of Service/shop." in one for one in told)
    assert not any("/lost" in one for one in told)
    assert text.count(">/api</text>") == 2


def test_a_picture_shows_what_runs_first_and_what_is_shared():
    """Init containers before the others; a volume of two containers is shared, one of one isn't."""
    text = rendered(("shop.yaml", FIRST))
    told = re.findall("<desc[^>]*>(.*?)</desc>", text)[0]
    drawn = re.findall("<text[^>]*>([^<]*)</text>", text[: text.index("After")])

    assert "Before them run prepare." in told
    assert drawn.index("first: prepare") < drawn.index("web")
    assert any("(shares logs)" in words for words in drawn)
    assert any("(own)" in words for words in drawn)


FIRST = """apiVersion: v1
kind: Pod
metadata: {name: shop}
spec:
  initContainers:
  - {name: prepare, image: busybox}
  containers:
  - {name: web, image: nginx, volumeMounts: [{name: logs, mountPath: /logs}]}
  - name: ship
    image: fluent-bit
    volumeMounts: [{name: logs, mountPath: /logs}, {name: own, mountPath: /own}]
  volumes: [{name: logs, emptyDir: {}}, {name: own, emptyDir: {}}]
"""


def test_what_moves_is_main_where_it_comes_to():
    """In the picture of what is after."""
    text = rendered(("shop.yaml", TWO_SERVERS))
    told = re.findall("<desc[^>]*>(.*?)</desc>", text)

    assert "api (unrelated)" in told[0]
    assert "api (main)" in told[1]


def test_each_place_leads_to_its_line():
    """With those around it in the same document; a password in an address is masked."""
    pod = TWO_SERVERS.replace(
        "{containerPort: 80}]", "{containerPort: 80}] # postgres://me:s3cret@db/x"
    )
    page = Page(rendered(("shop.yaml", pod)))
    lines = {a["id"] for tag, a in page.tags if tag == "tr" and a.get("id")}
    links = [a for tag, a in page.tags if tag == "a" and "data-line" in a]

    assert len(links) > 5
    assert {(link["href"] or "")[1:] for link in links} <= lines
    assert all((link["href"] or "").endswith(f"-{link['data-line']}") for link in links)
    listed = page.words[page.words.index("Lines that are spoken of") :]
    assert "postgres://me:***@db/x" in listed
    assert "s3cret" not in listed
    assert "kind: Service" not in listed


def test_an_analysis_lists_no_text():
    """It can be kept wherever names may be; its places are named all the same."""
    report = run([("shop.yaml", TWO_SERVERS.encode())], Options(), rewrite=False)
    page = Page(render_html(report))

    assert "Lines that are spoken of" not in page.words
    assert "shop.yaml:" in page.words


def test_very_many_places_are_named_only(monkeypatch):
    """What is beyond the bound leads nowhere."""
    monkeypatch.setattr("service.render.html.listing._MOST_PLACES", 2)
    page = Page(rendered(("shop.yaml", TWO_SERVERS)))

    named = [a for tag, a in page.tags if tag == "tr" and a.get("class") == "named"]
    assert len(named) == 2
    assert [a for tag, a in page.tags if tag == "code" and a.get("data-line")]


def test_bounds(monkeypatch):
    """Very many workloads are counted, very long differences named."""
    pods = "---\n".join(BARE.replace("NAME", f"web{number}") for number in range(230))
    monkeypatch.setattr("service.render.html.page._MOST_DIFF", 1000)
    page = Page(rendered(("a.yaml", pods)))

    assert "30 more workloads are in the JSON." in page.words
    assert page.words.count("It is too long to show here") == 2


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_rows_of_a_difference_are_its_texts(path):
    """The left side has the old lines and the right side the new ones, with their numbers."""
    text = path.read_text()
    report = run([("x.yaml", text.encode())], Options(), rewrite=True)
    new = report.rewrite.files[0].content
    old_lines, new_lines = text.split("\n"), new.split("\n")
    for diff in (render_diff(report), unified("x.yaml", text, new)):
        rows = [row for hunk in hunks_of(diff) for row in hunk.rows]
        for row in rows:
            for number, pieces, lines in (
                (row.old, row.old_pieces, old_lines),
                (row.new, row.new_pieces, new_lines),
            ):
                if number is not None:
                    assert "".join(part for part, _ in pieces) == lines[number - 1]
        assert bool(rows) is (text != new)


def test_files_that_come_and_go():
    """Shown whole, under their paths."""
    (come,) = hunks_of(unified("a/new.yaml", None, "a: 1\n"))
    (gone,) = hunks_of(unified("a/old.yaml", "--- x\na: 1\n", None))

    assert come.path == "a/new.yaml"
    assert come.rows[0].new_pieces == (("a: 1", False),)
    assert [row.old_pieces for row in gone.rows][:2] == [(("--- x", False),), (("a: 1", False),)]


def test_very_long_texts_are_not_compared_line_by_line():
    """What both begin and end with is left out all the same."""
    old = "\n".join(map(str, range(3000)))
    (hunk,) = hunks_of(unified("a.yaml", old, old.replace("\n1500\n", "\nx\n")))

    assert [(row.old, row.new) for row in hunk.rows] == [(1501, 1501)]


def test_what_differs_within_a_line_is_marked():
    """Where the lines are much the same; an indentation alone doesn't part them."""
    old, new = "a: 1\nname: shop-front\n", "b: 22\n  a: 1\nname: shop-back\n"
    (hunk,) = hunks_of(unified("a.yaml", old, new))
    marked = {part for row in hunk.rows for part, is_marked in row.new_pieces if is_marked}

    assert marked == {"  ", "back"}
