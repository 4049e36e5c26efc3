"""Projects and merge requests on GitLab. The token is a project or group access token with the
scope `api`, because CI_JOB_TOKEN can't comment.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

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

_DEVELOPER = 30
"""The least access level that may push to branches (docs.gitlab.com, "Roles and permissions")."""
_STATES = {"opened": State.OPEN, "locked": State.OPEN, "merged": State.MERGED}


def session(token: str) -> Session:
    """A session that sends a token."""
    return Session({"PRIVATE-TOKEN": token})


def from_environment(environ: Mapping[str, str]) -> GitLabConversation:
    """Read CI_API_V4_URL, CI_PROJECT_ID, CI_MERGE_REQUEST_IID and the newest commit, which GitLab
    CI sets, and GITLAB_TOKEN.
    """
    http = session(setting(environ, "GITLAB_TOKEN"))
    api = setting(environ, "CI_API_V4_URL")
    repository = GitLab(http, api, setting(environ, "CI_PROJECT_ID"))
    number = setting(environ, "CI_MERGE_REQUEST_IID")
    head = setting(environ, "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA", "CI_COMMIT_SHA")
    branch = environ.get("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME", "")
    return GitLabConversation(repository, number, head, branch)


class GitLab(Place):
    """A project, by its path with its groups or by its number; the API is at an address such as
    https://gitlab.example.com/api/v4. Accounts are the numbers of users.
    """

    sign = "!"
    account_field = "id"

    def path_of(self, name: str) -> str:
        """Where a project is: a path has no slashes there."""
        return f"projects/{quote(name, safe='')}"

    def pull_request(self, number: int) -> PullRequest:
        """One merge request."""
        return _pull_request(self.http.get(f"{self.url}/merge_requests/{number}").json())

    def pull_requests(self, *, only_open: bool) -> Iterator[PullRequest]:
        """The open ones or all, that which changed last first."""
        state = "opened" if only_open else "all"
        url = f"{self.url}/merge_requests?state={state}&order_by=updated_at&sort=desc"
        yield from map(_pull_request, self.http.pages(url))

    def conversation(self, pull_request: PullRequest) -> GitLabConversation:
        """What is said on a merge request."""
        return GitLabConversation(
            self, str(pull_request.number), pull_request.head, pull_request.branch
        )

    def difference(self, pull_request: PullRequest) -> str:
        """The unified diff of a merge request."""
        url = f"{self.url}/merge_requests/{pull_request.number}/raw_diffs"
        return read_diff(self.http, url)

    def files(self, commit: str, source: str = "") -> Iterator[Entry]:
        """The files of a commit; those of a fork's are in the project too."""
        url = f"{self.url}/repository/tree?recursive=true&ref={commit}"
        for item in self.http.pages(url):
            if item["type"] == "blob" and item["mode"] in REGULAR:
                yield Entry(item["path"], item["id"], None, item["mode"])

    def read(self, entry: Entry, limit: int) -> bytes | None:
        """The content of a file."""
        return read_limited(self.http, f"{self.url}/repository/blobs/{entry.key}/raw", limit)

    def tip(self, branch: str) -> str | None:
        """The newest commit of a branch."""
        url = f"{self.url}/repository/branches/{quote(branch, safe='')}"
        answer = found(lambda: self.http.get(url))
        return answer["commit"]["id"] if answer else None

    def commit(self, branch: str, parent: str, message: str, texts: Texts) -> None:
        """Make a branch with one commit."""
        known = {entry.path for entry in self.files(parent)}
        actions = [_action(path, text, is_known=path in known) for path, text in texts.items()]
        self.http.post(
            f"{self.url}/repository/commits",
            json={
                "branch": branch,
                "start_sha": parent,
                "commit_message": message,
                "actions": actions,
            },
        )

    def delete_branch(self, branch: str) -> None:
        """Delete a branch."""
        self.http.delete(f"{self.url}/repository/branches/{quote(branch, safe='')}")

    def propose(self, branch: str, base: str, title: str, body: str) -> PullRequest:
        """Open a merge request."""
        asked = {
            "source_branch": branch,
            "target_branch": base,
            "title": title,
            "description": body,
            "remove_source_branch": True,
        }
        return _pull_request(self.http.post(f"{self.url}/merge_requests", json=asked).json())

    def may_write(self, account: str) -> bool:
        """Whether somebody is a developer at least, by their own membership or a group's."""
        answer = found(lambda: self.http.get(f"{self.url}/members/all/{quote(account, safe='')}"))
        return answer is not None and answer["access_level"] >= _DEVELOPER


