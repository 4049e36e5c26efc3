"""Whether policies, budgets, monitors and autoscalers cover the same containers after a rewrite as
before it.

Asked of the objects as they will be sent, by matching labels as Kubernetes does; nothing here knows
how the rewrite was made.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from service.change import NewObject
from service.kube.dependents import (
    DIVIDED_KINDS,
    Selection,
    SelectorTreatment,
    covers_other_workloads,
    has_scalers,
    metric_container,
    scalers_of,
    selections_in,
    selections_of,
    trigger_container,
)
from service.kube.objects import ManifestSet, Resource, as_mappings, as_text
from service.kube.selectors import matches, values_asked
from service.kube.splits import SPLIT_FROM
from service.kube.workloads import Workload, pods_by_label
from service.verification.equality import are_equal_but_for
from service.yamldoc.nodes import Data, Route


@dataclass(frozen=True, slots=True)
class Covered:
    """A workload before and after a rewrite, with the sets that it stands in."""

    before: ManifestSet
    """The set as it was sent."""
    after: ManifestSet
    """The set as it will be."""
    old: Workload
    """The workload as it was."""
    successors: Sequence[Workload]
    """The workloads that its containers are in afterwards, the old one's own first."""
    new_names: Collection[str]
    """The names of all new workloads, those of later stages included; each is the value of its
    Pods' own label.
    """


def find_lost_coverage(covered: Covered) -> Iterator[str]:
    """What covers other containers than it did.

    Args:
        covered: the workload.
    """
    # What a split made before was never for all of the Pod.
    selections = [
        selection
        for selection in selections_of(covered.old, covered.before)
        if SPLIT_FROM not in selection.resource.annotations
    ]
    yield from _check_selections(covered, selections)
    yield from _check_budgets(covered, selections)
    yield from _check_scalers(covered)


def find_new_objects(manifests: ManifestSet, new: NewObject) -> list[Resource]:
    """The objects of a set that have the kind, name, file and namespace of a new one; where all is
    well there is one, from its stage on.
    """
    return manifests.find_at(new.kind, new.name, new.file, new.after.namespace)


def _check_selections(covered: Covered, selections: Sequence[Selection]) -> Iterator[str]:
    covering: dict[Resource, list[Selection]] = {}
    for selection in selections:
        if selection.on_split is not SelectorTreatment.DIVIDED:
            covering.setdefault(selection.resource, []).append(selection)
    for origin, own in covering.items():
        now = covered.after.find_same(origin)
        if now is not None and not _is_only_widened(origin, now, covered.before, covered.new_names):
            yield f"{origin.title} is not what it was, but for the Pods of new workloads"
        for selection in own:
            for successor in covered.successors:
                if now is None or not matches(_selector(now, selection.route), successor.labels):
                    yield (
                        f"{origin.title} doesn't cover the Pods of {successor.title}, as it did"
                        f" those of {covered.old.title}"
                    )


def _is_only_widened(
    origin: Resource, now: Resource, before: ManifestSet, new_names: Collection[str]
) -> bool:
    """Whether an object differs only in that its selectors take in Pods which there were not
    before.
    """
    there = pods_by_label(before)
    places = list(selections_in(origin))
    for place in places:
        asked, others = values_asked(place.selector)
        wider, rest = values_asked(_selector(now, place.route))
        if asked.keys() != wider.keys() or others != rest:
            return False
        for key, values in wider.items():
            if not asked[key] <= values or any(
                there.count((key, new)) or new not in new_names for new in values - asked[key]
            ):
                return False
    return are_equal_but_for(origin.data, now.data, frozenset(place.route for place in places))


def _selector(resource: Resource, route: Route) -> object:
    found = resource.get(*route)
    return (
        {"matchLabels": found["labels"]} if isinstance(found, dict) and "labels" in found else found
    )


