"""Let what selects a workload's Pods, Services aside, or names the workload follow its groups.

what                           what is done                                   from stage
NetworkPolicy (itself and      the selector goes on matching all groups:      switch
as a peer), PodMonitor         `In` in place of one value
PodDisruptionBudget            one for each group: two budgets on one         switch
                               Pod block its eviction
autoscalers                    see `scalers`
traffic that was localhost     see `traffic`
other security policies        nothing; they hold the split back
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from service.actions.context import Candidate, Refused
from service.actions.names import joined, short
from service.actions.split.services import Boundary
from service.change import NewObject, Step
from service.findings import Stage
from service.kube.dependents import (
    OnSplit,
    Selection,
    calico_policies,
    covers_other_workloads,
    selections_of,
)
from service.kube.objects import Resource, as_list, as_mapping, as_mappings, in_same_namespace
from service.kube.selectors import matches
from service.kube.workloads import Workload
from service.yamldoc.nodes import Data, Route
from service.yamldoc.operations import (
    AddEntry,
    AddItem,
    Operation,
    Remove,
    SetValue,
    Tree,
    Verbatim,
)


@dataclass(frozen=True, slots=True)
class Division:
    """A split as far as other objects are concerned; each tuple has an entry for each group, the
    one that stays first.
    """

    workload: Workload
    """The workload that is split."""
    boundary: Boundary
    """Labels and names."""
    kinds: tuple[tuple[str, str], ...]
    """API version and kind of each group's workload."""
    containers: tuple[frozenset[str], ...]
    """The names of each group's containers."""
    stages: tuple[Stage, ...]
    """From which stage on each group has its Pods."""
    stateful: tuple[bool, ...]
    """Whether each group keeps state, so that its Pods can't be multiplied."""
    traffic: frozenset[tuple[int, int, int]]
    """Which group speaks to which, and on which port, over what was localhost."""


@dataclass
class Following:
    """What the objects ask for."""

    steps: list[Step] = field(default_factory=list)
    """Operations on objects of the set."""
    objects: list[NewObject] = field(default_factory=list)
    """New ones."""
    assumptions: list[str] = field(default_factory=list)
    """What has to hold."""
    replicas: dict[int, int] = field(default_factory=dict)
    """How many Pods groups need that lose the autoscaler which made them."""


def follow_selections(candidate: Candidate, division: Division) -> Following:
    """What policies, budgets and monitors need.

    Raises:
        Refused: one of them can't be divided.
    """
    result = Following()
    for selection in selections_of(division.workload, candidate.manifests):
        unmatched = [
            labels
            for labels in division.boundary.labels[1:]
            if not matches(selection.selector, labels)
        ]
        if selection.on_split is OnSplit.BY_HAND and (unmatched or division.traffic):
            raise by_hand(selection.resource)
        # A budget that counts other workloads' Pods too goes on counting all of them.
        divided = selection.on_split is OnSplit.DIVIDED and not covers_other_workloads(
            selection, division.workload, candidate.manifests
        )
        if selection.on_split is not OnSplit.BY_HAND and (unmatched or divided):
            check_namespace(candidate, selection)
            (_divide if divided else _widen)(candidate, division, selection, result)
    for policy in calico_policies(division.workload, candidate.manifests):
        raise by_hand(policy)
    return result


def by_hand(resource: Resource) -> Refused:
    """The refusal for an object that isn't divided."""
    message = (
        f"{resource.title} covers its Pods or names it, and Podsplit does not divide objects of"
        " that kind: divide it by hand"
    )
    return Refused("selected-by", message)


def namespace_unclear(resource: Resource) -> Refused:
    """The refusal for an object that may be meant for another namespace."""
    return Refused(
        "namespace-unclear",
        f"{resource.title} and the workload may or may not share a namespace: write it on both or"
        " neither",
    )


def check_namespace(candidate: Candidate, selection: Selection) -> None:
    """Edits want to be sure.

    Raises:
        Refused: the object may be meant for another namespace.
    """
    elsewhere = selection.peer and "namespaceSelector" in as_mapping(
        selection.resource.get(*selection.route[:-1])
    )
    if not elsewhere and not in_same_namespace(
        selection.resource, candidate.resource, strictly=True
    ):
        raise namespace_unclear(selection.resource)


def _widen(
    candidate: Candidate, division: Division, selection: Selection, result: Following
) -> None:
    del candidate
    boundary = division.boundary
    resource, route = selection.resource, (*selection.resource.route, *selection.route)
    old = boundary.labels[0].get(boundary.key, "")
    names = [labels[boundary.key] for labels in boundary.labels[1:]]
    operations = _widening(route, as_mapping(selection.selector), boundary.key, old, names)
    if not operations:
        raise by_hand(resource)
    result.steps += [Step(resource, operation) for operation in operations]


