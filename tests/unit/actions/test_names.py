"""Names of new workloads."""

from __future__ import annotations

import re

import pytest

from service.actions.names import join_names, shorten


@pytest.mark.parametrize(
    ("workload", "container", "name"),
    [
        ("shop", "queue", "shop-queue"),
        ("shop", "shop-queue", "shop-queue"),
        ("shop-pod", "shop-queue", "shop-pod-queue"),
        ("shop-web", "shop", "shop-web-shop"),
        ("shop", "shop", "shop-shop"),
        ("shop", "shopping", "shop-shopping"),
        ("a-b", "a-b-c", "a-b-c"),
        ("a-b", "a-x-b", "a-b-x-b"),
    ],
)
def test_words_that_both_begin_with_stand_once(workload: str, container: str, name: str) -> None:
    """A container is often named for its workload already."""
    assert join_names(workload, container) == name


@pytest.mark.parametrize("limit", [52, 63])
def test_a_name_as_long_as_the_limit_stays(limit: int) -> None:
    """Only one character more is too many."""
    assert shorten("a" * limit, limit) == "a" * limit
    assert shorten("a" * (limit + 1), limit) != "a" * (limit + 1)


@pytest.mark.parametrize("limit", [52, 63])
def test_a_longer_name_is_cut_and_marked(limit: int) -> None:
    """The mark is a dash and six characters, so that the limit is used in full."""
    short = shorten("a" * (limit + 1), limit)
    assert re.fullmatch(rf"a{{{limit - 7}}}-[0-9a-f]{{6}}", short)


def test_names_that_begin_alike_stay_apart_and_the_same_each_time() -> None:
    """The mark is made from the whole name."""
    one, other = "a" * 70 + "b", "a" * 70 + "c"
    assert shorten(one, 63) != shorten(other, 63)
    assert shorten(one, 63) == shorten(one, 63)


@pytest.mark.parametrize("end", ["-", ".", "-.-"])
def test_a_cut_name_has_no_dash_or_dot_before_its_mark(end: str) -> None:
    """`a.-1a2b3c` is no DNS name."""
    assert re.fullmatch(r"a+-[0-9a-f]{6}", shorten("a" * (56 - len(end)) + end + "b" * 9, 63))
