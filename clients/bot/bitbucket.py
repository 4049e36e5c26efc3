"""A pull request on Bitbucket Cloud. The token is a repository access token that may write pull
requests.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from clients.bot.forge import Comment, Posted, Session, same_host, setting

_MOST_PAGES = 200


class Bitbucket:
    """Posts comments on lines as inline comments, and the summary as a general one."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        """Read BITBUCKET_WORKSPACE, BITBUCKET_REPO_SLUG, BITBUCKET_PR_ID and BITBUCKET_COMMIT,
        which Pipelines sets, and BITBUCKET_TOKEN.
        """
        token = setting(environ, "BITBUCKET_TOKEN")
        self._http = Session({"Authorization": f"Bearer {token}"})
        api = environ.get("BITBUCKET_API_URL", "https://api.bitbucket.org/2.0")
        workspace = setting(environ, "BITBUCKET_WORKSPACE")
        slug = setting(environ, "BITBUCKET_REPO_SLUG")
        self._repository = f"{api}/repositories/{workspace}/{slug}"
        self._number = setting(environ, "BITBUCKET_PR_ID")
        self._pull = f"{self._repository}/pullrequests/{self._number}"
        self._page = f"https://bitbucket.org/{workspace}/{slug}/pull-requests/{self._number}"
        self._head = setting(environ, "BITBUCKET_COMMIT")

    def comments(self) -> Iterator[Posted]:
        """All comments that aren't deleted, which are listed all the same."""
        url: str | None = f"{self._pull}/comments?pagelen=100"
        for _ in range(_MOST_PAGES):
            if url is None:
                return
            page = self._http.get(url).json()
            for comment in page["values"]:
                if comment.get("deleted"):
                    continue
                inline = comment.get("inline")
                yield Posted(
                    f"{self._pull}/comments/{comment['id']}",
                    comment["content"]["raw"],
                    {"path": inline["path"], "to": inline.get("to")} if inline else None,
                    settled=bool(comment.get("resolution")),
                )
            url = same_host(self._pull, page.get("next"))

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

    def is_from_fork(self) -> bool:
        """By the repositories of both branches; one that is gone was another one."""
        pull_request = self._http.get(self._pull).json()
        source = pull_request["source"]["repository"]
        if source is None:
            return True
        return bool(source["full_name"] != pull_request["destination"]["repository"]["full_name"])
