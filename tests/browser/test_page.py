"""The page at /, in a real browser over real HTTP."""

from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import Path

import pytest
import requests
from playwright.sync_api import FilePayload, Page, Route, expect

from tests.browser.conftest import OpenPage
from tests.conftest import Server, StartServer

pytestmark = pytest.mark.xdist_group("browser")

SHOP = Path("examples/shop.yaml")
BLOG = Path("examples/wordpress-and-mysql.yaml")
BROKEN = "apiVersion: v1\nkind: Pod\nmetadata: {name: a\nspec: {}\n"


def status(page: Page, words: str) -> None:
    """Wait until the page says something."""
    expect(page.locator("#status")).to_contain_text(words)


def try_example(page: Page, name: str) -> None:
    page.get_by_role("link", name=name).click()


def paste(page: Page, text: str) -> None:
    """Enter a long text: typing it as the driver does takes quadratic time."""
    script = "(area, text) => { area.value = text; area.dispatchEvent(new Event('input')); }"
    page.locator("#text").evaluate(script, text)


def drop(page: Page, *paths: Path) -> None:
    """Drop files and folders, as a desktop does."""
    session = page.context.new_cdp_session(page)
    box = page.locator("#text").bounding_box()
    assert box is not None
    data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        place = {"x": box["x"] + 50, "y": box["y"] + 50}
        session.send("Input.dispatchDragEvent", {"type": kind, **place, "data": data})


@pytest.mark.parametrize(
    "name", ["a web server and its logger", "a shop", "a database beside a blog", "a podman export"]
)
def test_an_example_is_one_click(open_page: OpenPage, name: str) -> None:
    """Its Pod is drawn as it is and as it will be, and nothing had to move for it."""
    page = open_page("/")
    page.evaluate(
        """() => {
          window.shifts = [];
          new PerformanceObserver((list) => {
            for (const { value, sources } of list.getEntries()) {
              window.shifts.push([value, ...sources.map((source) => source.node?.id)]);
            }
          }).observe({ type: "layout-shift", buffered: true });
        }"""
    )

    try_example(page, name)
    status(page, "finding")

    expect(page.locator("#report figure svg")).to_have_count(2)
    assert page.evaluate("() => window.shifts") == []


def test_it_follows_what_is_typed(open_page: OpenPage) -> None:
    """The report comes by itself, stays until the next one is there, and what was open in it stays
    open.
    """
    page = open_page("/")
    page.locator("#text").fill(SHOP.read_text())
    status(page, "2 findings, 2 changes")
    page.locator("#report details", has_text="log-shipper").first.locator("summary").click()
    page.locator("#report .tabs > label", has_text="switch").click()

    page.locator("#text").fill(SHOP.read_text().replace("name: shop", "name: store"))
    expect(page.locator("#report")).to_contain_text("Pod/store")

    opened = page.locator("#report details[open]")
    # The workload has another name, so its containers are others.
    expect(opened).to_have_count(0)
    expect(page.locator("#report .tabs > input:checked + label")).to_have_text("switch")

    page.locator("#report details", has_text="log-shipper").first.locator("summary").click()
    page.locator("#text").press("Control+End")
    with page.expect_response("**/v1/rewrite*"):
        page.keyboard.type("# more")
    expect(opened).to_have_count(1)

    page.get_by_role("button", name="Clear").click()
    expect(page.locator("#report")).to_be_empty()


def test_marks_are_where_evidence_points(open_page: OpenPage) -> None:
    """In the margin of the text; a link in the report selects its line."""
    page = open_page("/")
    try_example(page, "a shop")
    status(page, "finding")
    text = page.locator("#text").input_value().split("\n")

    marks = page.locator(".marks i")
    tops = marks.evaluate_all("all => all.map((mark) => parseInt(mark.style.top) / 20)")
    assert {text[top].strip() for top in tops} >= {"kind: Pod", "- name: api", "- name: web"}
    titles = marks.evaluate_all("all => all.map((mark) => mark.title)")
    assert any("has no controller" in title for title in titles)

    page.locator("#report details", has_text="known logging helper").locator("summary").click()
    link = page.locator("#report details[open] .bars a").first
    number = int(link.get_attribute("data-line") or 0)
    link.click()
    selected = page.evaluate(
        "() => { const t = document.activeElement;"
        " return t.value.slice(t.selectionStart, t.selectionEnd); }"
    )
    assert selected == text[number - 1]


