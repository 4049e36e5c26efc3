"""NetworkPolicies: which traffic between Pods of one namespace they let through.

Facts: the API reference of networking.k8s.io/v1. Policies add up; Pods that none selects for a
direction are open in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

from service.kube.containers import Port
from service.kube.objects import ManifestSet, Resource, as_mappings, as_text, in_same_namespace
from service.kube.selectors import is_empty, match_labels, matches
from service.yamldoc.nodes import Data

GROUP = "networking.k8s.io"
DNS_PORT = 53


class Direction(StrEnum):
    """A direction of traffic, as its field is called."""

    INGRESS = "ingress"
    EGRESS = "egress"


_PEERS = {Direction.INGRESS: "from", Direction.EGRESS: "to"}


def policies_isolating(
    manifests: ManifestSet, resource: Resource, labels: Mapping[str, str], direction: Direction
) -> list[Resource]:
    """The policies of an object's namespace that limit a direction for Pods with some labels."""
    index = manifests.compute_once("policies-by-label", _by_label)
    return [
        policy
        for label in (*labels.items(), None)
        for policy in index.get(label, ())
        if direction in directions_of(policy)
        and matches(_pod_selector(policy), labels)
        and in_same_namespace(policy, resource)
        and manifests.can_see(resource, policy)
    ]


def _by_label(manifests: ManifestSet) -> dict[tuple[str, str] | None, list[Resource]]:
    """The policies of a set, each under one label that it asks for; under None those that ask
    for none by its value.
    """
    found: dict[tuple[str, str] | None, list[Resource]] = {}
    for policy in manifests.of_kind("NetworkPolicy"):
        if policy.group == GROUP:
            found.setdefault(
                next(iter(match_labels(_pod_selector(policy)).items()), None), []
            ).append(policy)
    return found


def _pod_selector(policy: Resource) -> Data:
    return policy.spec.get("podSelector") or {}


def directions_of(policy: Resource) -> set[str]:
    """The directions that a policy limits; where it doesn't say, those that the API server fills
    in (networking/v1/defaults.go).
    """
    written = policy.spec.get("policyTypes")
    if isinstance(written, list) and written:
        return {as_text(each).lower() for each in written}
    return {"ingress", "egress"} if policy.spec.get("egress") else {"ingress"}


def allows_traffic(
    policies: Sequence[Resource],
    direction: Direction,
    peer: Mapping[str, str],
    port: int,
    ports: Sequence[Port],
    protocol: str = "TCP",
) -> bool:
    """Whether policies, of which there is at least one, let traffic through.

    Args:
        policies: those that limit the direction for the Pods in question.
        direction: from whose side it is asked.
        peer: the labels of the Pods at the other end, in the same namespace.
        port: the port of the Pods that are reached.
        ports: what the reached container declares, for ports that go by name.
        protocol: TCP, UDP or SCTP.
    """
    return any(
        _has_peer(rule, direction, peer) and _has_port(rule, port, ports, protocol)
        for policy in policies
        for rule in as_mappings(policy.spec.get(direction))
    )


def allows_dns(policies: Sequence[Resource]) -> bool:
    """Whether policies that limit egress let DNS through; its servers are not in the Pods' own
    namespace.
    """
    return any(
        _has_port(rule, DNS_PORT, (), "UDP")
        and (
            not peers
            or any("podSelector" not in each or "namespaceSelector" in each for each in peers)
        )
        for policy in policies
        for rule in as_mappings(policy.spec.get(Direction.EGRESS))
        for peers in [as_mappings(rule.get("to"))]
    )


def _has_peer(rule: Mapping[str, Data], direction: Direction, labels: Mapping[str, str]) -> bool:
    peers = as_mappings(rule.get(_PEERS[direction]))
    return not peers or any(_peer_matches(peer, labels) for peer in peers)


def _peer_matches(peer: Mapping[str, Data], labels: Mapping[str, str]) -> bool:
    """Whether a peer takes in Pods of the policy's own namespace; what a namespaceSelector
    chooses can't be seen, unless it is all.
    """
    if "namespaceSelector" in peer and not is_empty(peer["namespaceSelector"]):
        return False
    return (
        matches(peer["podSelector"], labels)
        if "podSelector" in peer
        else "namespaceSelector" in peer
    )


def _has_port(rule: Mapping[str, Data], number: int, ports: Sequence[Port], protocol: str) -> bool:
    written = as_mappings(rule.get("ports"))
    return not written or any(_port_matches(each, number, ports, protocol) for each in written)


def _port_matches(
    written: Mapping[str, Data], number: int, ports: Sequence[Port], protocol: str
) -> bool:
    if (as_text(written.get("protocol")) or "TCP") != protocol:
        return False
    port, end = written.get("port"), written.get("endPort")
    if port is None:
        return True
    if isinstance(port, int):
        return port <= number <= (end if isinstance(end, int) else port)
    return any(each.name == port and each.number == number for each in ports)


def allow_rule(
    direction: Direction, selector: Mapping[str, str], ports: Sequence[int]
) -> dict[str, Data]:
    """A rule that lets TCP through, from or to Pods with some labels."""
    peers: list[Data] = [{"podSelector": {"matchLabels": dict(selector)}}]
    return {
        _PEERS[direction]: peers,
        "ports": [{"protocol": "TCP", "port": port} for port in ports],
    }
