"""NetworkPolicies: which traffic between Pods of one namespace they allow.

Facts: the API reference of networking.k8s.io/v1. Traffic is allowed if any policy allows it; Pods
that no policy selects for a direction are open in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

from service.kube.containers import Port
from service.kube.objects import ManifestSet, Resource, as_mappings, as_text
from service.kube.selectors import is_empty, match_labels, matches
from service.kube.sight import ByLabel, Label, itself
from service.yamldoc.nodes import Data

GROUP = "networking.k8s.io"
"""The API group of NetworkPolicies."""
DNS_PORT = 53


class Direction(StrEnum):
    """A direction of traffic, as the field of a policy is called."""

    INGRESS = "ingress"
    EGRESS = "egress"


_PEERS = {Direction.INGRESS: "from", Direction.EGRESS: "to"}
"""The field of a rule that lists its peers."""


def policies_isolating(
    manifests: ManifestSet, resource: Resource, labels: Mapping[str, str], direction: Direction
) -> list[Resource]:
    """The policies in an object's namespace that limit a direction for Pods with some labels.

    Args:
        manifests: the set.
        resource: the object.
        labels: the labels of the Pods.
        direction: the direction.
    """
    index = manifests.compute_once("policies-by-label", _by_label)
    return [
        policy
        for policy in index.seen_from(resource, manifests, (*labels.items(), None))
        if direction in directions_of(policy) and matches(_pod_selector(policy), labels)
    ]


def _by_label(manifests: ManifestSet) -> ByLabel[Resource]:
    """The policies of a set, each under one label that it asks for; under None those that ask for
    no label with a value.
    """
    found: dict[Label | None, list[Resource]] = {}
    for policy in manifests.of_kind("NetworkPolicy"):
        if policy.group == GROUP:
            label = next(iter(match_labels(_pod_selector(policy)).items()), None)
            found.setdefault(label, []).append(policy)
    return ByLabel(found, itself)


def _pod_selector(policy: Resource) -> Data:
    return policy.spec.get("podSelector") or {}


def directions_of(policy: Resource) -> set[str]:
    """The directions that a policy limits, in lower case; without `policyTypes` those that the API
    server fills in (networking/v1/defaults.go).
    """
    types = policy.spec.get("policyTypes")
    if isinstance(types, list) and types:
        return {as_text(direction).lower() for direction in types}
    return {"ingress", "egress"} if policy.spec.get("egress") else {"ingress"}


def allows_traffic(
    policies: Sequence[Resource],
    direction: Direction,
    peer: Mapping[str, str],
    port: int,
    ports: Sequence[Port],
    protocol: str = "TCP",
) -> bool:
    """Whether any of some policies allows traffic.

    Args:
        policies: those that limit the direction for the Pods in question, at least one.
        direction: the direction, as those Pods see it.
        peer: the labels of the Pods at the other end, in the same namespace.
        port: the number of the port that is called.
        ports: what the called container declares, for ports that rules name.
        protocol: TCP, UDP or SCTP.
    """
    return any(
        _has_peer(rule, direction, peer) and _has_port(rule, port, ports=ports, protocol=protocol)
        for policy in policies
        for rule in as_mappings(policy.spec.get(direction))
    )


def allows_dns(policies: Sequence[Resource]) -> bool:
    """Whether any of some policies that limit egress allows DNS, whose servers are in another
    namespace.
    """
    return any(
        _has_port(rule, DNS_PORT, ports=(), protocol="UDP") and _has_peer_elsewhere(rule)
        for policy in policies
        for rule in as_mappings(policy.spec.get(Direction.EGRESS))
    )


def _has_peer_elsewhere(rule: Mapping[str, Data]) -> bool:
    """Whether a rule for egress may allow traffic to other namespaces; a podSelector alone selects
    Pods of the policy's own.
    """
    peers = as_mappings(rule.get("to"))
    return not peers or any(
        "podSelector" not in peer or "namespaceSelector" in peer for peer in peers
    )


def _has_peer(rule: Mapping[str, Data], direction: Direction, labels: Mapping[str, str]) -> bool:
    """Whether a rule is for Pods with some labels; one without peers is for all."""
    peers = as_mappings(rule.get(_PEERS[direction]))
    return not peers or any(_peer_matches(peer, labels) for peer in peers)


def _peer_matches(peer: Mapping[str, Data], labels: Mapping[str, str]) -> bool:
    """Whether a peer includes Pods with some labels in the policy's own namespace.

    The labels of namespaces are not known: a namespaceSelector counts only if it selects all.
    """
    if "namespaceSelector" in peer and not is_empty(peer["namespaceSelector"]):
        return False
    return (
        matches(peer["podSelector"], labels)
        if "podSelector" in peer
        else "namespaceSelector" in peer
    )


def _has_port(
    rule: Mapping[str, Data], number: int, *, ports: Sequence[Port], protocol: str
) -> bool:
    """Whether a rule is for a port; one without ports is for all."""
    entries = as_mappings(rule.get("ports"))
    return not entries or any(
        _port_matches(entry, number, ports=ports, protocol=protocol) for entry in entries
    )


def _port_matches(
    written: Mapping[str, Data], number: int, *, ports: Sequence[Port], protocol: str
) -> bool:
    """Whether a port of a rule includes a port number."""
    if (as_text(written.get("protocol")) or "TCP") != protocol:
        return False
    port, end = written.get("port"), written.get("endPort")
    if port is None:
        return True
    if isinstance(port, int):
        return port <= number <= (end if isinstance(end, int) else port)
    return any(declared.name == port and declared.number == number for declared in ports)


def allow_rule(
    direction: Direction, selector: Mapping[str, str], ports: Sequence[int]
) -> dict[str, Data]:
    """A rule that allows TCP from or to Pods with some labels, at some ports."""
    peers: list[Data] = [{"podSelector": {"matchLabels": dict(selector)}}]
    return {
        _PEERS[direction]: peers,
        "ports": [{"protocol": "TCP", "port": port} for port in ports],
    }
