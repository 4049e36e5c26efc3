"""Suggestions over HTTP, as a bot asks for them."""

from __future__ import annotations

import requests

from tests.conftest import Server

POD = (
    "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n  labels: {app: web}\nspec:\n "
    " containers:\n    - name: web\n      image: nginx\n"
)
DIFF = f"--- /dev/null\n+++ b/app/web.yaml\n@@ -0,0 +1,{POD.count(chr(10))} @@\n" + "".join(
    f"+{line}\n" for line in POD.splitlines()
)


def test_an_envelope_and_a_form_say_the_same(server: Server) -> None:
    """JSON with `diff` beside `files` gives the same answer as a form with a part `diff`."""
    url = server.url + "/v1/suggestions?platform=github"
    envelope = requests.post(
        url, json={"files": [{"path": "app/web.yaml", "content": POD}], "diff": DIFF}, timeout=30
    )
    form = requests.post(
        url, files={"file": ("app/web.yaml", POD), "diff": ("pr.diff", DIFF)}, timeout=30
    )

    assert envelope.status_code == form.status_code == 200
    assert envelope.json() == form.json()
    (comment,) = envelope.json()["comments"]
    assert comment["payload"]["path"] == "app/web.yaml"
    assert "```suggestion\n" in comment["body"]


def test_what_is_missing_is_named(server: Server) -> None:
    """The error names the missing platform or diff, and a diff that can't be read has a code."""
    no_platform = requests.post(
        server.url + "/v1/suggestions", json={"files": [], "diff": ""}, timeout=30
    )
    no_diff = requests.post(
        server.url + "/v1/suggestions?platform=gitlab", json={"files": []}, timeout=30
    )
    damaged = requests.post(
        server.url + "/v1/suggestions?platform=gitlab",
        json={"files": [], "diff": "--- a/x\n+++ b/x\n@@ -1,3 +1,3 @@\n a\n"},
        timeout=30,
    )

    assert no_platform.json()["errors"][0] == {
        "field": "platform",
        "message": "is required; use one of: github, gitlab, gitea, bitbucket",
    }
    assert no_diff.json()["errors"][0]["field"] == "diff"
    assert (damaged.status_code, damaged.json()["code"]) == (400, "diff-unreadable")
