"""Let what selects a workload's Pods, Services aside, or names the workload follow its groups.

what                           what is done                                   from stage
NetworkPolicy (itself and      the selector goes on matching all groups:      expand
as a peer), PodMonitor         `In` in place of one value
PodDisruptionBudget            narrowed to the old Pods;                      expand
                               one for each group: two budgets on one         add
                               Pod block its eviction
autoscalers                    see `autoscalers`
traffic that was localhost     see `policies`
other security policies        nothing; they hold the split back
"""

from __future__ import annotations

from service.actions.split.follow_up import (
    Division,
    FollowUp,
    check_namespace,
    combine,
    copy_for_group,
    divided_by_hand,
)
from service.actions.split.labels import check_narrowing
from service.change import Step
from service.findings import Stage
from service.kube.dependents import (
    Selection,
    SelectorTreatment,
    calico_policy,
    covers_other_workloads,
    selections_of,
)
from service.kube.objects import as_list, as_mapping, as_mappings
from service.kube.selectors import matches
from service.yamldoc.nodes import Data, Route
from service.yamldoc.operations import AddEntry, AddItem, Operation, Remove, SetValue, Tree


def follow_selections(division: Division) -> FollowUp:
    """What policies, budgets and monitors need.

    Raises:
        Refused: one of them can't be divided.
    """
    manifests = division.candidate.manifests
    follow_up = combine(
        _follow(division, selection) for selection in selections_of(division.workload, manifests)
    )
    policy = calico_policy(division.workload, manifests)
    if policy is not None:
        raise divided_by_hand(policy)
    return follow_up


def _follow(division: Division, selection: Selection) -> FollowUp:
    is_unmatched = any(
        not matches(selection.selector, labels) for labels in division.labels.labels[1:]
    )
    if selection.on_split is SelectorTreatment.BY_HAND:
        if is_unmatched or division.traffic:
            raise divided_by_hand(selection.resource)
        return FollowUp()
    # A budget that counts other workloads' Pods too goes on counting all of them.
    is_divided = selection.on_split is SelectorTreatment.DIVIDED and not covers_other_workloads(
        selection, division.workload, division.candidate.manifests
    )
    if not is_unmatched and not is_divided:
        return FollowUp()
    peer = as_mapping(selection.resource.get(*selection.route[:-1])) if selection.peer else {}
    if "namespaceSelector" not in peer:
        check_namespace(division.candidate, selection.resource)
    return _divide(division, selection) if is_divided else _widen(division, selection)


def _widen(division: Division, selection: Selection) -> FollowUp:
    """The selector goes on matching all groups."""
    labels, resource = division.labels, selection.resource
    operations = _widening(
        (*resource.route, *selection.route),
        as_mapping(selection.selector),
        key=labels.key,
        old=labels.value(0),
        names=[labels.value(group) for group in division.moved],
    )
    if not operations:
        raise divided_by_hand(resource)
    return FollowUp(steps=tuple(Step(resource, operation) for operation in operations))


def _widening(
    route: Route, selector: dict[str, Data], *, key: str, old: str, names: list[str]
) -> list[Operation]:
    """Make a LabelSelector match several values of a label where it asked for one."""
    stage = int(Stage.EXPAND)
    expressions = as_mappings(selector.get("matchExpressions"))
    result: list[Operation] = [
        AddItem((*route, "matchExpressions", index, "values"), name, stage)
        for index, expression in enumerate(expressions)
        if expression.get("key") == key and expression.get("operator") == "In"
        for name in names
        if name not in as_list(expression.get("values"))
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


def _divide(division: Division, selection: Selection) -> FollowUp:
    """Each group gets one of its own."""
    labels, resource = division.labels, selection.resource
    route = (*resource.route, *selection.route)
    narrowed: list[Operation] = []
    if any(matches(selection.selector, moved) for moved in labels.labels[1:]):
        check_narrowing(labels, resource)
        narrowed = _narrowing(route, selection.selector, labels.key, labels.value(0), Stage.EXPAND)
    copies = [
        copy_for_group(
            division,
            resource,
            group,
            operations=_narrowing(route, selection.selector, labels.key, labels.value(group)),
            stage=max(Stage.ADD, division.stages[group]),
        )
        for group in division.moved
    ]
    steps = tuple(Step(resource, operation) for operation in narrowed)
    return FollowUp(steps=steps, objects=tuple(copies))


def _narrowing(
    route: Route, selector: Data, key: str, value: str, stage: Stage = Stage.EXPAND
) -> list[Operation]:
    """Make a LabelSelector ask for one value of a label besides what it asked for."""
    when, written = int(stage), as_mapping(selector)
    labels = as_mapping(written.get("matchLabels"))
    expressions = as_mappings(written.get("matchExpressions"))
    kept = [expression for expression in expressions if expression.get("key") != key]
    if len(kept) < len(expressions):
        tree: dict[str, Tree] = {"matchLabels": {**labels, key: value}}
        return [SetValue(route, {**tree, "matchExpressions": kept} if kept else tree, when)]
    if key in labels:
        return [SetValue((*route, "matchLabels", key), value, when)]
    if labels:
        return [AddEntry((*route, "matchLabels"), key, value, when)]
    return [AddEntry(route, "matchLabels", {key: value}, when)]
