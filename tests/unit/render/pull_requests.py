"""Pull requests made by hand, and what platforms make of suggestions."""

from __future__ import annotations

import difflib
import re

from service.options import Options
from service.pipeline import run
from service.render.diff_parser import parse_diff
from service.render.platforms import PLATFORMS
from service.render.pull_request import Asker, render_suggestions

BY_NAME = {platform.name: platform for platform in PLATFORMS}
POD = (
    "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n  labels: {app: web}\nspec:\n "
    " containers:\n    - name: web\n      image: nginx\n"
)
CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: other\ndata:\n  a: b\n"


def pull_request(old: dict[str, str], new: dict[str, str], context: int = 3) -> str:
    """A diff as git writes it."""
    parts = []
    for path, text in new.items():
        before = old.get(path, "")
        lines = difflib.unified_diff(
            before.splitlines(keepends=True),
            text.splitlines(keepends=True),
            f"a/{path}" if before else "/dev/null",
            f"b/{path}",
            n=context,
        )
        parts += [
            line if line.endswith("\n") else line + "\n\\ No newline at end of file\n"
            for line in lines
        ]
    return "".join(parts)


def ask(new: dict[str, str], diff: str, platform: str = "github", **options):
    report = run(
        [(path, text.encode()) for path, text in new.items()], Options(**options), rewrite=True
    )
    return render_suggestions(report, parse_diff(diff), Asker(BY_NAME[platform])), report


def block(body: str, word: str) -> tuple[str, str]:
    """The word behind a fence and what is fenced, as Markdown reads it."""
    match = re.search(rf"^(`{{3,}})({word}[^\n]*)\n(.*?)^\1$", body, re.MULTILINE | re.DOTALL)
    assert match is not None
    return match[2], match[3]


def as_github(text: str, payload: dict) -> str:
    """What GitHub makes of the file when somebody presses the button."""
    lines = text.splitlines(keepends=True)
    _, content = block(payload["body"], "suggestion")
    first = payload.get("start_line", payload["line"])
    assert payload.get("start_line", 0) < payload["line"]
    return "".join(lines[: first - 1]) + content + "".join(lines[payload["line"] :])


def as_gitlab(text: str, payload: dict) -> str:
    """Likewise GitLab."""
    lines = text.splitlines(keepends=True)
    head, content = block(payload["body"], "suggestion")
    above, below = (
        int(number) for number in re.fullmatch(r"suggestion:-(\d+)\+(\d+)", head).groups()
    )
    assert above <= 100
    assert below <= 100
    line = payload["position"]["new_line"]
    return "".join(lines[: line - 1 - above]) + content + "".join(lines[line + below :])
