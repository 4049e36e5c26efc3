"""Unified diffs as pull requests have them."""

from __future__ import annotations

import pytest

from service.errors import InputError
from service.render.diff_parser import parse_diff


def test_diffs_are_read_as_git_writes_them():
    """Paths with quotes and letters, files that are added, deleted and renamed, hunks without
    lengths.
    """
    diff = (
        'diff --git "a/gr\\303\\274n.yaml" "b/gr\\303\\274n.yaml"\n--- "a/gr\\303\\274n.yaml"\n+++'
        ' "b/gr\\303\\274n.yaml"\n@@ -1 +1 @@\n-a\n+b\ndiff --git a/x.yaml b/x.yaml\ndeleted file'
        " mode 100644\n--- a/x.yaml\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n--- a/old name.yaml\t\n+++"
        " b/new name.yaml\t\n@@ -1,3 +1,2 @@ kind: Pod\n a\n--- b\n c\n\\ No newline at end of"
        " file\n"
    )
    files = parse_diff(diff)

    assert files.keys() == {"grün.yaml", "new name.yaml"}
    assert files["grün.yaml"].hunks[0].changed == {1}
    assert files["new name.yaml"].old_path == "old name.yaml"
    assert files["new name.yaml"].hunks[0].lines == ("a", "c")
    assert files["new name.yaml"].hunks[0].old_lines == {1: 1, 2: 3}


@pytest.mark.parametrize(
    "diff", ["--- a/x\n+++ b/x\n@@ -1,3 +1,3 @@\n a\n", "--- a/x\n+++ b/x\n@@ -1 +1 @@\n?\n"]
)
def test_diffs_that_are_damaged(diff):
    """An error with a code, not a guess."""
    with pytest.raises(InputError) as caught:
        parse_diff(diff)
    assert caught.value.code == "diff-unreadable"


def test_lines_of_a_hunk():
    """In the new file's numbers; what is behind a deletion counts as changed."""
    diff = "--- a/x\n+++ b/x\n@@ -10,4 +20,4 @@\n a\n-b\n c\n+d\n e\n"
    (hunk,) = parse_diff(diff)["x"].hunks

    assert (hunk.first, hunk.last) == (20, 23)
    assert hunk.lines == ("a", "c", "d", "e")
    assert hunk.changed == {21, 22}
    assert hunk.old_lines == {20: 10, 21: 12, 23: 13}


def test_a_hunk_that_only_deletes():
    """It has no lines, so its last one is before its first."""
    (hunk,) = parse_diff("--- a/x\n+++ b/x\n@@ -1,2 +0,0 @@\n-a\n-b\n")["x"].hunks

    assert (hunk.first, hunk.last, hunk.lines) == (0, -1, ())


def test_several_hunks_and_files():
    """Each with its own."""
    hunks = "@@ -1 +1 @@\n-a\n+b\n@@ -9 +9 @@\n-a\n+b\n"
    files = parse_diff(f"--- a/x\n+++ b/x\n{hunks}--- a/y\n+++ b/y\n{hunks}")

    assert {path: [hunk.first for hunk in file.hunks] for path, file in files.items()} == {
        "x": [1, 9],
        "y": [1, 9],
    }


def test_lines_that_look_like_heads():
    """Within a hunk they are lines."""
    diff = "--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n--- a/y\n+++ b/y\n \n"

    assert list(parse_diff(diff)) == ["x"]
    assert parse_diff(diff)["x"].hunks[0].lines == ("++ b/y", "")


@pytest.mark.parametrize("text", ["", "\n", "no diff\n", "@@ -1 +1 @@\n-a\n+b\n"])
def test_what_is_no_diff(text):
    """It has no files."""
    assert parse_diff(text) == {}
