"""A pull request on Gitea or Forgejo. The token needs to write issues and the repository."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from clients.bot.forge import Comment, Posted, Session, setting

_MOST_PAGES = 200
_SIZE = "limit=50"
"""Longer pages aren't given (MAX_RESPONSE_ITEMS)."""


class Gitea:
    """Posts each comment on lines as a review of its own, as only a review can be deleted, and the
    summary in the conversation.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        """Read GITHUB_API_URL and GITHUB_REPOSITORY, which the runner sets for Gitea too,
        GITEA_TOKEN (or GITHUB_TOKEN), and PULL_NUMBER and HEAD_SHA.
        """
        token = setting(environ, "GITEA_TOKEN", "GITHUB_TOKEN")
        self._http = Session({"Authorization": f"token {token}"})
        api = setting(environ, "GITEA_API_URL", "GITHUB_API_URL")
        self._repository = f"{api}/repos/{setting(environ, 'GITHUB_REPOSITORY')}"
        number = setting(environ, "PULL_NUMBER")
        self._pull = f"{self._repository}/pulls/{number}"
        self._talk = f"{self._repository}/issues/{number}/comments"
        self._head = setting(environ, "HEAD_SHA")

    def comments(self) -> Iterator[Posted]:
        """The comments of reviews, then those of the conversation."""
        for review in self._reviews():
            if not review.get("comments_count"):
                continue
            url = f"{self._pull}/reviews/{review['id']}"
            for comment in self._http.get(f"{url}/comments").json():
                yield Posted(
                    f"{self._repository}/issues/comments/{comment['id']}",
                    comment["body"],
                    {"path": comment["path"], "new_position": comment["position"]},
                    settled=bool(comment.get("resolver")) or bool(review.get("dismissed")),
                    delete_url=url,
                )
        for comment in self._http.get(self._talk).json():
            url = f"{self._repository}/issues/comments/{comment['id']}"
            yield Posted(url, comment["body"], None)

    def _reviews(self) -> Iterator[dict[str, Any]]:
        """All reviews; their list names no next page, so it is asked for until one is empty."""
        for page in range(1, _MOST_PAGES):
            reviews = self._http.get(f"{self._pull}/reviews?{_SIZE}&page={page}").json()
            if not reviews:
                return
            yield from reviews

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

    def is_from_fork(self) -> bool:
        """By the repositories of both branches."""
        pull_request = self._http.get(self._pull).json()
        return bool(pull_request["head"]["repo_id"] != pull_request["base"]["repo_id"])
