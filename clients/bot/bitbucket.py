"""Repositories and pull requests on Bitbucket Cloud. The token is a repository access token that
may write pull requests.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import requests

from clients.bot.forge import (
    MOST_PAGES,
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
    same_host,
    setting,
    too_long,
)

_DEPTH = 20
"""Folders within folders that are looked into."""
_STATES = {"OPEN": State.OPEN, "MERGED": State.MERGED}
_MAY_WRITE = ("admin", "write")
_NO_FILES = frozenset({"link", "subrepository"})
"""What an entry of a commit may be besides a file."""


def session(token: str) -> Session:
    """A session that sends a token. A diff is at another address, which Bitbucket leads to; other
    hosts don't get the token, as requests sends no Authorization there.
    """
    http = Session({"Authorization": f"Bearer {token}"})
    http.max_redirects = 1
    return http


def from_environment(environ: Mapping[str, str]) -> BitbucketConversation:
    """Read BITBUCKET_WORKSPACE, BITBUCKET_REPO_SLUG, BITBUCKET_PR_ID and BITBUCKET_COMMIT, which
    Pipelines sets, and BITBUCKET_TOKEN.
    """
    http = session(setting(environ, "BITBUCKET_TOKEN"))
    workspace = setting(environ, "BITBUCKET_WORKSPACE")
    slug = setting(environ, "BITBUCKET_REPO_SLUG")
    api = environ.get("BITBUCKET_API_URL", "https://api.bitbucket.org/2.0")
    repository = Bitbucket(http, api, f"{workspace}/{slug}")
    number, head = setting(environ, "BITBUCKET_PR_ID"), setting(environ, "BITBUCKET_COMMIT")
    return BitbucketConversation(repository, number, head)


class Bitbucket(Place):
    """A repository, by its workspace and slug. Accounts are the UUIDs of users."""

    hidden = ("[//]: # (", ")")
    account_field = "uuid"

    def path_of(self, name: str) -> str:
        """Where a repository is."""
        return f"repositories/{name}"

    def pull_request(self, number: int) -> PullRequest:
        """One pull request."""
        return _pull_request(self.http.get(f"{self.url}/pullrequests/{number}").json())

    def pull_requests(self, *, only_open: bool) -> Iterator[PullRequest]:
        """The open ones or all, that which changed last first."""
        wanted = ("OPEN",) if only_open else ("OPEN", "MERGED", "DECLINED")
        states = "&".join(f"state={state}" for state in wanted)
        url = f"{self.url}/pullrequests?{states}&sort=-updated_on&pagelen=50"
        yield from map(_pull_request, pages(self.http, url))

    def conversation(self, pull_request: PullRequest) -> BitbucketConversation:
        """What is said on a pull request."""
        return BitbucketConversation(self, str(pull_request.number), pull_request.head)

    def difference(self, pull_request: PullRequest) -> str:
        """The unified diff of a pull request."""
        return read_diff(self.http, f"{self.url}/pullrequests/{pull_request.number}/diff")

    def files(self, commit: str, source: str = "") -> Iterator[Entry]:
        """The files of a commit, of a fork in the fork."""
        where = f"{self.api}/repositories/{source}" if source else self.url
        url = f"{where}/src/{commit}/?max_depth={_DEPTH}&pagelen=100"
        for item in pages(self.http, url):
            if item["type"] == "commit_file" and _NO_FILES.isdisjoint(item["attributes"]):
                key = f"{where}/src/{item['commit']['hash']}/{quote(item['path'])}"
                yield Entry(item["path"], key, item.get("size"))

    def read(self, entry: Entry, limit: int) -> bytes | None:
        """The content of a file, which is known by its address."""
        return read_limited(self.http, entry.key, limit)

    def tip(self, branch: str) -> str | None:
        """The newest commit of a branch."""
        answer = found(lambda: self.http.get(f"{self.url}/refs/branches/{quote(branch)}"))
        return answer["target"]["hash"] if answer else None

    def commit(self, branch: str, parent: str, message: str, texts: Texts) -> None:
        """Make a branch with one commit. What is named and has no content goes."""
        fields = [("branch", branch), ("parents", parent), ("message", message)]
        fields += [("files", path) for path, text in texts.items() if text is None]
        parts = [(name, (None, value)) for name, value in fields]
        parts += [(f"/{path}", (None, text)) for path, text in texts.items() if text is not None]
        self.http.post(f"{self.url}/src", files=parts)

    def delete_branch(self, branch: str) -> None:
        """Delete a branch."""
        self.http.delete(f"{self.url}/refs/branches/{quote(branch)}")

    def propose(self, branch: str, base: str, title: str, body: str) -> PullRequest:
        """Open a pull request."""
        asked = {
            "title": title,
            "description": body,
            "source": {"branch": {"name": branch}},
            "destination": {"branch": {"name": base}},
            "close_source_branch": True,
        }
        return _pull_request(self.http.post(f"{self.url}/pullrequests", json=asked).json())

    def may_write(self, account: str) -> bool:
        """Whether somebody may push, by what all groups together give them."""
        workspace, slug = self.name.split("/", 1)
        query = quote(f'user.uuid="{account}"')
        url = f"{self.api}/workspaces/{workspace}/permissions/repositories/{slug}?q={query}"
        granted = pages(self.http, url)
        return any(
            item["user"]["uuid"] == account and item["permission"] in _MAY_WRITE for item in granted
        )


def pages(http: requests.Session, url: str) -> Iterator[dict[str, Any]]:
    """The items of a list, over all its pages."""
    next_url: str | None = url
    for _ in range(MOST_PAGES):
        if next_url is None:
            return
        page = http.get(next_url).json()
        yield from page["values"]
        next_url = same_host(url, page.get("next"))
    raise too_long(url)


def _pull_request(data: Mapping[str, Any]) -> PullRequest:
    source = data["source"]["repository"]
    return PullRequest(
        number=data["id"],
        state=_STATES.get(data["state"], State.CLOSED),
        # Of a fork that is gone there is neither.
        head=(data["source"].get("commit") or {}).get("hash", ""),
        branch=(data["source"].get("branch") or {}).get("name", ""),
        base=data["destination"]["branch"]["name"],
        author=(data["author"] or {}).get("uuid", ""),
        body=(data.get("summary") or {}).get("raw") or "",
        changed=data["updated_on"],
        url=data["links"]["html"]["href"],
        source=source["full_name"] if source else "",
    )


class BitbucketConversation:
    """Posts comments on lines as inline comments, and the summary as a general one."""

    def __init__(self, repository: Bitbucket, number: str, head: str) -> None:
        """Know a pull request.

        Args:
            repository: where it is.
            number: its number.
            head: its newest commit.
        """
        self._http = repository.http
        self._repository = repository.url
        self._pull = f"{self._repository}/pullrequests/{number}"
        self._page = f"https://bitbucket.org/{repository.name}/pull-requests/{number}"
        self._head = head

    def comments(self) -> Iterator[Posted]:
        """All comments that aren't deleted, which are listed all the same."""
        for comment in pages(self._http, f"{self._pull}/comments?pagelen=100"):
            if comment.get("deleted"):
                continue
            inline = comment.get("inline")
            yield Posted(
                f"{self._pull}/comments/{comment['id']}",
                comment["content"]["raw"],
                {"path": inline["path"], "to": inline.get("to")} if inline else None,
                settled=bool(comment.get("resolution")),
                number=str(comment["id"]),
                author=(comment.get("user") or {}).get("uuid", ""),
                written=comment.get("created_on", ""),
            )

    def create_together(self, comments: Sequence[Comment]) -> bool:
        """Not here: each is a comment."""
        return False

    def create(self, comment: Comment) -> None:
        """Post a comment."""
        payload: dict[str, Any] = comment.get("payload") or {"content": {"raw": comment["body"]}}
        self._http.post(f"{self._pull}/comments", json=payload)

    def update(self, posted: Posted, body: str) -> None:
        """Change the text of a comment."""
        self._http.put(posted.url, json={"content": {"raw": body}})

    def delete(self, posted: Posted) -> None:
        """Delete a comment."""
        self._http.delete(posted.url)

    def set_status(self, name: str, text: str, *, passed: bool) -> None:
        """A build status of the commit, which must lead somewhere: to the pull request."""
        self._http.post(
            f"{self._repository}/commit/{self._head}/statuses/build",
            json={
                "key": name[:40],
                "name": name,
                "description": text[:255],
                "state": "SUCCESSFUL" if passed else "FAILED",
                "url": self._page,
            },
        )

    def status(self, name: str) -> str:
        """Its text."""
        url = f"{self._repository}/commit/{self._head}/statuses/build/{quote(name[:40], safe='')}"
        said = found(lambda: self._http.get(url))
        return (said["description"] or "") if said else ""

    def is_from_fork(self) -> bool:
        """By the repositories of both branches; one that is gone was another one."""
        pull_request = self._http.get(self._pull).json()
        source = pull_request["source"]["repository"]
        if source is None:
            return True
        return bool(source["full_name"] != pull_request["destination"]["repository"]["full_name"])
