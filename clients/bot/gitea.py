"""Repositories and pull requests on Gitea and Forgejo. The token needs to write issues and the
repository.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import requests

from clients.bot.forge import (
    MOST_PAGES,
    REGULAR,
    Comment,
    Entry,
    Place,
    Posted,
    PullRequest,
    Session,
    Texts,
    found,
    read_diff,
    setting,
    too_long,
)
from clients.bot.github import pull_request_of, text_of_status

_SIZE = "limit=50"
"""Longer pages aren't given (MAX_RESPONSE_ITEMS)."""
_TREE_SIZE = 1000
"""Entries of a page of a tree (DEFAULT_GIT_TREES_PER_PAGE)."""
_MAY_WRITE = ("owner", "admin", "write")


def session(token: str) -> Session:
    """A session that sends a token."""
    return Session({"Authorization": f"token {token}"})


def from_environment(environ: Mapping[str, str]) -> GiteaConversation:
    """Read GITHUB_API_URL and GITHUB_REPOSITORY, which the runner sets for Gitea too, GITEA_TOKEN
    (or GITHUB_TOKEN), and PULL_NUMBER and HEAD_SHA.
    """
    http = session(setting(environ, "GITEA_TOKEN", "GITHUB_TOKEN"))
    api = setting(environ, "GITEA_API_URL", "GITHUB_API_URL")
    repository = Gitea(http, api, setting(environ, "GITHUB_REPOSITORY"))
    number, head = setting(environ, "PULL_NUMBER"), setting(environ, "HEAD_SHA")
    return GiteaConversation(repository, number, head)


class Gitea(Place):
    """A repository; the API is at an address such as https://git.example.com/api/v1."""

    def pull_request(self, number: int) -> PullRequest:
        """One pull request."""
        return pull_request_of(self.http.get(f"{self.url}/pulls/{number}").json())

    def pull_requests(self, *, only_open: bool) -> Iterator[PullRequest]:
        """The open ones or all, that which changed last first."""
        state = "open" if only_open else "all"
        yield from map(
            pull_request_of, pages(self.http, f"{self.url}/pulls?state={state}&sort=recentupdate")
        )

    def conversation(self, pull_request: PullRequest) -> GiteaConversation:
        """What is said on a pull request."""
        return GiteaConversation(self, str(pull_request.number), pull_request.head)

    def difference(self, pull_request: PullRequest) -> str:
        """The unified diff of a pull request."""
        return read_diff(self.http, f"{self.url}/pulls/{pull_request.number}.diff")

    def files(self, commit: str, source: str = "") -> Iterator[Entry]:
        """The files of a commit; those of a fork's are in the repository too."""
        count = 0
        for page in range(1, MOST_PAGES):
            url = f"{self.url}/git/trees/{commit}?recursive=true&per_page={_TREE_SIZE}&page={page}"
            tree = self.http.get(url).json()
            # Its `truncated` is true of the last page too.
            if not tree["tree"]:
                return
            for item in tree["tree"]:
                if item["type"] == "blob" and item["mode"] in REGULAR:
                    yield Entry(item["path"], item["sha"], item.get("size"), item["mode"])
            count += len(tree["tree"])
            if count >= tree["total_count"]:
                return
        raise too_long(self.url)

    def read(self, entry: Entry, limit: int) -> bytes | None:
        """The content of a file, of which Gitea tells the size before."""
        if entry.size is not None and entry.size > limit:
            return None
        blob = self.http.get(f"{self.url}/git/blobs/{entry.key}").json()
        # Of a large blob Gitea gives no content (DEFAULT_MAX_BLOB_SIZE).
        return b64decode(blob["content"]) if blob.get("content") is not None else None

    def tip(self, branch: str) -> str | None:
        """The newest commit of a branch."""
        answer = found(lambda: self.http.get(f"{self.url}/branches/{quote(branch, safe='')}"))
        return answer["commit"]["id"] if answer else None

    def commit(self, branch: str, parent: str, message: str, texts: Texts) -> None:
        """Make a branch with one commit. Of the files that there are Gitea wants to be told what
        they are known by.
        """
        known = {entry.path: entry.key for entry in self.files(parent)}
        files = [_changed(path, text, known.get(path)) for path, text in texts.items()]
        self.http.post(
            f"{self.url}/branches", json={"new_branch_name": branch, "old_ref_name": parent}
        )
        self.http.post(
            f"{self.url}/contents", json={"branch": branch, "message": message, "files": files}
        )

    def delete_branch(self, branch: str) -> None:
        """Delete a branch."""
        self.http.delete(f"{self.url}/branches/{quote(branch, safe='')}")

    def propose(self, branch: str, base: str, title: str, body: str) -> PullRequest:
        """Open a pull request."""
        asked = {"title": title, "head": branch, "base": base, "body": body}
        return pull_request_of(self.http.post(f"{self.url}/pulls", json=asked).json())

    def may_write(self, account: str) -> bool:
        """Whether somebody may push; Gitea tells administrators of the repository alone."""
        url = f"{self.url}/collaborators/{quote(account, safe='')}/permission"
        answer = found(lambda: self.http.get(url))
        return answer is not None and answer["permission"] in _MAY_WRITE


