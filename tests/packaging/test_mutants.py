"""`make mutants`: what it mutates, which sample it takes, and how it counts."""

from __future__ import annotations

import tomllib
from pathlib import Path

from tools.mutants import sampled, summary, unnoticed

ROOT = Path(__file__).resolve().parents[2]
CONFIGURATION = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mutmut"]
OUTCOMES = {
    "a": "killed",
    "b": "killed",
    "c": "timeout",
    "d": "survived",
    "e": "no tests",
    "f": "caught by type check",
}


def test_what_it_names_is_there():
    """Every pattern finds a file, and every folder of tests has some: mutmut says nothing of one
    that finds none.
    """
    for pattern in CONFIGURATION["only_mutate"]:
        assert list(ROOT.glob(pattern)), pattern
    for folder in CONFIGURATION["pytest_add_cli_args_test_selection"]:
        assert list((ROOT / folder).rglob("test_*.py")), folder
    for folder in CONFIGURATION["source_paths"] + CONFIGURATION["also_copy"]:
        assert (ROOT / folder).is_dir(), folder


def test_a_sample_is_the_same_each_time():
    """For one seed, whatever the order of the names; another seed takes another."""
    names = [f"mutant{number}" for number in range(100)]
    assert sampled(names, 10, 0) == sampled(names[::-1], 10, 0)
    assert sampled(names, 10, 0) != sampled(names, 10, 1)
    assert len(set(sampled(names, 10, 0))) == 10


def test_all_of_them():
    """0 means all, and so does more than there are."""
    assert sampled(["b", "a"], 0, 0) == sampled(["b", "a"], 5, 0) == ["a", "b"]


def test_a_mutant_without_a_test_is_unnoticed():
    """As one that survives its tests; what mypy refuses is neither."""
    assert unnoticed(OUTCOMES) == ["d", "e"]


def test_the_score_leaves_out_what_mypy_refuses():
    """Three of the five that came to a test were noticed."""
    assert summary(OUTCOMES).splitlines() == [
        "     1 caught by type check",
        "     2 killed",
        "     1 no tests",
        "     1 survived",
        "     1 timeout",
        "score: 60.0%, 3 of 5 that mypy lets through",
    ]
