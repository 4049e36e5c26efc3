"""From observations to groups, roles and confidence.

The question is asked of every pair of containers that run as long as the Pod does: do they belong
together? The log-odds of that are the sum of

    the prior  +  what says TOGETHER  +  the better of the two as HELPER
               -  what says APART     -  the weaker of the two as APPLICATION

where observations of one family count once (see `knowledge/weights.yaml`). Two containers are two
applications only if both are one, so the weaker counts; a helper helps whatever it is beside, so
the better counts.

`signals/` observe, `evidence` weighs, `grouping` makes groups of pairs, `boundaries` says how sure
these are, and `verdicts` what follows for each container. A container's confidence is that of the
boundary that decided about it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations

from service.classification.boundaries import Boundaries
from service.classification.context import PodContext
from service.classification.evidence import Pair, collect_evidence, pair_key, probability
from service.classification.grouping import Group, group_containers
from service.classification.helpers import Helpers
from service.classification.knowledge.weights import Weights
from service.classification.observation import Observation
from service.classification.signals import SIGNALS
from service.classification.verdicts import VerdictMaker
from service.findings import Verdict
from service.kube.containers import Container
from service.kube.workloads import Workload
from service.lazy import cached_property


@dataclass(frozen=True, eq=False)
class Classification:
    """What was decided about a Pod."""

    context: PodContext
    """What it was decided on."""
    groups: tuple[Group, ...]
    """The groups, the primary one first, their heads first; init and ephemeral containers left
    out.
    """
    pairs: dict[tuple[int, int], Pair]
    """By container indices, the lower first."""
    observations: tuple[Observation, ...]
    """Everything that was seen."""
    weights: Weights
    """What each observation counts."""

    @cached_property
    def verdicts(self) -> tuple[Verdict, ...]:
        """What is said of each container, in the order of `Workload.containers`."""
        return VerdictMaker(self.context, self._boundaries, self.weights).verdicts()

    @cached_property
    def _boundaries(self) -> Boundaries:
        return Boundaries(Helpers(self.observations, self.pairs, self.groups, self.weights))

    @property
    def workload(self) -> Workload:
        """The workload."""
        return self.context.workload

    def verdict(self, container: Container) -> Verdict:
        """What was decided about a container."""
        return self.verdicts[container.index]

    def pair(self, one: Container, other: Container) -> Pair:
        """The pair of two containers."""
        return self.pairs[pair_key(one, other)]

    def boundary_confidence(self) -> float:
        """How sure the least sure boundary between two groups is, in [0.5, 1]; 1 with one group."""
        return self._boundaries.confidence()

    def joined(self, min_confidence: float) -> Classification:
        """The same with only those boundaries that are as sure as `min_confidence`, in [0, 1]: what
        may be cut.
        """
        groups = self._boundaries.joined(min_confidence)
        return self if groups == self.groups else replace(self, groups=groups)

    def confidence_of_pair(self, one: Container, other: Container) -> float:
        """How sure it is that two containers of one group belong together, in [0, 1]."""
        return probability(self.pair(one, other).score)


def classify(context: PodContext, weights: Weights) -> Classification:
    """Tell the containers of a Pod apart.

    Args:
        context: the Pod, and what its set says about it.
        weights: what each observation counts.
    """
    containers = context.classified_containers
    if len(containers) < 2:
        return Classification(context, (containers,) if containers else (), {}, (), weights)
    observations = tuple(
        observation for signal in SIGNALS for observation in signal.observe(context)
    )
    evidence = collect_evidence(observations, weights)
    pairs = {pair_key(a, b): evidence.pair(a, b) for a, b in combinations(containers, 2)}
    # A database in front of the main container doesn't make it less so.
    first = next((item.index for item in containers if not context.is_store(item)), None)
    groups = group_containers(
        containers,
        pairs,
        head_scores={item.index: evidence.head_score(item, context) for item in containers},
        first=first,
    )
    return Classification(context, groups, pairs, observations, weights)
