"""What the hosted bot uses of four forges' APIs, as strict as they are, over real HTTP: with
tokens, short pages, limits and failures; and their webhooks, with signatures.
"""

from __future__ import annotations

import base64
import email.parser
import email.policy
import hashlib
import hmac
import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import requests

from tests.support.forge_apis import Json, Refusal
from tests.support.forge_world import BOT, NUMBERS, Comment, Pull, World, blob

TOKEN = "secret-of-the-bot"
SECRET = "told to both"
PAGE = 3
"""Items on one page, whatever is asked for."""
_BEGAN = datetime.now(UTC) - timedelta(hours=1)


def moment(seconds: int) -> str:
    """A moment of the world, as forges write it."""
    return (_BEGAN + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


class Raw(bytes):
    """An answer that is no JSON."""


class Api:
    """What the four have in common."""

    prefix = "/repos/team/shop"
    hidden = ("<!-- ", " -->")
    """What readers of a comment don't see."""
    top = ""
    """What is before the paths that are of no repository."""

    def __init__(self, world: World) -> None:
        self.world = world

    def token(self, headers: Mapping[str, str]) -> str:
        """The token of a request."""
        return (headers.get("Authorization") or "").removeprefix("Bearer ")

    def answer(self, method: str, path: str, query: Mapping[str, str], body: Any) -> Any:
        """The answer to a request; an iterator is a list in pages."""
        raise NotImplementedError

    def pull(self, number: str) -> Pull:
        """A pull request by its number."""
        if int(number) not in self.world.pulls:
            raise Refusal(404)
        return self.world.pulls[int(number)]

    def latest(self, query: Mapping[str, str]) -> list[Pull]:
        """The pull requests that are asked for, that which changed last first."""
        only_open = query["states"] in ("open", "opened", "OPEN")
        pulls = [
            pull for pull in self.world.pulls.values() if pull.state == "open" or not only_open
        ]
        return sorted(pulls, key=lambda pull: -pull.changed)

    def files(self, sha: str) -> dict[str, str]:
        """The texts of a commit."""
        if sha not in self.world.commits:
            raise Refusal(404)
        return self.world.commits[sha]

    def new_branch(self, name: str, parent: str, texts: Mapping[str, str | None]) -> None:
        """Make a branch, which there must not be."""
        if self.world.refuses_branches:
            raise Refusal(403)
        if name in self.world.branches:
            raise Refusal(422)
        self.files(parent)
        self.world.branches[name] = parent
        if texts:
            self.world.commit(name, texts)

    def open_pull(self, branch: str, base: str, title: str, text: str) -> Pull:
        """Open a pull request of the bot's."""
        if branch not in self.world.branches or base not in self.world.branches:
            raise Refusal(404)
        if any(
            pull.branch == branch and pull.state == "open" for pull in self.world.pulls.values()
        ):
            raise Refusal(409)
        return self.world.propose(branch, BOT, base=base, title=title, body=text)


class GitHub(Api):
    """docs.github.com, REST and GraphQL."""

    def answer(self, method: str, path: str, query: Mapping[str, str], body: Any) -> Any:
        world = self.world
        match method, path.split("/")[1:]:
            case "POST", ["graphql"]:
                page = {"hasNextPage": False, "endCursor": None}
                threads = {"nodes": [], "pageInfo": page}
                return {"data": {"repository": {"pullRequest": {"reviewThreads": threads}}}}
            case "GET", ["user"]:
                return {"login": BOT}
            case "GET", ["orgs", "team", "repos"]:
                return iter(
                    [{"full_name": "team/shop"}, {"full_name": "team/old", "archived": True}]
                )
        match method, path.removeprefix("/repos/team/shop").split("/")[1:]:
            case "GET", ["pulls"]:
                return map(self.shown, self.latest(query))
            case "GET", ["pulls", number]:
                pull = self.pull(number)
                if query["accept"] == "application/vnd.github.diff":
                    return Raw(world.diff(pull).encode())
                return self.shown(pull)
            case "POST", ["pulls"]:
                return self.shown(
                    self.open_pull(body["head"], body["base"], body["title"], body["body"])
                )
            case "GET", [("pulls" | "issues") as where, number, "comments"]:
                wanted = [
                    item
                    for item in self.pull(number).comments
                    if (item.place is None) == (where == "issues")
                ]
                return map(self._comment, wanted)
            case "POST", ["issues", number, "comments"]:
                return self._comment(world.say(self.pull(number), BOT, body["body"]))
            case "POST", ["pulls", number, "reviews"]:
                pull = self.pull(number)
                for item in body["comments"]:
                    self._check(pull, item | {"commit_id": body["commit_id"]})
                for item in body["comments"]:
                    self._on_line(pull, item)
                return {"id": 1}
            case "POST", ["pulls", number, "comments"]:
                pull = self.pull(number)
                self._check(pull, body)
                return self._comment(self._on_line(pull, body))
            case (("PATCH" | "DELETE"), ["pulls" | "issues", "comments", number]):
                return self._change(method, number, body)
            case "GET", ["git", "trees", sha]:
                assert query["recursive"] == "1"
                return {"tree": list(self._tree(sha)), "truncated": False}
            case "GET", ["git", "blobs", sha]:
                texts = [text for files in world.commits.values() for text in files.values()]
                return Raw(next(text for text in texts if blob(text) == sha).encode())
            case "GET", ["git", "commits", sha]:
                self.files(sha)
                return {"tree": {"sha": f"tree-{sha}"}}
            case "POST", ["git", "trees"]:
                return {"sha": f"{body['base_tree']} {json.dumps(body['tree'])}"}
            case "POST", ["git", "commits"]:
                _, changes = body["tree"].split(" ", 1)
                new = {item["path"]: item.get("content") for item in json.loads(changes)}
                sha = world.commit("", new, parent=body["parents"][0])
                del world.branches[""]
                return {"sha": sha}
            case "POST", ["git", "refs"]:
                self.new_branch(body["ref"].removeprefix("refs/heads/"), body["sha"], {})
                return {}
            case "GET", ["git", "ref", "heads", *names]:
                name = unquote("/".join(names))
                if name not in world.branches:
                    raise Refusal(404)
                return {"object": {"sha": world.branches[name]}}
            case "DELETE", ["git", "refs", "heads", *names]:
                del world.branches[unquote("/".join(names))]
                return {}
            case "GET", ["commits", sha, "status"]:
                said = world.statuses.get(sha, {})
                return {
                    "statuses": [
                        {"context": name, "description": text} for name, (_, text) in said.items()
                    ]
                }
            case "GET", ["collaborators", name, "permission"]:
                return {"permission": permission(world, name)}
            case "POST", ["statuses", sha]:
                world.set_status(sha, body["context"], body["state"], body["description"])
                return {}
        raise Refusal(404)

    def shown(self, pull: Pull) -> Json:
        """A pull request."""
        head = None if pull.is_from_fork else {"full_name": "team/shop"}
        merged = {"merged_at": moment(pull.changed) if pull.state == "merged" else None}
        return merged | {
            "number": pull.number,
            "state": "open" if pull.state == "open" else "closed",
            "head": {"sha": self.world.head(pull), "ref": pull.branch, "repo": head},
            "base": {"ref": pull.base, "repo": {"full_name": "team/shop"}},
            "user": {"login": pull.author},
            "body": pull.body,
            "updated_at": moment(pull.changed),
            "html_url": f"https://forge.example.com/team/shop/pull/{pull.number}",
        }

    def _tree(self, sha: str) -> Iterator[Json]:
        for path, text in self.files(sha).items():
            yield {
                "path": path,
                "type": "blob",
                "mode": "100644",
                "sha": blob(text),
                "size": len(text.encode()),
            }
        yield {"path": "apps", "type": "tree", "mode": "040000", "sha": "0"}
        yield {"path": "link.yaml", "type": "blob", "mode": "120000", "sha": "1", "size": 3}

    def _comment(self, comment: Comment) -> Json:
        return {
            "id": comment.number,
            "body": comment.body,
            "created_at": moment(comment.number - 1000),
            "user": {"login": comment.author},
            **(comment.place or {}),
        }

    def _check(self, pull: Pull, item: Json) -> None:
        if item["commit_id"] != self.world.head(pull) or not self.world.is_in_hunk(
            pull, item["path"], item["line"]
        ):
            raise Refusal(422)

    def _on_line(self, pull: Pull, item: Json) -> Comment:
        place = {name: item.get(name) for name in ("path", "line", "start_line")}
        return self.world.say(pull, BOT, item["body"], place)

    def _change(self, method: str, number: str, body: Any) -> Json:
        pull, comment = self.world.find_comment(int(number))
        if method == "DELETE":
            pull.comments.remove(comment)
        else:
            comment.body = body["body"]
        return {}

    def webhook(self, what: str, pull: Pull | None, comment: Comment | None) -> tuple[Json, Json]:
        """Headers and body of a webhook."""
        headers = {"X-GitHub-Event": what}
        body: Json = {"repository": {"full_name": "team/shop"}}
        if what == "push":
            body |= {"ref": "refs/heads/main"}
        elif comment is not None and pull is not None:
            body |= {"action": "created", "comment": {"body": comment.body}}
            body |= {"issue": {"number": pull.number, "pull_request": {"url": "x"}}}
        elif pull is not None:
            action = "closed" if pull.state != "open" else "synchronize"
            body |= {"action": action, "pull_request": {"number": pull.number}}
        return headers, body


class Gitea(GitHub):
    """Gitea's and Forgejo's swagger."""

    prefix = "/api/v1/repos/team/shop"
    top = "/api/v1"

    def token(self, headers: Mapping[str, str]) -> str:
        """The token of a request."""
        return (headers.get("Authorization") or "").removeprefix("token ")

    def answer(self, method: str, path: str, query: Mapping[str, str], body: Any) -> Any:
        world = self.world
        match method, path.removeprefix(self.prefix).split("/")[1:]:
            case "GET", ["pulls", name] if name.endswith(".diff"):
                return Raw(world.diff(self.pull(name.removesuffix(".diff"))).encode())
            case "GET", ["pulls"]:
                return iter([self.shown(pull) for pull in self.latest(query)])
            case "GET", ["git", "trees", sha]:
                entries = list(self._tree(sha))
                page = int(query.get("page", "1"))
                shown = entries[(page - 1) * 1000 : page * 1000]
                # It is true of the last page, too.
                return {"tree": shown, "truncated": bool(shown), "total_count": len(entries)}
            case "GET", ["git", "blobs", sha]:
                raw = super().answer(method, path.removeprefix(self.top), query, body)
                return {"content": base64.b64encode(raw).decode(), "sha": sha}
            case "GET", ["pulls", number, "reviews"]:
                lines = [item for item in self.pull(number).comments if item.place is not None]
                return iter([{"id": item.number + 5000, "comments_count": 1} for item in lines])
            case "GET", ["pulls", _, "reviews", number, "comments"]:
                return [self._comment(world.find_comment(int(number) - 5000)[1])]
            case "POST", ["pulls", number, "reviews"]:
                (item,) = body["comments"]
                pull = self.pull(number)
                if body["commit_id"] != world.head(pull) or not world.is_in_hunk(
                    pull, item["path"], item["new_position"]
                ):
                    raise Refusal(422)
                place = {"path": item["path"], "position": item["new_position"]}
                return {"id": world.say(pull, BOT, item["body"], place).number}
            case "DELETE", ["pulls", _, "reviews", number]:
                return self._change("DELETE", str(int(number) - 5000), None)
            case "GET", ["issues", number, "comments"]:
                return [
                    self._comment(item) for item in self.pull(number).comments if not item.place
                ]
            case "GET", ["branches", name]:
                if unquote(name) not in world.branches:
                    raise Refusal(404)
                return {"commit": {"id": world.branches[unquote(name)]}}
            case "POST", ["branches"]:
                self.new_branch(body["new_branch_name"], body["old_ref_name"], {})
                return {}
            case "DELETE", ["branches", name]:
                del world.branches[unquote(name)]
                return {}
            case "POST", ["contents"]:
                return self._contents(body)
        return super().answer(method, path.removeprefix(self.top), query, body)

    def _contents(self, body: Any) -> Json:
        files = self.files(self.world.branches[body["branch"]])
        texts: dict[str, str | None] = {}
        for item in body["files"]:
            known = files.get(item["path"])
            if (item["operation"] == "create") != (known is None) or (
                known is not None and item["sha"] != blob(known)
            ):
                raise Refusal(422)
            is_gone = item["operation"] == "delete"
            texts[item["path"]] = None if is_gone else base64.b64decode(item["content"]).decode()
        self.world.commit(body["branch"], texts)
        return {}

    def shown(self, pull: Pull) -> Json:
        """A pull request; one whose branch is gone has another one."""
        shown = super().shown(pull)
        return shown | {"merged": pull.state == "merged"}

    def webhook(self, what: str, pull: Pull | None, comment: Comment | None) -> tuple[Json, Json]:
        """Headers and body of a webhook."""
        _, body = super().webhook(what, pull, comment)
        if body.get("action") == "synchronize":
            body["action"] = "synchronized"
        return {"X-Gitea-Event": what}, body | ({"is_pull": True} if comment else {})


class GitLab(Api):
    """docs.gitlab.com, REST."""

    prefix = "/api/v4/projects/team%2Fshop"
    top = "/api/v4"

    def token(self, headers: Mapping[str, str]) -> str:
        """The token of a request."""
        return headers.get("PRIVATE-TOKEN") or ""

    def answer(self, method: str, path: str, query: Mapping[str, str], body: Any) -> Any:
        world = self.world
        match method, path.removeprefix(self.top).split("/")[1:]:
            case "GET", ["user"]:
                return {"id": NUMBERS[BOT]}
            case "GET", ["groups", "team", "projects"]:
                return iter([{"path_with_namespace": "team/shop"}])
        match method, path.removeprefix(self.prefix).split("/")[1:]:
            case "GET", ["merge_requests"]:
                return map(self.shown, self.latest(query))
            case "GET", ["merge_requests", number]:
                return self.shown(self.pull(number))
            case "GET", ["merge_requests", number, "raw_diffs"]:
                return Raw(world.diff(self.pull(number)).encode())
            case "POST", ["merge_requests"]:
                return self.shown(
                    self.open_pull(
                        body["source_branch"],
                        body["target_branch"],
                        body["title"],
                        body["description"],
                    )
                )
            case "GET", ["merge_requests", number, "notes"]:
                comments = self.pull(number).comments
                return map(self._note, comments if query.get("sort") == "asc" else comments[::-1])
            case "POST", ["merge_requests", number, "notes"]:
                return self._note(world.say(self.pull(number), BOT, body["body"]))
            case "POST", ["merge_requests", number, "discussions"]:
                pull, place = self.pull(number), body["position"]
                if place["head_sha"] != world.head(pull) or not world.is_in_hunk(
                    pull, place["new_path"], place["new_line"]
                ):
                    raise Refusal(400)
                return self._note(world.say(pull, BOT, body["body"], place))
            case (("PUT" | "DELETE"), ["merge_requests", _, "notes", number]):
                pull, note = world.find_comment(int(number))
                if method == "DELETE":
                    pull.comments.remove(note)
                else:
                    note.body = body["body"]
                return {}
            case "GET", ["repository", "tree"]:
                return iter(
                    [
                        {"id": blob(text), "path": path_, "type": "blob", "mode": "100644"}
                        for path_, text in self.files(query["ref"]).items()
                    ]
                )
            case "GET", ["repository", "blobs", sha, "raw"]:
                texts = [text for files in world.commits.values() for text in files.values()]
                return Raw(next(text for text in texts if blob(text) == sha).encode())
            case "GET", ["repository", "branches", name]:
                if unquote(name) not in world.branches:
                    raise Refusal(404)
                return {"commit": {"id": world.branches[unquote(name)]}}
            case "DELETE", ["repository", "branches", name]:
                del world.branches[unquote(name)]
                return {}
            case "POST", ["repository", "commits"]:
                files = self.files(body["start_sha"])
                texts_ = {item["file_path"]: item.get("content") for item in body["actions"]}
                for item in body["actions"]:
                    if (item["action"] == "create") == (item["file_path"] in files):
                        raise Refusal(400)
                self.new_branch(body["branch"], body["start_sha"], texts_)
                return {}
            case "GET", ["repository", "commits", sha, "statuses"]:
                said = world.statuses.get(sha, {})
                return [
                    {"description": text}
                    for name, (_, text) in said.items()
                    if name == query["name"]
                ]
            case "GET", ["members", "all", number]:
                name = next(name for name, known in NUMBERS.items() if str(known) == number)
                if permission(world, name) == "none":
                    raise Refusal(404)
                return {"access_level": 30 if permission(world, name) == "write" else 20}
            case "POST", ["statuses", sha]:
                if body.get("ref", "").startswith("fork:"):
                    raise Refusal(404)
                world.set_status(sha, body["name"], body["state"], body["description"])
                return {}
        raise Refusal(404)

    def shown(self, pull: Pull) -> Json:
        """A merge request."""
        head = self.world.head(pull)
        return {
            "iid": pull.number,
            "state": {"open": "opened"}.get(pull.state, pull.state),
            "sha": head,
            "source_branch": pull.branch,
            "target_branch": pull.base,
            "author": {"id": NUMBERS[pull.author]},
            "description": pull.body,
            "updated_at": moment(pull.changed),
            "web_url": f"https://forge.example.com/team/shop/-/merge_requests/{pull.number}",
            "diff_refs": {"base_sha": pull.root, "start_sha": pull.root, "head_sha": head},
        }

    def _note(self, comment: Comment) -> Json:
        return {
            "id": comment.number,
            "body": comment.body,
            "author": {"id": NUMBERS[comment.author]},
            "created_at": moment(comment.number - 1000),
            "position": comment.place,
        }

    def webhook(self, what: str, pull: Pull | None, comment: Comment | None) -> tuple[Json, Json]:
        """Headers and body of a webhook."""
        project = {"project": {"path_with_namespace": "team/shop"}}
        if what == "push":
            return {}, project | {"object_kind": "push", "checkout_sha": "x"}
        assert pull is not None
        if comment is not None:
            attributes: Json = {"noteable_type": "MergeRequest", "note": comment.body}
            return {}, project | {
                "object_kind": "note",
                "object_attributes": attributes,
                "merge_request": {"iid": pull.number},
            }
        action = (
            {"action": "update", "oldrev": "x"} if pull.state == "open" else {"action": "merge"}
        )
        return {}, project | {
            "object_kind": "merge_request",
            "object_attributes": {"iid": pull.number, **action},
        }


class Bitbucket(Api):
    """developer.atlassian.com, Bitbucket Cloud."""

    hidden = ("[//]: # (", ")")
    prefix = "/2.0/repositories/team/shop"
    top = "/2.0"

    def answer(self, method: str, path: str, query: Mapping[str, str], body: Any) -> Any:
        world = self.world
        match method, path.removeprefix(self.top).split("/")[1:]:
            case "GET", ["user"]:
                return {"uuid": f"{{{BOT}}}"}
            case "GET", ["repositories", "team"]:
                return iter([{"full_name": "team/shop"}])
            case "GET", ["workspaces", "team", "permissions", "repositories", "shop"]:
                name = re.fullmatch(r'user\.uuid="\{(.*)\}"', query["q"])
                assert name is not None
                found = permission(world, name[1])
                granted = {"user": {"uuid": f"{{{name[1]}}}"}, "permission": found}
                return iter([granted] if found != "none" else [])
            case "GET", ["repositories", *_, "src", sha, ""]:
                return (self._entry(sha, *item) for item in self.files(sha).items())
            case "GET", ["repositories", _, _, "src", sha, *names]:
                return Raw(self.files(sha)[unquote("/".join(names))].encode())
        match method, path.removeprefix(self.prefix).split("/")[1:]:
            case "GET", ["pullrequests"]:
                return map(self.shown, self.latest(query))
            case "GET", ["pullrequests", number]:
                return self.shown(self.pull(number))
            case "GET", ["pullrequests", number, "diff"]:
                self.pull(number)
                raise Refusal(
                    302, {"Location": f"http://{query['host']}{self.prefix}/diff/{number}"}
                )
            case "GET", ["diff", number]:
                return Raw(world.diff(self.pull(number)).encode())
            case "POST", ["pullrequests"]:
                source, target = body["source"]["branch"], body["destination"]["branch"]
                return self.shown(
                    self.open_pull(
                        source["name"], target["name"], body["title"], body["description"]
                    )
                )
            case "GET", ["pullrequests", number, "comments"]:
                return map(self._comment, self.pull(number).comments)
            case "POST", ["pullrequests", number, "comments"]:
                pull, inline = self.pull(number), body.get("inline")
                if inline and not world.is_in_hunk(pull, inline["path"], inline["to"]):
                    raise Refusal(400)
                return self._comment(world.say(pull, BOT, body["content"]["raw"], inline))
            case (("PUT" | "DELETE"), ["pullrequests", _, "comments", number]):
                pull, comment = world.find_comment(int(number))
                if method == "DELETE":
                    pull.comments.remove(comment)
                else:
                    comment.body = body["content"]["raw"]
                return {}
            case "GET", ["refs", "branches", *names]:
                name_ = unquote("/".join(names))
                if name_ not in world.branches:
                    raise Refusal(404)
                return {"target": {"hash": world.branches[name_]}}
            case "DELETE", ["refs", "branches", *names]:
                del world.branches[unquote("/".join(names))]
                return {}
            case "POST", ["src"]:
                texts = {key.removeprefix("/"): value for key, value in body if key.startswith("/")}
                fields = dict(body)
                gone = {value: None for key, value in body if key == "files"}
                self.new_branch(fields["branch"], fields["parents"], texts | gone)
                return {}
            case "GET", ["commit", sha, "statuses", "build", name_]:
                if unquote(name_) not in world.statuses.get(sha, {}):
                    raise Refusal(404)
                return {"key": name_, "description": world.statuses[sha][unquote(name_)][1]}
            case "POST", ["commit", sha, "statuses", "build"]:
                world.set_status(sha, body["name"], body["state"], body["description"])
                return {}
        raise Refusal(404)

    def shown(self, pull: Pull) -> Json:
        """A pull request."""
        source = "other/shop" if pull.is_from_fork else "team/shop"
        return {
            "id": pull.number,
            "state": {"closed": "DECLINED"}.get(pull.state, pull.state.upper()),
            "source": {
                "commit": None if pull.is_gone else {"hash": self.world.head(pull)},
                "branch": {"name": pull.branch},
                "repository": None if pull.is_gone else {"full_name": source},
            },
            "destination": {
                "branch": {"name": pull.base},
                "repository": {"full_name": "team/shop"},
            },
            "author": {"uuid": f"{{{pull.author}}}"},
            "summary": {"raw": pull.body},
            "updated_on": moment(pull.changed),
            "links": {"html": {"href": f"https://forge.example.com/team/shop/{pull.number}"}},
        }

    def _entry(self, sha: str, path: str, text: str) -> Json:
        return {
            "type": "commit_file",
            "path": path,
            "size": len(text.encode()),
            "attributes": [],
            "commit": {"hash": sha},
        }

    def _comment(self, comment: Comment) -> Json:
        return {
            "id": comment.number,
            "content": {"raw": comment.body},
            "user": {"uuid": f"{{{comment.author}}}"},
            "created_on": moment(comment.number - 1000),
            "inline": comment.place,
            "deleted": False,
        }

    def webhook(self, what: str, pull: Pull | None, comment: Comment | None) -> tuple[Json, Json]:
        """Headers and body of a webhook."""
        body: Json = {"repository": {"full_name": "team/shop"}}
        if what == "push":
            return {"X-Event-Key": "repo:push"}, body
        assert pull is not None
        body["pullrequest"] = {"id": pull.number}
        if comment is not None:
            body["comment"] = {"content": {"raw": comment.body}}
            return {"X-Event-Key": "pullrequest:comment_created"}, body
        name = "updated" if pull.state == "open" else "fulfilled"
        return {"X-Event-Key": f"pullrequest:{name}"}, body


def permission(world: World, name: str) -> str:
    """What somebody may do."""
    if not world.may_see_permissions:
        raise Refusal(403)
    return "write" if name in world.writers else "read" if name in NUMBERS else "none"


KINDS: Mapping[str, Callable[[World], Any]] = {
    "github": GitHub,
    "gitlab": GitLab,
    "gitea": Gitea,
    "bitbucket": Bitbucket,
}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    api: Api
    lock: threading.Lock

    def log_message(self, *_arguments: object) -> None:
        """Log nothing."""

    def do_GET(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        world = self.api.world
        headers: dict[str, str] = {}
        with self.lock:
            try:
                status, answer = 200, self._routed(raw, headers)
            except Refusal as refusal:
                status, answer = refusal.status, {"message": "refused"}
                headers |= refusal.headers
            is_write = self.command != "GET" and not self.path.endswith("/graphql")
            if is_write and status < 400:
                world.writes.append(f"{self.command} {self.path}")
                if world.break_after is not None:
                    world.break_after -= 1
                    if world.break_after <= 0:
                        world.break_after = None
                        self.close_connection = True
                        self.connection.close()
                        return
        body = answer if isinstance(answer, Raw) else json.dumps(answer).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_PATCH = do_PUT = do_DELETE = do_GET  # noqa: N815 - the standard library's names

    def _routed(self, raw: bytes, headers: dict[str, str]) -> Any:
        world = self.api.world
        if world.failures:
            status = world.failures.pop(0)
            raise Refusal(status, {"Retry-After": "0"} if status in (403, 429) else {})
        if self.api.token(dict(self.headers)) != TOKEN:
            raise Refusal(401)
        split = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(split.query).items()}
        query["states"] = ",".join(parse_qs(split.query).get("state", []))
        query |= {"accept": self.headers.get("Accept", ""), "host": self.headers["Host"]}
        if self.command == "GET":
            world.reads.append(split.path)
        answer = self.api.answer(self.command, split.path, query, self._parsed(raw))
        if not isinstance(answer, Iterator):
            return answer
        items, page = list(answer), int(query.get("page", "1"))
        shown = items[(page - 1) * PAGE : page * PAGE]
        rest = {name: values for name, values in parse_qs(split.query).items() if name != "page"}
        wanted = "&".join(f"{name}={value}" for name, values in rest.items() for value in values)
        url = f"http://{self.headers['Host']}{split.path}?{wanted}&page={page + 1}"
        has_more = page * PAGE < len(items)
        if isinstance(self.api, Bitbucket):
            return {"values": shown} | ({"next": url} if has_more else {})
        if has_more and not isinstance(self.api, Gitea):
            headers["Link"] = f'<{url}>; rel="next"'
        return shown

    def _parsed(self, raw: bytes) -> Any:
        """The body: JSON, or the parts of a form in their order."""
        kind = self.headers.get("Content-Type", "")
        if not kind.startswith("multipart/"):
            return json.loads(raw) if raw else {}
        head = f"Content-Type: {kind}\r\n\r\n".encode()
        parsed = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + raw)
        return [
            (
                str(part.get_param("name", header="content-disposition")),
                str(part.get_content()),
            )
            for part in parsed.iter_parts()
        ]