def _action(path: str, text: str | None, *, is_known: bool) -> dict[str, str]:
    """A file of a commit, as the API takes it."""
    if text is None:
        return {"action": "delete", "file_path": path}
    return {"action": "update" if is_known else "create", "file_path": path, "content": text}


def _pull_request(data: Mapping[str, Any]) -> PullRequest:
    return PullRequest(
        number=data["iid"],
        state=_STATES.get(data["state"], State.CLOSED),
        head=data["sha"] or "",
        branch=data["source_branch"],
        base=data["target_branch"],
        author=str((data["author"] or {}).get("id", "")),
        body=data["description"] or "",
        changed=data["updated_at"],
        url=data["web_url"],
    )


class GitLabConversation:
    """Posts comments on lines as discussions, and the summary as a note."""

    def __init__(self, repository: GitLab, number: str, head: str, branch: str = "") -> None:
        """Know a merge request.

        Args:
            repository: where it is.
            number: its number.
            head: its newest commit.
            branch: its branch, where that is known.
        """
        self._branch = branch
        self._http = repository.http
        self._project = repository.url
        self._request = f"{self._project}/merge_requests/{number}"
        self._head = head

    def comments(self) -> Iterator[Posted]:
        """The notes; those of discussions are among them."""
        for note in self._http.pages(f"{self._request}/notes?sort=asc&order_by=created_at"):
            position = note.get("position")
            place = (
                {name: position.get(name) for name in ("new_path", "new_line")}
                if position
                else None
            )
            yield Posted(
                f"{self._request}/notes/{note['id']}",
                note["body"],
                place,
                settled=bool(note.get("resolved")),
                number=str(note["id"]),
                author=str((note.get("author") or {}).get("id", "")),
                written=note.get("created_at", ""),
            )

    def create_together(self, comments: Sequence[Comment]) -> bool:
        """Not here: each is a discussion."""
        return False

    def create(self, comment: Comment) -> None:
        """Post a comment; a position needs the three commits of the newest diff."""
        if "payload" not in comment:
            self._http.post(f"{self._request}/notes", json={"body": comment["body"]})
            return
        commits = self._http.get(self._request).json()["diff_refs"]
        payload = comment["payload"]
        self._http.post(
            f"{self._request}/discussions",
            json=payload | {"position": payload["position"] | commits},
        )

    def update(self, posted: Posted, body: str) -> None:
        """Change the text of a note."""
        self._http.put(posted.url, json={"body": body})

    def delete(self, posted: Posted) -> None:
        """Delete a note; a discussion is deleted with its last note."""
        self._http.delete(posted.url)

    def set_status(self, name: str, text: str, *, passed: bool) -> None:
        """An external status of the commit; its text has at most 255 characters. Without the branch
        GitLab takes the first that has the commit; that of a fork it doesn't find.
        """
        state = "success" if passed else "failed"
        said = {"name": name, "description": text[:255], "state": state}
        if self._branch:
            said["ref"] = self._branch
        self._http.post(f"{self._project}/statuses/{self._head}", json=said)

    def status(self, name: str) -> str:
        """Its text."""
        url = f"{self._project}/repository/commits/{self._head}/statuses"
        said = self._http.get(f"{url}?name={quote(name, safe='')}").json()
        return (said[0]["description"] or "") if said else ""

    def is_from_fork(self) -> bool:
        """By the projects of both branches."""
        request = self._http.get(self._request).json()
        return bool(request["source_project_id"] != request["target_project_id"])
