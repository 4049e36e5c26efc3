"""Probes, the version, the metrics, the contract and the page of the docs."""

from __future__ import annotations

import re

import pytest
import yaml

from service.web.app import create_app
from service.web.settings import Settings
from service.web.version import __version__
from service.web.views.addresses import this_service
from service.web.views.operations import prose_markup
from tests.unit.web.samples import POD


def test_health_and_version(client):
    """What a probe and a person want to know."""
    assert client.get("/healthz").json == {"status": "ok"}
    assert client.get("/readyz").json == {"status": "ok"}
    assert client.get("/version").json == {"name": "podsplit", "version": __version__, "api": "v1"}


def test_readiness_while_draining(tmp_path):
    """503 with Retry-After; health and the API go on."""
    client = create_app(Settings(drain_file=tmp_path / "draining")).test_client()
    assert client.get("/readyz").status_code == 200
    (tmp_path / "draining").touch()

    answer = client.get("/readyz")
    assert (answer.status_code, answer.json, answer.headers["Retry-After"]) == (
        503,
        {"status": "draining"},
        "5",
    )
    assert client.get("/healthz").status_code == 200
    assert client.post("/v1/analyze", data=POD).status_code == 200


def test_the_metrics_are_in_prometheus_format(client):
    """By their Content-Type."""
    assert client.get("/metrics").content_type.startswith("text/plain; version=")


def test_the_contract_is_yaml(client):
    """An OpenAPI document that names every endpoint."""
    answer = client.get("/openapi.yaml")

    assert answer.mimetype == "application/yaml"
    assert "/v1/analyze" in yaml.safe_load(answer.text)["paths"]


def test_the_docs_need_nothing_from_elsewhere(client):
    """One page: no script, no address of another host, every endpoint on it."""
    page = client.get("/docs").text

    assert "<script" not in page
    assert "src=" not in page
    assert "https://" not in page
    assert all(path in page for path in ("/v1/analyze", "/v1/rewrite", "/healthz"))


def test_the_style_of_the_docs_is_allowed_by_its_nonce(client):
    """Another one for every answer."""
    nonces = set()
    for _ in range(2):
        answer = client.get("/docs")
        policy = answer.headers["Content-Security-Policy"]
        (nonce,) = re.findall(r"style-src 'nonce-([^']+)'", policy)
        assert f'<style nonce="{nonce}">' in answer.text
        nonces.add(nonce)

    assert len(nonces) == 2


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


def test_the_contract_in_json(client):
    """The same document."""
    assert client.get("/openapi.json").json == yaml.safe_load(client.get("/openapi.yaml").text)


@pytest.mark.parametrize("accept", [None, "*/*", "application/json", "text/plain"])
def test_the_index_for_programs(client, accept):
    """Every endpoint, at the address that was asked at."""
    headers = {"Accept": accept} if accept else {}
    answer = client.get("/", headers=headers, base_url="http://podsplit.example.com:8080")

    assert answer.json["docs"] == "http://podsplit.example.com:8080/docs"
    urls = {endpoint["url"] for endpoint in answer.json["endpoints"]}
    assert "http://podsplit.example.com:8080/v1/rewrite" in urls
    assert client.get(answer.json["openapi"]).status_code == 200


def test_the_index_for_browsers(client):
    """A page."""
    browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    answer = client.get("/", headers={"Accept": browser})

    assert answer.mimetype == "text/html"
    assert "nonce-" in answer.headers["Content-Security-Policy"]


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


@pytest.mark.parametrize("host", ["xn--a", "podsplit_svc", "a b"])
def test_a_host_that_is_no_name(host):
    """No links, and no error of ours."""
    app = create_app(Settings())
    with app.test_request_context("/", headers={"Host": host}):
        assert this_service().docs == ""
