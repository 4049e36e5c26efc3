"""What is said of each container: its role, whom it serves, how sure that is, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from service.classification.context import PodContext
from service.classification.evidence import Pair, pair_key, probability, weight_of
from service.classification.grouping import Group
from service.classification.init_containers import prepared_groups
from service.classification.knowledge.weights import Weights
from service.classification.observation import Claim, Observation
from service.findings import ContainerType, Evidence, Leans, Pattern, Role, Verdict
from service.kube.containers import Container

_SERVES_WHOLE_POD = frozenset({Pattern.MESH, Pattern.SECRETS})
"""Patterns of helpers that serve every group of a Pod."""
_SERVES_WHOM_IT_SHARES_WITH = frozenset({Pattern.LOGGING, Pattern.METRICS, Pattern.BACKUP})
"""Patterns of helpers that serve each group that they share something with."""
_CERTAIN_HELPERS = frozenset({"known-image.helper", "native-sidecar.declared"})
"""Cases that show a helper for certain. Where nothing says whose helper it is, it serves each
group.
"""


@dataclass(frozen=True, eq=False)
class VerdictMaker:
    """Gives each container of a Pod its verdict."""

    context: PodContext
    """The Pod."""
    observations: tuple[Observation, ...]
    """Everything that was seen."""
    pairs: Mapping[tuple[int, int], Pair]
    """Each pair of containers, by `pair_key`."""
    groups: tuple[Group, ...]
    """The groups, the primary one first, their heads first."""
    weights: Weights
    """What each observation counts."""

    def verdicts(self) -> tuple[Verdict, ...]:
        """The verdicts, in the order of the Pod's containers."""
        return tuple(map(self._verdict_on, self.context.workload.containers))

    @cached_property
    def _group_numbers(self) -> dict[int, int]:
        """The number of each container's group, by the container's index."""
        return {
            container.index: number
            for number, group in enumerate(self.groups)
            for container in group
        }

    @cached_property
    def _heads(self) -> tuple[Container, ...]:
        """The head of each group."""
        return tuple(group[0] for group in self.groups)

    def _pair(self, one: Container, other: Container) -> Pair:
        return self.pairs[pair_key(one, other)]

    def _verdict_on(self, container: Container) -> Verdict:
        if container.type is ContainerType.INIT:
            numbers = prepared_groups(self.context, container, self.groups)
            return self._verdict(
                container,
                role=Role.INIT,
                group=numbers[0] if numbers else 0,
                serves=tuple(self._heads[number] for number in numbers),
            )
        if container.type is ContainerType.EPHEMERAL:
            return self._verdict(
                container,
                role=Role.SIDECAR,
                group=0,
                serves=self._heads[:1],
                pattern=Pattern.DEBUG,
            )
        number = self._group_numbers[container.index]
        confidence, evidence = self._least_certain(container)
        if container is self._heads[number]:
            return self._verdict(
                container,
                role=Role.MAIN if number == 0 else Role.UNRELATED,
                group=number,
                confidence=confidence,
                evidence=evidence,
            )
        pattern = self._pattern(container)
        return self._verdict(
            container,
            role=Role.SIDECAR,
            group=number,
            confidence=confidence,
            serves=self._served_heads(container, pattern),
            pattern=pattern,
            evidence=evidence,
        )

    def _verdict(
        self,
        container: Container,
        *,
        role: Role,
        group: int,
        confidence: float = 1.0,
        serves: tuple[Container, ...] = (),
        pattern: Pattern | None = None,
        evidence: tuple[Evidence, ...] = (),
    ) -> Verdict:
        return Verdict(
            name=container.name,
            type=container.type,
            role=role,
            group=group,
            confidence=confidence,
            serves=tuple(head.name for head in serves),
            pattern=pattern,
            image=container.image,
            evidence=evidence,
            location=self.context.location_of(container),
        )

    def _least_certain(self, container: Container) -> tuple[float, tuple[Evidence, ...]]:
        """The confidence in a container's least certain pair, and the evidence on it.

        A pair across two groups that would go together only because one of them helps anybody says
        nothing of the boundary, and is left out.
        """
        number = self._group_numbers[container.index]
        candidates = []
        for other in self.context.classified_containers:
            if other is container:
                continue
            pair = self._pair(container, other)
            if self._group_numbers[other.index] == number:
                candidates.append((probability(pair.score), other))
            elif not pair.is_generic_help:
                candidates.append((probability(-pair.score), other))
        if not candidates:
            return 1.0, ()
        confidence, other = min(candidates, key=lambda candidate: candidate[0])
        return round(confidence, 4), self._evidence(container, other)

    def _evidence(self, container: Container, other: Container) -> tuple[Evidence, ...]:
        """The evidence on a pair of containers, the heaviest first and the prior last, as it is
        told of the first of them.
        """
        items = sorted(self._pair(container, other).evidence, key=lambda item: -item.weight)
        prior = Evidence(
            signal="prior",
            weight=self.weights.prior,
            leans=Leans.TOGETHER,
            message="containers of one Pod mostly belong together (the prior)",
            about=other.name,
            location=self.context.location_of(container),
        )
        return (
            *(
                Evidence(
                    signal=observation.case.split(".", 1)[0],
                    weight=round(weight, 3),
                    leans=leans,
                    message=observation.message
                    if observation.subject is container
                    else f"{observation.subject.name}: {observation.message}",
                    about=other.name,
                    location=observation.place.location(),
                )
                for observation, weight, leans in items
            ),
            prior,
        )

    def _pattern(self, container: Container) -> Pattern:
        """What a helper is for: what the heaviest observation that says so says."""
        patterns = [
            (weight_of(observation, self.weights), observation.pattern)
            for observation in self.observations
            if observation.subject is container
            and observation.claim is Claim.HELPER
            and observation.pattern is not None
        ]
        _, pattern = max(patterns, key=lambda item: item[0], default=(0.0, Pattern.OTHER))
        return pattern

    def _served_heads(self, container: Container, pattern: Pattern) -> tuple[Container, ...]:
        """The heads that a helper serves, that of its own group first unless it serves all."""
        own = self._heads[self._group_numbers[container.index]]
        if pattern in _SERVES_WHOLE_POD or self._helps_anyone(container, own):
            return self._heads
        if pattern not in _SERVES_WHOM_IT_SHARES_WITH:
            return (own,)
        return (
            own,
            *(
                head
                for head in self._heads
                if head is not own
                and any(
                    item.observation.claim is Claim.TOGETHER
                    for item in self._pair(container, head).evidence
                )
            ),
        )

    def _helps_anyone(self, container: Container, head: Container) -> bool:
        """Whether a container is a helper for certain, and nothing says whose."""
        pair = self._pair(container, head)
        return pair.is_generic_help and any(
            item.observation.subject is container and item.observation.case in _CERTAIN_HELPERS
            for item in pair.evidence
        )
