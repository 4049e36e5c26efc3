"""What a webhook is about, in the words of each forge."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from clients.bot.hosted.webhooks import ALL, Event, is_authentic, read_event

GITHUB = {"repository": {"full_name": "team/shop"}}
GITLAB = {"project": {"path_with_namespace": "team/sub/shop"}}
COMMAND = "/podsplit next"


def github(name, **body):
    return read_event("github", {"x-github-event": name}, GITHUB | body)


def gitlab(**body):
    return read_event("gitlab", {}, GITLAB | body)


def bitbucket(name, **body):
    return read_event("bitbucket", {"x-event-key": name}, GITHUB | body)


@pytest.mark.parametrize(
    ("event", "number"),
    [
        (github("pull_request", action="opened", pull_request={"number": 7}), 7),
        (github("pull_request", action="labeled", pull_request={"number": 7}), None),
        (github("push", ref="refs/heads/main"), ALL),
        (github("push", ref="refs/heads/main", deleted=True), None),
        (github("push", ref="refs/tags/v1"), None),
        (github("ping", zen="x"), None),
        (
            github(
                "issue_comment",
                action="created",
                comment={"body": COMMAND},
                issue={"number": 7, "pull_request": {}},
            ),
            None,
        ),
        (
            github(
                "issue_comment",
                action="created",
                comment={"body": COMMAND},
                issue={"number": 7, "pull_request": {"url": "x"}},
            ),
            7,
        ),
        (
            github(
                "issue_comment",
                action="edited",
                comment={"body": COMMAND},
                issue={"number": 7, "pull_request": {"url": "x"}},
            ),
            None,
        ),
        (bitbucket("pullrequest:created", pullrequest={"id": 7}), 7),
        (bitbucket("pullrequest:approved", pullrequest={"id": 7}), None),
        (bitbucket("repo:push"), ALL),
        (
            bitbucket(
                "pullrequest:comment_created",
                pullrequest={"id": 7},
                comment={"content": {"raw": COMMAND}},
            ),
            7,
        ),
        (
            bitbucket(
                "pullrequest:comment_created",
                pullrequest={"id": 7},
                comment={"content": {"raw": "nice"}},
            ),
            None,
        ),
    ],
)
def test_what_a_webhook_is_about(event, number):
    """A pull request that has changed, a command on one, a branch; nothing else."""
    assert event == (None if number is None else Event("team/shop", number))


@pytest.mark.parametrize(
    ("body", "number"),
    [
        ({"object_kind": "merge_request", "object_attributes": {"iid": 7, "action": "open"}}, 7),
        (
            {"object_kind": "merge_request", "object_attributes": {"iid": 7, "action": "update"}},
            None,
        ),
        (
            {
                "object_kind": "merge_request",
                "object_attributes": {"iid": 7, "action": "update", "oldrev": "x"},
            },
            7,
        ),
        ({"object_kind": "push", "checkout_sha": "x"}, ALL),
        ({"object_kind": "push", "checkout_sha": None}, None),
        ({"object_kind": "pipeline"}, None),
        (
            {
                "object_kind": "note",
                "object_attributes": {"noteable_type": "MergeRequest", "note": COMMAND},
                "merge_request": {"iid": 7},
            },
            7,
        ),
        (
            {
                "object_kind": "note",
                "object_attributes": {"noteable_type": "Issue", "note": COMMAND},
                "issue": {"iid": 7},
            },
            None,
        ),
    ],
)
def test_what_gitlab_says(body, number):
    """An update counts if it is a push."""
    expected = None if number is None else Event("team/sub/shop", number)
    assert gitlab(**body) == expected


def signed(body=b"x", secret="secret"):
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


@pytest.mark.parametrize(
    ("kind", "headers", "expected"),
    [
        ("github", {"x-hub-signature-256": f"sha256={signed()}"}, True),
        ("github", {"x-hub-signature": f"sha1={signed()}"}, False),
        ("gitea", {"x-gitea-signature": signed()}, True),
        ("gitea", {"x-forgejo-signature": signed()}, True),
        ("bitbucket", {"x-hub-signature": f"sha256={signed()}"}, True),
        ("gitlab", {"x-gitlab-token": "secret"}, True),
        ("gitlab", {"x-gitlab-token": "secrets"}, False),
        ("gitlab", {}, False),
        ("github", {}, False),
        ("github", {"x-hub-signature-256": f"sha256={signed(b'y')}"}, False),
        ("github", {"x-hub-signature-256": "sha256=\u00fc\udcff"}, False),
    ],
)
def test_who_sends_a_webhook(kind, headers, expected):
    """Whoever knows the secret, and has signed just this body."""
    assert is_authentic(kind, headers, b"x", "secret") is expected
