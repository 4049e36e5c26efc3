"""Posts Podsplit's suggestions on a pull request: `python podsplit_bot.py github origin/main`, in a
checkout of the pull request's head.

The service decides what to say; this brings what is posted in line with it. Each comment starts
with a marker that stays the same from run to run, so a second run posts nothing twice, and what no
longer holds is deleted. PODSPLIT_URL names the service, PODSPLIT_TOKEN its token if it wants one;
the forge's adapter says what it needs besides.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests
from forge import Comment, Forge, Posted, Session
from github import GitHub
from gitlab import GitLab

FORGES: dict[str, Callable[[dict[str, str]], Forge]] = {"github": GitHub, "gitlab": GitLab}
MANIFESTS = ("*.yaml", "*.yml", "*.json")
MARKER = re.compile(r"<!-- podsplit:[a-z]+:[0-9a-f]+ -->")
REFUSED = (401, 403)


def git(*words: str) -> str:
    """What git prints."""
    return subprocess.run(["git", *words], check=True, capture_output=True).stdout.decode(
        "utf-8", "replace"
    )


def manifests() -> list[dict[str, str]]:
    """The files of the checkout that may be manifests: all of them, as what a Pod is depends on
    what points at it.
    """
    found = []
    for entry in git("ls-files", "--stage", "-z", "--", *MANIFESTS).split("\0")[:-1]:
        mode, path = entry.split(" ", 1)[0], entry.split("\t", 1)[1]
        if mode.startswith("100"):  # no links, no submodules
            try:
                found.append({"path": path, "content": Path(path).read_bytes().decode()})
            except UnicodeDecodeError:
                print(f"left out, not UTF-8: {path}", file=sys.stderr)
    return found


def ask(platform: str, base: str) -> dict[str, Any]:
    """The service's answer: `comments` and a `summary`, each ready to post."""
    # As forges show it: against where the branch left its base, three lines of context, whatever
    # git's configuration says.
    form = ("--no-color", "--no-ext-diff", "--unified=3", "--src-prefix=a/", "--dst-prefix=b/")
    diff = git("diff", *form, f"{base}...HEAD", "--", *MANIFESTS)
    token = os.environ.get("PODSPLIT_TOKEN")
    http = Session({"Authorization": f"Bearer {token}"} if token else {}, pure=True)
    url = f"{os.environ['PODSPLIT_URL'].rstrip('/')}/v1/suggestions"
    answer: dict[str, Any] = http.post(
        url, params={"platform": platform}, json={"files": manifests(), "diff": diff}
    ).json()
    return answer


def reconcile(forge: Forge, answer: dict[str, Any]) -> list[str]:
    """Create, update and delete until the pull request says what the answer says; what the forge
    refused comes back.
    """
    posted: dict[str, list[Posted]] = {}
    for each in forge.comments():
        if marker := MARKER.match(each.body):
            posted.setdefault(marker[0], []).append(each)
    wanted: list[Comment] = list(answer["comments"])
    summary = answer["summary"]
    if (
        wanted or summary["patch"] or summary["marker"] in posted
    ):  # else there is nothing to say, and nobody wants to read it
        wanted.append({"marker": summary["marker"], "body": summary["body"]})
    refused = []
    for comment in wanted:
        there = posted.get(comment["marker"], [])
        same = next((each for each in there if stands(each, comment)), None)
        try:
            if same is None:
                forge.create(comment)
                continue
            there.remove(same)
            if text(same.body) != text(comment["body"]):
                forge.update(same, comment["body"])
        except requests.HTTPError as error:
            if error.response.status_code in REFUSED:
                raise
            refused.append(f"{comment.get('path', 'summary')}: {error}")
    for stale in (each for several in posted.values() for each in several):
        forge.delete(stale)
    return refused


def stands(posted: Posted, comment: Comment) -> bool:
    """Whether a comment is on the lines that it should be on."""
    payload = comment.get("payload")
    if payload is None or posted.place is None:
        return payload is None and posted.place is None
    fields = payload.get("position", payload)
    return all(fields.get(name) == value for name, value in posted.place.items())


def text(body: str) -> str:
    """A text without what forges change in it."""
    return body.replace("\r\n", "\n").strip()


def main(platform: str, base: str) -> int:
    """0, or 1 where a comment was refused."""
    answer = ask(platform, base)
    try:
        refused = reconcile(FORGES[platform](dict(os.environ)), answer)
    except requests.HTTPError as error:
        if error.response.status_code not in REFUSED:
            raise
        print(
            f"the token may not comment, as on a fork; this would have been said ({error}):",
            file=sys.stderr,
        )
        print(
            answer["summary"]["body"],
            *(comment["body"] for comment in answer["comments"]),
            sep="\n",
        )
        return 0
    print(*refused, sep="\n", end="\n" if refused else "", file=sys.stderr)
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
