"""Whom a helper serves, and what it is for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from service.classification.evidence import Pair, pair_key, weight_of
from service.classification.grouping import Group
from service.classification.knowledge.weights import Weights
from service.classification.observation import Claim, Observation
from service.findings import Pattern
from service.kube.containers import Container
from service.lazy import cached_property

_SERVES_WHOLE_POD = frozenset({Pattern.MESH, Pattern.SECRETS})
"""Patterns of helpers that serve every group of a Pod."""
_SERVES_WHOM_IT_SHARES_WITH = frozenset(
    {Pattern.LOGGING, Pattern.METRICS, Pattern.BACKUP, Pattern.CONFIG_SYNC}
)
"""Patterns of helpers that serve each group that they share something with."""
_CERTAIN_HELPERS = frozenset({"known-image.helper", "native-sidecar.declared"})
"""Cases that show a helper for certain. Where nothing says whose helper it is, it serves each
group.
"""


@dataclass(frozen=True, eq=False)
class Helpers:
    """The helpers of a Pod that is divided into groups."""

    observations: tuple[Observation, ...]
    """Everything that was seen."""
    pairs: Mapping[tuple[int, int], Pair]
    """Each pair of containers, by `pair_key`."""
    groups: tuple[Group, ...]
    """The groups, the primary one first, their heads first."""
    weights: Weights
    """What each observation counts."""

    @cached_property
    def heads(self) -> tuple[Container, ...]:
        """The head of each group."""
        return tuple(group[0] for group in self.groups)

    @cached_property
    def group_numbers(self) -> dict[int, int]:
        """The number of each container's group, by the container's index."""
        return {
            container.index: number
            for number, group in enumerate(self.groups)
            for container in group
        }

    def pair(self, one: Container, other: Container) -> Pair:
        """The pair of two containers."""
        return self.pairs[pair_key(one, other)]

    def pattern(self, container: Container) -> Pattern:
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

    def served_heads(self, container: Container) -> tuple[Container, ...]:
        """The heads that a helper serves, that of its own group first unless it serves all."""
        own, pattern = self.heads[self.group_numbers[container.index]], self.pattern(container)
        if pattern in _SERVES_WHOLE_POD or self._helps_anyone(container, own):
            return self.heads
        if pattern not in _SERVES_WHOM_IT_SHARES_WITH:
            return (own,)
        return (
            own,
            *(
                head
                for head in self.heads
                if head is not own
                and any(
                    item.observation.claim is Claim.TOGETHER
                    for item in self.pair(container, head).evidence
                )
            ),
        )

    def _helps_anyone(self, container: Container, head: Container) -> bool:
        """Whether a container is a helper for certain, and nothing says whose."""
        pair = self.pair(container, head)
        return pair.fits_anywhere and any(
            item.observation.subject is container and item.observation.case in _CERTAIN_HELPERS
            for item in pair.evidence
        )

    def is_shared_with(self, container: Container, group: Group) -> bool:
        """Whether a sidecar of another group serves a group too, or would serve any of its
        containers just as well: then their pairs say nothing of the boundary.
        """
        if container in self.heads:
            return False
        return group[0] in self.served_heads(container) or all(
            self.pair(container, member).fits_anywhere for member in group
        )
