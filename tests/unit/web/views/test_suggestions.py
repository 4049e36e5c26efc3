"""POST /v1/suggestions."""

from __future__ import annotations

import io

import pytest

from service.render.platforms import PLATFORMS
from service.web.schemas.answers import SuggestionsSchema
from tests.unit.web.samples import POD

LINES = POD.decode().splitlines()
DIFF = f"--- /dev/null\n+++ b/web.yaml\n@@ -0,0 +1,{len(LINES)} @@\n" + "".join(
    f"+{line}\n" for line in LINES
)
FILES = [{"path": "web.yaml", "content": POD.decode()}]


@pytest.mark.parametrize("platform", PLATFORMS, ids=lambda platform: platform.name)
def test_suggestions_for_every_platform(client, platform):
    """A comment for the added Pod, in the declared shape."""
    answer = client.post(
        f"/v1/suggestions?platform={platform.name}", json={"files": FILES, "diff": DIFF}
    )

    assert answer.status_code == 200
    assert SuggestionsSchema().validate(answer.json) == {}
    assert [comment["path"] for comment in answer.json["comments"]] == ["web.yaml"]


def test_a_form_says_the_same(client):
    """The diff may be a field or a file."""
    by_json = client.post(
        "/v1/suggestions?platform=github", json={"files": FILES, "diff": DIFF}
    ).json
    url = "/v1/suggestions?platform=github"
    for diff in (DIFF, (io.BytesIO(DIFF.encode()), "pr.diff")):
        data = {"file": (io.BytesIO(POD), "web.yaml"), "diff": diff}
        assert client.post(url, data=data).json == by_json


@pytest.mark.parametrize(
    "body", [{"files": FILES}, {"files": FILES, "diff": None}, {"files": FILES, "diff": [DIFF]}]
)
def test_without_a_diff_there_is_nothing_to_suggest_on(client, body):
    """422 that says how to send one."""
    answer = client.post("/v1/suggestions?platform=github", json=body)

    assert (answer.status_code, answer.json["code"]) == (422, "invalid-envelope")
    assert "unified diff is required" in answer.json["detail"]


def test_a_diff_that_is_damaged(client):
    """400 with a code of its own."""
    answer = client.post(
        "/v1/suggestions?platform=github",
        json={"files": FILES, "diff": "--- a/x\n+++ b/x\n@@ -1,3 +1,3 @@\n a\n"},
    )

    assert (answer.status_code, answer.json["code"]) == (400, "diff-unreadable")


def test_a_platform_is_needed(client):
    """The error names all of them."""
    answer = client.post("/v1/suggestions", json={"files": FILES, "diff": DIFF})

    assert answer.status_code == 422
    assert all(platform.name in answer.json["detail"] for platform in PLATFORMS)
