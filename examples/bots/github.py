"""A pull request on GitHub. The token needs `pull-requests: write`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from forge import Comment, Posted, Session


class GitHub:
    """Comments on lines are review comments, the summary is a comment of the conversation."""

    platform = "github"

    def __init__(self, environ: dict[str, str]) -> None:
        """Take GITHUB_API_URL, GITHUB_REPOSITORY and GITHUB_TOKEN as Actions has them,
        PULL_NUMBER, and the pull request's HEAD_SHA.
        """
        self._http = Session(
            {
                "Authorization": f"Bearer {environ['GITHUB_TOKEN']}",
                "Accept": "application/vnd.github+json",
            }
        )
        self._repository = f"{environ.get('GITHUB_API_URL', 'https://api.github.com')}/repos/{environ['GITHUB_REPOSITORY']}"
        self._number = environ["PULL_NUMBER"]
        self._head = environ["HEAD_SHA"]

    def comments(self) -> Iterator[Posted]:
        """Both kinds."""
        for each in self._http.pages(f"{self._repository}/pulls/{self._number}/comments"):
            # The line is null once the lines have changed; then no payload is at that place.
            place = {name: each.get(name) for name in ("path", "line", "start_line")}
            yield Posted(f"{self._repository}/pulls/comments/{each['id']}", each["body"], place)
        for each in self._http.pages(f"{self._repository}/issues/{self._number}/comments"):
            yield Posted(f"{self._repository}/issues/comments/{each['id']}", each["body"], None)

    def create(self, comment: Comment) -> None:
        """One at a time: a review with many is refused whole where one of them is."""
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
        """Its text only."""
        self._http.patch(posted.url, json={"body": body})

    def delete(self, posted: Posted) -> None:
        """Answers to it stay."""
        self._http.delete(posted.url)
