"""How observations are weighed: on a container, on a pair, as what the workload is for."""

from __future__ import annotations

import math

import pytest

from service.classification.evidence import (
    Pair,
    Support,
    WeighedObservation,
    collect_evidence,
    pair_key,
    probability,
    support_from,
    weight_of,
)
from service.classification.knowledge.weights import Weight, Weights
from service.classification.observation import Claim, Observation
from service.findings import Leans
from service.kube.containers import Container
from tests.support.classifying import container_of, context_of, workload

CONTEXT = context_of(
    workload("""
    containers:
    - {name: a, image: shop/a}
    - {name: b, image: shop/b}
    - {name: db, image: mysql}
    """)
)
A, B, DB = CONTEXT.classified_containers
WEIGHTS = Weights(
    1.5,
    1.5,
    {
        "x.one": Weight(1.0, "x", 1.0, ""),
        "x.two": Weight(2.0, "x", 2.0, ""),
        "x.too": Weight(2.0, "x", 2.0, ""),
        "y.three": Weight(3.0, "y", 3.0, ""),
        "known-image.four": Weight(4.0, "x", 4.0, ""),
    },
)


def observation(
    case: str,
    claim: Claim,
    subject: Container = A,
    other: Container | None = None,
    scale: float = 1.0,
) -> Observation:
    """Something that was seen."""
    return Observation(
        case=case,
        claim=claim,
        subject=subject,
        message=case,
        place=CONTEXT.lazy_location_of(subject),
        other=other,
        scale=scale,
    )


@pytest.mark.parametrize(("log_odds", "expected"), [(0, 0.5), (math.log(4), 0.8), (-50, 0.0)])
def test_the_probability_of_log_odds(log_odds: float, expected: float) -> None:
    """Log-odds of 0 are even."""
    assert probability(log_odds) == pytest.approx(expected)


def test_a_pair_has_one_key_whichever_way_round() -> None:
    """The lower index first."""
    assert pair_key(A, B) == pair_key(B, A) == (0, 1)


def test_an_observation_weighs_its_part_of_its_case() -> None:
    """A scale of a half halves it."""
    assert weight_of(observation("y.three", Claim.HELPER, scale=0.5), WEIGHTS) == 1.5


def test_of_a_family_the_heaviest_counts() -> None:
    """Families add up."""
    light, heavy = observation("x.one", Claim.HELPER), observation("x.two", Claim.HELPER)
    other = observation("y.three", Claim.HELPER)
    assert support_from([light, other, heavy], WEIGHTS) == Support((heavy, other), 5.0)
    assert support_from([heavy, other, light], WEIGHTS) == Support((heavy, other), 5.0)
    assert support_from([], WEIGHTS) == Support((), 0.0)


def test_of_a_family_the_first_of_two_that_weigh_the_same_counts() -> None:
    """In the order of the signals; a scale may turn the order."""
    one, other = observation("x.two", Claim.HELPER), observation("x.too", Claim.HELPER)
    assert support_from([one, other], WEIGHTS).observations == (one,)
    less = observation("x.two", Claim.HELPER, scale=0.9)
    assert support_from([less, other], WEIGHTS).observations == (other,)


def pair(*observations: Observation) -> Pair:
    """What is known of the first two containers."""
    return collect_evidence(observations, WEIGHTS).pair(A, B)


def test_a_pair_that_nothing_is_known_of_has_the_prior() -> None:
    """Without evidence."""
    assert pair() == Pair(1.5, ())


def test_what_says_together_and_what_says_apart_add_up() -> None:
    """Whichever of the two it was seen at."""
    together = observation("x.two", Claim.TOGETHER, A, B)
    apart = observation("y.three", Claim.APART, B, A)
    found = pair(apart, together)
    assert found.score == 1.5 + 2 - 3
    assert found.evidence == (
        WeighedObservation(together, 2.0, Leans.TOGETHER),
        WeighedObservation(apart, 3.0, Leans.APART),
    )


def test_the_better_of_two_helpers_counts() -> None:
    """A helper helps whatever it is beside; of two that weigh the same the first counts."""
    one, other = observation("x.one", Claim.HELPER, A), observation("x.two", Claim.HELPER, B)
    assert pair(one, other) == Pair(3.5, (WeighedObservation(other, 2.0, Leans.TOGETHER),))
    same = observation("x.two", Claim.HELPER, A)
    assert pair(other, same).evidence == (WeighedObservation(same, 2.0, Leans.TOGETHER),)


