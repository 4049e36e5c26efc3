"""How groups follow from pairs."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import pytest

from service.classification.evidence import Pair, WeighedObservation, pair_key
from service.classification.grouping import group_containers
from service.classification.observation import Claim, Observation
from service.findings import Leans
from tests.support.classifying import context_of, workload

ANY = context_of(workload("containers: [{name: x, image: shop/x}]"))


def _pair(scores: Mapping[str, float], letters: str, loose: str) -> Pair:
    """A pair that something ties together, or that goes together as one helps anybody."""
    (x,) = ANY.classified_containers
    claim = Claim.HELPER if letters in loose.split() else Claim.TOGETHER
    seen = Observation("x.y", claim, x, "", ANY.lazy_location_of(x))
    return Pair(scores.get(letters, -1.0), (WeighedObservation(seen, 1.0, Leans.TOGETHER),))


def groups(
    names: str,
    scores: Mapping[str, float],
    heads: Mapping[str, float] | None = None,
    first: int = -1,
    loose: str = "",
) -> list[str]:
    """The groups of containers of one letter each, from the scores of their pairs.

    Args:
        names: the containers, in the order of the manifest.
        scores: the scores of pairs, as in `{"ab": 1}`; those that are missing are -1.
        heads: the head scores; those that are missing are 0.
        first: the index that gains by its place.
        loose: the pairs, as in `"ab bc"`, that go together only as one helps anybody.
    """
    lines = [f"- {{name: {name}x, image: shop/{name}}}" for name in names]
    containers = context_of(workload("\n".join(["containers:", *lines]))).classified_containers
    pairs = {
        pair_key(one, other): _pair(scores, one.name[0] + other.name[0], loose)
        for one, other in combinations(containers, 2)
    }
    head_scores = {item.index: (heads or {}).get(item.name[0], 0.0) for item in containers}
    found = group_containers(containers, pairs, head_scores, first if first >= 0 else None)
    return ["".join(container.name[0] for container in group) for group in found]


def test_containers_that_are_more_likely_apart_are_groups_of_their_own() -> None:
    """Even odds don't join either."""
    assert groups("abc", {"ab": 0.0, "bc": -0.1}) == ["a", "b", "c"]
    assert groups("abc", {"ab": 0.1}) == ["ab", "c"]


def test_two_groups_are_joined_where_their_heads_belong_together() -> None:
    """Whether a cache and a cron job do says nothing, if both belong to the same application."""
    heads = {"a": 2, "b": 1}
    assert groups("abc", {"ab": 2, "ac": 1, "bc": -3}, heads) == ["abc"]
    assert groups("abc", {"ab": 2, "bc": 1, "ac": -1}, heads) == ["ab", "c"]


def test_what_fits_anywhere_decides_nothing() -> None:
    """Two databases are not joined by a shell that would fit either."""
    scores = {"as": 3, "bs": 3, "ab": -5}
    assert groups("abs", scores, {"a": 2, "b": 1}, loose="as bs") == ["as", "b"]
    # Something ties it to `b`, less surely than it would help anybody.
    assert groups("abs", {**scores, "bs": 1}, {"a": 2, "b": 1}, loose="as") == ["a", "bs"]


def test_what_fits_anywhere_goes_where_it_fits_best() -> None:
    """Once it is known which applications there are."""
    scores = {"ab": 1, "as": 3, "bs": 9, "cs": 5}
    assert groups("abcs", scores, {"a": 2, "b": 1}, loose="as bs cs") == ["abs", "c"]


def test_the_surest_tie_is_joined_first() -> None:
    """A container goes where it belongs most surely."""
    assert groups("abc", {"ac": 3, "bc": 2}) == ["ac", "b"]
    assert groups("abc", {"ac": 2, "bc": 3}, {"a": 1}) == ["a", "bc"]


def test_of_two_groups_that_fit_as_well_the_better_head_takes_it() -> None:
    """Whatever the order of the containers; after that the name decides."""
    tie = {"ac": 2, "bc": 2}
    assert groups("abc", tie, {"b": 1}) == ["bc", "a"]
    assert groups("abc", tie, {"a": 1}) == ["ac", "b"]
    assert groups("abc", tie, {"a": 1, "b": 2, "c": -9}) == ["bc", "a"]
    assert groups("abc", tie) == ["ac", "b"]
    # By name `c` comes last here, and `a` before `b`.
    assert groups("bac", {"bc": 2, "ac": 2}) == ["b", "ac"]


def test_the_primary_group_is_that_of_the_most_prominent_head() -> None:
    """The others keep the order of the manifest."""
    assert groups("abcd", {}, {"c": 1, "d": 0.5}) == ["c", "a", "b", "d"]
    assert groups("abcd", {}) == ["a", "b", "c", "d"]


def test_the_head_of_a_group_is_the_most_prominent_of_its_containers() -> None:
    """The others keep the order of the manifest."""
    assert groups("abcd", {"ab": 1, "ac": 1, "bc": 1}, {"c": 1}) == ["cab", "d"]
    assert groups("abcd", {"bc": 1, "bd": 1, "cd": 1}, {"d": 1, "a": 2}) == ["a", "dbc"]
    assert groups("abc", {"ab": 1, "ac": 1, "bc": 1}) == ["abc"]


@pytest.mark.parametrize(("head_score", "expected"), [(0.9, "ab"), (1.0, "ab"), (1.1, "ba")])
def test_the_first_container_gains_one_by_its_place(head_score: float, expected: str) -> None:
    """So that a weak hint on another one doesn't count."""
    assert groups("ab", {"ab": 1}, {"b": head_score}, first=0) == [expected]


def test_any_container_may_be_the_one_that_gains() -> None:
    """Where a database stands before it, or nobody does."""
    assert groups("abc", {}, first=1) == ["b", "a", "c"]
    assert groups("abc", {}, {"c": 0.5}, first=1) == ["b", "a", "c"]
    assert groups("abc", {}, {"c": 0.5}) == ["c", "a", "b"]


def test_the_order_of_groups_is_that_of_their_first_containers() -> None:
    """Not of their heads."""
    assert groups("abcd", {"bd": 1}, {"a": 3, "d": 2, "c": 1}) == ["a", "db", "c"]


def test_a_container_alone_is_a_group_and_none_are_none() -> None:
    """A Pod may be written without containers."""
    assert groups("a", {}) == ["a"]
    assert group_containers((), {}, {}, None) == ()
