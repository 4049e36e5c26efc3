"""A small forge on loopback: the endpoints of GitHub's and GitLab's APIs that the example bot uses,
as strict as theirs.

It keeps one pull request, number 7, of the repository `team/shop` (project 42), and refuses what
the real ones refuse: comments on lines outside the diff's hunks, a `start_line` that isn't smaller,
unknown fields, positions of other commits, bodies too long.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "secret-of-the-bot"
PAGE = 2
"""Comments on one page, whatever is asked for, so that every test turns pages."""

GITHUB = "/repos/team/shop"
GITLAB = "/api/v4/projects/42/merge_requests/7"


class Refusal(Exception):
    """An answer that is no success."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


@dataclass
class State:
    """What the pull request is, and what was done to it."""

    hunks: dict[str, list[range]] = field(default_factory=dict)
    """For each file the new lines of its hunks."""
    head: str = "head-sha"
    comments: dict[int, dict[str, Any]] = field(default_factory=dict)
    """By number, in the order of their creation."""
    writes: list[str] = field(default_factory=list)
    """Methods and paths that changed something."""
    read_only: bool = False
    failures: int = 0
    """So many requests are answered with 503 first."""

    def add(self, kind: str, **fields: Any) -> dict[str, Any]:
        """A comment of one's own, or somebody else's."""
        number = len(self.comments) + 100
        self.comments[number] = {"id": number, "kind": kind, **fields}
        return self.comments[number]

    def of(self, *kinds: str) -> list[dict[str, Any]]:
        return [each for each in self.comments.values() if each["kind"] in kinds]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    state: State

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self._answer()

    do_POST = do_PATCH = do_PUT = do_DELETE = do_GET  # noqa: N815 - the standard library's names

    def _answer(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        split = urlsplit(self.path)
        headers: dict[str, str] = {}
        try:
            self._perhaps_fail()
            answer: Any = self._route(split.path, json.loads(raw) if raw else {})
            status = 200
            if isinstance(answer, Iterator):
                page = int(parse_qs(split.query).get("page", ["1"])[0])
                items = list(answer)
                answer = items[(page - 1) * PAGE : page * PAGE]
                if page * PAGE < len(items):
                    here = f"http://{self.headers['Host']}{split.path}"
                    headers["Link"] = (
                        f'<{here}?per_page=100&page={page + 1}>; rel="next", <{here}?page=99>;'
                        ' rel="last"'
                    )
        except Refusal as refusal:
            status, answer = refusal.status, {"message": "refused"}
        body = json.dumps(answer).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _perhaps_fail(self) -> None:
        if self.state.failures:
            self.state.failures -= 1
            raise Refusal(503)

    def _route(self, path: str, sent: dict[str, Any]) -> Any:
        gitlab = path.startswith(GITLAB)
        token = (
            self.headers.get("PRIVATE-TOKEN")
            if gitlab
            else (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        )
        if token != TOKEN:
            raise Refusal(401)
        if self.command != "GET":
            if self.state.read_only:
                raise Refusal(403)
            self.state.writes.append(f"{self.command} {path}")
        return (
            self._gitlab(path.removeprefix(GITLAB), sent)
            if gitlab
            else self._github(path.removeprefix(GITHUB), sent)
        )

    def _github(self, path: str, sent: dict[str, Any]) -> Any:
        kinds = {"/pulls/7/comments": "review", "/issues/7/comments": "talk"}
        if path in kinds and self.command == "GET":
            return iter(self.state.of(kinds[path]))
        if path == "/issues/7/comments" and self.command == "POST":
            return self.state.add("talk", body=_body(sent, {"body"}, 65_536))
        if path == "/pulls/7/comments" and self.command == "POST":
            body = _body(
                sent,
                {"body", "path", "line", "side", "start_line", "start_side", "commit_id"},
                65_536,
            )
            first, last = sent.get("start_line"), sent["line"]
            one_hunk = any(
                last in hunk and (first or last) in hunk
                for hunk in self.state.hunks.get(sent["path"], ())
            )
            if (
                sent["commit_id"] != self.state.head
                or sent["side"] != "RIGHT"
                or not one_hunk
                or (first is not None and first >= last)
            ):
                raise Refusal(422)
            return self.state.add(
                "review", body=body, path=sent["path"], line=last, start_line=first
            )
        return self._one(
            re.fullmatch(r"/(?:pulls|issues)/comments/(\d+)", path), "PATCH", sent, 65_536
        )

    def _gitlab(self, path: str, sent: dict[str, Any]) -> Any:
        commits = {"base_sha": "base-sha", "start_sha": "start-sha", "head_sha": self.state.head}
        if path == "" and self.command == "GET":
            return {"iid": 7, "diff_refs": commits}
        if path == "/notes" and self.command == "GET":
            return iter(self.state.of("note", "discussion"))
        if path == "/notes" and self.command == "POST":
            return self.state.add("note", body=_body(sent, {"body"}, 1_000_000))
        if path == "/discussions" and self.command == "POST":
            body = _body(sent, {"body", "position"}, 1_000_000)
            position = sent["position"]
            wrong = {name: position.get(name) for name in commits} != commits or position[
                "position_type"
            ] != "text"
            if wrong or not any(
                position["new_line"] in hunk
                for hunk in self.state.hunks.get(position["new_path"], ())
            ):
                raise Refusal(400)
            return self.state.add("discussion", body=body, position=position)
        return self._one(re.fullmatch(r"/notes/(\d+)", path), "PUT", sent, 1_000_000)

    def _one(
        self, match: re.Match[str] | None, update: str, sent: dict[str, Any], longest: int
    ) -> Any:
        number = int(match[1]) if match else -1
        if number not in self.state.comments:
            raise Refusal(404)
        if self.command == "DELETE":
            return self.state.comments.pop(number)
        if self.command != update:
            raise Refusal(405)
        self.state.comments[number]["body"] = _body(sent, {"body"}, longest)
        return self.state.comments[number]


def _body(sent: dict[str, Any], known: set[str], longest: int) -> str:
    body = sent.get("body")
    if not isinstance(body, str) or not body or len(body) > longest or sent.keys() - known:
        raise Refusal(422)
    return body


@contextmanager
def forge() -> Iterator[tuple[str, State]]:
    """Its URL and its state, while it runs."""
    state = State()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"state": state}))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", state
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()
