"""What an action is, what it is given, and how it refuses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from types import ModuleType
from typing import TypeAlias

from service.change import Declined, Proposal
from service.classification.classify import Classification
from service.kube.api_types import Violation, violations_in_pods
from service.kube.live_exports import SERVER_FIELDS
from service.kube.objects import ManifestSet, Resource
from service.kube.replicas import copies_of
from service.kube.workloads import Workload
from service.lazy import cached_property
from service.refusals import Refusal
from service.yamldoc.nodes import Route

Outcome: TypeAlias = Proposal | Declined
"""What an action says of a workload."""


@dataclass(frozen=True, slots=True)
class Action:
    """One kind of rewrite. Planning knows actions by this interface only."""

    id: str
    """Its name, the package's."""
    module: ModuleType
    """Where it is, for its docs."""
    rules: tuple[str, ...]
    """The ids of the rules whose findings it mends."""
    is_wanted: Callable[[Candidate], bool]
    """Whether a workload calls for it, possible or not."""
    propose: Callable[[Candidate, tuple[Proposal, ...]], Outcome]
    """The change of a workload, given what earlier actions propose for it."""
    complete: Callable[[Candidate, Proposal, tuple[Proposal, ...]], Proposal]
    """Its own proposal once more, given all that is proposed for the workload."""


@dataclass(frozen=True, eq=False)
class Candidate:
    """A workload that an action may change, and what there is to know about it."""

    classification: Classification
    """The workload, its containers told apart."""
    manifests: ManifestSet
    """The set."""
    names: Names
    """The names that are taken."""
    min_confidence: float
    """In [0, 1]: where the confidence in a boundary is less, nothing is cut."""

    @cached_property
    def workload(self) -> Workload:
        """The workload."""
        return self.classification.workload

    @cached_property
    def resource(self) -> Resource:
        """Its object."""
        return self.workload.resource

    @cached_property
    def violations(self) -> list[Violation]:
        """What the API server refuses in it, but for fields that a rewrite takes out anyway."""
        return [
            violation
            for violation in violations_in_pods(self.workload)
            if not (
                violation.route[:1] == ("metadata",)
                and len(violation.route) > 1
                and violation.route[1] in SERVER_FIELDS
            )
        ]

    @cached_property
    def own_resources(self) -> frozenset[Resource]:
        """Its object and those of its copies, which go the way that it goes."""
        copies = copies_of(self.workload, self.manifests)
        return frozenset({self.resource, *(copy.resource for copy in copies)})

    def route_to(self, *steps: str | int) -> Route:
        """A route within the workload's object as one from its document."""
        return (*self.resource.route, *steps)


class Refused(Exception):
    """Ends the planning of an action, which then returns what this carries."""

    def __init__(
        self, refusal: Refusal, message: str, *, withdraws: frozenset[str] = frozenset()
    ) -> None:
        super().__init__(message)
        self.declined = Declined(refusal, message, withdraws)


@dataclass
class Names:
    """The names of a set, by kind; new ones are noted as they are given out.

    Overlays and environments in one archive don't see each other: the same new name may be given in
    several folders, though not one that the set has already.
    """

    existing: set[tuple[str, str]] = field(default_factory=set)
    given: set[tuple[str, str | None, str, str]] = field(default_factory=set)

    @classmethod
    def of(cls, manifests: ManifestSet) -> Names:
        """The names that a set uses."""
        return cls({(resource.kind, resource.name) for resource in manifests.resources})

    def is_taken(self, kind: str, name: str) -> bool:
        """Whether an object of the set has a name."""
        return (kind, name) in self.existing

    def give(self, kind: str, wanted: str, beside: Resource, limit: int = 63) -> str:
        """A free name in the scope of an object: `wanted`, or that with a number behind it.

        Args:
            kind: the kind of the new object.
            wanted: a valid name.
            beside: the object in whose folder and namespace it is to be free.
            limit: the most characters that a name with a number may have.
        """
        scope = (beside.folder, beside.namespace)
        for name in self._candidates(wanted, limit):
            if (kind, name) not in self.existing and (*scope, kind, name) not in self.given:
                self.given.add((*scope, kind, name))
                return name
        raise AssertionError("the candidates never end")

    @staticmethod
    def _candidates(wanted: str, limit: int) -> Iterator[str]:
        yield wanted
        for number in count(2):
            end = f"-{number}"
            yield wanted[: limit - len(end)].rstrip("-.") + end
