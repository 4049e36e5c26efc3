"""How the groups are told apart afterwards: names, labels and selectors.

The old selector is immutable and stays. Moved Pods differ from it in one label, so that neither
selector matches the other's Pods.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from service.actions.context import Candidate, Refused
from service.actions.label_overlaps import find_new_selecting
from service.actions.names import join_names, shorten
from service.actions.split.groups import Partition
from service.change import Controller
from service.kube.objects import Resource
from service.kube.workloads import pods_with_labels
from service.refusals import Refusal

_LABEL_KEYS = ("app.kubernetes.io/component", "app.kubernetes.io/name", "app", "k8s-app", "name")
"""The labels in which a moved group may differ, the best first."""
_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?\Z")
_NAME_LIMITS = {"CronJob": 52, "StatefulSet": 52}
"""By kind; 63 for all others, as Pods and labels are named for them."""


@dataclass(frozen=True, slots=True)
class GroupLabels:
    """How the groups are told apart; each tuple has an entry for each group, group 0 first."""

    key: str
    """The label in which the groups differ."""
    labels: tuple[dict[str, str], ...]
    """The labels of each group's Pods."""
    names: tuple[str, ...]
    """The name of each group's workload."""
    selector_keys: tuple[str, ...]
    """The labels that each group's selector asks for; the one in which they differ is among
    them.
    """
    is_carried: bool = True
    """Whether the Pods that run have the label in which the groups differ: a wrap may bring it."""

    def selector(self, group: int) -> dict[str, str]:
        """What selects a group's Pods and no others."""
        return {key: self.labels[group][key] for key in self.selector_keys}

    def value(self, group: int) -> str:
        """A group's value of the label in which the groups differ; empty where it has none."""
        return self.labels[group].get(self.key, "")


def choose_labels(
    candidate: Candidate, partition: Partition, controller: Controller | None, kind: str
) -> GroupLabels:
    """Names and labels of the groups.

    Args:
        candidate: the workload that is split.
        partition: its groups.
        controller: the controller that a bare Pod gets by the same rewrite.
        kind: the kind of the new workloads.

    Raises:
        Refused: no label tells the groups apart, or no valid name can be made.
    """
    selector = _own_selector(candidate, controller)
    labels = {**candidate.workload.labels, **(controller.labels if controller else {})}
    if any(labels.get(key) != value for key, value in selector.items()):
        message = "its selector doesn't match the labels of its own template: mend that first"
        raise Refused(Refusal.SELECTOR, message)
    workload_kind = candidate.workload.kind
    if not selector and workload_kind is not None and workload_kind.kind != "CronJob":
        message = (
            "it has no matchLabels, so no label tells its Pods from others: add one to selector"
            " and template"
        )
        raise Refused(Refusal.SELECTOR, message)
    first = next(iter(selector), "app.kubernetes.io/name")
    key = next((known for known in _LABEL_KEYS if known in selector), first)
    names = _names(candidate, partition, controller, kind)
    group_labels = (labels, *({**labels, key: name} for name in names[1:]))
    for name, moved in zip(names[1:], group_labels[1:], strict=True):
        other = find_new_selecting(candidate, moved)
        if other is not None:
            message = (
                f"{other.title} selects by the label that the Pods of {name} would get ({key}): see"
                " what it is for"
            )
            raise Refused(Refusal.SELECTOR_OVERLAP, message)
    selector_keys = tuple(known for known in selector if known in labels) or (key,)
    is_carried = key in candidate.workload.labels or controller is None
    return GroupLabels(key, group_labels, names, selector_keys, is_carried)


def _own_selector(candidate: Candidate, controller: Controller | None) -> dict[str, str]:
    """What selects the workload's Pods; for kinds without selector the labels that tell them."""
    workload = candidate.workload
    if controller is not None:
        return controller.selector
    if workload.kind is not None and workload.kind.selector == "none":
        known = {key: value for key, value in workload.labels.items() if key in _LABEL_KEYS}
        return known or dict(workload.labels)
    return workload.selector


def wanted_name(workload: str, head: str, kind: str) -> str:
    """The name of what a group moves to, where it is free.

    Args:
        workload: the name of the workload that is split.
        head: the name of the group's first container.
        kind: the kind of the new workload.
    """
    return shorten(join_names(workload, head), _NAME_LIMITS.get(kind, 63))


def _names(
    candidate: Candidate, partition: Partition, controller: Controller | None, kind: str
) -> tuple[str, ...]:
    own = controller.name if controller else candidate.workload.name
    limit = _NAME_LIMITS.get(kind, 63)
    heads = [group[0].name for group in partition.groups[1:]]
    new = [
        candidate.names.give(kind, wanted_name(own, head, kind), candidate.resource, limit)
        for head in heads
    ]
    if not all(_NAME.match(name) for name in new):
        message = (
            "the names of the workload and its containers don't make a valid name for a new"
            " workload: mend them first"
        )
        raise Refused(Refusal.NAME, message)
    return (own, *new)


def check_narrowing(labels: GroupLabels, resource: Resource) -> None:
    """See that what selects the Pods can be narrowed to them before there are others.

    Args:
        labels: how the groups are told apart.
        resource: the Service or policy that is narrowed in stage *expand*.

    Raises:
        Refused: the Pods that run don't have the label that it would ask for.
    """
    if not labels.is_carried:
        message = (
            f"{resource.title} selects the Pod by labels that tell no application from another, and"
            f" its new label {labels.key} is on no Pod that runs, so that it can't be asked for"
            " first: give the Pod a label of its own, such as app"
        )
        # The controller would bring the label, and a second run would part it then.
        raise Refused(Refusal.NO_TELLING_LABEL, message, withdraws=frozenset({"wrap"}))


def check_selected_alone(candidate: Candidate, labels: GroupLabels, group: int, what: str) -> None:
    """A new Service or policy for a group needs labels that no other Pods have: it would lead to
    those, or hold for them.

    Args:
        candidate: the workload that is split.
        labels: how the groups are told apart.
        group: the group.
        what: the new object, as in a sentence.

    Raises:
        Refused: others have them.
    """
    selector = labels.selector(group)
    for other, _ in pods_with_labels(selector, candidate.manifests, candidate.resource):
        if other not in candidate.own_resources:
            message = (
                f"the Pods of {other.title} have all labels that {labels.names[group]} is told by,"
                f" so {what} for one would be for both: give them labels of their own"
            )
            raise Refused(Refusal.SELECTOR_OVERLAP, message)
