"""Whether policies, budgets, monitors and autoscalers cover the same containers after a rewrite as
before it.

Asked of the objects as they will be sent, by matching labels as Kubernetes does; nothing here knows
how the rewrite was made.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from service.change import NewObject
from service.kube.dependents import (
    OnSplit,
    Selection,
    covers_other_workloads,
    metric_container,
    scalers_of,
    selections_in,
    selections_of,
    trigger_container,
)
from service.kube.network import (
    DNS_PORT,
    Direction,
    allows_dns,
    allows_traffic,
    directions_of,
    policies_isolating,
)
from service.kube.objects import ManifestSet, Resource, as_mappings, as_text
from service.kube.selectors import match_labels, matches, values_asked
from service.kube.workloads import Workload, pods_by_label, pods_with_labels
from service.verification.equality import same_but
from service.yamldoc.nodes import Data, Route


def uncovered(
    before: ManifestSet,
    after: ManifestSet,
    old: Workload,
    homes: Sequence[Workload],
    coming: Collection[str],
) -> Iterator[str]:
    """What covers other containers than it did.

    Args:
        before: the set as it was sent.
        after: the set as it will be.
        old: the workload as it was.
        homes: the workloads that its containers are in afterwards, the old one's first.
        coming: the names of all new workloads, those of later stages included; each is the value of
            its Pods' own label.
    """
    selections = selections_of(old, before)
    yield from _selections(selections, before, after, old, homes, coming)
    yield from _budgets(selections, before, after, old, homes)
    yield from _scalers(before, after, old, homes)


def same_object(resource: Resource, manifests: ManifestSet) -> Resource | None:
    """The object of a set that has the kind, name, file and namespace of another one's."""
    named = manifests.find_all(resource.kind, resource.name)
    return next(
        (
            each
            for each in named
            if each.path == resource.path and each.namespace == resource.namespace
        ),
        None,
    )


def made_in(manifests: ManifestSet, made: NewObject) -> list[Resource]:
    """The objects of a set that have the kind, name, file and namespace of a new one; where all
    is well there is one, from its stage on.
    """
    return [
        each
        for each in manifests.find_all(made.kind, made.name)
        if each.path == made.home and each.namespace == made.after.namespace
    ]


def _selections(
    selections: Sequence[Selection],
    before: ManifestSet,
    after: ManifestSet,
    old: Workload,
    homes: Sequence[Workload],
    coming: Collection[str],
) -> Iterator[str]:
    covering = [each for each in selections if each.on_split is not OnSplit.DIVIDED]
    for origin in {id(each.resource): each.resource for each in covering}.values():
        now = same_object(origin, after)
        if now is not None and not _only_widened(origin, now, before, coming):
            yield f"{origin.title} is not what it was, but for the Pods of new workloads"
        for selection in (each for each in covering if each.resource is origin):
            for home in homes:
                if now is None or not matches(_selector(now, selection.route), home.labels):
                    yield (
                        f"{origin.title} doesn't cover the Pods of {home.title}, as it did those of"
                        f" {old.title}"
                    )


def _only_widened(
    origin: Resource, now: Resource, before: ManifestSet, coming: Collection[str]
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
                (key, new) in there or new not in coming for new in values - asked[key]
            ):
                return False
    return same_but(origin.data, now.data, frozenset(place.route for place in places))


def _selector(resource: Resource, route: Route) -> object:
    found = resource.get(*route)
    return (
        {"matchLabels": found["labels"]} if isinstance(found, dict) and "labels" in found else found
    )


def _budgets(
    selections: Sequence[Selection],
    before: ManifestSet,
    after: ManifestSet,
    old: Workload,
    homes: Sequence[Workload],
) -> Iterator[str]:
    """As many budgets on each Pod as before, asking for as much, and none that counts Pods of
    two workloads.
    """
    dividing = _dividing(selections)
    asked = [_without_selector(each.resource) for each in dividing]
    common = {each.resource.name for each in dividing if covers_other_workloads(each, old, before)}
    covering = [
        {id(each.resource): each.resource for each in _dividing(selections_of(home, after))}
        for home in homes
    ]
    for home, budgets in zip(homes, covering, strict=True):
        if len(budgets) != len(asked):
            yield f"{len(budgets)} budgets are for the Pods of {home.title}, not {len(asked)}"
        for budget in budgets.values():
            if _without_selector(budget) not in asked:
                yield f"{budget.title} asks for something else than there was"
        shared = [
            each
            for each in budgets.values()
            if sum(id(each) in other for other in covering) > 1 and each.name not in common
        ]
        for budget in shared:
            yield f"{budget.title} counts the Pods of {home.title} and others as one"


