"""A pull request on GitHub. The token needs `pull-requests: write`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from forge import Comment, Posted, Session


class GitHub:
    """Posts comments on lines as review comments, and the summary in the conversation."""

    platform = "github"

    def __init__(self, environ: dict[str, str]) -> None:
        """Read GITHUB_API_URL, GITHUB_REPOSITORY and GITHUB_TOKEN, which Actions sets, and
        PULL_NUMBER and HEAD_SHA, the pull request's number and newest commit.
        """
        self._http = Session(
            {
                "Authorization": f"Bearer {environ['GITHUB_TOKEN']}",
                "Accept": "application/vnd.github+json",
            }
        )
        api = environ.get("GITHUB_API_URL", "https://api.github.com")
        self._repository = f"{api}/repos/{environ['GITHUB_REPOSITORY']}"
        self._number = environ["PULL_NUMBER"]
        self._head = environ["HEAD_SHA"]

    def comments(self) -> Iterator[Posted]:
        """The review comments, then those of the conversation."""
        for comment in self._http.pages(f"{self._repository}/pulls/{self._number}/comments"):
            # The line is null once the lines have changed. Then it differs from every payload's.
            place = {name: comment.get(name) for name in ("path", "line", "start_line")}
            yield Posted(
                f"{self._repository}/pulls/comments/{comment['id']}", comment["body"], place
            )
        for comment in self._http.pages(f"{self._repository}/issues/{self._number}/comments"):
            yield Posted(
                f"{self._repository}/issues/comments/{comment['id']}", comment["body"], None
            )

    def create(self, comment: Comment) -> None:
        """Post one comment; a review with many would be refused for one wrong comment."""
        payload: dict[str, Any] | None = comment.get("payload")
        if payload is None:
            self._http.post(
                f"{self._repository}/issues/{self._number}/comments", json={"body": comment["body"]}
            )
        else:
            self._http.post(
                f"{self._repository}/pulls/{self._number}/comments",
                json=payload | {"commit_id": self._head},
            )

    def update(self, posted: Posted, body: str) -> None:
        """Change the text of a comment."""
        self._http.patch(posted.url, json={"body": body})

    def delete(self, posted: Posted) -> None:
        """Delete a comment; answers to it stay."""
        self._http.delete(posted.url)
