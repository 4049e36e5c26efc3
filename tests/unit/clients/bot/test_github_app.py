"""A GitHub App: its own token is signed, and buys one for what an owner has installed it on."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from clients.bot.hosted.forges import OneForge
from clients.bot.hosted.github_app import GitHubApp
from clients.bot.hosted.settings import ForgeSettings, SettingsError

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.private_bytes(
    serialization.Encoding.PEM,
    serialization.PrivateFormat.TraditionalOpenSSL,
    serialization.NoEncryption(),
).decode()


@pytest.fixture
def api():
    """The endpoints that an App uses, of which each checks who asks; and what was asked."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_arguments):
            """Log nothing."""

        def do_GET(self):
            asked.append((self.command, self.path))
            token = self.headers["Authorization"].removeprefix("Bearer ")
            if self.path.startswith("/installation/"):
                assert token == "for-2"
                names = [["team/shop", "team/blog"], ["team/api"]]["page=2" in self.path]
                answer: Any = {"repositories": [{"full_name": name} for name in names]}
            else:
                claims = jwt.decode(
                    token, KEY.public_key(), algorithms=["RS256"], options={"verify_iat": False}
                )
                assert claims["iss"] == "12345"
                assert claims["exp"] - claims["iat"] <= 600
                answer = {
                    "/app": {"slug": "podsplit"},
                    "/app/installations?per_page=100": [
                        {"id": 1, "account": {"login": "others"}},
                        {"id": 2, "account": {"login": "Team"}},
                    ],
                    "/app/installations/2/access_tokens": {"token": "for-2"},
                }[self.path]
            body = json.dumps(answer).encode()
            self.send_response(200)
            if self.path == "/installation/repositories?per_page=100":
                url = f"http://{self.headers['Host']}/installation/repositories?page=2"
                self.send_header("Link", f'<{url}>; rel="next"')
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 - the standard library's names

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", asked
    server.shutdown()
    thread.join(10)
    server.server_close()


def test_a_token_is_asked_for_once(api):
    """It holds for an hour, and is for one owner."""
    url, asked = api
    app = GitHubApp(url, 12345, lambda: PEM)

    assert [app.token("team"), app.token("TEAM")] == ["for-2", "for-2"]
    assert [method for method, _ in asked] == ["GET", "POST"]
    assert [app.account(), app.account()] == ["podsplit[bot]", "podsplit[bot]"]
    with pytest.raises(SettingsError, match="not installed by nobody"):
        app.token("nobody")


@pytest.mark.parametrize("key", ["", "s3cret", PEM.replace("A", "B")])
def test_a_key_that_is_none(key):
    """The error holds nothing of it."""
    app = GitHubApp("http://127.0.0.1:1", 12345, lambda: key)

    with pytest.raises(SettingsError) as caught:
        app.token("team")
    assert str(caught.value) == "the key of the GitHub App is no private key in PEM"


def test_the_repositories_are_those_that_it_is_installed_on(api, tmp_path):
    """Of an owner who gave it all or some."""
    (tmp_path / "hub.key").write_text(PEM)
    forge = OneForge(
        ForgeSettings("hub", "github", api[0], ("team/*", "others/one"), tmp_path, app=12345)
    )

    assert list(forge.repositories("team/*")) == ["team/shop", "team/blog", "team/api"]
    assert list(forge.repositories("others/one")) == ["others/one"]
    with forge.repository("team/shop") as repository:
        assert repository.own_account() == "podsplit[bot]"
