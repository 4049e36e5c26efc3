"""Posts Podsplit's suggestions on a pull request: `python podsplit_bot.py github origin/main`, in a
checkout of the pull request's head.

The service decides what to say; the bot makes the pull request say that. Each comment starts with a
marker that stays the same from run to run. So a second run posts nothing twice, and deletes what no
longer applies. PODSPLIT_URL is the service, PODSPLIT_TOKEN its token if it needs one. The other
variables are in github.py and gitlab.py.
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
FORBIDDEN = (401, 403)


def git(*words: str) -> str:
    """The output of a git command."""
    return subprocess.run(["git", *words], check=True, capture_output=True).stdout.decode(
        "utf-8", "replace"
    )


def manifests() -> list[dict[str, str]]:
    """All files of the checkout that may be manifests, with path and content.

    The service needs all of them: what it says of a Pod depends on what refers to the Pod.
    """
    files = []
    for entry in git("ls-files", "--stage", "-z", "--", *MANIFESTS).split("\0")[:-1]:
        mode, path = entry.split(" ", 1)[0], entry.split("\t", 1)[1]
        if mode.startswith("100"):  # a regular file, no link or submodule
            try:
                files.append({"path": path, "content": Path(path).read_bytes().decode()})
            except UnicodeDecodeError:
                print(f"left out, because it is not UTF-8: {path!r}", file=sys.stderr)
    return files


def ask(platform: str, base: str) -> dict[str, Any]:
    """The service's answer: `comments` and a `summary`, ready to post."""
    # The diff that forges show: since the branch left its base, with three lines of context,
    # whatever git's configuration says.
    options = ("--no-color", "--no-ext-diff", "--unified=3", "--src-prefix=a/", "--dst-prefix=b/")
    diff = git("diff", *options, f"{base}...HEAD", "--", *MANIFESTS)
    token = os.environ.get("PODSPLIT_TOKEN")
    http = Session({"Authorization": f"Bearer {token}"} if token else {}, retry_post=True)
    url = f"{os.environ['PODSPLIT_URL'].rstrip('/')}/v1/suggestions"
    answer: dict[str, Any] = http.post(
        url, params={"platform": platform}, json={"files": manifests(), "diff": diff}
    ).json()
    return answer


def reconcile(forge: Forge, answer: dict[str, Any]) -> list[str]:
    """Create, update and delete comments until the pull request says what the answer says.

    Returns:
        A sentence for each comment that the forge refused.
    """
    posted: dict[str, list[Posted]] = {}
    for comment in forge.comments():
        if marker := MARKER.match(comment.body):
            posted.setdefault(marker[0], []).append(comment)
    wanted: list[Comment] = list(answer["comments"])
    summary = answer["summary"]
    # A summary that says nothing is posted only where one is already.
    if wanted or summary["patch"] or summary["marker"] in posted:
        wanted.append({"marker": summary["marker"], "body": summary["body"]})
    refused = []
    for new in wanted:
        candidates = posted.get(new["marker"], [])
        same = next((candidate for candidate in candidates if is_in_place(candidate, new)), None)
        try:
            if same is None:
                forge.create(new)
                continue
            candidates.remove(same)
            if normalize(same.body) != normalize(new["body"]):
                forge.update(same, new["body"])
        except requests.HTTPError as error:
            if error.response.status_code in FORBIDDEN:
                raise
            refused.append(f"{new.get('path', 'summary')}: {error}")
    for candidates in posted.values():
        for stale in candidates:
            forge.delete(stale)
    return refused


def is_in_place(posted: Posted, comment: Comment) -> bool:
    """Whether a posted comment is on the lines that it should be on."""
    payload = comment.get("payload")
    if payload is None or posted.place is None:
        return payload is None and posted.place is None
    fields = payload.get("position", payload)
    return all(fields.get(name) == value for name, value in posted.place.items())


def normalize(body: str) -> str:
    """A text without what forges change in it: line endings and blanks at the ends."""
    return body.replace("\r\n", "\n").strip()


def main(platform: str, base: str) -> int:
    """The exit code: 0, or 1 if a comment was refused."""
    answer = ask(platform, base)
    try:
        refused = reconcile(FORGES[platform](dict(os.environ)), answer)
    except requests.HTTPError as error:
        if error.response.status_code not in FORBIDDEN:
            raise
        print(
            f"the token may not comment, as on a fork ({error}); these are the comments:",
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
