"""Whether policies, budgets, monitors and autoscalers cover the same containers after a rewrite as before it.

Asked of the objects as they will be sent, by matching labels as Kubernetes does; nothing here knows how the rewrite was made.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from service.kube.network import Direction, isolating, lets_through
from service.kube.objects import ManifestSet, Resource, mapping, mappings, text
from service.kube.pointers import Follows, covers_others, metric_container, scalers_of, selections_of, trigger_container
from service.kube.selectors import matches
from service.kube.workloads import Workload
from service.yamldoc.nodes import Route


def uncovered(before: ManifestSet, after: ManifestSet, old: Workload, homes: Sequence[Workload]) -> Iterator[str]:
    """What covers other containers than it did.

    Args:
        before: the set as it was sent.
        after: the set as it will be.
        old: the workload as it was.
        homes: the workloads that its containers are in afterwards, the old one's first.
    """
    yield from _selections(before, after, old, homes)
    yield from _budgets(before, after, old, homes)
    yield from _scalers(before, after, old, homes)


def same_object(resource: Resource, manifests: ManifestSet) -> Resource | None:
    """The object of a set that has the kind, name, file and namespace of another one's."""
    named = manifests.all_named(resource.kind, resource.name)
    return next((each for each in named if each.path == resource.path and each.namespace == resource.namespace), None)


def _selections(before: ManifestSet, after: ManifestSet, old: Workload, homes: Sequence[Workload]) -> Iterator[str]:
    for selection in selections_of(old, before):
        if selection.follows is Follows.DIVIDED:
            continue
        now = same_object(selection.resource, after)
        for home in homes:
            if now is None or not matches(_selector(now, selection.route), home.labels):
                yield f"{selection.resource.title} doesn't cover the Pods of {home.title}, as it did those of {old.title}"


def _selector(resource: Resource, route: Route) -> object:
    found = resource.get(*route)
    return {"matchLabels": found["labels"]} if isinstance(found, dict) and "labels" in found else found


def _budgets(before: ManifestSet, after: ManifestSet, old: Workload, homes: Sequence[Workload]) -> Iterator[str]:
    """As many budgets on each Pod as before, and none that counts Pods of two workloads."""
    count = len(_dividing(old, before))
    common = {
        each.resource.name for each in selections_of(old, before) if each.follows is Follows.DIVIDED and covers_others(each, old, before)
    }
    covering = [{id(each): each for each in _dividing(home, after)} for home in homes]
    for home, budgets in zip(homes, covering, strict=True):
        if len(budgets) != count:
            yield f"{len(budgets)} budgets are for the Pods of {home.title}, not {count}"
        shared = [each for each in budgets.values() if sum(id(each) in other for other in covering) > 1 and each.name not in common]
        for budget in shared:
            yield f"{budget.title} counts the Pods of {home.title} and others as one"


def _dividing(workload: Workload, manifests: ManifestSet) -> list[Resource]:
    return [each.resource for each in selections_of(workload, manifests) if each.follows is Follows.DIVIDED]


def _scalers(before: ManifestSet, after: ManifestSet, old: Workload, homes: Sequence[Workload]) -> Iterator[str]:
    for scaler in scalers_of(old, before):
        now = same_object(scaler, after)
        if now is None or now not in scalers_of(homes[0], after):
            yield f"{scaler.title} doesn't scale {homes[0].title} any more"
    for home in homes:
        scalers = scalers_of(home, after)
        names = {each.name for each in home.containers} | {"*", ""}
        for scaler in scalers:
            missing = [each for each in _named_containers(scaler) if each not in names]
            if missing:
                yield f"{scaler.title} is about {missing[0]}, which {home.title} doesn't have"
        kinds = [each.kind for each in scalers]
        if len(kinds) > max(len(set(kinds)), len(scalers_of(old, before))):
            yield f"{home.title} is scaled twice"


def _named_containers(scaler: Resource) -> list[str]:
    metrics = [metric_container(each) or "" for each in mappings(scaler.spec.get("metrics"))]
    policies = mapping(scaler.spec.get("resourcePolicy")).get("containerPolicies")
    triggers = [trigger_container(each) or "" for each in mappings(scaler.spec.get("triggers"))]
    return [*metrics, *(text(each.get("containerName")) for each in mappings(policies)), *triggers]


def blocked(after: ManifestSet, source: Workload, target: Workload, port: int) -> Iterator[str]:
    """The NetworkPolicies' direction, if any, in which one workload's Pods can't reach a port of another's."""
    ports = [each for container in target.containers for each in container.ports]
    for direction, own, peer in ((Direction.INGRESS, target, source), (Direction.EGRESS, source, target)):
        policies = isolating(after, own.resource, own.labels, direction)
        if policies and not lets_through(policies, direction, peer.labels, port, ports):
            yield f"policies let no {direction.value} from {source.title} to port {port} of {target.title}"