def test_options(open_page: OpenPage) -> None:
    """How sure, which changes, and the stage: each asks anew."""
    page = open_page("/")
    try_example(page, "a shop")
    status(page, "2 findings, 2 changes")

    page.get_by_label("Make").select_option("safe")
    status(page, "2 findings, 1 change")

    page.get_by_label("Make").select_option("review")
    page.get_by_label("As it is after").select_option("expand")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download it").click()
    text = Path(download.value.path()).read_text()
    assert "kind: Deployment" in text
    assert "shop-api" not in text


def test_what_comes_back_is_what_the_service_answers(open_page: OpenPage, server: Server) -> None:
    """As text on the clipboard, as a file, a patch, an archive and a page."""
    page = open_page("/", permissions=["clipboard-read", "clipboard-write"])
    text = SHOP.read_text()
    page.locator("#text").fill(text)
    status(page, "2 findings")

    def answered(name: str) -> str:
        url = f"{server.url}/v1/rewrite?format={name}&path=pasted.yaml"
        return requests.post(url, data=text.encode(), timeout=30).text

    def downloaded(button: str) -> tuple[str, bytes]:
        with page.expect_download() as download:
            page.get_by_role("button", name=button).click()
        return download.value.suggested_filename, Path(download.value.path()).read_bytes()

    page.get_by_role("button", name="Copy the YAML").click()
    status(page, "Copied.")
    assert page.evaluate("() => navigator.clipboard.readText()") == answered("yaml")
    assert downloaded("Download it") == ("podsplit.yaml", answered("yaml").encode())
    assert downloaded("as a patch") == ("podsplit.patch", answered("diff").encode())
    name, raw = downloaded("as an archive")
    assert name == "podsplit.zip"
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        assert archive.testzip() is None
        assert archive.read("pasted.yaml").decode() == answered("yaml")
    name, raw = downloaded("The report as a page")
    assert name == "podsplit.html"
    assert b"2 findings, 2 changes" in raw


def test_commands_are_copied(open_page: OpenPage) -> None:
    """The command of a step, and nothing beside it."""
    page = open_page("/", permissions=["clipboard-read", "clipboard-write"])
    try_example(page, "a shop")
    status(page, "finding")

    page.locator("#report pre", has_text="kubectl delete pod").get_by_role("button").click()

    expect(page.locator("#report button", has_text="Copied")).to_be_visible()
    assert page.evaluate("() => navigator.clipboard.readText()") == "kubectl delete pod shop"


def test_a_link_holds_what_was_entered(open_page: OpenPage, server: Server) -> None:
    """Behind its #, with the options; what is changed afterwards isn't in it any more, and too much
    is refused. The service never sees it.
    """
    page = open_page("/", permissions=["clipboard-read", "clipboard-write"])
    text = BLOG.read_text() + "# tëxt\n"
    page.locator("#text").fill(text)
    page.get_by_label("As it is after").select_option("switch")
    status(page, "finding")
    page.get_by_role("button", name="Link to this").click()
    status(page, "The link is copied")
    link = page.evaluate("() => navigator.clipboard.readText()")
    assert link.startswith(f"{server.url}/#in=")
    assert len(link) < 2000

    seen = []
    other = open_page("/docs")
    other.on("request", lambda request: seen.append(request.url))
    other.goto(link)
    status(other, "finding")
    expect(other.locator("#text")).to_have_value(text)
    expect(other.get_by_label("As it is after")).to_have_value("switch")
    assert len(seen) > 3
    assert not any("in=" in url.partition("#")[0] for url in seen)

    page.locator("#text").fill(text + "# more\n")
    expect(page).to_have_url(f"{server.url}/")
    paste(page, "\n".join(f"# {number * 7919 % 99991:x}" for number in range(6000)))
    page.get_by_role("button", name="Link to this").click()
    status(page, "too much for a link")


@pytest.mark.parametrize(
    "fragment", ["#in=", "#in=AAAA", "#in=%00", "#other", "#in=q1bKzCtJLVKyUkpUqgUA"]
)
def test_a_damaged_link_is_an_empty_page(open_page: OpenPage, fragment: str) -> None:
    """And no error."""
    page = open_page("/" + fragment)

    try_example(page, "a shop")

    status(page, "2 findings")


