"""Checks of what selects Pods: the selectors of controllers and of Services."""

from __future__ import annotations

from collections.abc import Iterator

from tests.support.checks.lookup import containers_behind, describe
from tests.support.cluster import Cluster
from tests.support.objects import matches


def check_selectors(before: Cluster, after: Cluster) -> Iterator[str]:
    """Every controller's selector matches its own Pods, and no Pods of others that it didn't match
    before.
    """
    for owner, pods in after.pods.items():
        selector = after.selector(owner)
        was_broken = owner in before.pods and not matches(
            before.selector(owner), before.pods[owner].labels
        )
        if selector is not None and not matches(selector, pods.labels) and not was_broken:
            yield f"the selector of {owner} doesn't match its own Pods"
    for owner, identity in after.selector_overlaps() - before.selector_overlaps():
        yield f"the selector of {owner} matches Pods with {identity}, which it didn't"


def check_services(before: Cluster, after: Cluster) -> Iterator[str]:
    """Every port of every Service leads to the containers that it led to, and to no others.
    Clients see the same ports.
    """
    old, new = before.endpoints(), after.endpoints()
    # What is stopped is reached by nobody; that it may be is for the check of the rollout.
    stopped = {
        container.identity
        for pods in after.pods.values()
        if pods.is_stopped
        for container in pods.containers
    }
    for port, old_endpoints in old.items():
        if port not in new:
            yield f"{port} is gone"
            continue
        wanted, reached = containers_behind(old_endpoints), containers_behind(new[port])
        if reached != wanted and not (not reached and wanted <= stopped):
            yield f"{port} reached {describe(wanted)} and reaches {describe(reached)}"
    for service in before.services:
        later = after.by_key.get(service.key)
        for field, value in service.spec.items():
            if field not in ("selector", "ports") and (
                later is None or later.spec.get(field) != value
            ):
                yield f"{field} of {service.title} has changed"
    for port, new_endpoints in new.items():
        reached = containers_behind(new_endpoints)
        if port not in old and (None in reached or len(reached) > 1):
            yield f"the new {port} reaches {describe(reached)}"
