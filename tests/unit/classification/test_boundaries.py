"""The boundaries between groups, and what may be cut."""

from __future__ import annotations

from itertools import combinations

import pytest

from service.classification.boundaries import Boundaries
from service.classification.evidence import Pair, WeighedObservation, pair_key, probability
from service.classification.helpers import Helpers
from service.classification.knowledge.weights import load_weights
from service.classification.observation import Claim, Observation
from service.findings import Leans
from tests.support.classifying import context_of, workload


def boundaries(groups: str, **scores: float) -> Boundaries:
    """The boundaries between groups of containers of one letter each, as in `"ab c"`.

    Args:
        groups: the groups, their heads first.
        scores: the scores of pairs, as in `ab=1`; those that are missing are -5.
    """
    letters = sorted(groups.replace(" ", ""))
    lines = [f"- {{name: {letter}x, image: shop/{letter}}}" for letter in letters]
    context = context_of(workload("\n".join(["containers:", *lines])))
    by_letter = {item.name[0]: item for item in context.classified_containers}

    def pair(one: str, other: str) -> Pair:
        seen = Observation(
            "x.y", Claim.TOGETHER, by_letter[one], "", context.lazy_location_of(by_letter[one])
        )
        score = scores.get(one + other, -5.0)
        return Pair(score, (WeighedObservation(seen, 1.0, Leans.TOGETHER),))

    pairs = {
        pair_key(by_letter[one], by_letter[other]): pair(one, other)
        for one, other in combinations(letters, 2)
    }
    grouped = tuple(tuple(by_letter[letter] for letter in group) for group in groups.split())
    return Boundaries(Helpers((), pairs, grouped, load_weights()))


def joined(found: Boundaries, min_confidence: float) -> str:
    """The groups that may be cut, as they are written for `boundaries`."""
    return " ".join(
        "".join(container.name[0] for container in group) for group in found.joined(min_confidence)
    )


def test_one_group_has_no_boundary() -> None:
    """So it is sure, and nothing is least sure of it."""
    found = boundaries("ab", ab=1)
    assert found.confidence() == 1.0
    assert found.least_sure_of(found.helpers.heads[0]) is None
    assert joined(found, 1.0) == "ab"


def test_what_is_said_is_said_of_heads() -> None:
    """Whatever the others are to each other; the cut depends on all."""
    found = boundaries("ab c", ac=-2, bc=-1, ab=1)
    boundary = found.least_sure_of(found.helpers.heads[0])
    assert boundary is not None
    assert boundary.pair.score == -2
    assert found.confidence() == pytest.approx(probability(1))


def test_a_pair_that_belongs_together_makes_a_boundary_even() -> None:
    """And no less than that."""
    assert boundaries("ab c", ac=-2, bc=3, ab=1).confidence() == 0.5


def test_of_several_boundaries_the_least_sure_is_told() -> None:
    """Of each head its own."""
    found = boundaries("a b c", ab=-1, ac=-2, bc=-3)
    scores = [found.least_sure_of(head).pair.score for head in found.helpers.heads]  # type: ignore[union-attr]
    assert scores == [-1, -1, -2]


def test_an_unsure_boundary_keeps_no_sure_one_from_being_cut() -> None:
    """Those two stay together."""
    found = boundaries("a b c", ab=-0.5, ac=-4, bc=-4)
    assert joined(found, 0.8) == "ab c"
    assert joined(found, 0.6) == "a b c"
    assert joined(found, 0.999) == "abc"


def test_what_is_joined_is_as_unsure_as_its_parts() -> None:
    """A third group may be too near to one of them."""
    assert joined(boundaries("a b c", ab=-0.5, bc=-0.6, ac=-4), 0.8) == "abc"
    assert joined(boundaries("a b c d", ab=-0.5, cd=-0.5), 0.8) == "ab cd"
