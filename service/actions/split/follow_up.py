"""What a split asks of other objects, Services aside, and how such an object is copied."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from service.actions.context import Candidate, Refused
from service.actions.names import join_names, shorten
from service.actions.split.labels import GroupLabels
from service.actions.split.plan import SplitPlan
from service.assumptions import Assumption
from service.change import NewObject, Step, TrafficFlow
from service.findings import Stage
from service.kube.objects import Resource, in_same_namespace
from service.kube.workloads import Workload
from service.lazy import cached_property
from service.refusals import Refusal
from service.yamldoc.operations import Operation, Tree, Verbatim


@dataclass(frozen=True, eq=False)
class Division:
    """A split as far as other objects are concerned; each tuple has an entry for each group, the
    one that stays first.
    """

    plan: SplitPlan
    """The groups, their names and labels."""
    stages: tuple[Stage, ...]
    """From which stage on each group has its Pods."""
    keeps_state: tuple[bool, ...]
    """Whether each group keeps state, so that its Pods can't be multiplied."""
    traffic: frozenset[TrafficFlow]
    """Which group calls which over what was localhost."""

    @property
    def candidate(self) -> Candidate:
        """The workload that is split."""
        return self.plan.candidate

    @property
    def workload(self) -> Workload:
        """The same, as it was sent."""
        return self.plan.candidate.workload

    @property
    def labels(self) -> GroupLabels:
        """Names and labels of the groups."""
        return self.plan.labels

    @property
    def kinds(self) -> tuple[tuple[str, str], ...]:
        """API version and kind of each group's workload."""
        return self.plan.kinds

    @property
    def moved(self) -> range:
        """The groups that move."""
        return self.plan.partition.moved

    @property
    def stops_old_pods(self) -> bool:
        """Whether something that moves can start only when the old Pods are gone."""
        return Stage.CONTRACT in self.stages

    def traffic_of(self, group: int, *, is_inwards: bool) -> list[TrafficFlow]:
        """The flows that lead to a group, or come from it, sorted."""
        return self._flows_by_group.get((group, is_inwards), [])

    @cached_property
    def _flows_by_group(self) -> dict[tuple[int, bool], list[TrafficFlow]]:
        found: dict[tuple[int, bool], list[TrafficFlow]] = {}
        for flow in sorted(self.traffic):
            found.setdefault((flow.target, True), []).append(flow)
            found.setdefault((flow.source, False), []).append(flow)
        return found

    def names(self, group: int) -> frozenset[str]:
        """The names of a group's containers."""
        return self.plan.partition.names(group)


@dataclass(frozen=True, slots=True)
class FollowUp:
    """What other objects need."""

    steps: tuple[Step, ...] = ()
    """Operations on objects of the set."""
    objects: tuple[NewObject, ...] = ()
    """New ones."""
    assumptions: tuple[Assumption, ...] = ()
    """What has to hold."""
    replicas: Mapping[int, int] = field(default_factory=dict)
    """By group: how many Pods it needs that loses the autoscaler which made them."""


def combine(parts: Iterable[FollowUp]) -> FollowUp:
    """All that several follow-ups ask for, in their order; of replicas the most."""
    parts = list(parts)
    replicas: dict[int, int] = {}
    for part in parts:
        for group, number in part.replicas.items():
            replicas[group] = max(number, replicas.get(group, number))
    return FollowUp(
        steps=tuple(step for part in parts for step in part.steps),
        objects=tuple(new for part in parts for new in part.objects),
        assumptions=tuple(assumption for part in parts for assumption in part.assumptions),
        replicas=replicas,
    )


def divided_by_hand(resource: Resource) -> Refused:
    """The refusal for an object that isn't divided."""
    message = (
        f"{resource.title} covers its Pods or names it, and Podsplit does not divide objects of"
        " that kind: divide it by hand"
    )
    return Refused(Refusal.SELECTED_BY, message)


def check_namespace(candidate: Candidate, resource: Resource) -> None:
    """See that an object which is to be edited is surely in the workload's namespace.

    Raises:
        Refused: it may be meant for another one.
    """
    if not in_same_namespace(resource, candidate.resource, strictly=True):
        message = (
            f"{resource.title} and the workload may or may not share a namespace: write it on both"
            " or neither"
        )
        raise Refused(Refusal.NAMESPACE_UNCLEAR, message)


def copy_for_group(
    division: Division,
    resource: Resource,
    group: int,
    operations: Sequence[Operation],
    stage: Stage,
) -> NewObject:
    """A copy of an object for a group.

    Args:
        division: the split.
        resource: the object.
        group: the group.
        operations: what is done inside its `spec`.
        stage: from which stage on the copy is there.
    """
    labels = division.labels
    wanted = shorten(_name_for(resource.name, labels, group), 253)
    name = division.candidate.names.give(resource.kind, wanted, resource)
    metadata: dict[str, Tree] = {"name": name}
    if resource.namespace is not None:
        route = (*resource.route, "metadata", "namespace")
        metadata["namespace"] = Verbatim(resource.document, route)
    if resource.labels:
        own = (labels.key, labels.labels[0].get(labels.key))
        metadata["labels"] = {
            key: labels.labels[group][labels.key] if (key, value) == own else value
            for key, value in resource.labels.items()
        }
    annotations = copied_annotations(resource, division.workload)
    if annotations:
        metadata["annotations"] = annotations
    tree: Tree = {
        "apiVersion": resource.api_version,
        "kind": resource.kind,
        "metadata": metadata,
        "spec": Verbatim(resource.document, (*resource.route, "spec"), tuple(operations)),
    }
    return NewObject(after=resource, tree=tree, kind=resource.kind, name=name, stage=stage)


_NOT_COPIED = (
    "kubectl.kubernetes.io/",
    "deployment.kubernetes.io/",
    "podsplit.dev/",
    "argocd.argoproj.io/tracking-id",
    "meta.helm.sh/",
)
"""Annotations that tools keep their own notes on one object in."""


def copied_annotations(resource: Resource, workload: Workload) -> dict[str, Tree]:
    """The annotations of an object that hold for a copy of it too: those that name no container,
    and aren't a tool's own notes.
    """
    names = {container.name for container in workload.containers}
    return {
        key: Verbatim(resource.document, (*resource.route, "metadata", "annotations", key))
        for key, value in resource.annotations.items()
        if not key.startswith(_NOT_COPIED)
        and value not in names
        and not names & set(re.split(r"[./]", key))
    }


def _name_for(name: str, labels: GroupLabels, group: int) -> str:
    """The name of a group's copy: the workload's name in it becomes the group's, or else stands
    behind.
    """
    old, new = labels.names[0], labels.names[group]
    if name == old or name.startswith(f"{old}-"):
        return new + name.removeprefix(old)
    return join_names(name, new.removeprefix(f"{old}-"))
