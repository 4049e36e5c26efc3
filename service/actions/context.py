"""What every action is given, and how it refuses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from types import ModuleType

from service.classification.classify import Classification
from service.findings import HeldBack
from service.kube.objects import ManifestSet, Resource
from service.kube.workloads import Workload
from service.yamldoc.nodes import Route


@dataclass(frozen=True, slots=True)
class Action:
    """One kind of rewrite."""

    id: str
    """Its name, the module's."""
    module: ModuleType
    """Where it is, for its docs."""


@dataclass(frozen=True, eq=False)
class Candidate:
    """What an action looks at."""

    classification: Classification
    """The workload, told apart."""
    manifests: ManifestSet
    """The set."""
    names: Names
    """The names that are taken."""

    @property
    def workload(self) -> Workload:
        """The workload."""
        return self.classification.workload

    @property
    def resource(self) -> Resource:
        """Its object."""
        return self.classification.workload.resource

    def absolute(self, *steps: str | int) -> Route:
        """A route within the workload's object as one from its document."""
        return (*self.resource.route, *steps)

    def refused(self, action: str, reason: str, message: str) -> HeldBack:
        """A change that is held back."""
        return HeldBack(
            action, self.workload.title, reason, message, self.resource.location("metadata", "name")
        )


class Refused(Exception):
    """Leaves the planning of an action; becomes a `HeldBack`."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


@dataclass
class Names:
    """The names of a set, by kind; new ones are noted as they are given out.

    Overlays and environments in one archive don't see each other: the same new name may be given in
    several folders, though not one that the set has already.
    """

    there: set[tuple[str, str]] = field(default_factory=set)
    given: set[tuple[str, str | None, str, str]] = field(default_factory=set)

    @classmethod
    def of(cls, manifests: ManifestSet) -> Names:
        """The names that a set uses."""
        return cls({(resource.kind, resource.name) for resource in manifests.resources})

    def taken(self, kind: str, name: str) -> bool:
        """Whether an object of the set has a name."""
        return (kind, name) in self.there

    def give(self, kind: str, wanted: str, beside: Resource) -> str:
        """A free name in the scope of an object: `wanted`, or that with a number behind it."""
        scope = (beside.folder, beside.namespace)
        for name in self._candidates(wanted):
            if (kind, name) not in self.there and (*scope, kind, name) not in self.given:
                self.given.add((*scope, kind, name))
                return name
        raise AssertionError("the candidates never end")

    @staticmethod
    def _candidates(wanted: str) -> Iterator[str]:
        yield wanted
        number = 2
        while True:
            yield f"{wanted[:60]}-{number}"
            number += 1
