"""A merge request on GitLab. The token is a project's access token with the scope `api`:
CI_JOB_TOKEN can't comment.
"""

from __future__ import annotations

from collections.abc import Iterator

from forge import Comment, Posted, Session


class GitLab:
    """Comments on lines are discussions, the summary is a note."""

    platform = "gitlab"

    def __init__(self, environ: dict[str, str]) -> None:
        """Take CI_API_V4_URL, CI_PROJECT_ID and CI_MERGE_REQUEST_IID as GitLab CI has them, and
        GITLAB_TOKEN.
        """
        self._http = Session({"PRIVATE-TOKEN": environ["GITLAB_TOKEN"]})
        api, project, number = (
            environ[name] for name in ("CI_API_V4_URL", "CI_PROJECT_ID", "CI_MERGE_REQUEST_IID")
        )
        self._request = f"{api}/projects/{project}/merge_requests/{number}"

    def comments(self) -> Iterator[Posted]:
        """Notes of discussions are among the notes."""
        for each in self._http.pages(f"{self._request}/notes"):
            position = each.get("position")
            place = (
                {name: position.get(name) for name in ("new_path", "new_line")}
                if position
                else None
            )
            yield Posted(f"{self._request}/notes/{each['id']}", each["body"], place)

    def create(self, comment: Comment) -> None:
        """A position needs the three commits of the newest diff."""
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
        """Its text only."""
        self._http.put(posted.url, json={"body": body})

    def delete(self, posted: Posted) -> None:
        """A discussion goes with its last note."""
        self._http.delete(posted.url)
