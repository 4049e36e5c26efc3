"""What a change is: operations and new objects that an action proposes. Nothing here touches text.

What a later step has to know is a field here, never something to be read out of a sentence.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from service.assumptions import Assumption
from service.findings import Applicability, OldPods, Stage
from service.kube.objects import Resource
from service.kube.splits import SPLIT_FROM
from service.kube.workloads import Workload
from service.lazy import cached_property
from service.refusals import Refusal
from service.yamldoc.nodes import Route
from service.yamldoc.operations import Operation, SetValue, Tree
from service.yamldoc.stream import Document


class Step(NamedTuple):
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
    kind: str
    """Its kind."""
    name: str
    """Its name."""
    stage: Stage
    """From which stage on it is there."""
    path: str | None = None
    """A file of its own; None where it stands behind `after`."""
    split_from: str = ""
    """The workload that it is split off from, which it says until the last stage, so that a text
    between the stages can be gone on with; empty for none.
    """

    @property
    def versions(self) -> tuple[tuple[Tree, Stage, Stage | None], ...]:
        """What it says, each with the first stage that has it and the first that has it no
        longer; None for all later ones.
        """
        if not self.split_from or self.stage >= Stage.CONTRACT:
            return ((self.tree, self.stage, None),)
        return (
            (self.marked_tree, self.stage, Stage.CONTRACT),
            (self.tree, Stage.CONTRACT, None),
        )

    @property
    def marked_tree(self) -> Tree:
        """What it says until the last stage."""
        assert isinstance(self.tree, dict)
        metadata = self.tree.get("metadata") or {}
        assert isinstance(metadata, dict)
        annotations = metadata.get("annotations") or {}
        assert isinstance(annotations, dict)
        marked = {**annotations, SPLIT_FROM: self.split_from}
        return {**self.tree, "metadata": {**metadata, "annotations": marked}}

    @property
    def title(self) -> str:
        """Kind and name."""
        return f"{self.kind}/{self.name}"

    @property
    def file(self) -> str:
        """The path of the file that it is in."""
        return self.path or self.after.path


@dataclass(frozen=True, slots=True)
class Move:
    """A group of containers that gets a workload of its own."""

    containers: tuple[str, ...]
    """Their names, init containers included."""
    kind: str
    """The new workload's kind."""
    name: str
    """The new workload's name."""
    stage: Stage
    """From which stage on the new workload is there."""


class TrafficFlow(NamedTuple):
    """One group calls another one. Group 0 stays, the others are those of `moves`, from 1 on."""

    source: int
    """The group that calls."""
    target: int
    """The group that is called."""
    port: int
    """The port of the target's containers."""


class LeftBecause(StrEnum):
    """Why a loopback address stays as it is, though containers leave the Pod."""

    LISTENS = "listens"
    """A server is told to listen there."""
    NOT_CALLED = "not-called"
    """Nobody calls it: a name, a list of whom to trust, what goes past a proxy."""
    BROWSER = "browser"
    """A browser reads it, or it is compared with what a browser sends."""
    SAME_POD = "same-pod"
    """Who listens there goes where the container goes, or is the container itself."""


@dataclass(frozen=True, slots=True)
class LeftAddress:
    """A loopback address that a split leaves."""

    container: str
    """The container that is told of it."""
    resource: Resource
    """The object that holds it."""
    route: Route
    """Where it is: in the container, or in the ConfigMap that it reads."""
    because: LeftBecause
    """Why."""