def test_folders_and_archives_are_dropped(open_page: OpenPage, tmp_path: Path) -> None:
    """Folders with their paths, what can't be a manifest left out, archives as they are; each file
    can be looked at, changed and removed.
    """
    folder = tmp_path / "apps"
    (folder / "blog" / ".git").mkdir(parents=True)
    (folder / "blog" / ".git" / "x.yaml").write_text("a: b\n")
    (folder / "blog" / "blog.yaml").write_text(BLOG.read_text())
    (folder / "blog" / "picture.png").write_bytes(b"\x89PNG")
    (folder / "shop.yaml").write_text(SHOP.read_text())
    archive = tmp_path / "more.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("store.yaml", SHOP.read_text().replace("name: shop", "name: store"))
    page = open_page("/")

    drop(page, folder)
    status(page, "3 findings")
    names = page.locator("#files li > button:first-child")
    expect(names).to_have_text(["apps/blog/blog.yaml", "apps/shop.yaml"])
    expect(page.locator("#text")).to_have_value(BLOG.read_text())

    names.nth(1).click()
    expect(page.locator("#text")).to_have_value(SHOP.read_text())
    page.locator("#text").fill("")
    status(page, "1 finding")
    page.get_by_role("button", name="Remove apps/shop.yaml").click()
    expect(page.locator("#text")).to_have_value(BLOG.read_text())
    with page.expect_download() as download:
        page.get_by_role("button", name="Download it").click()
    assert download.value.suggested_filename == "blog.yaml"

    drop(page, archive, folder / "shop.yaml")
    status(page, "4 findings")
    expect(page.locator("#report")).to_contain_text("Pod/store")
    expect(names.nth(0)).to_be_disabled()


def test_a_large_folder(open_page: OpenPage, tmp_path: Path) -> None:
    """5 MB in 2,000 files: the bar shows what was sent, then that nobody knows how long it takes;
    one can go on typing.
    """
    folder = tmp_path / "large"
    folder.mkdir()
    filler = "".join(f"# line {number}\n" for number in range(400))
    for number in range(2000):
        text = (
            f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c{number}}}\n{filler}"
            if number
            else SHOP.read_text()
        )
        (folder / f"{number:04}.yaml").write_text(text)
    assert sum(path.stat().st_size for path in folder.iterdir()) > 5_000_000
    page = open_page("/")
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    speeds = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": 4_000_000}
    session.send("Network.emulateNetworkConditions", {"offline": False, **speeds})
    page.evaluate(
        """() => {
          window.seen = [];
          const bar = document.getElementById("progress");
          new MutationObserver(() => {
            window.seen.push(bar.hasAttribute("value") ? bar.value : null);
          }).observe(bar, { attributes: true });
        }"""
    )

    page.locator("#choose-folder").set_input_files(folder)
    status(page, "sent")
    page.locator("#files li > button:first-child").nth(1).click()
    page.locator("#text").press("Control+End")
    expect(page.locator("#text")).to_have_value((folder / "0001.yaml").read_text())
    status(page, "2 findings")

    seen = page.evaluate("() => window.seen")
    shares = [share for share in seen if share is not None]
    assert shares == sorted(shares)
    assert any(0 < share < 1 for share in shares)
    assert seen[-1] is None
    expect(page.locator("#files li")).to_have_count(200)
    expect(page.locator("#more-files")).to_have_text("and 1800 more")


def test_what_is_wrong_is_said(open_page: OpenPage, start_server: StartServer) -> None:
    """A text that can't be read, with its line; more than the service takes; nothing in a folder;
    no service at all.
    """
    small = start_server(PODSPLIT_MAX_BODY_BYTES="20000")
    page = open_page("/", at=small.url, refusals=True)

    page.locator("#text").fill(BROKEN)
    status(page, "1 not readable")
    expect(page.locator(".marks i.warning")).to_have_count(1)
    page.locator("#report a[data-line]").click()
    expect(page.locator("#text")).to_be_focused()
    paste(page, "# much\n" * 4000)
    status(page, "more than this service accepts")
    page.locator("#choose-files").set_input_files(
        {"name": "a.png", "mimeType": "image/png", "buffer": b"\x89PNG"}
    )
    status(page, "no manifest and no archive")
    page.route("**/v1/rewrite*", lambda route: route.abort())
    page.locator("#text").fill("a: b")
    status(page, "can't be reached")


