"""What the bot needs of a forge, and how it talks over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

Comment = dict[str, Any]
"""A comment of the service's answer: `marker`, `body`, and for a comment on lines the `payload` for
the forge.
"""


@dataclass(frozen=True)
class Posted:
    """A comment that is on the pull request."""

    url: str
    """The URL by which it is changed and deleted."""
    body: str
    """Its text."""
    place: dict[str, Any] | None
    """The fields of a payload that say which lines it is on; None if it is on no line."""


class Forge(Protocol):
    """One pull request on one forge."""

    platform: str
    """The service's name for the forge."""

    def comments(self) -> Iterator[Posted]:
        """All comments, other people's too."""

    def create(self, comment: Comment) -> None:
        """Post a comment, on its lines if it has a payload."""

    def update(self, posted: Posted, body: str) -> None:
        """Change the text of a comment."""

    def delete(self, posted: Posted) -> None:
        """Delete a comment."""


class Session(requests.Session):
    """A session that raises for error statuses, times out after a minute, and retries requests that
    can be repeated.
    """

    def __init__(self, headers: dict[str, str], *, retry_post: bool = False) -> None:
        """Make a session.

        Args:
            headers: to send with every request.
            retry_post: whether a POST changes nothing, so that it can be repeated.
        """
        super().__init__()
        self.headers.update(headers)
        retries = Retry(
            total=4,
            backoff_factor=1,
            status_forcelist=(429, 502, 503, 504),
            allowed_methods=None if retry_post else Retry.DEFAULT_ALLOWED_METHODS,
            raise_on_status=False,
        )
        self.mount("https://", HTTPAdapter(max_retries=retries))
        self.mount("http://", HTTPAdapter(max_retries=retries))

    def request(self, *arguments: Any, **keywords: Any) -> requests.Response:
        """Send a request, with a timeout; raise for an error status."""
        answer = super().request(*arguments, **{"timeout": 60} | keywords)
        answer.raise_for_status()
        return answer

    def pages(self, url: str) -> Iterator[Any]:
        """The items of a list, over all its pages.

        GitHub, GitLab and Gitea link the next page in the same way.
        """
        next_url: str | None = f"{url}?per_page=100"
        while next_url:
            answer = self.get(next_url)
            yield from answer.json()
            next_url = answer.links.get("next", {}).get("url")
