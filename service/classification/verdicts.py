"""What is said of each container: its role, whom it serves, how sure that is, and why."""

from __future__ import annotations

from dataclasses import dataclass

from service.classification.boundaries import Boundaries
from service.classification.context import PodContext
from service.classification.evidence import probability
from service.classification.helpers import Helpers
from service.classification.init_containers import prepared_groups
from service.classification.knowledge.weights import Weights
from service.findings import ContainerType, Evidence, Leans, Location, Pattern, Role, Verdict
from service.kube.containers import Container, without_password
from service.lazy import cached_property


@dataclass(frozen=True, eq=False)
class VerdictMaker:
    """Gives each container of a Pod its verdict."""

    context: PodContext
    """The Pod."""
    boundaries: Boundaries
    """Its groups, and what is between them."""
    weights: Weights
    """What each observation counts."""

    def verdicts(self) -> tuple[Verdict, ...]:
        """The verdicts, in the order of the Pod's containers."""
        return tuple(map(self._verdict_on, self.context.workload.containers))

    @cached_property
    def _helpers(self) -> Helpers:
        return self.boundaries.helpers

    def _verdict_on(self, container: Container) -> Verdict:
        if container.type is ContainerType.INIT:
            numbers = prepared_groups(self.context, container, self._helpers.groups)
            return self._verdict(
                container,
                role=Role.INIT,
                group=numbers[0] if numbers else 0,
                serves=tuple(self._helpers.heads[number] for number in numbers),
            )
        if container.type is ContainerType.EPHEMERAL:
            return self._verdict(
                container,
                role=Role.SIDECAR,
                group=0,
                serves=self._helpers.heads[:1],
                pattern=Pattern.DEBUG,
            )
        number = self._helpers.group_numbers[container.index]
        confidence, evidence = self._deciding_pair(container)
        if container is self._helpers.heads[number]:
            return self._verdict(
                container,
                role=Role.MAIN if number == 0 else Role.UNRELATED,
                group=number,
                confidence=confidence,
                evidence=evidence,
            )
        return self._verdict(
            container,
            role=Role.SIDECAR,
            group=number,
            confidence=confidence,
            serves=self._helpers.served_heads(container),
            pattern=self._helpers.pattern(container),
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
            image=without_password(container.image),
            evidence=evidence,
            location=self._locations[container.index],
        )

    @cached_property
    def _locations(self) -> tuple[Location, ...]:
        """Where the Pod's containers are; the same for all that is said of each."""
        return tuple(map(self.context.location_of, self.context.workload.containers))

    def _deciding_pair(self, container: Container) -> tuple[float, tuple[Evidence, ...]]:
        """The confidence in what decided about a container, and the evidence on that pair: for a
        head the least sure boundary of its group, for the others what ties them to their group.
        """
        group = self._helpers.groups[self._helpers.group_numbers[container.index]]
        if container is group[0]:
            boundary = self.boundaries.least_sure_of(container)
            if boundary is not None:
                other = next(head for head in boundary.heads if head is not container)
                confidence = probability(-boundary.pair.score)
                return round(confidence, 4), self._evidence(container, other)
            ties = [(self._tie(member), member) for member in group[1:]]
            if not ties:
                return 1.0, ()
            (score, other), member = min(ties, key=lambda tie: tie[0][0])
            return round(probability(score), 4), self._evidence(
                *((container, member) if other is container else (member, other))
            )
        score, other = self._tie(container)
        return round(probability(score), 4), self._evidence(container, other)

    def _tie(self, container: Container) -> tuple[float, Container]:
        """What ties a container to its group: the score of its surest pair there, and the other."""
        group = self._helpers.groups[self._helpers.group_numbers[container.index]]
        return max(
            (
                (self._helpers.pair(container, other).score, other)
                for other in group
                if other is not container
            ),
            key=lambda tie: (tie[0], -group.index(tie[1])),
        )

    def _evidence(self, container: Container, other: Container) -> tuple[Evidence, ...]:
        """The evidence on a pair of containers, the heaviest first and the prior last, as it is
        told of the first of them.
        """
        items = sorted(self._helpers.pair(container, other).evidence, key=lambda item: -item.weight)
        prior = Evidence(
            signal="prior",
            weight=self.weights.prior,
            leans=Leans.TOGETHER,
            message="containers of one Pod mostly belong together (the prior)",
            about=other.name,
            location=self._locations[container.index],
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
