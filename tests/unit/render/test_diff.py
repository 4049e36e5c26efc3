"""Unified diffs, with `git apply` as the judge."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

import pytest

from service.findings import FileResult, FileStatus, Report, Rewrite
from service.render.diff import render_diff
from service.text import Edit, SourceFile, Span
from tests.unit.render.reports import POD, place, rewritten


def applied(folder: Path, report: Report) -> dict[str, str]:
    """What `git apply` makes of the sources, by path."""
    for path, source in report.sources.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(source.text.encode())
    command = ["git", "apply", "--allow-empty", "-"]
    answer = subprocess.run(
        command, cwd=folder, input=render_diff(report).encode(), capture_output=True, check=False
    )
    assert answer.returncode == 0, answer.stderr.decode() + render_diff(report)
    return {
        str(path.relative_to(folder)): path.read_bytes().decode()
        for path in folder.rglob("*")
        if path.is_file()
    }


def expected(report: Report) -> dict[str, str]:
    assert report.rewrite is not None
    return {
        item.path: item.content
        for item in report.rewrite.files
        if item.status is not FileStatus.DELETED
    }


def test_a_changed_line(tmp_path):
    """One hunk with three lines of context, which git takes."""
    report = rewritten(
        {"web.yaml": POD}, {"web.yaml": [Edit(place(POD, "Pod").span, "Deployment")]}
    )

    assert (
        render_diff(report)
        == "diff --git a/web.yaml b/web.yaml\n--- a/web.yaml\n+++ b/web.yaml\n@@ -1,6 +1,6 @@\n # a"
        " comment\n apiVersion: v1\n-kind: Pod\n+kind: Deployment\n metadata:\n   name: web\n"
        " spec:\n"
    )
    assert applied(tmp_path, report) == expected(report)


def test_nothing_changed(tmp_path):
    """The diff is empty."""
    report = rewritten({"web.yaml": POD}, {})

    assert render_diff(report) == ""
    assert applied(tmp_path, report) == expected(report)


@pytest.mark.parametrize(
    ("text", "edit"),
    [
        ("a: 1\nb: 2", Edit(Span(8, 9), "3")),
        ("a: 1\nb: 2", Edit(Span(9, 9), "\nc: 3\n")),
        ("a: 1\nb: 2\n", Edit(Span(10, 10), "c: 3")),
        ("a: 1\nb: 2\n", Edit(Span(9, 10), "")),
        ("a: 1\r\nb: 2\r\n", Edit(Span(3, 4), "5")),
        ("a: 1\r\nb: 2\r\n", Edit(Span(12, 12), "---\r\nc: 3\r\n")),
        ("\ufeffa: 1\nb: 2\n", Edit(Span(4, 5), "5")),
        ("a: 1\nb: 2\n", Edit(Span(0, 10), "")),
        ("a: 1\nb: 2\n", Edit(Span(0, 0), "# first\n")),
        ("a: \u2028x\x85\nb: 2\n", Edit(Span(9, 10), "3")),
        ("a: \x0cx\nb: 2\n", Edit(Span(9, 10), "3")),
    ],
)
def test_ends_of_files_and_of_lines(tmp_path, text, edit):
    """Missing final newlines, CRLF, a byte order mark and odd line separators survive `git
    apply`.
    """
    report = rewritten({"web.yaml": text}, {"web.yaml": [edit]})

    assert applied(tmp_path, report) == expected(report)


@pytest.mark.parametrize(
    "path", ["a b.yaml", "dir/sub dir/w.yaml", 'quo"te.yaml', "grün/wéb.yaml", "tab\there.yaml"]
)
def test_odd_paths(tmp_path, path):
    """Blanks, quotes and other letters in a path are written as git reads them, in changed files
    and in added ones.
    """
    report = rewritten(
        {path: POD}, {path: [Edit(place(POD, "Pod").span, "Job")]}, {path + "2": "a: 1\n"}
    )

    assert applied(tmp_path, report) == expected(report)


def test_added_files(tmp_path):
    """A new file, one without a final newline, and an empty one are made."""
    report = rewritten(
        {"web.yaml": POD}, {}, {"new/api.yaml": "a: 1\nb: 2\n", "x.yaml": "a: 1", "empty.yaml": ""}
    )

    assert applied(tmp_path, report) == expected(report)


def test_deleted_files(tmp_path):
    """A deleted file is gone."""
    report = rewritten({"web.yaml": POD, "old.yaml": "a: 1\n"}, {})
    assert report.rewrite is not None
    files = (report.rewrite.files[0], FileResult("old.yaml", "", FileStatus.DELETED))
    gone = Report(report.sources, (), (), (), (), 2, Rewrite(files, (), (), (), (), ()))

    assert applied(tmp_path, gone) == {"web.yaml": POD}


def test_a_text_that_no_edits_explain(tmp_path):
    """The diff is made from the texts where the edits lead elsewhere."""
    new = POD.replace("nginx", "httpd").replace("kind: Pod", "kind: Job")
    rewrite = Rewrite((FileResult("web.yaml", new, FileStatus.MODIFIED),), (), (), (), (), ())
    report = Report({"web.yaml": SourceFile("web.yaml", POD)}, (), (), (), (), 1, rewrite)

    assert render_diff(report).count("\n@@") == 1
    assert applied(tmp_path, report) == {"web.yaml": new}


def test_distant_changes_are_hunks_of_their_own(tmp_path):
    """Two changes far apart make two hunks, and what lies between is not in the diff."""
    text = "".join(f"k{number}: {number}\n" for number in range(100))
    edits = [Edit(place(text, "k10").span, "K10"), Edit(place(text, "k90").span, "K90\nk90b")]
    report = rewritten({"web.yaml": text}, {"web.yaml": edits})

    assert render_diff(report).count("\n@@") == 2
    assert "k50" not in render_diff(report)
    assert applied(tmp_path, report) == expected(report)


@pytest.mark.parametrize(("number", "is_compared"), [(1000, True), (1001, False)])
def test_the_longest_region_that_is_compared(tmp_path, number, is_compared):
    """Up to 2,000 old and new lines, those that stay are context; above, all are replaced."""
    old = [f"k{line}: {line}\n" for line in range(number)]
    new = [
        f"n{text}" if line % 2 == 0 or line == number - 1 else text for line, text in enumerate(old)
    ]
    text = "".join(old)
    report = rewritten({"w.yaml": text}, {"w.yaml": [Edit(Span(0, len(text)), "".join(new))]})

    assert ("\n k1: 1\n" in render_diff(report)) is is_compared
    assert applied(tmp_path, report) == expected(report)


def test_random_edits(tmp_path):
    """Whatever is edited, applying the diff gives the rewritten text."""
    chance = random.Random(7)
    for number in range(60):
        text = "".join(
            chance.choice(["a: 1\n", "b\n", "\n", "- x: y\r\n", "long" * 9 + "\n"])
            for _ in range(chance.randrange(1, 60))
        )
        text = text[: -1 if chance.random() < 0.3 else None]
        cuts = sorted(
            chance.sample(range(len(text) + 1), min(len(text) + 1, 2 * chance.randrange(1, 5)))
        )
        cuts = cuts[: len(cuts) // 2 * 2]
        edits = [
            Edit(Span(start, end), chance.choice(["", "new\n", "n", "\n", "two\nlines\n"]))
            for start, end in zip(cuts[::2], cuts[1::2], strict=True)
        ]
        report = rewritten({"w.yaml": text}, {"w.yaml": edits})
        folder = tmp_path / str(number)
        folder.mkdir()

        assert applied(folder, report) == expected(report)


def test_a_large_file_takes_a_moment():
    """Cost grows with the file, not with its square."""
    text = "".join(f"key{number}: {number}\n" for number in range(200_000))
    edits = [
        Edit(place(text, f"key{number}:").span, "other:") for number in range(1000, 200_000, 20_000)
    ]

    assert render_diff(rewritten({"w.yaml": text}, {"w.yaml": edits})).count("\n@@") == 10
