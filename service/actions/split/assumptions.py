"""What has to hold for a split, beyond what Services, addresses and other objects need."""

from __future__ import annotations

from collections.abc import Iterator

from service.actions.live_exports import unpinned_node_data
from service.actions.split.follow_up import Division
from service.actions.split.groups import keeps_data
from service.assumptions import Assumption, AssumptionCode
from service.kube.containers import Container
from service.kube.dependents import objects_mentioning
from service.kube.objects import value_at

_REPLACED_BY_HAND = ("ReplicaSet", "ReplicationController")
"""Kinds that take a changed template for new Pods only."""


def state_assumptions(division: Division) -> Iterator[Assumption]:
    """The assumptions of every split."""
    yield from _about_data(division)
    yield from _about_old_pods(division)
    yield from _about_labels(division)
    yield from _about_init_containers(division)


def stage_assumption() -> Assumption:
    """The assumption that a split is applied in its stages."""
    message = (
        "the stages are applied one after another, each rolled out before the next: applied at"
        " once, Services have no endpoints while the new Pods start"
    )
    return Assumption(AssumptionCode.GAP_IF_APPLIED_AT_ONCE, message)


def _about_data(division: Division) -> Iterator[Assumption]:
    plan, workload = division.plan, division.workload
    names, partition = plan.labels.names, plan.partition
    with_data = {
        group for group in partition.moved if keeps_data(workload, partition.members[group])
    }
    for group in partition.moved:
        if group in with_data or plan.runs_once:
            has_data = group in with_data
            why = "takes over data or a port of the node" if has_data else "must not run twice"
            message = (
                f"{names[group]} {why}: {names[0]} is stopped by the stage switch, and runs again"
                " with the stage contract, when its Pods are gone"
            )
            code = AssumptionCode.DATA_TAKEN_OVER if has_data else AssumptionCode.RUNS_ONCE
            yield Assumption(code, message)
    for group in partition.moved:
        head = partition.groups[group][0]
        if group not in with_data and _is_database(division, head):
            message = (
                f"the data of {head.name} doesn't move along: it is in the old Pods only; save it"
                " first, and give it a claim"
            )
            yield Assumption(AssumptionCode.DATA_LEFT_BEHIND, message)
    for group in partition.moved:
        needed = unpinned_node_data(division.candidate, partition.members[group])
        if needed is not None and plan.kinds[group][1] != "DaemonSet":
            name, path = needed
            message = (
                f"the Pods of {names[group]} run on the node where the data of {name} is: it uses"
                f" {path} of its node, and nothing pins them there"
            )
            yield Assumption(AssumptionCode.DATA_ON_NODE, message)


def _is_database(division: Division, container: Container) -> bool:
    entry = division.candidate.classification.context.catalogue_entry(container)
    return entry is not None and entry.stands_alone and entry.category == "datastore"


def _about_old_pods(division: Division) -> Iterator[Assumption]:
    resource = division.candidate.resource
    is_on_delete = value_at(resource.spec, "updateStrategy", "type") == "OnDelete"
    if resource.kind in _REPLACED_BY_HAND or is_on_delete:
        message = (
            f"the running Pods of {resource.name} keep the old template: they are deleted after the"
            " stages expand and contract"
        )
        yield Assumption(AssumptionCode.PODS_REPLACED_BY_HAND, message)


def _about_labels(division: Division) -> Iterator[Assumption]:
    """Objects of unknown kinds that ask for the label in which the groups differ."""
    candidate, labels = division.candidate, division.labels
    key, value = labels.key, labels.value(0)
    for other in objects_mentioning(candidate.manifests, key, value, candidate.resource):
        if other is not candidate.resource:
            message = (
                f"{other.title} asks for the label {key}: {value}, which the moved Pods don't have:"
                " see whether it is meant for them too"
            )
            yield Assumption(AssumptionCode.LABEL_USED_ELSEWHERE, message)


def _about_init_containers(division: Division) -> Iterator[Assumption]:
    groups = division.plan.partition.init_groups
    for container in division.workload.containers:
        if len(groups.get(container.index, ())) > 1:
            message = (
                f"the init container {container.name} prepares several groups and runs in each"
            )
            yield Assumption(AssumptionCode.INIT_CONTAINER_SHARED, message)
