"""A merge request on GitLab. The token is a project access token with the scope `api`, because
CI_JOB_TOKEN can't comment.
"""

from __future__ import annotations

from collections.abc import Iterator

from forge import Comment, Posted, Session


class GitLab:
    """Posts comments on lines as discussions, and the summary as a note."""

    platform = "gitlab"

    def __init__(self, environ: dict[str, str]) -> None:
        """Read CI_API_V4_URL, CI_PROJECT_ID and CI_MERGE_REQUEST_IID, which GitLab CI sets, and
        GITLAB_TOKEN.
        """
        self._http = Session({"PRIVATE-TOKEN": environ["GITLAB_TOKEN"]})
        api, project, number = (
            environ[name] for name in ("CI_API_V4_URL", "CI_PROJECT_ID", "CI_MERGE_REQUEST_IID")
        )
        self._request = f"{api}/projects/{project}/merge_requests/{number}"

    def comments(self) -> Iterator[Posted]:
        """The notes; those of discussions are among them."""
        for note in self._http.pages(f"{self._request}/notes"):
            position = note.get("position")
            place = (
                {name: position.get(name) for name in ("new_path", "new_line")}
                if position
                else None
            )
            yield Posted(f"{self._request}/notes/{note['id']}", note["body"], place)

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
