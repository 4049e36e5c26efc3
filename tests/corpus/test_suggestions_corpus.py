"""Every rewrite of a real manifest as suggestions: applied as the platform would, they are the
rewrite.
"""

from __future__ import annotations

import difflib
import re
import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from service.findings import FileStatus, Report, Stage
from service.options import Options
from service.pipeline import run
from service.render.diff_parser import parse_diff
from service.render.fixes import connected_changes, edits_by_change
from service.render.platforms import PLATFORMS, render_suggestions
from service.text import apply_edits
from tests.support.real import CORPUS, needs_corpus
from tests.unit.render.pull_requests import as_github, as_gitlab, block

pytestmark = needs_corpus
BY_NAME = {platform.name: platform for platform in PLATFORMS}
Lines = list[str]


@cache
def reports() -> tuple[tuple[str, str, Report], ...]:
    """The files that are changed, one by one, and the folders of whole sets."""
    found = []
    sets = [[path] for path in sorted((CORPUS / "pods").glob("*.yaml"))]
    sets += [
        sorted(folder.rglob("*.yaml"))
        for folder in sorted((CORPUS / "whole_sets").iterdir())
        if folder.is_dir()
    ]
    for paths in sets:
        report = run(
            [(f"app/{path.name}", path.read_bytes()) for path in paths], Options(), rewrite=True
        )
        assert report.rewrite is not None
        found += [
            (file.path, report.sources[file.path].text, report)
            for file in report.rewrite.files
            if file.status is FileStatus.MODIFIED and "\r" not in report.sources[file.path].text
        ]
    return tuple(found)


def adds(_report: Report, _path: str, new: Lines) -> Lines:
    """The pull request adds the file."""
    return []


def touches_the_workload(report: Report, path: str, new: Lines) -> Lines:
    """It changes one line in the middle of each workload that is rewritten."""
    assert report.rewrite is not None
    old = list(new)
    for change in report.rewrite.changes:
        if change.location.path == path:
            first, _, last, _ = report.position(change.location)
            old[(first + last) // 2 - 1] = "# as it was\n"
    return old


def touches_elsewhere(_report: Report, _path: str, new: Lines) -> Lines:
    """It adds a document behind all others."""
    return new[:-6]


def diff_of(path: str, old: Lines, new: Lines) -> str:
    head = "/dev/null" if not old else f"a/{path}"
    lines = difflib.unified_diff(old, new, head, f"b/{path}")
    return "".join(
        line if line.endswith("\n") else line + "\n\\ No newline at end of file\n" for line in lines
    )


def hunks(diff: str) -> Iterator[range]:
    """The new file's lines of each hunk, as the diff's heads say."""
    for start, length in re.findall(r"^@@ -\S+ \+(\d+)(?:,(\d+))? @@", diff, re.MULTILINE):
        yield range(int(start), int(start) + int(length or 1))


def expected(report: Report, path: str, text: str, left_alone: set[str]) -> str:
    """The file with every change but some."""
    assert report.rewrite is not None
    edits = edits_by_change(report)
    chosen = [
        edit
        for group in connected_changes(report.rewrite)
        if group[0].id not in left_alone
        for edit in edits[group[0].id].get(path, ())
    ]
    return apply_edits(text, chosen, max(Stage))


def cases(before: Callable[[Report, str, Lines], Lines]) -> Iterator[tuple[Report, str, str, str]]:
    """Report, path, text and diff of each pull request."""
    for path, text, report in reports():
        new = (
            text.splitlines(keepends=True)
            if "\x0c" not in text and "\x85" not in text and "\u2028" not in text
            else text.split("\n")
        )
        if new and not new[-1].endswith("\n"):
            continue
        body = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: added\ndata: {}\n".splitlines(
            keepends=True
        )
        if before is touches_elsewhere:
            raw = "".join(new) + "---\n" + "".join(body)
            sources = [
                (name, source.text.encode())
                for name, source in report.sources.items()
                if name != path
            ]
            grown = run([*sources, (path, raw.encode())], Options(), rewrite=True)
            yield (
                grown,
                path,
                raw,
                diff_of(
                    path,
                    before(grown, path, raw.splitlines(keepends=True)),
                    raw.splitlines(keepends=True),
                ),
            )
        else:
            yield report, path, text, diff_of(path, before(report, path, new), new)


def as_git(text: str, patch: str, folder: Path, path: str) -> str:
    """A file with a patch's part for it applied."""
    (folder / path).parent.mkdir(exist_ok=True, parents=True)
    (folder / path).write_bytes(text.encode())
    subprocess.run(
        ["git", "apply", "--include", path, "-"],
        cwd=folder,
        input=patch.encode(),
        check=True,
        capture_output=True,
    )
    return (folder / path).read_bytes().decode()


DIFFS = [adds, touches_the_workload, touches_elsewhere]


def asked(
    name: str, before: Callable[[Report, str, Lines], Lines]
) -> Iterator[tuple[Report, str, str, dict[str, Any]]]:
    """Report, path, text and the service's answer for each pull request; every comment lies in
    one hunk.
    """
    for report, path, text, diff in cases(before):
        answer = render_suggestions(report, parse_diff(diff), BY_NAME[name])
        for comment in answer["comments"]:
            assert any(
                comment["first_line"] in hunk and comment["last_line"] in hunk
                for hunk in hunks(diff)
            ), path
        yield report, path, text, answer


def left_alone(answer: dict[str, Any]) -> set[str]:
    """The changes that are not this pull request's business."""
    return {item["change"] for item in answer["left_out"] if item["reason"] == "not-touched"}


@pytest.mark.parametrize("before", DIFFS)
@pytest.mark.parametrize(("name", "taken"), [("github", as_github), ("gitlab", as_gitlab)])
def test_suggestions_and_patch_are_the_rewrite(name, taken, before, tmp_path):
    """Taken all, with the summary's patch for the others, they give every change of the touched
    workloads, and no other.
    """
    commented = patched = alone = 0
    for number, (report, path, text, answer) in enumerate(asked(name, before)):
        got, patch = text, answer["summary"]["patch"]
        for comment in sorted(answer["comments"], key=lambda comment: -comment["first_line"]):
            got = taken(got, comment["payload"])
        if path in patch:
            got = as_git(got, patch, tmp_path / str(number), path)
        assert got == expected(report, path, text, left_alone(answer)), path
        commented += len(answer["comments"])
        patched += patch != ""
        alone += bool(left_alone(answer))
    counts = {adds: commented, touches_the_workload: patched, touches_elsewhere: alone}
    assert counts[before] > 50


@pytest.mark.parametrize("before", DIFFS)
@pytest.mark.parametrize("name", ["gitea", "bitbucket"])
def test_each_diff_block_is_its_changes(name, before, tmp_path):
    """Where the platform has no suggestions: each block by itself, and the summary's patch, are
    what git takes.
    """
    applied = 0
    for number, (report, path, text, answer) in enumerate(asked(name, before)):
        assert report.rewrite is not None
        ids = {change.id for change in report.rewrite.changes}
        blocks = [
            (set(comment["changes"]), block(comment["body"], "diff")[1])
            for comment in answer["comments"]
        ]
        others = {item["change"] for item in answer["left_out"]} - left_alone(answer)
        blocks += (
            [(others, answer["summary"]["patch"])] if path in answer["summary"]["patch"] else []
        )
        for place, (changes, diff) in enumerate(blocks):
            got = as_git(text, diff, tmp_path / f"{number}.{place}", path)
            assert got == expected(report, path, text, ids - changes), path
        applied += len(blocks)
    assert applied > 50 or before is touches_elsewhere