def test_it_asks_again_when_the_service_is_busy(open_page: OpenPage) -> None:
    """After the time that it was told, and not for ever."""
    page = open_page("/", refusals=True)
    asked = []

    def refuse(route: Route) -> None:
        asked.append(route.request.url)
        if len(asked) < 3:
            document = json.dumps({"detail": "too many requests at once"})
            route.fulfill(status=503, headers={"Retry-After": "1"}, body=document)
        else:
            route.continue_()

    page.route("**/v1/rewrite*", refuse)
    page.locator("#text").fill(SHOP.read_text())
    status(page, "Too many requests at once; asking again in 1 s.")

    status(page, "2 findings")

    assert len(asked) == 3


def test_a_token_stays_in_the_tab(
    open_page: OpenPage, start_server: StartServer, tmp_path: Path
) -> None:
    """It is asked for, sent with every request, and in no store that outlives the tab."""
    tokens = tmp_path / "tokens"
    tokens.write_text("s3cret\n")
    closed = start_server(PODSPLIT_TOKENS_FILE=str(tokens))
    page = open_page("/", at=closed.url, refusals=True)
    page.locator("#text").fill(SHOP.read_text())
    status(page, "asks for a token")

    page.locator("#token").fill("wrong")
    page.locator("#token").press("Enter")
    status(page, "asks for a token")
    page.locator("#token").fill("s3cret")
    page.locator("#token").press("Tab")
    status(page, "2 findings")
    with page.expect_download():
        page.get_by_role("button", name="as a patch").click()

    assert page.evaluate("() => localStorage.length") == 0
    assert page.context.cookies() == []
    other = page.context.new_page()
    other.goto(closed.url)
    assert other.evaluate("() => sessionStorage.length") == 0
    expect(other.locator("#token")).to_have_value("")
    page.context.close()  # the service would wait for its connections before it ends


def test_it_works_without_scripts(open_page: OpenPage, server: Server) -> None:
    """The form posts text, files and options, and the answer is the report; a mistake is a page."""
    page = open_page("/", java_script_enabled=False, refusals=True)
    expect(page.get_by_role("button", name="Copy the YAML")).to_be_hidden()
    try_example(page, "a shop")
    expect(page.locator("#text")).to_have_value(re.compile("kind: Ingress"))
    page.locator("select[name=stage]").select_option("expand")
    page.get_by_role("button", name="Look").click()
    expect(page.locator("h1")).to_have_text("2 findings, 2 changes")
    page.locator("label", has_text="switch").click()
    expect(page.locator("section", has_text="Services lead to the new workloads")).to_be_visible()
    link = page.locator(".findings a[data-line]").first
    link.click()
    assert page.url.endswith(f"#{(link.get_attribute('href') or '')[1:]}")
    expect(page.locator("tr:target")).to_contain_text("kind: Pod")

    page.goto(server.url)
    page.locator("#choose-files").set_input_files([SHOP, BLOG])
    page.get_by_role("button", name="Look").click()
    expect(page.locator("h1")).to_have_text("3 findings, 3 changes")

    page.goto(server.url)
    page.locator("#choose-files").set_input_files(
        {"name": "a.zip", "mimeType": "application/zip", "buffer": b"PK\x03\x04"}
    )
    page.get_by_role("button", name="Look").click()
    expect(page.locator("h1")).to_have_text("Bad Request")
    expect(page.locator("body")).to_contain_text("archive")


