"""Paths that senders give to their files."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.web.uploads.paths import MAX_LENGTH, PATTERN, clean, is_manifest


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("web.yaml", "web.yaml"),
        ("./a//b/./web.yaml", "a/b/web.yaml"),
        ("a/b/", "a/b"),
        ("a/..b/web.yaml", "a/..b/web.yaml"),
        ("grün/ü.yaml", "grün/ü.yaml"),
        ("a b.yaml", "a b.yaml"),
        ("C.yaml", "C.yaml"),
    ],
)
def test_paths_are_normalised(path, expected):
    """Relative, with single slashes, and without dots for the same folder."""
    assert clean(path) == expected


@pytest.mark.parametrize(
    "path",
    [
        "",
        ".",
        "./",
        "/web.yaml",
        "//web.yaml",
        "..",
        "../web.yaml",
        "a/../../web.yaml",
        "a/../web.yaml",
        "a\\b.yaml",
        "C:web.yaml",
        "c:/web.yaml",
        "a\0.yaml",
        "a\n.yaml",
        "a\x7f.yaml",
        "a\ud800.yaml",
    ],
)
def test_paths_that_are_refused(path):
    """Empty and absolute ones, those that lead out or might, and those with control characters."""
    assert clean(path) is None


def test_the_limit_of_a_path():
    """The longest is allowed, one character more is not."""
    assert clean("x" * MAX_LENGTH) == "x" * 1024
    assert clean("x" * (MAX_LENGTH + 1)) is None


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a/web.yaml", True),
        ("web.YML", True),
        ("web.json", True),
        (".podsplit.yaml", True),
        ("web.yaml.bak", False),
        ("yaml", False),
        ("README.md", False),
    ],
)
def test_what_is_taken_from_an_archive(path, expected):
    """By its ending, in any case."""
    assert is_manifest(path) is expected


SPELLINGS = ["a", "/", "\\", ".", "..", "C:", "é", "\x00", "\n", "\x7f", ".yaml", "1:", ":", " "]


@given(st.lists(st.sampled_from(SPELLINGS), max_size=6).map("".join))
def test_the_pattern_of_the_contract(path: str):
    """It takes just what is taken."""
    assert (re.search(PATTERN.replace("$", r"\Z"), path) is not None) == (clean(path) is not None)