class HostedForge:
    """A forge of one kind that runs, and tells of what happens."""

    def __init__(self, kind: str, url: str, world: World, api: Any) -> None:
        self.kind = kind
        self.url = url
        self.world = world
        self.api = api
        self.hook = ""
        """Where webhooks go."""

    @property
    def api_url(self) -> str:
        """Where the API is."""
        return f"{self.url}{self.api.top}"

    def tell(
        self,
        what: str = "pull_request",
        pull: Pull | None = None,
        comment: Comment | None = None,
        *,
        secret: str = SECRET,
        **more: Any,
    ) -> requests.Response:
        """Send a webhook.

        Args:
            what: `pull_request`, `issue_comment` or `push`.
            pull: the pull request.
            comment: the comment.
            secret: what it is signed with.
            more: what is put over the body.
        """
        headers, body = self.api.webhook(what, pull, comment)
        raw = json.dumps(body | more).encode()
        signature = hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
        headers |= {
            "github": {"X-Hub-Signature-256": f"sha256={signature}"},
            "gitea": {"X-Gitea-Signature": signature},
            "gitlab": {"X-Gitlab-Token": secret},
            "bitbucket": {"X-Hub-Signature": f"sha256={signature}"},
        }[self.kind]
        return requests.post(
            self.hook, data=raw, headers=headers | {"Content-Type": "application/json"}, timeout=30
        )


@contextmanager
def running_hosted_forge(kind: str) -> Iterator[HostedForge]:
    """Run a forge with an empty repository."""
    world = World()
    api = KINDS[kind](world)
    handler = type("Handler", (_Handler,), {"api": api, "lock": threading.Lock()})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield HostedForge(kind, f"http://127.0.0.1:{server.server_address[1]}", world, api)
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()
