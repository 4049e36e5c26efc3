"""The endpoints of four forges' APIs that the bot uses, as strict as the real ones: each refuses
what those refuse.

They hold one pull request, number 7, of the repository `team/shop` (project 42 of GitLab).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


class Refusal(Exception):
    """An error status to answer with."""

    def __init__(self, status: int, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status)
        self.status = status
        self.headers = headers or {}


@dataclass
class PullRequest:
    """The pull request, and what was done to it."""

    hunks: dict[str, list[range]] = field(default_factory=dict)
    """For each file the new lines of its hunks."""
    head: str = "head-sha"
    """The commit at the head of its branch."""
    comments: dict[int, Json] = field(default_factory=dict)
    """By number, in the order of their creation."""
    writes: list[str] = field(default_factory=list)
    """Methods and paths of the requests that changed something."""
    statuses: list[Json] = field(default_factory=list)
    """Those that were set at its head."""
    is_read_only: bool = False
    """Whether the token may only read."""
    may_set_status: bool = True
    """Whether the token may set statuses."""
    is_from_fork: bool = False
    """Whether its branch is in another repository."""
    failures: int = 0
    """How many requests are still answered with 503."""
    too_soon: int = 0
    """How many requests are still answered with the limit of requests."""
    _numbers: int = 100

    def add_comment(self, kind: str, **fields: Any) -> Json:
        """Add a comment, the bot's or somebody else's."""
        self._numbers += 1
        self.comments[self._numbers] = {"id": self._numbers, "kind": kind, **fields}
        return self.comments[self._numbers]

    def comments_of_kind(self, *kinds: str) -> list[Json]:
        """The comments of some kinds: those on lines are `line`, others `talk`."""
        return [comment for comment in self.comments.values() if comment["kind"] in kinds]

    def is_in_hunk(self, path: str, line: int, first: int | None = None) -> bool:
        """Whether lines are all in one hunk of the diff."""
        return any(line in hunk and (first or line) in hunk for hunk in self.hunks.get(path, ()))


def text_of(payload: Json, known: set[str], limit: int) -> str:
    """The body of a payload, which has no field that isn't known and isn't too long."""
    body = payload.get("body")
    if not isinstance(body, str) or not body or len(body) > limit or payload.keys() - known:
        raise Refusal(422)
    return body


def found(pull_request: PullRequest, match: re.Match[str] | None) -> Json:
    """The comment whose number was matched."""
    number = int(match[1]) if match else -1
    if number not in pull_request.comments:
        raise Refusal(404)
    return pull_request.comments[number]


class GitHub:
    """docs.github.com, REST: pulls, issues, statuses; GraphQL: review threads."""

    prefix = "/repos/team/shop"
    limit = 65_536

    def __init__(self, pull_request: PullRequest) -> None:
        self.pull_request = pull_request

    @staticmethod
    def token(headers: Mapping[str, str]) -> str:
        """The token of a request."""
        return (headers.get("Authorization") or "").removeprefix("Bearer ")

    def answer(self, method: str, path: str, payload: Json) -> Any:
        """The answer to a request; an iterator is a list in pages."""
        pull = self.pull_request
        match method, path:
            case "GET", "/pulls/7":
                repositories = [{"full_name": name} for name in ("team/shop", "other/shop")]
                head = repositories[pull.is_from_fork]
                return {"head": {"repo": head}, "base": {"repo": repositories[0]}}
            case "GET", "/pulls/7/comments":
                return iter(pull.comments_of_kind("line"))
            case "GET", "/issues/7/comments":
                return iter(pull.comments_of_kind("talk"))
            case "POST", "/issues/7/comments":
                return pull.add_comment("talk", body=text_of(payload, {"body"}, self.limit))
            case "POST", "/pulls/7/comments":
                return self._comment(payload)
            case "POST", "/pulls/7/reviews":
                return self._review(payload)
            case "POST", "/graphql":
                return self._threads(payload["variables"])
            case "POST", _ if path == f"/statuses/{pull.head}":
                return set_status(pull, payload, {"success", "failure", "pending", "error"}, 140)
        comment = found(pull, re.fullmatch(r"/(?:pulls|issues)/comments/(\d+)", path))
        return self._change(method, comment, payload)

    def _review(self, payload: Json) -> Json:
        """All comments, or none if one of them is wrong."""
        if payload.keys() - {"commit_id", "event", "comments", "body"}:
            raise Refusal(422)
        before = dict(self.pull_request.comments)
        try:
            for comment in payload["comments"]:
                self._comment(comment | {"commit_id": payload["commit_id"]})
        except Refusal:
            self.pull_request.comments = before
            raise
        return {"id": 1}

    def _comment(self, payload: Json) -> Json:
        known = {"body", "path", "line", "side", "start_line", "start_side", "commit_id"}
        body = text_of(payload, known, self.limit)
        first, last = payload.get("start_line"), payload["line"]
        if (
            payload["commit_id"] != self.pull_request.head
            or payload["side"] != "RIGHT"
            or not self.pull_request.is_in_hunk(payload["path"], last, first)
            or (first is not None and first >= last)
        ):
            raise Refusal(422)
        return self.pull_request.add_comment(
            "line", body=body, path=payload["path"], line=last, start_line=first
        )

    def _threads(self, variables: Json) -> Json:
        assert (variables["owner"], variables["name"], variables["number"]) == ("team", "shop", 7)
        comments = self.pull_request.comments_of_kind("line")
        start = int(variables["after"] or 0)
        nodes = [
            {
                "isResolved": comment.get("resolved", False),
                "comments": {"nodes": [{"databaseId": comment["id"]}]},
            }
            for comment in comments[start : start + 1]
        ]
        more = start + 1 < len(comments)
        page = {"hasNextPage": more, "endCursor": str(start + 1)}
        threads = {"nodes": nodes, "pageInfo": page}
        return {"data": {"repository": {"pullRequest": {"reviewThreads": threads}}}}

    def _change(self, method: str, comment: Json, payload: Json) -> Json:
        if method == "DELETE":
            return self.pull_request.comments.pop(comment["id"])
        if method != "PATCH":
            raise Refusal(405)
        comment["body"] = text_of(payload, {"body"}, self.limit)
        return comment


class GitLab:
    """docs.gitlab.com, REST: notes, discussions, commit statuses."""

    prefix = "/api/v4/projects/42"
    limit = 1_000_000

    def __init__(self, pull_request: PullRequest) -> None:
        self.pull_request = pull_request

    @staticmethod
    def token(headers: Mapping[str, str]) -> str:
        """The token of a request."""
        return headers.get("PRIVATE-TOKEN") or ""

    def answer(self, method: str, path: str, payload: Json) -> Any:
        """The answer to a request; an iterator is a list in pages."""
        pull = self.pull_request
        commits = {"base_sha": "base-sha", "start_sha": "start-sha", "head_sha": pull.head}
        notes = "/merge_requests/7/notes"
        match method, path:
            case "GET", "/merge_requests/7":
                source = 43 if pull.is_from_fork else 42
                return {
                    "diff_refs": commits,
                    "source_project_id": source,
                    "target_project_id": 42,
                }
            case "GET", "/merge_requests/7/notes":
                return iter(pull.comments_of_kind("talk", "line"))
            case "POST", "/merge_requests/7/notes":
                return pull.add_comment("talk", body=text_of(payload, {"body"}, self.limit))
            case "POST", "/merge_requests/7/discussions":
                return self._discussion(payload, commits)
            case "POST", _ if path == f"/statuses/{pull.head}":
                states = {"pending", "running", "success", "failed", "canceled"}
                return set_status(pull, payload, states, 255)
        comment = found(pull, re.fullmatch(rf"{notes}/(\d+)", path))
        if method == "DELETE":
            return pull.comments.pop(comment["id"])
        if method != "PUT":
            raise Refusal(405)
        comment["body"] = text_of(payload, {"body"}, self.limit)
        return comment

    def _discussion(self, payload: Json, commits: Json) -> Json:
        body = text_of(payload, {"body", "position"}, self.limit)
        position = payload["position"]
        if (
            not commits.items() <= position.items()
            or position["position_type"] != "text"
            or not self.pull_request.is_in_hunk(position["new_path"], position["new_line"])
        ):
            raise Refusal(400)
        return self.pull_request.add_comment("line", body=body, position=position, resolved=False)


class Gitea:
    """Gitea's and Forgejo's swagger: pull reviews, issue comments, statuses."""

    prefix = "/api/v1/repos/team/shop"
    limit = 65_536

    def __init__(self, pull_request: PullRequest) -> None:
        self.pull_request = pull_request

    @staticmethod
    def token(headers: Mapping[str, str]) -> str:
        """The token of a request."""
        return (headers.get("Authorization") or "").removeprefix("token ")

    def answer(self, method: str, path: str, payload: Json) -> Any:
        """The answer to a request; an iterator is a list in pages."""
        pull = self.pull_request
        lines = pull.comments_of_kind("line")
        match method, path:
            case "GET", "/pulls/7":
                source = 2 if pull.is_from_fork else 1
                return {"head": {"repo_id": source}, "base": {"repo_id": 1}}
            case "GET", "/pulls/7/reviews":
                reviews = [{"id": item["id"] + 5000, "comments_count": 1} for item in lines]
                return iter([{"id": 1, "comments_count": 0, "body": "LGTM"}, *reviews])
            case "POST", "/pulls/7/reviews":
                return self._review(payload)
            case "GET", "/issues/7/comments":
                return pull.comments_of_kind("talk")
            case "POST", "/issues/7/comments":
                return pull.add_comment("talk", body=text_of(payload, {"body"}, self.limit))
            case "POST", _ if path == f"/statuses/{pull.head}":
                return set_status(pull, payload, {"success", "failure", "pending", "error"}, 255)
        if review := re.fullmatch(r"/pulls/7/reviews/(\d+)(/comments)?", path):
            number = int(review[1]) - 5000
            if number not in pull.comments:
                raise Refusal(404)
            if method == "DELETE":
                return pull.comments.pop(number)
            return [pull.comments[number]]
        comment = found(pull, re.fullmatch(r"/issues/comments/(\d+)", path))
        if method == "DELETE":
            # What is on lines stays, without a word.
            return {} if comment["kind"] == "line" else pull.comments.pop(comment["id"])
        if method != "PATCH":
            raise Refusal(405)
        comment["body"] = text_of(payload, {"body"}, self.limit)
        return comment

    def _review(self, payload: Json) -> Json:
        (comment,) = payload["comments"]
        body = text_of(comment, {"body", "path", "new_position", "old_position"}, self.limit)
        line = comment["new_position"]
        if (
            payload["event"] != "COMMENT"
            or payload["commit_id"] != self.pull_request.head
            or not self.pull_request.is_in_hunk(comment["path"], line)
        ):
            raise Refusal(422)
        return self.pull_request.add_comment(
            "line", body=body, path=comment["path"], position=line, resolver=None
        )


class Bitbucket:
    """developer.atlassian.com, Bitbucket Cloud: pull request comments, build statuses."""

    prefix = "/2.0/repositories/team/shop"
    limit = 32_768

    def __init__(self, pull_request: PullRequest) -> None:
        self.pull_request = pull_request

    @staticmethod
    def token(headers: Mapping[str, str]) -> str:
        """The token of a request."""
        return (headers.get("Authorization") or "").removeprefix("Bearer ")

    def answer(self, method: str, path: str, payload: Json) -> Any:
        """The answer to a request; an iterator is a list in pages."""
        pull = self.pull_request
        match method, path:
            case "GET", "/pullrequests/7":
                names = ("team/shop", "other/shop")
                source = {"repository": {"full_name": names[pull.is_from_fork]}}
                return {"source": source, "destination": {"repository": {"full_name": names[0]}}}
            case "GET", "/pullrequests/7/comments":
                return iter(map(self._shown, pull.comments.values()))
            case "POST", "/pullrequests/7/comments":
                return self._comment(payload)
            case "POST", _ if path == f"/commit/{pull.head}/statuses/build":
                if not {"key", "url"} <= payload.keys():
                    raise Refusal(400)
                return set_status(pull, payload, {"SUCCESSFUL", "FAILED", "INPROGRESS"}, 255)
        comment = found(pull, re.fullmatch(r"/pullrequests/7/comments/(\d+)", path))
        if method == "DELETE":
            comment["deleted"] = True
            comment["kind"] = "deleted"
            return {}
        if method != "PUT":
            raise Refusal(405)
        comment["body"] = self._raw(payload)
        return comment

    def _shown(self, comment: Json) -> Json:
        return {
            **{name: value for name, value in comment.items() if name != "body"},
            "content": {"raw": comment.get("body", "")},
            "deleted": comment.get("deleted", False),
        }

    def _raw(self, payload: Json) -> str:
        return text_of({"body": payload["content"]["raw"]}, {"body"}, self.limit)

    def _comment(self, payload: Json) -> Json:
        if payload.keys() - {"content", "inline"}:
            raise Refusal(400)
        body = self._raw(payload)
        inline = payload.get("inline")
        if inline is None:
            return self.pull_request.add_comment("talk", body=body)
        if not self.pull_request.is_in_hunk(inline["path"], inline["to"]):
            raise Refusal(400)
        return self.pull_request.add_comment("line", body=body, inline=inline, resolution=None)


def set_status(pull_request: PullRequest, payload: Json, states: set[str], limit: int) -> Json:
    """Set a status, if the token may."""
    if not pull_request.may_set_status:
        raise Refusal(403)
    if payload["state"] not in states or len(payload["description"]) > limit:
        raise Refusal(422)
    pull_request.statuses.append(payload)
    return payload


Api = GitHub | GitLab | Gitea | Bitbucket
APIS: tuple[Callable[[PullRequest], Api], ...] = (GitHub, GitLab, Gitea, Bitbucket)
