"""The boundaries between the groups of a Pod, and how sure each is.

What is said of a boundary is said of the heads of the two groups. Whether it may be cut depends on
every pair across it, those of helpers aside that serve both groups, or would serve any container
just as well.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations

from service.classification.evidence import Pair, probability
from service.classification.grouping import Group, order_groups
from service.classification.helpers import Helpers
from service.kube.containers import Container
from service.lazy import cached_property


@dataclass(frozen=True, slots=True)
class Boundary:
    """What is between two groups."""

    heads: tuple[Container, Container]
    """The heads of the two."""
    pair: Pair
    """These."""
    closest: float
    """The log-odds of together of the pair across that is most likely together."""

    @property
    def confidence(self) -> float:
        """How sure it is that nothing across ties the groups together, in [0.5, 1): even where
        something does.
        """
        return probability(max(-self.closest, 0.0))


@dataclass(frozen=True, eq=False)
class Boundaries:
    """All boundaries of a Pod."""

    helpers: Helpers
    """The groups, and who serves which."""

    @cached_property
    def all(self) -> dict[tuple[int, int], Boundary]:
        """By the numbers of the two groups, the lower first."""
        groups = self.helpers.groups
        return {
            (i, j): self._between(groups[i], groups[j])
            for i, j in combinations(range(len(groups)), 2)
        }

    def _between(self, one: Group, other: Group) -> Boundary:
        crossing = [
            self.helpers.pair(a, b).score
            for a in one
            for b in other
            if not (self.helpers.is_shared_with(a, other) or self.helpers.is_shared_with(b, one))
        ]
        heads = one[0], other[0]
        return Boundary(heads, self.helpers.pair(*heads), max(crossing))

    def least_sure_of(self, head: Container) -> Boundary | None:
        """The boundary of a head's group at which it is least sure that it is an application of its
        own; None if there is no other group.
        """
        own = [boundary for boundary in self.all.values() if head in boundary.heads]
        return max(own, key=lambda boundary: boundary.pair.score, default=None)

    def confidence(self) -> float:
        """How sure the least sure boundary is, in [0.5, 1]; 1 with one group."""
        return min((boundary.confidence for boundary in self.all.values()), default=1.0)

    def joined(self, min_confidence: float) -> tuple[Group, ...]:
        """The groups, with those joined whose boundary is less sure than `min_confidence`, in
        [0, 1]: one that is unsure says nothing against another one that is sure.
        """
        unsure = [
            numbers
            for numbers, boundary in self.all.items()
            if boundary.confidence < min_confidence
        ]
        if not unsure:
            return self.helpers.groups
        i, j = min(unsure, key=lambda numbers: self.all[numbers].confidence)
        groups = list(self.helpers.groups)
        groups[i] = (*groups[i], *groups[j])
        del groups[j]
        joined = order_groups(groups)
        return Boundaries(replace(self.helpers, groups=joined)).joined(min_confidence)
