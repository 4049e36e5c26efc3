"""A small forge on loopback: the endpoints of GitHub's and GitLab's APIs that the example bot uses.

It has one pull request, number 7, of the repository `team/shop` (project 42). It refuses what the
real ones refuse: comments on lines outside the diff's hunks, a `start_line` that isn't smaller,
unknown fields, positions of other commits, bodies that are too long.
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
_PAGE_SIZE = 2
"""Comments on one page, whatever is asked for: every test reads several pages."""
_GITHUB = "/repos/team/shop"
_GITLAB = "/api/v4/projects/42/merge_requests/7"


class _Refusal(Exception):
    """An error status to answer with."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


@dataclass
class PullRequest:
    """The pull request, and what was done to it."""

    hunks: dict[str, list[range]] = field(default_factory=dict)
    """For each file the new lines of its hunks."""
    head: str = "head-sha"
    """The commit at the head of its branch."""
    comments: dict[int, dict[str, Any]] = field(default_factory=dict)
    """By number, in the order of their creation."""
    writes: list[str] = field(default_factory=list)
    """Methods and paths of the requests that changed something."""
    is_read_only: bool = False
    """Whether the token may only read."""
    failures: int = 0
    """How many requests are still answered with 503."""

    def add_comment(self, kind: str, **fields: Any) -> dict[str, Any]:
        """Add a comment, the bot's or somebody else's."""
        number = len(self.comments) + 100
        self.comments[number] = {"id": number, "kind": kind, **fields}
        return self.comments[number]

    def comments_of_kind(self, *kinds: str) -> list[dict[str, Any]]:
        """The comments of some kinds: GitHub's review or talk, GitLab's discussion or note."""
        return [comment for comment in self.comments.values() if comment["kind"] in kinds]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    pull_request: PullRequest

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
            self._fail_if_asked()
            answer: Any = self._route(split.path, json.loads(raw) if raw else {})
            status = 200
            if isinstance(answer, Iterator):
                page = int(parse_qs(split.query).get("page", ["1"])[0])
                items = list(answer)
                answer = items[(page - 1) * _PAGE_SIZE : page * _PAGE_SIZE]
                if page * _PAGE_SIZE < len(items):
                    url = f"http://{self.headers['Host']}{split.path}"
                    headers["Link"] = (
                        f'<{url}?per_page=100&page={page + 1}>; rel="next", <{url}?page=99>;'
                        ' rel="last"'
                    )
        except _Refusal as refusal:
            status, answer = refusal.status, {"message": "refused"}
        body = json.dumps(answer).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _fail_if_asked(self) -> None:
        if self.pull_request.failures:
            self.pull_request.failures -= 1
            raise _Refusal(503)

    def _route(self, path: str, payload: dict[str, Any]) -> Any:
        is_gitlab = path.startswith(_GITLAB)
        token = (
            self.headers.get("PRIVATE-TOKEN")
            if is_gitlab
            else (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        )
        if token != TOKEN:
            raise _Refusal(401)
        if self.command != "GET":
            if self.pull_request.is_read_only:
                raise _Refusal(403)
            self.pull_request.writes.append(f"{self.command} {path}")
        return (
            self._gitlab(path.removeprefix(_GITLAB), payload)
            if is_gitlab
            else self._github(path.removeprefix(_GITHUB), payload)
        )

    def _github(self, path: str, payload: dict[str, Any]) -> Any:
        kinds = {"/pulls/7/comments": "review", "/issues/7/comments": "talk"}
        if path in kinds and self.command == "GET":
            return iter(self.pull_request.comments_of_kind(kinds[path]))
        if path == "/issues/7/comments" and self.command == "POST":
            return self.pull_request.add_comment("talk", body=_body(payload, {"body"}, 65_536))
        if path == "/pulls/7/comments" and self.command == "POST":
            body = _body(
                payload,
                {"body", "path", "line", "side", "start_line", "start_side", "commit_id"},
                65_536,
            )
            first, last = payload.get("start_line"), payload["line"]
            is_in_one_hunk = any(
                last in hunk and (first or last) in hunk
                for hunk in self.pull_request.hunks.get(payload["path"], ())
            )
            if (
                payload["commit_id"] != self.pull_request.head
                or payload["side"] != "RIGHT"
                or not is_in_one_hunk
                or (first is not None and first >= last)
            ):
                raise _Refusal(422)
            return self.pull_request.add_comment(
                "review", body=body, path=payload["path"], line=last, start_line=first
            )
        return self._change_comment(
            re.fullmatch(r"/(?:pulls|issues)/comments/(\d+)", path),
            "PATCH",
            payload=payload,
            limit=65_536,
        )

    def _gitlab(self, path: str, payload: dict[str, Any]) -> Any:
        head = self.pull_request.head
        commits = {"base_sha": "base-sha", "start_sha": "start-sha", "head_sha": head}
        if path == "" and self.command == "GET":
            return {"iid": 7, "diff_refs": commits}
        if path == "/notes" and self.command == "GET":
            return iter(self.pull_request.comments_of_kind("note", "discussion"))
        if path == "/notes" and self.command == "POST":
            return self.pull_request.add_comment("note", body=_body(payload, {"body"}, 1_000_000))
        if path == "/discussions" and self.command == "POST":
            body = _body(payload, {"body", "position"}, 1_000_000)
            position = payload["position"]
            is_wrong = (
                not commits.items() <= position.items() or position["position_type"] != "text"
            )
            if is_wrong or not any(
                position["new_line"] in hunk
                for hunk in self.pull_request.hunks.get(position["new_path"], ())
            ):
                raise _Refusal(400)
            return self.pull_request.add_comment("discussion", body=body, position=position)
        return self._change_comment(
            re.fullmatch(r"/notes/(\d+)", path), "PUT", payload=payload, limit=1_000_000
        )

    def _change_comment(
        self, match: re.Match[str] | None, update: str, payload: dict[str, Any], limit: int
    ) -> Any:
        number = int(match[1]) if match else -1
        if number not in self.pull_request.comments:
            raise _Refusal(404)
        if self.command == "DELETE":
            return self.pull_request.comments.pop(number)
        if self.command != update:
            raise _Refusal(405)
        self.pull_request.comments[number]["body"] = _body(payload, {"body"}, limit)
        return self.pull_request.comments[number]


def _body(payload: dict[str, Any], known: set[str], limit: int) -> str:
    body = payload.get("body")
    if not isinstance(body, str) or not body or len(body) > limit or payload.keys() - known:
        raise _Refusal(422)
    return body


@contextmanager
def running_forge() -> Iterator[tuple[str, PullRequest]]:
    """Run the forge.

    Yields:
        Its URL and its pull request.
    """
    pull_request = PullRequest()
    handler = type("Handler", (_Handler,), {"pull_request": pull_request})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", pull_request
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()
