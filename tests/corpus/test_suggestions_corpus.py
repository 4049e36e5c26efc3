"""Rewrites of real manifests as suggestions: applied as the platforms would, they give the rewrite.

Each changed file of the corpus is the subject of several pull requests.
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
from service.render.platforms import PLATFORMS
from service.render.pull_request import Asker, render_suggestions
from service.text import apply_edits
from tests.support.real_manifests import CORPUS, needs_corpus
from tests.unit.render.pull_requests import as_github, as_gitlab, block

pytestmark = needs_corpus
BY_NAME = {platform.name: platform for platform in PLATFORMS}
Lines = list[str]
ADDED_DOCUMENT = (
    "---\n",
    "apiVersion: v1\n",
    "kind: ConfigMap\n",
    "metadata:\n",
    "  name: added\n",
    "data: {}\n",
)


@cache
def changed_files() -> tuple[tuple[str, str, Report], ...]:
    """Path, text and report of each file that a rewrite changes.

    The single manifests of the corpus are rewritten one by one, its applications as a whole.
    """
    changed_files = []
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
        changed_files += [
            (file.path, report.sources[file.path].text, report)
            for file in report.rewrite.files
            if file.status is FileStatus.MODIFIED and "\r" not in report.sources[file.path].text
        ]
    return tuple(changed_files)


OldLines = Callable[[Report, str, Lines], Lines]
"""The lines of a file before a pull request, from the report, the path and the lines after it."""


def adds_the_file(_report: Report, _path: str, new: Lines) -> Lines:
    """The pull request adds the file."""
    return []


def changes_the_workloads(report: Report, path: str, new: Lines) -> Lines:
    """It changes one line in the middle of each workload that is rewritten."""
    assert report.rewrite is not None
    old = list(new)
    for change in report.rewrite.changes:
        if change.location.path == path:
            first, _, last, _ = report.position(change.location)
            old[(first + last) // 2 - 1] = "# as it was\n"
    return old


def adds_a_document(_report: Report, _path: str, new: Lines) -> Lines:
    """It adds a document at the end of the file."""
    return new[: -len(ADDED_DOCUMENT)]


def diff_of(path: str, old: Lines, new: Lines) -> str:
    """The diff of a file, as git writes it."""
    head = "/dev/null" if not old else f"a/{path}"
    lines = difflib.unified_diff(old, new, fromfile=head, tofile=f"b/{path}")
    return "".join(
        line if line.endswith("\n") else line + "\n\\ No newline at end of file\n" for line in lines
    )


def hunks(diff: str) -> Iterator[range]:
    """The lines of the new file that each hunk covers, as the hunk's header says."""
    for start, length in re.findall(r"^@@ -\S+ \+(\d+)(?:,(\d+))? @@", diff, re.MULTILINE):
        yield range(int(start), int(start) + int(length or 1))


def expected_text(report: Report, path: str, text: str, without: set[str]) -> str:
    """The file with every change but those with some ids."""
    assert report.rewrite is not None
    edits = edits_by_change(report)
    chosen = [
        edit
        for group in connected_changes(report.rewrite)
        if group[0].id not in without
        for edit in edits[group[0].id].get(path, ())
    ]
    return apply_edits(text, chosen, max(Stage))


def pull_requests(old_lines: OldLines) -> Iterator[tuple[Report, str, str, str]]:
    """Report, path, text and diff of a pull request for each changed file."""
    for path, text, original_report in changed_files():
        report = original_report
        new = (
            text.splitlines(keepends=True)
            if "\x0c" not in text and "\x85" not in text and "\u2028" not in text
            else text.split("\n")
        )
        if new and not new[-1].endswith("\n"):
            continue
        if old_lines is adds_a_document:
            new += ADDED_DOCUMENT
            texts = {name: source.text for name, source in report.sources.items() if name != path}
            texts[path] = "".join(new)
            report = run(
                [(name, source.encode()) for name, source in texts.items()],
                Options(),
                rewrite=True,
            )
        yield report, path, "".join(new), diff_of(path, old_lines(report, path, new), new)


def apply_with_git(text: str, patch: str, folder: Path, path: str) -> str:
    """A file after `git apply` of the part of a patch that is about it."""
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


every_pull_request = pytest.mark.parametrize(
    "old_lines", [adds_the_file, changes_the_workloads, adds_a_document]
)


def answers(name: str, old_lines: OldLines) -> Iterator[tuple[Report, str, str, dict[str, Any]]]:
    """Report, path, text and the service's answer for each pull request.

    Every comment has to lie in one hunk.
    """
    for report, path, text, diff in pull_requests(old_lines):
        answer = render_suggestions(report, parse_diff(diff), Asker(BY_NAME[name]))
        for comment in answer["comments"]:
            assert any(
                comment["first_line"] in hunk and comment["last_line"] in hunk
                for hunk in hunks(diff)
            ), path
        yield report, path, text, answer


def not_touched(answer: dict[str, Any]) -> set[str]:
    """The ids of the changes of workloads that the pull request doesn't touch."""
    return {item["change"] for item in answer["left_out"] if item["reason"] == "not-touched"}


@every_pull_request
@pytest.mark.parametrize(("name", "take"), [("github", as_github), ("gitlab", as_gitlab)])
def test_suggestions_and_patch_are_the_rewrite(
    name: str,
    take: Callable[[str, dict[str, Any]], str],
    old_lines: OldLines,
    tmp_path: Path,
) -> None:
    """All suggestions together, with the summary's patch for the others, give every change of the
    touched workloads, and no other.
    """
    commented = patched = with_others = 0
    for number, (report, path, text, answer) in enumerate(answers(name, old_lines)):
        got, patch = text, answer["summary"]["patch"]
        for comment in sorted(answer["comments"], key=lambda comment: -comment["first_line"]):
            got = take(got, comment["payload"])
        if path in patch:
            got = apply_with_git(got, patch, folder=tmp_path / str(number), path=path)
        assert got == expected_text(report, path, text=text, without=not_touched(answer)), path
        commented += len(answer["comments"])
        patched += patch != ""
        with_others += bool(not_touched(answer))
    counts: dict[OldLines, int] = {
        adds_the_file: commented,
        changes_the_workloads: patched,
        adds_a_document: with_others,
    }
    assert counts[old_lines] > 50


@every_pull_request
@pytest.mark.parametrize("name", ["gitea", "bitbucket"])
def test_each_diff_block_is_its_changes(name: str, old_lines: OldLines, tmp_path: Path) -> None:
    """On a platform without suggestions, git can apply each diff block by itself, and the summary's
    patch.
    """
    applied = 0
    for number, (report, path, text, answer) in enumerate(answers(name, old_lines)):
        assert report.rewrite is not None
        ids = {change.id for change in report.rewrite.changes}
        blocks = [
            (set(comment["changes"]), block(comment["body"], "diff")[1])
            for comment in answer["comments"]
        ]
        others = {item["change"] for item in answer["left_out"]} - not_touched(answer)
        patch = answer["summary"]["patch"]
        if path in patch:
            blocks.append((others, patch))
        for index, (changes, diff) in enumerate(blocks):
            got = apply_with_git(text, diff, folder=tmp_path / f"{number}.{index}", path=path)
            assert got == expected_text(report, path, text=text, without=ids - changes), path
        applied += len(blocks)
    assert applied > 50 or old_lines is adds_a_document
