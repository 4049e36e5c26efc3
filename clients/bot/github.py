"""Repositories and pull requests on GitHub.

A token in CI needs `pull-requests: write`, and for the status `statuses: write`. What the hosted
bot needs besides is in docs/bot.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import requests

from clients.bot.forge import (
    REGULAR,
    Comment,
    Entry,
    Place,
    Posted,
    PullRequest,
    Session,
    State,
    Texts,
    found,
    read_diff,
    read_limited,
    setting,
)
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
_MAY_WRITE = ("admin", "maintain", "write")


def session(token: str) -> Session:
    """A session that sends a token."""
    return Session({"Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json"})


def from_environment(environ: Mapping[str, str]) -> GitHubConversation:
    """Read GITHUB_API_URL, GITHUB_GRAPHQL_URL, GITHUB_REPOSITORY and GITHUB_TOKEN, which Actions
    sets, and PULL_NUMBER and HEAD_SHA, the pull request's number and newest commit.
    """
    http = session(setting(environ, "GITHUB_TOKEN"))
    repository = GitHub(
        http,
        environ.get("GITHUB_API_URL", "https://api.github.com"),
        setting(environ, "GITHUB_REPOSITORY"),
        graphql=environ.get("GITHUB_GRAPHQL_URL", ""),
    )
    number, head = setting(environ, "PULL_NUMBER"), setting(environ, "HEAD_SHA")
    return GitHubConversation(repository, number, head)


class GitHub(Place):
    """A repository; the login of an App is `<its slug>[bot]`."""

    def __init__(
        self, http: Session, api: str, name: str, *, graphql: str = "", account: str = ""
    ) -> None:
        """Know a repository.

        Args:
            http: the session.
            api: where the REST API is.
            name: owner and name, with a slash between them.
            graphql: where the GraphQL API is, if not beside the other.
            account: who the bot is, where that is known.
        """
        super().__init__(http, api, name, account=account)
        # An Enterprise Server has them at /api/v3 and /api/graphql.
        self.graphql = graphql or f"{api.removesuffix('/v3')}/graphql"

    def pull_request(self, number: int) -> PullRequest:
        """One pull request."""
        return pull_request_of(self.http.get(f"{self.url}/pulls/{number}").json())

    def pull_requests(self, *, only_open: bool) -> Iterator[PullRequest]:
        """The open ones or all, that which changed last first."""
        state = "open" if only_open else "all"
        url = f"{self.url}/pulls?state={state}&sort=updated&direction=desc"
        yield from map(pull_request_of, self.http.pages(url))

    def conversation(self, pull_request: PullRequest) -> GitHubConversation:
        """What is said on a pull request."""
        return GitHubConversation(self, str(pull_request.number), pull_request.head)

    def difference(self, pull_request: PullRequest) -> str:
        """The unified diff of a pull request; GitHub has none of over 300 files."""
        headers = {"Accept": "application/vnd.github.diff"}
        try:
            return read_diff(self.http, f"{self.url}/pulls/{pull_request.number}", headers=headers)
        except requests.HTTPError as error:
            if error.response.status_code != requests.codes.not_acceptable:
                raise
            raise Trouble("GitHub shows no diff of so many files or lines") from None

    def files(self, commit: str, source: str = "") -> Iterator[Entry]:
        """The files of a commit; those of a fork's are in the repository too."""
        tree = self.http.get(f"{self.url}/git/trees/{commit}?recursive=1").json()
        if tree.get("truncated"):
            raise Trouble("the repository has more files than GitHub lists at once")
        for item in tree["tree"]:
            if item["type"] == "blob" and item["mode"] in REGULAR:
                yield Entry(item["path"], item["sha"], item.get("size"), item["mode"])

    def read(self, entry: Entry, limit: int) -> bytes | None:
        """The content of a file."""
        headers = {"Accept": "application/vnd.github.raw+json"}
        return read_limited(self.http, f"{self.url}/git/blobs/{entry.key}", limit, headers=headers)

    def tip(self, branch: str) -> str | None:
        """The newest commit of a branch."""
        answer = found(lambda: self.http.get(f"{self.url}/git/ref/heads/{quote(branch)}"))
        return answer["object"]["sha"] if answer else None

    def commit(self, branch: str, parent: str, message: str, texts: Texts) -> None:
        """Make a branch with one commit."""
        modes = {entry.path: entry.mode for entry in self.files(parent)}
        tree = [
            {"path": path, "mode": modes.get(path, "100644"), "type": "blob"}
            | ({"sha": None} if text is None else {"content": text})
            for path, text in texts.items()
        ]
        base = self.http.get(f"{self.url}/git/commits/{parent}").json()["tree"]["sha"]
        made = self.http.post(f"{self.url}/git/trees", json={"base_tree": base, "tree": tree})
        commit = {"message": message, "tree": made.json()["sha"], "parents": [parent]}
        new = self.http.post(f"{self.url}/git/commits", json=commit).json()["sha"]
        self.http.post(f"{self.url}/git/refs", json={"ref": f"refs/heads/{branch}", "sha": new})

    def delete_branch(self, branch: str) -> None:
        """Delete a branch."""
        self.http.delete(f"{self.url}/git/refs/heads/{quote(branch)}")

    def propose(self, branch: str, base: str, title: str, body: str) -> PullRequest:
        """Open a pull request."""
        asked = {"title": title, "head": branch, "base": base, "body": body}
        return pull_request_of(self.http.post(f"{self.url}/pulls", json=asked).json())

    def may_write(self, account: str) -> bool:
        """Whether somebody may push, as the permission says that a role comes to."""
        url = f"{self.url}/collaborators/{quote(account, safe='')}/permission"
        answer = found(lambda: self.http.get(url))
        return answer is not None and answer["permission"] in _MAY_WRITE


