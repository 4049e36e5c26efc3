"""The page at /, the docs, and what they are made of."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urljoin

import pytest

from service.web.app import create_app
from service.web.settings import Settings
from service.web.views.pages import prose_markup

ASSETS = Path("service/web/assets")
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def test_the_docs_need_nothing_from_elsewhere(client):
    """Files of this service alone, and every endpoint on it."""
    page = client.get("/docs").text

    assert not re.search(r"(src|href)=\"(\w+:|//)", page)
    assert all(path in page for path in ("/v1/analyze", "/v1/rewrite", "/healthz"))


def test_the_docs_set_prose_as_prose(client):
    """What stands in backticks is code, and nothing of it is markup of its own."""
    page = client.get("/docs").text

    assert "<code>podsplit.dev/roles</code>" in page
    assert "`" not in re.sub(r"<(pre|style)\b.*?</\1>", "", page, flags=re.DOTALL)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a <b> & `c<d>`", "A &lt;b&gt; &amp; <code>c&lt;d&gt;</code>"),
        ("`a` and `b`", "<code>a</code> and <code>b</code>"),
        ("an odd ` one", "An odd ` one"),
        ("", ""),
    ],
)
def test_prose_as_html(text, expected):
    """A capital at the start, code in its element, everything else escaped."""
    assert prose_markup(text) == expected


@pytest.mark.parametrize("accept", [None, "*/*", "application/json", "text/plain"])
def test_the_index_for_programs(client, accept):
    """Every endpoint, at the address that was asked at."""
    headers = {"Accept": accept} if accept else {}
    answer = client.get("/", headers=headers, base_url="http://podsplit.example.com:8080")

    assert answer.json["docs"] == "http://podsplit.example.com:8080/docs"
    urls = {endpoint["url"] for endpoint in answer.json["endpoints"]}
    assert "http://podsplit.example.com:8080/v1/rewrite" in urls
    assert client.get(answer.json["openapi"]).status_code == 200


@pytest.mark.parametrize("path", ["/", "/docs", "/nothing", "/v1/nothing"])
def test_pages_for_browsers(client, path):
    """Nothing inline, nothing from elsewhere, nothing kept; what they are made of is there."""
    answer = client.get(path, headers={"Accept": BROWSER})

    assert answer.mimetype == "text/html"
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy
    assert (answer.headers["Cache-Control"], answer.headers["Referrer-Policy"]) == (
        "no-store",
        "no-referrer",
    )
    assert not re.search(r"<style|<script(?! type=\"module\" src=)|\son\w+=|\sstyle=", answer.text)
    files = re.findall(r'(?:src|<link rel="\w+" href)="([^"]+)"', answer.text)
    assert files
    for file in files:
        assert client.get(urljoin(path, file)).status_code == 200


def test_the_page_is_small(client):
    """Under 40 kB in all, the icon and one example included."""
    page = client.get("/", headers={"Accept": BROWSER}).text
    modules = {f"assets/{path.name}" for path in ASSETS.glob("*.js") if path.name != "docs.js"}
    files = {*modules, *re.findall(r'(?:src|href)="(assets/[^"]+)"', page)}

    assert "assets/zip.js" in files
    sizes = [len(client.get(f"/{file}").data) for file in files]
    assert len(page.encode()) + sum(sizes) < 40_000


def test_an_example_is_in_the_page_that_is_asked_for(client):
    """For those without scripts; another name is an empty page."""
    page = client.get("/?example=shop", headers={"Accept": BROWSER}).text
    assert (ASSETS / "examples" / "shop.yaml").read_text().splitlines()[0] in page
    for name in ("nothing", "../examples/shop", "<script>alert(1)</script>"):
        page = client.get("/", query_string={"example": name}, headers={"Accept": BROWSER}).text
        assert "alert(1)" not in page
        assert ">\n</textarea>" in page


def test_every_example_that_the_page_offers_is_there(client):
    """Those that have the name of a file of `examples` are the same."""
    page = client.get("/", headers={"Accept": BROWSER}).text
    names = re.findall(r'data-example="([\w-]+)"', page)

    assert len(names) == 4
    for name in names:
        text = client.get(f"/assets/examples/{name}.yaml").text
        assert "kind: " in text
        twin = Path("examples") / f"{name}.yaml"
        assert name == "shop" or not twin.exists() or twin.read_text() == text


@pytest.mark.parametrize(
    "name", ["nothing.js", "../app.py", "examples", "%2e%2e/app.py", "page.html"]
)
def test_nothing_else_is_an_asset(client, name):
    """A problem, as everywhere."""
    assert client.get(f"/assets/{name}").status_code == 404


def test_a_page_knows_whether_a_token_is_asked_for(client, tmp_path):
    """Then it has a field for one, and says what to do without scripts."""
    tokens = tmp_path / "tokens"
    tokens.write_text("s3cret\n")
    closed = create_app(Settings(tokens_file=tokens)).test_client()

    assert 'id="token"' in closed.get("/", headers={"Accept": BROWSER}).text
    assert 'id="token"' not in client.get("/", headers={"Accept": BROWSER}).text


def test_the_docs_say_where_they_are():
    """Commands are for the address that was asked at, or for the one that is set."""
    client = create_app(Settings()).test_client()
    page = client.get("/docs", base_url="https://podsplit.example.com").text
    assert "https://podsplit.example.com/v1/rewrite?format=yaml" in page
    assert "127.0.0.1" not in page

    client = create_app(Settings(public_url="https://split.example.com/tools/")).test_client()
    assert "https://split.example.com/tools/v1/rewrite" in client.get("/docs").text


def test_a_hostile_host_stays_text(client):
    """A request says whatever host it likes: nothing of it leaves its place."""
    answer = client.get("/docs", headers={"Host": 'x"><script>alert(1)</script>'})

    assert "<script>" not in answer.text