def test_the_weaker_of_two_applications_counts() -> None:
    """Two containers are two applications only if both are one."""
    one, other = (
        observation("x.one", Claim.APPLICATION, A),
        observation("x.two", Claim.APPLICATION, B),
    )
    assert pair(one, other) == Pair(0.5, (WeighedObservation(one, 1.0, Leans.APART),))
    assert pair(one) == Pair(1.5, ())
    same = observation("x.too", Claim.APPLICATION, A)
    assert pair(other, same).evidence == (WeighedObservation(same, 2.0, Leans.APART),)


def test_all_four_kinds_stand_in_their_order() -> None:
    """Together, helper, apart, application."""
    claims = (Claim.APPLICATION, Claim.APART, Claim.HELPER, Claim.TOGETHER)
    seen = [observation("x.one", claim, A, B) for claim in claims]
    seen.append(observation("x.one", Claim.APPLICATION, B))
    found = pair(*seen)
    assert [item.observation.claim for item in found.evidence] == [
        Claim.TOGETHER, Claim.HELPER, Claim.APART, Claim.APPLICATION,
    ]  # fmt: skip
    assert found.score == 1.5 + 1 + 1 - 1 - 1


def test_what_is_said_of_others_says_nothing_of_a_pair() -> None:
    """Nor does what a helper's other container is, nor a claim on the head."""
    assert pair(
        observation("x.one", Claim.TOGETHER, A, DB),
        observation("x.one", Claim.APART, DB, B),
        observation("x.one", Claim.TOGETHER, A),
        observation("x.one", Claim.HEAD, A, B),
        observation("x.one", Claim.HELPER, DB, B),
    ) == Pair(1.5, ())


def test_one_family_may_speak_for_both_sides() -> None:
    """The heaviest of those that make the same claim counts."""
    found = pair(
        observation("x.two", Claim.TOGETHER, A, B),
        observation("x.one", Claim.APART, A, B),
        observation("x.one", Claim.TOGETHER, B, A),
    )
    assert found.score == 1.5 + 2 - 1


HELPS = observation("x.one", Claim.HELPER)
TIED = observation("x.one", Claim.TOGETHER, A, B)
APART = observation("x.one", Claim.APART, A, B)


@pytest.mark.parametrize(
    ("score", "evidence", "generic"),
    [
        (0.1, [(HELPS, Leans.TOGETHER)], True),
        (0.1, [(HELPS, Leans.TOGETHER), (APART, Leans.APART)], True),
        (0.0, [(HELPS, Leans.TOGETHER)], False),
        (0.1, [(HELPS, Leans.TOGETHER), (TIED, Leans.TOGETHER)], False),
        (0.1, [(TIED, Leans.TOGETHER)], False),
        (0.1, [(APART, Leans.APART)], True),
        (0.1, [], True),
        (-0.1, [], False),
    ],
)
def test_help_that_would_fit_anybody_fits_anywhere(
    score: float, evidence: list[tuple[Observation, Leans]], generic: bool
) -> None:
    """The two go together, and only because one of them is a helper, or as nothing is known."""
    items = tuple(WeighedObservation(item, 1.0, leans) for item, leans in evidence)
    assert Pair(score, items).fits_anywhere is generic


def head_score(container: Container, *observations: Observation) -> float:
    """How much a container looks like what the workload is for."""
    return collect_evidence(observations, WEIGHTS).head_score(container, CONTEXT)


def test_the_head_is_named_as_such_and_is_an_application_and_no_helper() -> None:
    """Being an application counts half, up to a weight of three."""
    assert head_score(A) == 0
    assert head_score(A, observation("y.three", Claim.HEAD)) == 3
    assert head_score(A, observation("y.three", Claim.HELPER)) == -3
    assert head_score(A, observation("x.two", Claim.APPLICATION)) == 1
    assert head_score(A, observation("y.three", Claim.APPLICATION)) == 1.5
    assert head_score(A, observation("known-image.four", Claim.APPLICATION)) == 1.5
    assert head_score(A, observation("y.three", Claim.HEAD, B)) == 0


def test_what_a_databases_image_is_makes_it_no_head() -> None:
    """What is seen besides does, even where the image weighs more in its family."""
    image = observation("known-image.four", Claim.APPLICATION, DB)
    assert container_of(CONTEXT, "db") is DB
    assert head_score(DB, image) == 0
    assert head_score(DB, image, observation("x.two", Claim.APPLICATION, DB)) == 1
    assert head_score(A, observation("known-image.four", Claim.APPLICATION, A)) == 1.5