def _without_selector(budget: Resource) -> dict[str, Data]:
    return {key: value for key, value in budget.spec.items() if key != "selector"}


def _dividing(selections: Sequence[Selection]) -> list[Selection]:
    return [each for each in selections if each.on_split is OnSplit.DIVIDED]


def _scalers(
    before: ManifestSet, after: ManifestSet, old: Workload, homes: Sequence[Workload]
) -> Iterator[str]:
    origins = scalers_of(old, before)
    for scaler in origins:
        now = same_object(scaler, after)
        if now is None or now not in scalers_of(homes[0], after):
            yield f"{scaler.title} doesn't scale {homes[0].title} any more"
    known = [each for scaler in origins for each in _entries(scaler)]
    for home in homes:
        scalers = scalers_of(home, after)
        names = {each.name for each in home.containers} | {"*", ""}
        for scaler in scalers:
            missing = [each for each in _named_containers(scaler) if each not in names]
            if missing:
                yield f"{scaler.title} is about {missing[0]}, which {home.title} doesn't have"
            if any(each not in known for each in _entries(scaler)):
                yield f"{scaler.title} scales {home.title} by what nothing scaled {old.title} by"
        kinds = [each.kind for each in scalers]
        if len(kinds) > max(len(set(kinds)), len(origins)):
            yield f"{home.title} is scaled twice"


def _entries(scaler: Resource) -> list[dict[str, Data]]:
    """What an autoscaler goes by: metrics, triggers, and policies of containers."""
    lists = (
        scaler.get("spec", "metrics"),
        scaler.get("spec", "triggers"),
        scaler.get("spec", "resourcePolicy", "containerPolicies"),
    )
    return [each for some in lists for each in as_mappings(some)]


def _named_containers(scaler: Resource) -> list[str]:
    return [
        metric_container(each) or trigger_container(each) or as_text(each.get("containerName"))
        for each in _entries(scaler)
    ]


def opened(after: ManifestSet, policy: Resource, homes: Sequence[Workload]) -> Iterator[str]:
    """What a new NetworkPolicy is about besides the traffic between a workload's groups, and the
    DNS that this needs.
    """
    own = {id(home.resource) for home in homes}

    def others(selector: Data) -> bool:
        labels = match_labels(selector)
        return not labels or any(
            id(pod) not in own and after.can_see(policy, pod)
            for pod, _ in pods_with_labels(labels, after)
        )

    if others(policy.spec.get("podSelector")):
        yield f"{policy.title} is for other Pods too"
    if directions_of(policy) != {each.value for each in Direction if policy.spec.get(each)}:
        yield f"{policy.title} limits a direction that it has no rules for"
    for direction, side in ((Direction.INGRESS, "from"), (Direction.EGRESS, "to")):
        for rule in as_mappings(policy.spec.get(direction)):
            peers, ports = (
                as_mappings(rule.get(side)),
                [each.get("port") for each in as_mappings(rule.get("ports"))],
            )
            asks_names = direction is Direction.EGRESS and not peers and set(ports) == {DNS_PORT}
            among_groups = bool(peers) and not any(
                set(each) != {"podSelector"} or others(each["podSelector"]) for each in peers
            )
            if None in ports or not ports or not (asks_names or among_groups):
                yield f"{policy.title} lets through more than what was spoken inside the Pod"


def blocked(after: ManifestSet, source: Workload, target: Workload, port: int) -> Iterator[str]:
    """The NetworkPolicies' direction, if any, in which one workload's Pods can't reach a port of
    another's, or find it by its name.
    """
    ports = [each for container in target.containers for each in container.ports]
    for direction, own, peer in (
        (Direction.INGRESS, target, source),
        (Direction.EGRESS, source, target),
    ):
        policies = policies_isolating(after, own.resource, own.labels, direction)
        if policies and not allows_traffic(policies, direction, peer.labels, port, ports):
            yield (
                f"policies let no {direction.value} from {source.title} to port {port} of"
                f" {target.title}"
            )
        if policies and direction is Direction.EGRESS and not allows_dns(policies):
            yield f"policies let {source.title} ask no DNS server for {target.title}"
