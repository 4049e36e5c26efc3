"""Whether NetworkPolicies let through what was said inside the Pod, and nothing more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from service.kube.network import (
    DNS_PORT,
    Direction,
    allows_dns,
    allows_traffic,
    directions_of,
    policies_isolating,
)
from service.kube.objects import ManifestSet, Resource, as_mappings
from service.kube.selectors import match_labels
from service.kube.workloads import Workload, pods_with_labels
from service.yamldoc.nodes import Data


def find_unneeded_traffic(
    after: ManifestSet, policy: Resource, successors: Sequence[Workload]
) -> Iterator[str]:
    """What a new NetworkPolicy is about besides the traffic between a workload's groups, and the
    DNS that this needs.

    Args:
        after: the set as it will be.
        policy: the policy.
        successors: the workloads of the groups.
    """
    own = {successor.resource for successor in successors}

    def selects_others(selector: Data) -> bool:
        labels = match_labels(selector)
        return not labels or any(
            pod not in own for pod, _ in pods_with_labels(labels, after, policy)
        )

    if selects_others(policy.spec.get("podSelector")):
        yield f"{policy.title} is for other Pods too"
    ruled = {direction.value for direction in Direction if policy.spec.get(direction)}
    if directions_of(policy) != ruled:
        yield f"{policy.title} limits a direction that it has no rules for"
    for direction, side in ((Direction.INGRESS, "from"), (Direction.EGRESS, "to")):
        for rule in as_mappings(policy.spec.get(direction)):
            peers = as_mappings(rule.get(side))
            is_among_groups = bool(peers) and not any(
                set(peer) != {"podSelector"} or selects_others(peer["podSelector"])
                for peer in peers
            )
            is_dns = direction is Direction.EGRESS and not peers and _ports(rule) == {DNS_PORT}
            if None in _ports(rule) or not _ports(rule) or not (is_dns or is_among_groups):
                yield f"{policy.title} lets through more than what was spoken inside the Pod"


def _ports(rule: Mapping[str, Data]) -> set[Data]:
    return {port.get("port") for port in as_mappings(rule.get("ports"))}


def find_blocked(
    after: ManifestSet, source: Workload, target: Workload, port: int
) -> Iterator[str]:
    """The directions, if any, in which policies keep one workload's Pods from a port of another's,
    or from finding it by its name.

    Args:
        after: the set as it will be.
        source: the workload that calls.
        target: the workload that is called.
        port: the port of its containers.
    """
    ports = [declared for container in target.containers for declared in container.ports]
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
