"""A forge on loopback that speaks the APIs of `forge_apis` over real HTTP: with tokens, short
pages, limits of requests and failures.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.support.forge_apis import APIS, Api, Bitbucket, GitHub, PullRequest, Refusal

TOKEN = "secret-of-the-bot"
_PAGE_SIZE = 2
"""Comments on one page, whatever is asked for: every test reads several pages."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    pull_request: PullRequest
    apis: tuple[Api, ...]

    def log_message(self, *_arguments: object) -> None:
        """Log nothing."""

    def do_GET(self) -> None:
        self._answer()

    do_POST = do_PATCH = do_PUT = do_DELETE = do_GET  # noqa: N815 - the standard library's names

    def _answer(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        split = urlsplit(self.path)
        headers: dict[str, str] = {}
        try:
            self._refuse_if_asked()
            api, answer = self._route(split.path, json.loads(raw) if raw else {})
            status = 200
            if isinstance(answer, Iterator):
                page = int(parse_qs(split.query).get("page", ["1"])[0])
                answer = self._page(api, list(answer), page, headers)
        except Refusal as refusal:
            status, answer = refusal.status, {"message": "refused"}
            headers |= refusal.headers
        body = json.dumps(answer).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _page(self, api: Api, items: list[Any], page: int, headers: dict[str, str]) -> Any:
        """A page of a list, with the way to the next as the forge gives it."""
        shown = items[(page - 1) * _PAGE_SIZE : page * _PAGE_SIZE]
        url = f"http://{self.headers['Host']}{urlsplit(self.path).path}?page={page + 1}"
        more = page * _PAGE_SIZE < len(items)
        if isinstance(api, Bitbucket):
            return {"values": shown} | ({"next": url} if more else {})
        if more:
            headers["Link"] = f'<{url}>; rel="next", <{url}0>; rel="last"'
        return shown

    def _refuse_if_asked(self) -> None:
        if self.pull_request.failures:
            self.pull_request.failures -= 1
            raise Refusal(503)
        if self.pull_request.too_soon:
            self.pull_request.too_soon -= 1
            # GitHub's secondary limit; other forges answer 429.
            raise Refusal(403 + 26 * (self.pull_request.too_soon % 2), {"Retry-After": "0"})

    def _route(self, path: str, payload: dict[str, Any]) -> tuple[Api, Any]:
        api = next((api for api in self.apis if path.startswith(api.prefix)), None)
        if path == "/graphql":
            api = next(api for api in self.apis if isinstance(api, GitHub))
        if api is None:
            raise Refusal(404)
        if api.token(dict(self.headers)) != TOKEN:
            raise Refusal(401)
        if self.command != "GET" and path != "/graphql":
            if self.pull_request.is_read_only:
                raise Refusal(403)
            if "/statuses" not in path:
                self.pull_request.writes.append(f"{self.command} {path}")
        return api, api.answer(self.command, path.removeprefix(api.prefix), payload)


@contextmanager
def running_forge() -> Iterator[tuple[str, PullRequest]]:
    """Run the forge.

    Yields:
        Its URL and its pull request.
    """
    pull_request = PullRequest()
    apis = tuple(api(pull_request) for api in APIS)
    handler = type("Handler", (_Handler,), {"pull_request": pull_request, "apis": apis})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", pull_request
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()


def bot_environment(url: str, pull_request: PullRequest) -> dict[str, str]:
    """The variables by which the bot finds the forge, as each forge's CI sets them."""
    return {
        "GITHUB_API_URL": url,
        "GITHUB_GRAPHQL_URL": f"{url}/graphql",
        "GITHUB_REPOSITORY": "team/shop",
        "GITHUB_TOKEN": TOKEN,
        "PULL_NUMBER": "7",
        "HEAD_SHA": pull_request.head,
        "CI_API_V4_URL": f"{url}/api/v4",
        "CI_PROJECT_ID": "42",
        "CI_MERGE_REQUEST_IID": "7",
        "CI_COMMIT_SHA": pull_request.head,
        "GITLAB_TOKEN": TOKEN,
        "GITEA_API_URL": f"{url}/api/v1",
        "GITEA_TOKEN": TOKEN,
        "BITBUCKET_API_URL": f"{url}/2.0",
        "BITBUCKET_WORKSPACE": "team",
        "BITBUCKET_REPO_SLUG": "shop",
        "BITBUCKET_PR_ID": "7",
        "BITBUCKET_COMMIT": pull_request.head,
        "BITBUCKET_TOKEN": TOKEN,
    }
