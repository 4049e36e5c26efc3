"""What the bot needs of a forge, and how it talks over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

Comment = dict[str, Any]
"""As the service answers: `marker`, `body`, and for a comment on lines the `payload` that the
forge wants.
"""


@dataclass(frozen=True)
class Posted:
    """A comment that is on the pull request."""

    url: str
    """Where it can be changed and deleted."""
    body: str
    """Its text."""
    place: dict[str, Any] | None
    """The fields of a payload that say which lines it is on; None for a comment on no line."""


class Forge(Protocol):
    """One pull request on one forge."""

    platform: str
    """What the service calls the forge."""

    def comments(self) -> Iterator[Posted]:
        """Every comment of anybody's."""

    def create(self, comment: Comment) -> None:
        """Post a comment, on its lines if it has a payload."""

    def update(self, posted: Posted, body: str) -> None:
        """Give a comment another text."""

    def delete(self, posted: Posted) -> None:
        """Take a comment back."""


class Session(requests.Session):
    """Raises for what is no success, waits a minute at most, and tries again where that can't do
    a thing twice.
    """

    def __init__(self, headers: dict[str, str], *, pure: bool = False) -> None:
        """Make one; `pure` says that a POST changes nothing and may be repeated too."""
        super().__init__()
        self.headers.update(headers)
        again = Retry(
            total=4,
            backoff_factor=1,
            status_forcelist=(429, 502, 503, 504),
            allowed_methods=None if pure else Retry.DEFAULT_ALLOWED_METHODS,
            raise_on_status=False,
        )
        self.mount("https://", HTTPAdapter(max_retries=again))
        self.mount("http://", HTTPAdapter(max_retries=again))

    def request(self, *arguments: Any, **keywords: Any) -> requests.Response:
        """As in requests, but with a timeout."""
        answer = super().request(*arguments, **{"timeout": 60} | keywords)
        answer.raise_for_status()
        return answer

    def pages(self, url: str) -> Iterator[Any]:
        """The items of a list, over all its pages; GitHub, GitLab and Gitea link them alike."""
        following: str | None = f"{url}?per_page=100"
        while following:
            answer = self.get(following)
            yield from answer.json()
            following = answer.links.get("next", {}).get("url")