@dataclass(frozen=True, slots=True)
class Controller:
    """The controller that a bare Pod gets."""

    api_version: str
    """Its API version."""
    kind: str
    """Its kind."""
    name: str
    """Its name."""
    selector: dict[str, str]
    """The labels that it selects by; empty for a Job."""
    labels: dict[str, str]
    """Labels that the Pod didn't have and gets."""
    fields: dict[str, Tree]
    """Other fields of its spec, before the template."""
    restart_policy: str | None = None
    """A value that `restartPolicy` has to change to; None if it stays."""
    inside: tuple[Operation, ...] = ()
    """What else is done inside the Pod's text."""


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
    assumptions: tuple[Assumption, ...]
    """What has to hold beyond what the set shows."""
    steps: tuple[Step, ...]
    """Operations on objects of the set."""
    objects: tuple[NewObject, ...] = ()
    """New objects, in the order in which they stand."""
    moves: tuple[Move, ...] = ()
    """The groups that move."""
    controller: Controller | None = None
    """The controller that a bare Pod gets; None if the object stays what it is."""
    old_pods: OldPods | None = None
    """What becomes of the bare Pods; None if there are none."""
    copies: tuple[Workload, ...] = ()
    """Other Pods that the controller stands for too, in their order; their objects are removed."""
    traffic: frozenset[TrafficFlow] = frozenset()
    """What was said inside the Pod and is said between Pods afterwards."""
    left_addresses: tuple[LeftAddress, ...] = ()
    """Every loopback address that stays as it is, as somebody judged it."""
    template_labels: tuple[tuple[str, str], ...] = ()
    """Labels that the template of the workload has to get besides. A wrap writes them where there
    is one, as it writes the template.
    """
    is_resumed: bool = False
    """Whether it goes on with a split that was begun."""
    stops_old_pods: bool = False
    """Whether the old workload has no Pods in the stage *switch*, so that nothing runs twice. A
    wrap writes it where there is one.
    """
    frees_strategy: bool = False
    """Whether the strategy Recreate that a wrap writes isn't needed any more in the last stage."""
    needs: str | None = None
    """The action on the same workload without which this one makes no sense."""
    without_partner: Proposal | None = None
    """The change without what only another one on the same workload needs; None where that is
    nothing.
    """

    @cached_property
    def id(self) -> str:
        """Stable over runs."""
        resource = self.workload.resource
        namespace = f"{resource.namespace}/" if resource.namespace else ""
        return f"{self.action}:{resource.path}:{namespace}{resource.kind}/{resource.name}"

    @property
    def key(self) -> tuple[str, Workload]:
        """What it is known by within a run: an action is proposed once for a workload."""
        return self.action, self.workload

    @cached_property
    def touched_documents(self) -> frozenset[Document]:
        """The documents that it edits, removes, or adds objects behind."""
        resources = [step.resource for step in self.steps]
        resources += [copy.resource for copy in self.copies]
        resources += [new.after for new in self.objects if new.path is None]
        return frozenset(resource.document for resource in resources)


@dataclass(frozen=True, slots=True)
class Declined:
    """A change that an action does not propose."""

    refusal: Refusal
    """Why."""
    message: str
    """The reason for this workload, and what to do, for people."""
    withdraws: frozenset[str] = frozenset()
    """The actions on the same workload that must not be done alone, without this one."""


@dataclass(frozen=True, eq=False)
class WorkloadPlan:
    """All changes that are planned for one workload."""

    workload: Workload
    """The workload as it was sent."""
    proposals: tuple[Proposal, ...]
    """The changes, at least one."""

    @cached_property
    def actions(self) -> frozenset[str]:
        """The ids of their actions."""
        return frozenset(proposal.action for proposal in self.proposals)

    @cached_property
    def becomes(self) -> tuple[str, str]:
        """Kind and name of what the workload's own object becomes."""
        for proposal in self.proposals:
            if proposal.controller is not None:
                return proposal.controller.kind, proposal.controller.name
        return self.workload.resource.kind, self.workload.resource.name

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """The operations of all of them."""
        return tuple(step for proposal in self.proposals for step in proposal.steps)

    @cached_property
    def objects(self) -> tuple[NewObject, ...]:
        """The new objects of all of them."""
        return tuple(new for proposal in self.proposals for new in proposal.objects)

    @cached_property
    def objects_by_name(self) -> dict[tuple[str, str], NewObject]:
        """The new objects by kind and name."""
        return {(new.kind, new.name): new for new in reversed(self.objects)}

    @cached_property
    def moves(self) -> tuple[Move, ...]:
        """The groups that move."""
        return tuple(move for proposal in self.proposals for move in proposal.moves)

    @cached_property
    def copies(self) -> tuple[Workload, ...]:
        """Other Pods that its object stands for too."""
        return tuple(copy for proposal in self.proposals for copy in proposal.copies)

    def config_map_values(self, stage: Stage) -> Iterator[tuple[Resource, SetValue]]:
        """The values that are set in ConfigMaps up to a stage, each with the ConfigMap."""
        for step in self.steps:
            operation = step.operation
            if (
                step.resource.kind == "ConfigMap"
                and isinstance(operation, SetValue)
                and operation.stage <= stage
            ):
                yield step.resource, operation

    @cached_property
    def left_addresses(self) -> frozenset[tuple[str, Route]]:
        """The loopback addresses that stay: the container, and the route within it or within the
        ConfigMap that it reads.
        """
        return frozenset(
            (left.container, left.route)
            for proposal in self.proposals
            for left in proposal.left_addresses
        )

    @cached_property
    def traffic(self) -> tuple[TrafficFlow, ...]:
        """What is said between the groups, sorted."""
        flows = (proposal.traffic for proposal in self.proposals)
        return tuple(sorted(frozenset[TrafficFlow]().union(*flows)))


def plans_by_workload(proposals: Sequence[Proposal]) -> tuple[WorkloadPlan, ...]:
    """Proposals by the workload that they are for, in their order."""
    by_workload: dict[Workload, list[Proposal]] = {}
    for proposal in proposals:
        by_workload.setdefault(proposal.workload, []).append(proposal)
    return tuple(WorkloadPlan(workload, tuple(own)) for workload, own in by_workload.items())
