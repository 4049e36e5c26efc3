"""What a forge says by a webhook: whether it is the forge, and which pull request it is about."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from clients.bot.hosted.commands import is_command

Headers = Mapping[str, str]
Json = Mapping[str, Any]

ALL = 0
"""The number that stands for all pull requests of a repository that the bot has opened."""


@dataclass(frozen=True)
class Event:
    """Something that happened to a pull request."""

    repository: str
    """Its full name."""
    number: int
    """The pull request; `ALL` where a branch has changed."""


def is_authentic(kind: str, headers: Headers, body: bytes, secret: str) -> bool:
    """Whether a webhook comes from whom the secret was told.

    GitHub, Gitea, Forgejo and Bitbucket sign the body (HMAC-SHA256); GitLab sends the secret.

    Args:
        kind: the forge's.
        headers: of the request, by their names in lower case.
        body: as it came.
        secret: what was told to the forge.
    """
    if kind == "gitlab":
        return hmac.compare_digest(
            headers.get("x-gitlab-token", "").encode("utf-8", "replace"), secret.encode()
        )
    name = {"github": "x-hub-signature-256", "gitea": "x-gitea-signature"}
    given = headers.get(name.get(kind, "x-hub-signature"), "")
    if kind == "gitea" and not given:
        given = headers.get("x-forgejo-signature", "")
    expected = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(
        given.removeprefix("sha256=").encode("utf-8", "replace"), expected.encode()
    )


def read_event(kind: str, headers: Headers, body: Json) -> Event | None:
    """What a webhook is about; None if it is nothing to the bot: a comment without a command, a
    label, a branch that is gone.

    Args:
        kind: the forge's.
        headers: likewise.
        body: its JSON.

    Raises:
        KeyError, TypeError, AttributeError: it isn't what such a forge sends.
    """
    return _READERS[kind](headers, body)


def _github(headers: Headers, body: Json) -> Event | None:
    """docs.github.com, "Webhook events and payloads"; Gitea and Forgejo send the same."""
    name = headers.get("x-github-event") or headers.get("x-gitea-event", "")
    repository = body.get("repository", {}).get("full_name", "")
    match name:
        case "pull_request" | "pull_request_sync":
            # Gitea says `synchronized`.
            wanted = ("opened", "reopened", "synchronize", "synchronized", "closed", "edited")
            is_wanted = body["action"] in wanted
            return Event(repository, body["pull_request"]["number"]) if is_wanted else None
        case "issue_comment":
            is_wanted = body["action"] == "created" and is_command(body["comment"]["body"])
            is_pull = bool(body["issue"].get("pull_request")) or body.get("is_pull", False)
            return Event(repository, body["issue"]["number"]) if is_wanted and is_pull else None
        case "push":
            is_branch = body["ref"].startswith("refs/heads/") and not body.get("deleted")
            return Event(repository, ALL) if is_branch else None
    return None


def _gitlab(_headers: Headers, body: Json) -> Event | None:
    """docs.gitlab.com, "Webhook events"."""
    repository = body.get("project", {}).get("path_with_namespace", "")
    match body.get("object_kind"):
        case "merge_request":
            what = body["object_attributes"]
            is_push = what.get("action") == "update" and "oldrev" in what
            is_wanted = is_push or what.get("action") in ("open", "reopen", "merge", "close")
            return Event(repository, what["iid"]) if is_wanted else None
        case "note":
            is_wanted = (
                body["object_attributes"]["noteable_type"] == "MergeRequest"
                and body["object_attributes"].get("action", "create") == "create"
                and is_command(body["object_attributes"]["note"])
            )
            return Event(repository, body["merge_request"]["iid"]) if is_wanted else None
        case "push":
            return Event(repository, ALL) if body.get("checkout_sha") else None
    return None


def _bitbucket(headers: Headers, body: Json) -> Event | None:
    """support.atlassian.com, "Event payloads"."""
    name = headers.get("x-event-key", "")
    repository = body.get("repository", {}).get("full_name", "")
    if name == "repo:push":
        return Event(repository, ALL)
    if name == "pullrequest:comment_created" and not is_command(body["comment"]["content"]["raw"]):
        return None
    known = ("created", "updated", "fulfilled", "rejected", "comment_created")
    is_wanted = name in {f"pullrequest:{what}" for what in known}
    return Event(repository, body["pullrequest"]["id"]) if is_wanted else None


_READERS: Mapping[str, Callable[[Headers, Json], Event | None]] = {
    "github": _github,
    "gitea": _github,
    "gitlab": _gitlab,
    "bitbucket": _bitbucket,
}
