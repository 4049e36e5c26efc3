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


FILE = "diff --git a/x.yaml b/x.yaml\n"
HUNK = "@@ -1 +1 @@\n-a\n+b\n"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (f"\x1b[1m{FILE}\x1b[m\x1b[1m--- a/x.yaml\x1b[m\n", "it is coloured"),
        ("diff --cc x\n--- a/x\n+++ b/x\n@@@ -1 -1 +1 @@@\n- a\n -b\n++c\n", "a merge"),
        (" x.yaml | 2 +-\n 1 file changed, 1 insertion(+), 1 deletion(-)\n", "it has no file"),
        ("x.yaml\n", "it has no file"),
        (HUNK, "it has no file"),
    ],
)  # fmt: skip
def test_a_text_that_is_no_unified_diff_is_said_to_be_none(text: str, why: str) -> None:
    """An answer that nothing is to change would be taken for an all-clear."""
    with pytest.raises(InputError) as caught:
        parse_diff(text)
    assert caught.value.code == "diff-unreadable"
    assert why in caught.value.message


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n\n",
        FILE + "old mode 100644\nnew mode 100755\n",
        FILE + "similarity index 100%\nrename from x.yaml\nrename to y.yaml\n",
        FILE + "Binary files a/x.yaml and b/x.yaml differ\n",
    ],
)
def test_a_diff_may_change_no_lines(text: str) -> None:
    """Then there is nothing to comment on."""
    assert parse_diff(text) == {}


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ("a/k/x.yaml", "new/k/x.yaml", "k/x.yaml"),
        ("old/k/x.yaml", "b/k/x.yaml", "k/x.yaml"),
        ("k/x.yaml", "k/x.yaml", "k/x.yaml"),
        ("a/x.yaml", "b/k/x.yaml", "k/x.yaml"),
        ("/dev/null", "b/x.yaml", "x.yaml"),
    ],
)
def test_a_path_is_found_behind_its_prefix(old: str, new: str, path: str) -> None:
    """git's own, or one that somebody chose."""
    assert list(parse_diff(f"--- {old}\n+++ {new}\n{HUNK}")) == [path]


@pytest.mark.parametrize("name", ["\\8.yaml", "\\9", "\\12", "\\٣.yaml", "\\"])
def test_an_escape_that_git_does_not_write_is_the_character(name: str) -> None:
    """Three octal digits are a byte."""
    text = f'--- "a/{name}"\n+++ "b/{name}"\n@@ -1 +1 @@\n-a\n+b\n'
    (path,) = parse_diff(text)
    assert path == name.replace("\\", "") or path == name
