"""Let through what was localhost and becomes traffic between Pods, where NetworkPolicies limit it.

Policies add up, so new ones are made rather than old ones changed: one for the group that is
reached, one for the group that calls. A group that calls a Service needs DNS too, which localhost
did not.
"""

from __future__ import annotations

from service.actions.context import Candidate
from service.actions.label_overlaps import check_alone
from service.actions.names import short
from service.actions.split.selectors import Division, Following, namespace_unclear
from service.change import NewObject
from service.findings import Stage
from service.kube.containers import Port
from service.kube.network import (
    DNS_PORT,
    GROUP,
    Direction,
    allow_rule,
    allows_dns,
    allows_traffic,
    policies_isolating,
)
from service.kube.objects import Resource, in_same_namespace
from service.yamldoc.nodes import Data
from service.yamldoc.operations import Tree


def follow_traffic(candidate: Candidate, division: Division) -> Following:
    """The policies that the groups need to go on talking to each other.

    Raises:
        Refused: it can't be told whether a policy is for them.
    """
    result = Following()
    for group in range(len(division.kinds)):
        for direction in Direction:
            _let_through(candidate, division, group, direction, result)
    return result


def _let_through(
    candidate: Candidate, division: Division, group: int, direction: Direction, result: Following
) -> None:
    # Whom policies cover is asked with the old labels: `follow_selections` makes them cover all
    # groups alike.
    labels = division.workload.labels
    policies = policies_isolating(candidate.manifests, candidate.resource, labels, direction)
    if not policies:
        return
    inwards = direction is Direction.INGRESS
    speaks = [
        (source, target, port)
        for source, target, port in sorted(division.traffic)
        if (target if inwards else source) == group
    ]
    unclear = next(
        (
            policy
            for policy in policies
            if not in_same_namespace(policy, candidate.resource, strictly=True)
        ),
        None,
    )
    if speaks and unclear is not None:
        raise namespace_unclear(unclear)
    blocked = [
        (source if inwards else target, port)
        for source, target, port in speaks
        if not allows_traffic(policies, direction, labels, port, _ports(division, target))
    ]
    rules: list[Data] = []
    for peer in dict.fromkeys(peer for peer, _ in blocked):
        selector = division.boundary.selector(peer)
        rules.append(
            allow_rule(
                direction, selector, sorted({port for each, port in blocked if each == peer})
            )
        )
    if not inwards and speaks and not allows_dns(policies):
        rules.append(
            {
                "ports": [
                    {"protocol": "UDP", "port": DNS_PORT},
                    {"protocol": "TCP", "port": DNS_PORT},
                ]
            }
        )
        result.assumptions.append(
            f"{division.boundary.names[group]} may ask any DNS server (port {DNS_PORT}), which"
            " localhost did not need"
        )
    if rules:
        for number in (group, *dict.fromkeys(peer for peer, _ in blocked)):
            check_alone(candidate, division.boundary, number, "a NetworkPolicy")
        result.objects.append(_policy(candidate, division, group, direction, rules, policies[-1]))


def _ports(division: Division, group: int) -> tuple[Port, ...]:
    return tuple(
        port
        for each in division.workload.containers
        if each.name in division.containers[group]
        for port in each.ports
    )


def _policy(
    candidate: Candidate,
    division: Division,
    group: int,
    direction: Direction,
    rules: list[Data],
    after: Resource,
) -> NewObject:
    wanted = short(f"{division.boundary.names[group]}-{direction.value}", 253)
    name = candidate.names.give("NetworkPolicy", wanted, candidate.resource)
    metadata: dict[str, Tree] = {"name": name}
    if candidate.resource.namespace is not None:
        metadata["namespace"] = candidate.resource.namespace
    spec: dict[str, Tree] = {
        "podSelector": {"matchLabels": division.boundary.selector(group)},
        "policyTypes": [direction.value.capitalize()],
        direction.value: rules,
    }
    tree: Tree = {
        "apiVersion": f"{GROUP}/v1",
        "kind": "NetworkPolicy",
        "metadata": metadata,
        "spec": spec,
    }
    return NewObject(after, tree, f"NetworkPolicy/{name}", Stage.SWITCH)
