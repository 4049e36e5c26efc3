"""Let through what was localhost and becomes traffic between Pods, where NetworkPolicies limit it.

Policies add up, so new ones are made rather than old ones changed: one for the group that is
reached, one for the group that calls. A group that calls a Service needs DNS too, which localhost
did not.
"""

from __future__ import annotations

from service.actions.names import shorten
from service.actions.split.follow_up import Division, FollowUp, check_namespace, combine
from service.actions.split.labels import check_selected_alone
from service.assumptions import Assumption, AssumptionCode
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
from service.kube.objects import Resource
from service.yamldoc.nodes import Data
from service.yamldoc.operations import Tree

_DNS_RULE: Data = {
    "ports": [{"protocol": "UDP", "port": DNS_PORT}, {"protocol": "TCP", "port": DNS_PORT}]
}


def allow_former_localhost(division: Division) -> FollowUp:
    """The policies that the groups need to go on talking to each other.

    Raises:
        Refused: it can't be told whether a policy is for them.
    """
    groups = range(len(division.kinds))
    return combine(
        _allow(division, group, direction) for group in groups for direction in Direction
    )


def _allow(division: Division, group: int, direction: Direction) -> FollowUp:
    """A policy for one direction of a group's traffic, where it needs one."""
    candidate = division.candidate
    # Whom policies cover is asked with the old labels: `follow_selections` makes them cover all
    # groups alike.
    labels = division.workload.labels
    policies = policies_isolating(candidate.manifests, candidate.resource, labels, direction)
    is_inwards = direction is Direction.INGRESS
    flows = division.traffic_of(group, is_inwards=is_inwards)
    if not policies or not flows:
        return FollowUp()
    for policy in policies:
        check_namespace(candidate, policy)
    blocked = [
        flow
        for flow in flows
        if not allows_traffic(policies, direction, labels, flow.port, _ports(division, flow.target))
    ]
    by_peer: dict[int, set[int]] = {}
    for flow in blocked:
        by_peer.setdefault(flow.source if is_inwards else flow.target, set()).add(flow.port)
    rules: list[Data] = [
        allow_rule(direction, division.labels.selector(peer), sorted(ports))
        for peer, ports in by_peer.items()
    ]
    assumptions: tuple[Assumption, ...] = ()
    if not is_inwards and not allows_dns(policies):
        rules.append(_DNS_RULE)
        message = (
            f"{division.labels.names[group]} may ask any DNS server (port {DNS_PORT}), which"
            " localhost did not need"
        )
        assumptions = (Assumption(AssumptionCode.DNS_ALLOWED, message),)
    if not rules:
        return FollowUp()
    for member in (group, *by_peer):
        check_selected_alone(candidate, division.labels, member, "a NetworkPolicy")
    new = _new_policy(division, group, direction, rules, after=policies[-1])
    return FollowUp(objects=(new,), assumptions=assumptions)


def _ports(division: Division, group: int) -> tuple[Port, ...]:
    members = division.plan.partition.members[group]
    return tuple(port for container in members for port in container.ports)


def _new_policy(
    division: Division, group: int, direction: Direction, rules: list[Data], *, after: Resource
) -> NewObject:
    resource, labels = division.candidate.resource, division.labels
    wanted = shorten(f"{labels.names[group]}-{direction.value}", 253)
    name = division.candidate.names.give("NetworkPolicy", wanted, resource)
    metadata: dict[str, Tree] = {"name": name}
    if resource.namespace is not None:
        metadata["namespace"] = resource.namespace
    spec: dict[str, Tree] = {
        "podSelector": {"matchLabels": labels.selector(group)},
        "policyTypes": [direction.value.capitalize()],
        direction.value: rules,
    }
    tree: Tree = {
        "apiVersion": f"{GROUP}/v1",
        "kind": "NetworkPolicy",
        "metadata": metadata,
        "spec": spec,
    }
    return NewObject(after=after, tree=tree, kind="NetworkPolicy", name=name, stage=Stage.ADD)