def pull_request_of(data: Mapping[str, Any]) -> PullRequest:
    """A pull request from its JSON, which is alike on Gitea."""
    closed = State.MERGED if data.get("merged_at") else State.CLOSED
    return PullRequest(
        number=data["number"],
        state=State.OPEN if data["state"] == "open" else closed,
        head=data["head"]["sha"],
        branch=data["head"]["ref"],
        base=data["base"]["ref"],
        author=(data["user"] or {}).get("login", ""),
        body=data["body"] or "",
        changed=data["updated_at"],
        url=data["html_url"],
    )


def text_of_status(data: Mapping[str, Any], name: str) -> str:
    """The text of a status from the JSON of all, which is alike on Gitea."""
    texts = (item["description"] for item in data["statuses"] or () if item["context"] == name)
    return next(texts, "") or ""


class GitHubConversation:
    """Posts comments on lines as review comments, and the summary in the conversation."""

    def __init__(self, repository: GitHub, number: str, head: str) -> None:
        """Know a pull request.

        Args:
            repository: where it is.
            number: its number.
            head: its newest commit.
        """
        self._http = repository.http
        self._repository = repository
        self._url = repository.url
        self._number = number
        self._head = head

    def comments(self) -> Iterator[Posted]:
        """The review comments, then those of the conversation."""
        comments = list(self._http.pages(f"{self._url}/pulls/{self._number}/comments"))
        settled = set(self._settled()) if comments else set()
        for comment in comments:
            # The line is null once the lines have changed. Then it differs from every payload's.
            place = {name: comment.get(name) for name in ("path", "line", "start_line")}
            yield self._posted("pulls", comment, place, settled=comment["id"] in settled)
        for comment in self._http.pages(f"{self._url}/issues/{self._number}/comments"):
            yield self._posted("issues", comment, None)

    def _posted(
        self,
        where: str,
        comment: Mapping[str, Any],
        place: Mapping[str, Any] | None,
        *,
        settled: bool = False,
    ) -> Posted:
        return Posted(
            f"{self._url}/{where}/comments/{comment['id']}",
            comment["body"] or "",
            place,
            settled=settled,
            number=f"{where}-{comment['id']}",
            author=(comment.get("user") or {}).get("login", ""),
            written=comment.get("created_at", ""),
        )

    def _settled(self) -> Iterator[int]:
        """The numbers of the comments whose threads are resolved."""
        owner, name = self._repository.name.split("/", 1)
        variables: dict[str, Any] = {"owner": owner, "name": name, "number": int(self._number)}
        after: str | None = None
        while True:
            answer = self._http.post(
                self._repository.graphql,
                json={"query": _THREADS, "variables": variables | {"after": after}},
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

    def create_together(self, comments: Sequence[Comment]) -> bool:
        """Post comments on lines as one review, of which people are told once.

        Returns:
            Whether they are there: for one wrong comment the whole review is refused.
        """
        review = {
            "commit_id": self._head,
            "event": "COMMENT",
            "comments": [comment["payload"] for comment in comments],
        }
        try:
            self._http.post(f"{self._url}/pulls/{self._number}/reviews", json=review)
        except requests.HTTPError as error:
            if error.response.status_code != requests.codes.unprocessable:
                raise
            return False
        return True

    def create(self, comment: Comment) -> None:
        """Post one comment."""
        payload: dict[str, Any] | None = comment.get("payload")
        if payload is None:
            self._http.post(
                f"{self._url}/issues/{self._number}/comments", json={"body": comment["body"]}
            )
        else:
            self._http.post(
                f"{self._url}/pulls/{self._number}/comments",
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
            f"{self._url}/statuses/{self._head}",
            json={"context": name, "description": text[:140], "state": state},
        )

    def status(self, name: str) -> str:
        """Its text; a page has all that are in use."""
        url = f"{self._url}/commits/{self._head}/status?per_page=100"
        return text_of_status(self._http.get(url).json(), name)

    def is_from_fork(self) -> bool:
        """By the repositories of both branches; one that is gone was another one."""
        pull_request = self._http.get(f"{self._url}/pulls/{self._number}").json()
        head = pull_request["head"]["repo"]
        return head is None or head["full_name"] != pull_request["base"]["repo"]["full_name"]