def pages(http: requests.Session, url: str) -> Iterator[dict[str, Any]]:
    """The items of a list; not every one names its next page, so it is asked for until one is
    empty.
    """
    for page in range(1, MOST_PAGES):
        items = http.get(f"{url}{'&' if '?' in url else '?'}{_SIZE}&page={page}").json()
        if not items:
            return
        yield from items
    raise too_long(url)


def _changed(path: str, text: str | None, known: str | None) -> dict[str, Any]:
    """A file of a commit, as the API takes it."""
    if text is None:
        return {"operation": "delete", "path": path, "sha": known}
    content = b64encode(text.encode()).decode()
    if known is None:
        return {"operation": "create", "path": path, "content": content}
    return {"operation": "update", "path": path, "content": content, "sha": known}


class GiteaConversation:
    """Posts each comment on lines as a review of its own, as only a review can be deleted, and the
    summary in the conversation.
    """

    def __init__(self, repository: Gitea, number: str, head: str) -> None:
        """Know a pull request.

        Args:
            repository: where it is.
            number: its number.
            head: its newest commit.
        """
        self._http = repository.http
        self._repository = repository.url
        self._pull = f"{self._repository}/pulls/{number}"
        self._talk = f"{self._repository}/issues/{number}/comments"
        self._head = head

    def comments(self) -> Iterator[Posted]:
        """The comments of reviews, then those of the conversation."""
        for review in pages(self._http, f"{self._pull}/reviews"):
            if not review.get("comments_count"):
                continue
            url = f"{self._pull}/reviews/{review['id']}"
            for comment in self._http.get(f"{url}/comments").json():
                yield self._posted(
                    comment,
                    {"path": comment["path"], "new_position": comment["position"]},
                    settled=bool(comment.get("resolver")) or bool(review.get("dismissed")),
                    delete_url=url,
                )
        for comment in self._http.get(self._talk).json():
            yield self._posted(comment, None)

    def _posted(
        self, comment: Mapping[str, Any], place: Mapping[str, Any] | None, **more: Any
    ) -> Posted:
        return Posted(
            f"{self._repository}/issues/comments/{comment['id']}",
            comment["body"],
            place,
            number=str(comment["id"]),
            author=(comment.get("user") or {}).get("login", ""),
            written=comment.get("created_at", ""),
            **more,
        )

    def create_together(self, comments: Sequence[Comment]) -> bool:
        """Not here: what is posted together is deleted together."""
        return False

    def create(self, comment: Comment) -> None:
        """Post a comment."""
        payload: dict[str, Any] | None = comment.get("payload")
        if payload is None:
            self._http.post(self._talk, json={"body": comment["body"]})
            return
        review = {"event": "COMMENT", "body": "", "commit_id": self._head, "comments": [payload]}
        self._http.post(f"{self._pull}/reviews", json=review)

    def update(self, posted: Posted, body: str) -> None:
        """Change the text of a comment, of a review's too."""
        self._http.patch(posted.url, json={"body": body})

    def delete(self, posted: Posted) -> None:
        """Delete a comment. That of a review is deleted with the review: asked to delete it alone,
        Gitea answers 204 and keeps it.
        """
        self._http.delete(posted.delete_url or posted.url)

    def set_status(self, name: str, text: str, *, passed: bool) -> None:
        """A commit status."""
        state = "success" if passed else "failure"
        self._http.post(
            f"{self._repository}/statuses/{self._head}",
            json={"context": name, "description": text[:255], "state": state},
        )

    def status(self, name: str) -> str:
        """Its text."""
        url = f"{self._repository}/commits/{self._head}/status?limit=50"
        return text_of_status(self._http.get(url).json(), name)

    def is_from_fork(self) -> bool:
        """By the repositories of both branches."""
        pull_request = self._http.get(self._pull).json()
        return bool(pull_request["head"]["repo_id"] != pull_request["base"]["repo_id"])
