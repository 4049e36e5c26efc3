"""A merge request on GitLab. The token is a project access token with the scope `api`, because
CI_JOB_TOKEN can't comment.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from clients.bot.forge import Comment, Posted, Session, setting


class GitLab:
    """Posts comments on lines as discussions, and the summary as a note."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        """Read CI_API_V4_URL, CI_PROJECT_ID, CI_MERGE_REQUEST_IID and the newest commit, which
        GitLab CI sets, and GITLAB_TOKEN.
        """
        self._http = Session({"PRIVATE-TOKEN": setting(environ, "GITLAB_TOKEN")})
        api = setting(environ, "CI_API_V4_URL")
        self._project = f"{api}/projects/{setting(environ, 'CI_PROJECT_ID')}"
        number = setting(environ, "CI_MERGE_REQUEST_IID")
        self._request = f"{self._project}/merge_requests/{number}"
        self._head = setting(environ, "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA", "CI_COMMIT_SHA")

    def comments(self) -> Iterator[Posted]:
        """The notes; those of discussions are among them."""
        for note in self._http.pages(f"{self._request}/notes"):
            position = note.get("position")
            place = (
                {name: position.get(name) for name in ("new_path", "new_line")}
                if position
                else None
            )
            url = f"{self._request}/notes/{note['id']}"
            yield Posted(url, note["body"], place, settled=bool(note.get("resolved")))

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
        """An external status of the commit; its text has at most 255 characters."""
        state = "success" if passed else "failed"
        self._http.post(
            f"{self._project}/statuses/{self._head}",
            json={"name": name, "description": text[:255], "state": state},
        )

    def is_from_fork(self) -> bool:
        """By the projects of both branches."""
        request = self._http.get(self._request).json()
        return bool(request["source_project_id"] != request["target_project_id"])