def test_everything_is_reached_by_the_keyboard(open_page: OpenPage) -> None:
    """An example, the text, an option, a download, evidence with its line, a stage."""
    page = open_page("/")

    def focus(words: str) -> None:
        for _ in range(60):
            page.keyboard.press("Tab")
            at = page.evaluate(
                "() => { const e = document.activeElement;"
                " return `${e.tagName} ${e.id} ${e.name || ''} ${e.textContent.trim()}`; }"
            )
            if words in at:
                return
        pytest.fail(f"{words} is not reached")

    focus("A   a shop")
    page.keyboard.press("Enter")
    status(page, "2 findings, 2 changes")
    focus("TEXTAREA text")
    focus("SELECT  apply")
    page.keyboard.press("s")
    status(page, "2 findings, 1 change")
    page.keyboard.press("ArrowUp")
    status(page, "2 findings, 2 changes")
    focus("as a patch")
    with page.expect_download():
        page.keyboard.press("Enter")
    focus("SUMMARY   log-shipper")
    page.keyboard.press("Enter")
    focus("pasted.yaml:")
    focus("INPUT s1 stage")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#report .tabs > input:checked + label")).to_have_text("expand")


def test_nothing_of_a_manifest_is_run(open_page: OpenPage) -> None:
    """Names, images, comments and files that look like markup stay text, in every place."""
    evil = '"><img src=x onerror=alert(1)><script>alert(1)</script>{{7*7}}'
    text = (
        SHOP.read_text()
        .replace("shop/api:3.2 # renovate", f"shop/api:3.2 # {evil} renovate")
        .replace("name: log-shipper", f"name: '{evil}'")
        .replace("image: nginx:1.27", f"image: 'nginx:{evil}'")
        .replace("app: shop", f"app: '{evil}'")
        .replace("name: logs", f"name: '{evil}'")
    )
    ignored = f"# podsplit: ignore[bare-pod] {evil}\n"
    page = open_page("/")
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))

    page.locator("#text").fill(f"{text}---\n{ignored}{BLOG.read_text()}---\n{BROKEN}")
    status(page, "finding")
    page.locator("#choose-files").set_input_files(
        {"name": f"{evil.replace('/', '')}.yaml", "mimeType": "", "buffer": text.encode()}
    )
    expect(page.locator("#files li")).to_have_count(1)
    expect(page.locator("#report")).to_contain_text("alert(1)")

    assert page.locator("#report :is(img, script), #files :is(img, script)").count() == 0
    assert "49" not in page.locator("#report h2, #report h3").all_inner_texts()


def test_a_project_with_a_gate_is_shown(open_page: OpenPage) -> None:
    """`fail_on` makes the answer a 422, which has the report all the same."""
    page = open_page("/", refusals=True)
    files: list[FilePayload] = [
        {"name": "a.yaml", "mimeType": "", "buffer": SHOP.read_bytes()},
        {"name": ".podsplit.yaml", "mimeType": "", "buffer": b"fail_on: warning\n"},
    ]
    page.locator("#choose-files").set_input_files(files)

    status(page, "2 findings")
    with page.expect_download() as download:
        page.get_by_role("button", name="as a patch").click()
    assert "Deployment" in Path(download.value.path()).read_text()


def test_what_comes_late_is_not_shown(open_page: OpenPage) -> None:
    """A file that takes its time to be read, an example that takes its time to arrive: whatever was
    entered after it stays.
    """
    page = open_page("/")
    page.evaluate(
        """() => {
          const read = Blob.prototype.text;
          Blob.prototype.text = async function () {
            await new Promise((done) => setTimeout(done, 300));
            return read.call(this);
          };
        }"""
    )
    files: list[FilePayload] = [
        {"name": f"{name}.yaml", "mimeType": "", "buffer": f"# {name}\n".encode()} for name in "ab"
    ]
    page.locator("#choose-files").set_input_files(files)
    page.get_by_role("button", name="Clear").click()
    page.wait_for_timeout(500)
    expect(page.locator("#text")).to_have_value("")
    expect(page.locator("#files li")).to_have_count(0)

    page.locator("#choose-files").set_input_files(files)
    names = page.locator("#files li > button:first-child")
    expect(names).to_have_count(2)
    names.nth(1).click()
    names.nth(0).click()
    page.wait_for_timeout(600)
    expect(page.locator("#text")).to_have_value("# a\n")

    page.get_by_role("button", name="Clear").click()

    def delay(route: Route) -> None:
        page.wait_for_timeout(300)
        route.continue_()

    page.route("**/assets/examples/*", delay)
    try_example(page, "a shop")
    page.locator("#text").fill("# mine\n")
    page.wait_for_timeout(600)
    expect(page.locator("#text")).to_have_value("# mine\n")


