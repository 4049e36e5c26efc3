"""What an action proposes: operations and new objects, or a refusal. Nothing here touches text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from service.findings import Applicability, Stage
from service.kube.objects import Resource
from service.kube.workloads import Workload
from service.yamldoc.operations import Operation, SetValue, Tree
from service.yamldoc.stream import Document


@dataclass(frozen=True, slots=True)
class Step:
    """An operation on an object of the set."""

    resource: Resource
    """The object; the operation's route starts at its document."""
    operation: Operation
    """What is done to it."""


@dataclass(frozen=True, slots=True)
class NewObject:
    """An object that is added to the set."""

    after: Resource
    """The object behind whose document it stands."""
    tree: Tree
    """What it says."""
    title: str
    """Kind and name."""
    stage: Stage
    """From which stage on it is there."""
    path: str | None = None
    """A file of its own; None where it stands behind `after`."""

    @property
    def kind(self) -> str:
        """Its kind."""
        return self.title.partition("/")[0]

    @property
    def name(self) -> str:
        """Its name."""
        return self.title.partition("/")[2]

    @property
    def home(self) -> str:
        """The file that it is in."""
        return self.path or self.after.path


@dataclass(frozen=True, slots=True)
class Move:
    """A group that gets a workload of its own."""

    containers: tuple[str, ...]
    """Its containers, init containers included."""
    title: str
    """Kind and name of the new workload."""
    stage: Stage
    """From which stage on the new workload is there."""

    @property
    def kind(self) -> str:
        """The new workload's kind."""
        return self.title.partition("/")[0]

    @property
    def name(self) -> str:
        """The new workload's name."""
        return self.title.partition("/")[2]


@dataclass(frozen=True)
class Proposal:
    """A change that could be made."""

    action: str
    """The action's id."""
    workload: Workload
    """Whose."""
    title: str
    """One line."""
    applicability: Applicability
    """The worst of its parts."""
    assumptions: tuple[str, ...]
    """What has to hold beyond what the set shows."""
    steps: tuple[Step, ...]
    """Operations on objects of the set."""
    objects: tuple[NewObject, ...] = ()
    """New objects, in the order in which they stand."""
    moves: tuple[Move, ...] = ()
    """The groups that move."""
    becomes: tuple[str, str] | None = None
    """Kind and name of the object that the workload's own becomes; None if it stays what it is."""
    copies: tuple[Workload, ...] = ()
    """Other Pods that the object stands for too, in their order; theirs are removed."""
    traffic: frozenset[tuple[int, int, int]] = frozenset()
    """Which group speaks to which, 0 being the one that stays and the others those of `moves`,
    and on which port.
    """
    needs: str | None = None
    """The action on the same workload without which this one makes no sense."""
    alone: Proposal | None = None
    """The change without what only another one on the same workload needs; None where that is
    nothing.
    """

    @cached_property
    def id(self) -> str:
        """Stable over runs."""
        resource = self.workload.resource
        namespace = f"{resource.namespace}/" if resource.namespace else ""
        return f"{self.action}:{resource.path}:{namespace}{resource.kind}/{resource.name}"

    @cached_property
    def touched(self) -> dict[int, Document]:
        """The documents that it edits, removes, or adds objects behind, by identity."""
        resources = [step.resource for step in self.steps]
        resources += [copy.resource for copy in self.copies]
        resources += [made.after for made in self.objects if made.path is None]
        return {id(each.document): each.document for each in resources}


@dataclass(frozen=True, eq=False)
class Undertaking:
    """All that is planned for one workload."""

    workload: Workload
    """The workload as it was sent."""
    proposals: tuple[Proposal, ...]
    """The changes, at least one."""

    @cached_property
    def actions(self) -> frozenset[str]:
        """The ids of their actions."""
        return frozenset(each.action for each in self.proposals)

    @cached_property
    def becomes(self) -> tuple[str, str]:
        """Kind and name of what the workload's own object becomes."""
        resource = self.workload.resource
        return next(
            (each.becomes for each in self.proposals if each.becomes),
            (resource.kind, resource.name),
        )

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """The operations of all of them."""
        return tuple(step for each in self.proposals for step in each.steps)

    @cached_property
    def objects(self) -> tuple[NewObject, ...]:
        """The new objects of all of them."""
        return tuple(made for each in self.proposals for made in each.objects)

    @cached_property
    def moves(self) -> tuple[Move, ...]:
        """The groups that move."""
        return tuple(move for each in self.proposals for move in each.moves)

    @cached_property
    def copies(self) -> tuple[Workload, ...]:
        """Other Pods that its object stands for too."""
        return tuple(copy for each in self.proposals for copy in each.copies)

    def settings(self, stage: Stage) -> Iterator[tuple[Resource, SetValue]]:
        """The values that are set in ConfigMaps up to a stage, each with the ConfigMap."""
        for step in self.steps:
            if (
                step.resource.kind == "ConfigMap"
                and isinstance(step.operation, SetValue)
                and step.operation.stage <= stage
            ):
                yield step.resource, step.operation

    @cached_property
    def traffic(self) -> tuple[tuple[int, int, int], ...]:
        """Which group speaks to which, and on which port, sorted."""
        return tuple(sorted(frozenset().union(*(each.traffic for each in self.proposals))))


def undertakings(proposals: Sequence[Proposal]) -> tuple[Undertaking, ...]:
    """Proposals by the workload that they are for, in their order."""
    found: dict[int, list[Proposal]] = {}
    for each in proposals:
        found.setdefault(id(each.workload), []).append(each)
    return tuple(Undertaking(each[0].workload, tuple(each)) for each in found.values())
