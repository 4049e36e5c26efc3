"""Asks the service what to say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import requests

from clients.bot.forge import Session, setting
from clients.bot.trouble import Trouble

_HINTS = {
    401: "set PODSPLIT_TOKEN to one of its tokens",
    404: "PODSPLIT_URL must lead to the service itself",
    413: "name the folders to look at with --paths",
}


def ask(
    environ: Mapping[str, str],
    *,
    platform: str,
    bot: str,
    files: list[dict[str, str]],
    diff: str,
) -> dict[str, Any]:
    """The service's answer: `comments` and a `summary`, ready to post.

    Args:
        environ: PODSPLIT_URL is the service, PODSPLIT_TOKEN its token if it needs one.
        platform: the forge, by the service's name for it.
        bot: a name that is in the markers; empty for none.
        files: path and content of each.
        diff: the pull request's.

    Raises:
        Trouble: there is no answer.
    """
    url = setting(environ, "PODSPLIT_URL").rstrip("/")
    token = environ.get("PODSPLIT_TOKEN")
    http = Session({"Authorization": f"Bearer {token}"} if token else {}, retry_post=True)
    query = {"platform": platform} | ({"bot": bot} if bot else {})
    try:
        answer = http.post(
            f"{url}/v1/suggestions", params=query, json={"files": files, "diff": diff}, timeout=120
        )
        found: dict[str, Any] = answer.json()
    except requests.HTTPError as error:
        raise Trouble(f"Podsplit at {url} {_said(error.response)}") from None
    except (requests.RequestException, ValueError) as error:
        raise Trouble(f"Podsplit at {url} can't be reached ({type(error).__name__})") from None
    return found


def _said(response: requests.Response) -> str:
    """What the service said, which quotes nothing that was sent, and what to do."""
    try:
        detail = str(response.json()["detail"])
    except (ValueError, KeyError, TypeError):
        detail = response.reason
    hint = _HINTS.get(response.status_code)
    return f"answers {response.status_code}: {detail}" + (f"; {hint}" if hint else "")