@pytest.mark.parametrize("refusal", [429, 503])
def test_it_says_that_it_asks_again_only_if_it_does(open_page: OpenPage, refusal: int) -> None:
    """A button doesn't; typing does, three times."""
    page = open_page("/", refusals=True)
    asked = []

    def refuse(route: Route) -> None:
        asked.append(route.request.url)
        document = json.dumps({"detail": "too many requests at once"})
        route.fulfill(status=refusal, headers={"Retry-After": "1"}, body=document)

    page.route("**/v1/rewrite*", refuse)
    page.locator("#text").fill(SHOP.read_text())
    status(page, "asking again in 1 s.")
    expect(page.locator("#status")).to_have_text("Too many requests at once.", timeout=10_000)
    assert len(asked) == 3

    page.get_by_role("button", name="as a patch").click()
    expect(page.locator("#status")).to_have_text("Too many requests at once.")
    assert len(asked) == 4


def test_somebody_in_front_who_asks_who_you_are(open_page: OpenPage) -> None:
    """A 401 that isn't the service's, as it has no tokens."""
    page = open_page("/", refusals=True)
    page.route("**/v1/rewrite*", lambda route: route.fulfill(status=401, body="<h1>Log in</h1>"))
    page.locator("#text").fill(SHOP.read_text())

    status(page, "load the page again")


def test_too_much_ends_what_is_under_way(open_page: OpenPage, start_server: StartServer) -> None:
    """The bar goes, and no report stays that is of something else."""
    small = start_server(PODSPLIT_MAX_BODY_BYTES="20000", PODSPLIT_DRAIN_SECONDS="0")
    page = open_page("/", at=small.url, refusals=True)
    page.locator("#text").fill(SHOP.read_text())
    status(page, "2 findings")

    def delay(route: Route) -> None:
        page.wait_for_timeout(500)
        route.abort()

    page.route("**/v1/rewrite*", delay)
    page.locator("#text").fill("# x\n")
    page.wait_for_timeout(450)
    paste(page, "# much\n" * 4000)

    status(page, "more than this service accepts")
    expect(page.locator("#report")).to_be_empty()
    expect(page.locator("#report")).to_have_attribute("aria-busy", "false")
    page.context.close()


def test_a_link_is_followed_in_the_same_tab(open_page: OpenPage, server: Server) -> None:
    """Pasted into the address bar of a page that is open."""
    page = open_page("/", permissions=["clipboard-read", "clipboard-write"])
    try_example(page, "a shop")
    status(page, "2 findings")
    page.get_by_role("button", name="Link to this").click()
    status(page, "The link is copied")
    link = page.evaluate("() => navigator.clipboard.readText()")
    page.locator("#choose-files").set_input_files([SHOP, BLOG])
    status(page, "3 findings")

    page.evaluate("link => { location.href = link; }", link)

    status(page, "2 findings")
    expect(page.locator("#files li")).to_have_count(0)
    expect(page.locator("#text")).to_have_value(re.compile("kind: Ingress"))
    expect(page.locator("#text")).to_be_editable()


def test_line_ends_stay_what_they_were(open_page: OpenPage) -> None:
    """Of a file that is changed in the text area, too; a text area has one kind."""
    page = open_page("/")
    text = SHOP.read_text().replace("\n", "\r\n")
    page.locator("#choose-files").set_input_files(
        {"name": "a.yaml", "mimeType": "", "buffer": text.encode()}
    )
    status(page, "2 findings")
    page.locator("#text").press("Control+End")
    with page.expect_response("**/v1/rewrite*"):
        page.keyboard.type("# more")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download it").click()

    raw = Path(download.value.path()).read_bytes()
    assert raw.count(b"\n") == raw.count(b"\r\n") > 30


def test_text_may_be_dropped_where_text_goes(open_page: OpenPage) -> None:
    """Only files are taken as files."""
    page = open_page("/")
    is_taken = page.evaluate(
        """() => {
          const data = new DataTransfer();
          data.setData("text/plain", "a: b");
          const how = { dataTransfer: data, cancelable: true, bubbles: true };
          const drop = new DragEvent("drop", how);
          document.getElementById("text").dispatchEvent(drop);
          return drop.defaultPrevented;
        }"""
    )
    assert is_taken is False
