"""A pull request on GitHub. The token needs `pull-requests: write`, and for the status
`statuses: write`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from clients.bot.forge import Comment, Posted, Session, setting
from clients.bot.trouble import Trouble

_THREADS = """
query($owner: String!, $name: String!, $number: Int!, $after: String) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      reviewThreads(first: 100, after: $after) {
        nodes { isResolved comments(first: 1) { nodes { databaseId } } }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
}
"""
"""Which threads are resolved: the REST API doesn't say."""


class GitHub:
    """Posts comments on lines as review comments, and the summary in the conversation."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        """Read GITHUB_API_URL, GITHUB_GRAPHQL_URL, GITHUB_REPOSITORY and GITHUB_TOKEN, which
        Actions sets, and PULL_NUMBER and HEAD_SHA, the pull request's number and newest commit.
        """
        self._http = Session(
            {
                "Authorization": f"Bearer {setting(environ, 'GITHUB_TOKEN')}",
                "Accept": "application/vnd.github+json",
            }
        )
        self._name = setting(environ, "GITHUB_REPOSITORY")
        self._graphql = environ.get("GITHUB_GRAPHQL_URL", "https://api.github.com/graphql")
        api = environ.get("GITHUB_API_URL", "https://api.github.com")
        self._repository = f"{api}/repos/{self._name}"
        self._number = setting(environ, "PULL_NUMBER")
        self._head = setting(environ, "HEAD_SHA")

    def comments(self) -> Iterator[Posted]:
        """The review comments, then those of the conversation."""
        comments = list(self._http.pages(f"{self._repository}/pulls/{self._number}/comments"))
        settled = set(self._settled()) if comments else set()
        for comment in comments:
            # The line is null once the lines have changed. Then it differs from every payload's.
            place = {name: comment.get(name) for name in ("path", "line", "start_line")}
            yield Posted(
                f"{self._repository}/pulls/comments/{comment['id']}",
                comment["body"],
                place,
                settled=comment["id"] in settled,
            )
        for comment in self._http.pages(f"{self._repository}/issues/{self._number}/comments"):
            yield Posted(
                f"{self._repository}/issues/comments/{comment['id']}", comment["body"], None
            )

    def _settled(self) -> Iterator[int]:
        """The numbers of the comments whose threads are resolved."""
        owner, name = self._name.split("/", 1)
        variables: dict[str, Any] = {"owner": owner, "name": name, "number": int(self._number)}
        after: str | None = None
        while True:
            answer = self._http.post(
                self._graphql, json={"query": _THREADS, "variables": variables | {"after": after}}
            )
            try:
                threads = answer.json()["data"]["repository"]["pullRequest"]["reviewThreads"]
            except (KeyError, TypeError):
                raise Trouble(
                    "GitHub's GraphQL doesn't answer which threads are resolved"
                ) from None
            for thread in threads["nodes"]:
                if thread["isResolved"]:
                    yield from (comment["databaseId"] for comment in thread["comments"]["nodes"])
            if not threads["pageInfo"]["hasNextPage"]:
                return
            after = threads["pageInfo"]["endCursor"]

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

    def set_status(self, name: str, text: str, *, passed: bool) -> None:
        """A commit status; its text has at most 140 characters."""
        state = "success" if passed else "failure"
        self._http.post(
            f"{self._repository}/statuses/{self._head}",
            json={"context": name, "description": text[:140], "state": state},
        )

    def is_from_fork(self) -> bool:
        """By the repositories of both branches; one that is gone was another one."""
        pull_request = self._http.get(f"{self._repository}/pulls/{self._number}").json()
        head = pull_request["head"]["repo"]
        return head is None or head["full_name"] != pull_request["base"]["repo"]["full_name"]