def _widening(
    route: Route, selector: dict[str, Data], key: str, old: str, names: list[str]
) -> list[Operation]:
    """Make a LabelSelector match several values of a label where it asked for one."""
    stage = int(Stage.SWITCH)
    expressions = as_mappings(selector.get("matchExpressions"))
    result: list[Operation] = [
        AddItem((*route, "matchExpressions", index, "values"), name, stage)
        for index, each in enumerate(expressions)
        if each.get("key") == key and each.get("operator") == "In"
        for name in names
        if name not in as_list(each.get("values"))
    ]
    labels = as_mapping(selector.get("matchLabels"))
    if key not in labels:
        return result
    added: Tree = {"key": key, "operator": "In", "values": [old, *names]}
    if set(selector) == {"matchLabels"} and len(labels) == 1:
        return [SetValue(route, {"matchExpressions": [added]}, stage)]
    result.append(
        Remove((*route, "matchLabels", key) if len(labels) > 1 else (*route, "matchLabels"), stage)
    )
    if "matchExpressions" in selector:
        return [*result, AddItem((*route, "matchExpressions"), added, stage)]
    return [*result, AddEntry(route, "matchExpressions", [added], stage)]


def _divide(
    candidate: Candidate, division: Division, selection: Selection, result: Following
) -> None:
    boundary, resource = division.boundary, selection.resource
    route = (*resource.route, *selection.route)
    if any(matches(selection.selector, labels) for labels in boundary.labels[1:]):
        own = _narrowing(
            route, selection.selector, boundary.key, boundary.labels[0][boundary.key], Stage.SWITCH
        )
        result.steps += [Step(resource, operation) for operation in own]
    for number in range(1, len(boundary.names)):
        operations = _narrowing(
            route, selection.selector, boundary.key, boundary.labels[number][boundary.key]
        )
        stage = max(Stage.SWITCH, division.stages[number])
        result.objects.append(copied(candidate, division, resource, number, operations, stage))


def _narrowing(
    route: Route, selector: Data, key: str, value: str, stage: Stage = Stage.EXPAND
) -> list[Operation]:
    """Make a LabelSelector ask for one value of a label besides what it asked for."""
    when, written = int(stage), as_mapping(selector)
    labels = as_mapping(written.get("matchLabels"))
    kept = [each for each in as_mappings(written.get("matchExpressions")) if each.get("key") != key]
    if len(kept) < len(as_mappings(written.get("matchExpressions"))):
        tree: dict[str, Tree] = {"matchLabels": {**labels, key: value}}
        return [SetValue(route, {**tree, "matchExpressions": kept} if kept else tree, when)]
    if key in labels:
        return [SetValue((*route, "matchLabels", key), value, when)]
    if labels:
        return [AddEntry((*route, "matchLabels"), key, value, when)]
    return [AddEntry(route, "matchLabels", {key: value}, when)]


def copied(
    candidate: Candidate,
    division: Division,
    resource: Resource,
    number: int,
    operations: list[Operation],
    stage: Stage,
) -> NewObject:
    """A copy of an object for a group, its text changed by operations on its `spec`."""
    boundary = division.boundary
    name = candidate.names.give(
        resource.kind, short(name_for(resource.name, division, number), 253), resource
    )
    metadata: dict[str, Tree] = {"name": name}
    if resource.namespace is not None:
        metadata["namespace"] = Verbatim(
            resource.document, (*resource.route, "metadata", "namespace")
        )
    if resource.labels:
        old, new = boundary.labels[0].get(boundary.key), boundary.labels[number][boundary.key]
        metadata["labels"] = {
            key: new if (key, value) == (boundary.key, old) else value
            for key, value in resource.labels.items()
        }
    annotations = copied_annotations(resource, division.workload)
    if annotations:
        metadata["annotations"] = annotations
    spec = Verbatim(resource.document, (*resource.route, "spec"), tuple(operations))
    tree: dict[str, Any] = {
        "apiVersion": resource.api_version,
        "kind": resource.kind,
        "metadata": metadata,
        "spec": spec,
    }
    return NewObject(resource, tree, f"{resource.kind}/{name}", stage)


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
    names = {each.name for each in workload.containers}
    return {
        key: Verbatim(resource.document, (*resource.route, "metadata", "annotations", key))
        for key, value in resource.annotations.items()
        if not key.startswith(_NOT_COPIED)
        and value not in names
        and not names & set(re.split(r"[./]", key))
    }


def name_for(name: str, division: Division, number: int) -> str:
    """The name of a group's copy: the workload's name in it becomes the group's, or else stands
    behind.
    """
    old, new = division.boundary.names[0], division.boundary.names[number]
    if name == old or name.startswith(f"{old}-"):
        return new + name.removeprefix(old)
    return joined(name, new.removeprefix(f"{old}-"))
