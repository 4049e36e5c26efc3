"""Asks the service what to say, and what a rewrite would be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import requests

from clients.bot.forge import Session, setting
from clients.bot.trouble import Refused, Trouble, Unreachable
from clients.tokens import token_of

File = dict[str, str]
"""A file as the service takes it: `path` and `content`."""

_HINTS = {
    401: "set PODSPLIT_TOKEN to one of its tokens",
    404: "PODSPLIT_URL must lead to the service itself",
    413: "name the folders to look at with --paths",
}


_FOR_GOOD = (400, 413, 415, 422)
"""Statuses that another try doesn't change."""


class Service:
    """The service, by its address and a token if it needs one."""

    def __init__(self, url: str, token: Callable[[], str] = str) -> None:
        """Know the service.

        Args:
            url: its address.
            token: returns its token, each time that it is asked, as it may be renewed; empty for
                none.
        """
        self._url = url.rstrip("/")
        self._token = token
        self._http = Session({}, retry_post=True)

    def suggestions(self, platform: str, bot: str, files: list[File], diff: str) -> dict[str, Any]:
        """What to say on a pull request: `comments` and a `summary`, ready to post.

        Args:
            platform: the forge, by the service's name for it.
            bot: a name that is in the markers; empty for none.
            files: those of the head.
            diff: the pull request's.

        Raises:
            Refused: it can't say anything of that.
            Unreachable: there is no answer.
        """
        query = {"platform": platform} | ({"bot": bot} if bot else {})
        return self._ask("suggestions", {"files": files, "diff": diff}, query)

    def rewrite(self, files: list[File], only: list[str] | None = None) -> dict[str, Any]:
        """The rewrite of a set, with all its stages.

        Args:
            files: the set.
            only: the workloads that may be changed, each as `path:name`; None for all.

        Raises:
            Refused: it can't say anything of that.
            Unreachable: there is no answer.
        """
        options = {"only": only} if only is not None else {}
        return self._ask("rewrite", {"files": files, "options": options}, {})

    def _ask(self, route: str, body: Mapping[str, Any], query: dict[str, str]) -> dict[str, Any]:
        try:
            token = self._token()
            answer = self._http.post(
                f"{self._url}/v1/{route}",
                params=query,
                json=body,
                timeout=120,
                headers={"Authorization": f"Bearer {token}"} if token else {},
            )
            found: dict[str, Any] = answer.json()
        except requests.HTTPError as error:
            said = _said(error.response)
            hint = _HINTS.get(error.response.status_code)
            message = f"Podsplit at {self._url} {said}" + (f"; {hint}" if hint else "")
            if error.response.status_code in _FOR_GOOD:
                raise Refused(message, f"Podsplit {said}") from None
            raise Unreachable(message) from None
        except (requests.RequestException, ValueError, OSError) as error:
            kind = type(error).__name__
            raise Unreachable(f"Podsplit at {self._url} can't be reached ({kind})") from None
        return found


def from_environment(environ: Mapping[str, str]) -> Service:
    """PODSPLIT_URL is the service, PODSPLIT_TOKEN or PODSPLIT_TOKEN_FILE its token if it needs
    one.

    Raises:
        Trouble: there is no address, or the file can't be read.
    """
    url = setting(environ, "PODSPLIT_URL")
    try:
        token_of(environ)
    except OSError as error:
        raise Trouble(f"PODSPLIT_TOKEN_FILE can't be read: {error.strerror}") from None
    return Service(url, lambda: token_of(environ))


def _said(response: requests.Response) -> str:
    """What the service said, which quotes nothing that was sent."""
    try:
        detail = str(response.json()["detail"])
    except (ValueError, KeyError, TypeError):
        detail = response.reason
    return f"answers {response.status_code}: {detail}"
