"""Globs over the paths of files."""

from __future__ import annotations

import fnmatch
import re
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.globs import MAX_LENGTH, PATTERN, path_glob


@pytest.mark.parametrize(
    ("glob", "path", "matches"),
    [
        ("charts", "charts/a.yaml", True),
        ("charts/", "charts/web/a.yaml", True),
        ("./charts", "charts/a.yaml", True),
        ("charts", "base/charts/a.yaml", False),
        ("charts", "chartsandmore/a.yaml", False),
        ("charts/**", "charts/web/a.yaml", True),
        ("charts/**", "charts", False),
        ("**/charts", "charts/a.yaml", True),
        ("**/charts", "a/b/charts/a.yaml", True),
        ("**/templates/*.yaml", "web/templates/a.yaml", True),
        ("**/templates/*.yaml", "web/templates/more/a.yaml", False),
        ("a/**/b", "a/b/x", True),
        ("a/**/b", "a/c/d/b/x", True),
        ("a/**/**/b", "a/b/x", True),
        ("*.yaml", "a.yaml", True),
        ("*.yaml", "b/a.yaml", False),
        ("**", "a/b", True),
        ("web-?.yaml", "web-1.yaml", True),
        ("web-?.yaml", "web-.yaml", False),
        ("*", "a/b.yaml", True),
        ("a*c*e", "abcde", True),
        ("a*c*e", "abcd", False),
        ("values*.yaml", "Values.yaml", False),
    ],
)
def test_what_a_glob_matches(glob, path, matches):
    """Whole parts of a path; a folder stands for what is in it; capitals count."""
    assert path_glob(glob).matches(path) is matches


def test_a_glob_of_a_folder():
    """It holds for what is in that folder alone, and is relative to it."""
    glob = path_glob("charts", "apps/")

    assert glob.matches("apps/charts/a.yaml")
    assert not glob.matches("charts/a.yaml")
    assert not glob.matches("more/apps/charts/a.yaml")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/",
        "./",
        "/a",
        "../a",
        "a/../b",
        "a**",
        "**a/b",
        "[ab]",
        "{a,b}",
        "!a",
        "a\\b",
        "x" * (MAX_LENGTH + 1),
    ],
)
def test_what_is_no_glob(text):
    """It says why, rather than match nothing in silence."""
    with pytest.raises(ValueError, match="must"):
        path_glob(text)


@given(st.text("ab*./[,\n", max_size=8))
def test_the_pattern_takes_what_is_taken(text):
    """What openapi.yaml says is what the code does."""
    try:
        path_glob(text)
        taken = True
    except ValueError:
        taken = False

    # Before a line feed at the end, `$` matches for Python alone.
    assert bool(re.search(PATTERN.replace("$", r"\Z"), text)) is taken


@given(st.text("ab*?", min_size=1, max_size=8), st.text("ab", min_size=1, max_size=8))
def test_a_part_is_matched_as_fnmatch_does(glob, part):
    """An oracle: the standard library's, by a regular expression."""
    if "**" not in glob:
        assert path_glob(glob).matches(part) is fnmatch.fnmatchcase(part, glob)


@pytest.mark.parametrize("glob", ["*a" * 60 + "b", "**/a/" * 50 + "b"])
def test_the_work_is_bounded(glob):
    """Twice the path is at most about twice the work, for globs that regular expressions die of."""

    def steps(path: str) -> int:
        count = 0

        def trace(_frame, event, _argument):
            nonlocal count
            count += event == "line"
            return trace

        matcher = path_glob(glob)
        # That of the measured coverage, which would end with this test otherwise.
        before = sys.gettrace()
        sys.settrace(trace)
        try:
            assert not matcher.matches(path)
        finally:
            sys.settrace(before)
        return count

    separator = "/" if "/" in glob else ""
    small, large = (steps(separator.join(["a"] * length)) for length in (200, 400))
    assert large < 2.5 * small
