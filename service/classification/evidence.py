"""What was observed in a Pod, weighed: on each container, and on each pair of containers.

Observations of one family are one fact seen several ways, so of those that make the same claim only
the heaviest counts (see `knowledge/weights.yaml`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import NamedTuple

from service.classification.context import PodContext
from service.classification.knowledge.weights import Weights
from service.classification.observation import Claim, Observation
from service.findings import Leans
from service.kube.containers import Container

_MAX_APPLICATION = 3.0
"""The most that being an application adds to a head score, before it is halved (log-odds)."""


_ONE_PRODUCT = ("image-family.same", "image-family.worker")
"""The cases of two containers that run one product in different ways."""


class WeighedObservation(NamedTuple):
    """An observation on a pair of containers, and what it counts there."""

    observation: Observation
    """What was seen."""
    weight: float
    """How much it counts, in log-odds; never negative."""
    leans: Leans
    """Which way."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two containers, and how surely they belong together."""

    score: float
    """Log-odds of together."""
    evidence: tuple[WeighedObservation, ...]
    """What adds up to it, the prior left out."""

    @property
    def fits_anywhere(self) -> bool:
        """Whether the two would go together only because one of them helps whatever it is beside,
        or because nothing is known: it would go with any other container just as well.
        """
        together = [item.observation for item in self.evidence if item.leans is Leans.TOGETHER]
        return self.score > 0 and all(observation.claim is Claim.HELPER for observation in together)


class Support(NamedTuple):
    """What speaks for a claim."""

    observations: tuple[Observation, ...] = ()
    """Of each family of facts the heaviest observation."""
    weight: float = 0.0
    """What they weigh together, in log-odds."""


_NO_SUPPORT = Support()


def probability(log_odds: float) -> float:
    """The probability that log-odds stand for, in (0, 1)."""
    return 1 / (1 + math.exp(-log_odds))


def pair_key(one: Container, other: Container) -> tuple[int, int]:
    """The key of a pair of containers: their indices, the lower one first."""
    return (one.index, other.index) if one.index < other.index else (other.index, one.index)


def weight_of(observation: Observation, weights: Weights) -> float:
    """What an observation weighs, in log-odds."""
    return weights.of(observation.case).value * observation.scale


def support_from(observations: Iterable[Observation], weights: Weights) -> Support:
    """What observations that make one claim weigh together; of two that weigh the same in one
    family the first counts.
    """
    heaviest: dict[str, Observation] = {}
    for observation in observations:
        family = weights.of(observation.case).family
        if family not in heaviest or weight_of(observation, weights) > weight_of(
            heaviest[family], weights
        ):
            heaviest[family] = observation
    found = tuple(heaviest.values())
    return Support(found, sum(weight_of(observation, weights) for observation in found))


@dataclass(frozen=True, slots=True)
class EvidenceTable:
    """All observations on a Pod, by what they are about and by what they claim."""

    weights: Weights
    """What each observation counts."""
    by_container: Mapping[tuple[int, Claim], tuple[Observation, ...]]
    """By the index of the container that they are about."""
    support: Mapping[tuple[int, Claim], Support]
    """The same, weighed."""
    by_pair: Mapping[tuple[tuple[int, int], Claim], Support]
    """What speaks for a claim on two containers, by the key of the pair."""

    def support_for(self, container: Container, claim: Claim) -> Support:
        """What speaks for a claim on a container."""
        return self.support.get((container.index, claim), _NO_SUPPORT)

    def pair(self, one: Container, other: Container) -> Pair:
        """How surely two containers belong together.

        Args:
            one: the container with the lower index, which counts where both say the same.
            other: the other container.
        """
        key = pair_key(one, other)
        together = self.by_pair.get((key, Claim.TOGETHER), _NO_SUPPORT)
        apart = self.by_pair.get((key, Claim.APART), _NO_SUPPORT)
        helper = max(
            (self.support_for(container, Claim.HELPER) for container in (one, other)),
            key=attrgetter("weight"),
        )
        application = min(
            (
                self._application(container, (*together.observations, *apart.observations))
                for container in (one, other)
            ),
            key=attrgetter("weight"),
        )
        evidence = tuple(
            WeighedObservation(observation, weight_of(observation, self.weights), leans)
            for support, leans in (
                (together, Leans.TOGETHER),
                (helper, Leans.TOGETHER),
                (apart, Leans.APART),
                (application, Leans.APART),
            )
            for observation in support.observations
        )
        score = self.weights.prior + sum(
            item.weight if item.leans is Leans.TOGETHER else -item.weight for item in evidence
        )
        return Pair(score, evidence)

    def _application(self, container: Container, on_pair: tuple[Observation, ...]) -> Support:
        """What says that a container is an application beside another one: that its image is a
        known one says nothing where the other runs the same.
        """
        if any(item.case in _ONE_PRODUCT for item in on_pair):
            return self._application_but_for_image(container)
        return self.support_for(container, Claim.APPLICATION)

    def _application_but_for_image(self, container: Container) -> Support:
        observations = self.by_container.get((container.index, Claim.APPLICATION), ())
        return support_from(
            (item for item in observations if not item.case.startswith("known-image.")),
            self.weights,
        )

    def head_score(self, container: Container, context: PodContext) -> float:
        """How much a container looks like the one that the workload is for, its place in the list
        aside.
        """
        application = self.support_for(container, Claim.APPLICATION)
        if context.keeps_state(container):
            # A database is an application, but seldom the one that a workload with others in it is
            # for.
            application = self._application_but_for_image(container)
        return (
            self.support_for(container, Claim.HEAD).weight
            + min(application.weight, _MAX_APPLICATION) / 2
            - self.support_for(container, Claim.HELPER).weight
        )


def collect_evidence(observations: Iterable[Observation], weights: Weights) -> EvidenceTable:
    """A table of all observations on a Pod.

    Args:
        observations: in the order in which evidence of equal weight is shown.
        weights: what each counts.
    """
    by_container: dict[tuple[int, Claim], list[Observation]] = {}
    by_pair: dict[tuple[tuple[int, int], Claim], list[Observation]] = {}
    for observation in observations:
        subject, claim = observation.subject, observation.claim
        by_container.setdefault((subject.index, claim), []).append(observation)
        if observation.other is not None:
            key = pair_key(subject, observation.other)
            by_pair.setdefault((key, claim), []).append(observation)
    return EvidenceTable(
        weights,
        {key: tuple(found) for key, found in by_container.items()},
        {key: support_from(found, weights) for key, found in by_container.items()},
        {key: support_from(found, weights) for key, found in by_pair.items()},
    )