def _check_budgets(covered: Covered, selections: Sequence[Selection]) -> Iterator[str]:
    """As many budgets on each Pod as before, asking for as much, and none that counts Pods of two
    workloads.
    """
    dividing = _of_budgets(selections)
    if not dividing and not covered.after.of_kind(*DIVIDED_KINDS):
        return
    asked = [_without_selector(selection.resource) for selection in dividing]
    common = {
        selection.resource.name
        for selection in dividing
        if covers_other_workloads(selection, covered.old, covered.before)
    }
    budgets_of = [
        {selection.resource for selection in _of_budgets(selections_of(successor, covered.after))}
        for successor in covered.successors
    ]
    for successor, budgets in zip(covered.successors, budgets_of, strict=True):
        if len(budgets) != len(asked):
            yield f"{len(budgets)} budgets are for the Pods of {successor.title}, not {len(asked)}"
        for budget in sorted(budgets, key=lambda budget: budget.name):
            if _without_selector(budget) not in asked:
                yield f"{budget.title} asks for something else than there was"
            is_shared = sum(budget in other for other in budgets_of) > 1
            if is_shared and budget.name not in common:
                yield f"{budget.title} counts the Pods of {successor.title} and others as one"


def find_doubled_budgets(
    before: ManifestSet, old: Workload, sets: Sequence[ManifestSet], pods: Sequence[Workload]
) -> Iterator[str]:
    """Budgets that meet on one Pod while a stage is applied: two block its eviction. Budgets and
    Pods change one after another, so that old and new ones are there together.

    Args:
        before: the set as it was sent.
        old: the workload as it was.
        sets: the set in the stage before, and in this one.
        pods: the workloads whose Pods are there meanwhile.
    """
    if not any(manifests.of_kind(*DIVIDED_KINDS) for manifests in sets):
        return
    most = len(_of_budgets(selections_of(old, before)))
    for workload in pods:
        names = {
            selection.resource.name
            for manifests in sets
            for selection in _of_budgets(selections_of(workload, manifests))
        }
        if len(names) > most:
            yield f"{len(names)} budgets meet on the Pods of {workload.title}, not {most}"


def _without_selector(budget: Resource) -> dict[str, Data]:
    return {key: value for key, value in budget.spec.items() if key != "selector"}


def _of_budgets(selections: Sequence[Selection]) -> list[Selection]:
    return [
        selection for selection in selections if selection.on_split is SelectorTreatment.DIVIDED
    ]


def _check_scalers(covered: Covered) -> Iterator[str]:
    origins = scalers_of(covered.old, covered.before)
    if not origins and not any(map(has_scalers, (covered.before, covered.after))):
        return
    own = covered.successors[0]
    for scaler in origins:
        if covered.after.find_same(scaler) not in scalers_of(own, covered.after):
            yield f"{scaler.title} doesn't scale {own.title} any more"
    known = [entry for scaler in origins for entry in _entries(scaler)]
    for successor in covered.successors:
        scalers = scalers_of(successor, covered.after)
        names = {container.name for container in successor.containers} | {"*", ""}
        for scaler in scalers:
            missing = [name for name in _named_containers(scaler) if name not in names]
            if missing:
                yield f"{scaler.title} is about {missing[0]}, which {successor.title} doesn't have"
            if any(entry not in known for entry in _entries(scaler)):
                yield (
                    f"{scaler.title} scales {successor.title} by what nothing scaled"
                    f" {covered.old.title} by"
                )
        kinds = [scaler.kind for scaler in scalers]
        if len(kinds) > max(len(set(kinds)), len(origins)):
            yield f"{successor.title} is scaled twice"


def _entries(scaler: Resource) -> list[dict[str, Data]]:
    """What an autoscaler goes by: metrics, triggers, and policies of containers."""
    lists = (
        scaler.get("spec", "metrics"),
        scaler.get("spec", "triggers"),
        scaler.get("spec", "resourcePolicy", "containerPolicies"),
    )
    return [entry for entries in lists for entry in as_mappings(entries)]


def _named_containers(scaler: Resource) -> list[str]:
    return [
        metric_container(entry) or trigger_container(entry) or as_text(entry.get("containerName"))
        for entry in _entries(scaler)
    ]
