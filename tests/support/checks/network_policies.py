"""Checks of NetworkPolicies: who may call whom.

Policies are evaluated as the API reference says: a Pod that no policy selects is open; one that is
selected is open to what some policy allows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.support.checks.texts import localhost_calls
from tests.support.cluster import Cluster
from tests.support.objects import Object, matches
from tests.support.pods import Container, Pods


@dataclass(frozen=True)
class Peer:
    """One side of a connection."""

    namespace: str
    labels: dict[str, str]
    is_outside: bool = False
    """Whether it is an address outside of the cluster, for which only an ipBlock counts."""
    pods: Pods | None = None
    """The Pods, where it is some of the set."""

    @staticmethod
    def of(pods: Pods) -> Peer:
        """The Pods as a peer."""
        return Peer(pods.owner.namespace, pods.labels, pods=pods)


_STRANGER_LABELS = {"app": "a-stranger"}
_STRANGERS = (Peer("elsewhere", _STRANGER_LABELS), Peer("", {}, is_outside=True))
_DNS = Peer("kube-system", {"k8s-app": "kube-dns"})


def is_allowed(
    cluster: Cluster, source: Peer, target: Peer, number: int, protocol: str = "TCP"
) -> bool:
    """Whether the NetworkPolicies of a cluster let one peer call a port of another."""
    return all(
        _allows_direction(
            cluster, direction, selected=selected, other=other, port=(target, number, protocol)
        )
        for direction, selected, other in (
            ("ingress", target, source),
            ("egress", source, target),
        )
    )


def _allows_direction(
    cluster: Cluster, direction: str, *, selected: Peer, other: Peer, port: tuple[Peer, int, str]
) -> bool:
    if selected.is_outside:
        return True
    policies = [
        policy
        for policy in cluster.of_kind("NetworkPolicy")
        if policy.key.namespace == selected.namespace
        and matches(policy.spec.get("podSelector") or {}, selected.labels)
        and direction in _directions(policy)
    ]
    field = {"ingress": "from", "egress": "to"}[direction]
    return not policies or any(
        _allows_peer(cluster, policy, peers=rule.get(field), other=other)
        and _allows_port(rule.get("ports"), *port)
        for policy in policies
        for rule in policy.spec.get(direction) or ()
    )


def _directions(policy: Object) -> list[str]:
    types = policy.spec.get("policyTypes")
    if types:
        return [str(policy_type).lower() for policy_type in types]
    return ["ingress", "egress"] if policy.spec.get("egress") else ["ingress"]


def _allows_peer(cluster: Cluster, policy: Object, peers: Any, other: Peer) -> bool:
    if not peers:
        return True
    for peer in peers:
        if "ipBlock" in peer:
            if other.is_outside:
                return True
            continue
        if other.is_outside:
            continue
        namespaces = peer.get("namespaceSelector")
        is_namespace_selected = (
            other.namespace == policy.key.namespace
            if namespaces is None
            else matches(namespaces, _namespace_labels(cluster, other.namespace))
        )
        if is_namespace_selected and matches(peer.get("podSelector") or {}, other.labels):
            return True
    return False


def _namespace_labels(cluster: Cluster, name: str) -> dict[str, str]:
    labels = next(
        (
            namespace.metadata.get("labels") or {}
            for namespace in cluster.of_kind("Namespace")
            if namespace.key.name == name
        ),
        {},
    )
    return {"kubernetes.io/metadata.name": name, **labels}


def _allows_port(ports: Any, target: Peer, number: int, protocol: str) -> bool:
    if not ports:
        return True
    for rule in ports:
        if (rule.get("protocol") or "TCP") != protocol:
            continue
        first = rule.get("port")
        if isinstance(first, str):
            # A name means the port of the called Pod, whichever of its containers has it.
            first = target.pods.port_number(first, protocol) if target.pods else None
        if "port" not in rule or (
            first is not None and first <= number <= rule.get("endPort", first)
        ):
            return True
    return False


def check_network_policies(before: Cluster, after: Cluster) -> Iterator[str]:
    """Who could call a container still can, and who couldn't still can't."""
    if not before.of_kind("NetworkPolicy") and not after.of_kind("NetworkPolicy"):
        return
    for origin in before.pods.values():
        strangers = [*_STRANGERS, Peer(origin.owner.namespace, _STRANGER_LABELS)]
        others = [pods for pods in before.pods.values() if pods.owner != origin.owner]
        for container in origin.running:
            callers: list[Peer | Pods] = [*strangers, *others]
            for caller in callers:
                yield from _check_incoming(
                    before, after, caller=caller, origin=origin, container=container
                )
            for stranger in strangers:
                yield from _check_outgoing(
                    before, after, origin=origin, container=container, stranger=stranger
                )


def _check_incoming(
    before: Cluster, after: Cluster, caller: Peer | Pods, origin: Pods, container: Container
) -> Iterator[str]:
    """Compare what a caller may call on the ports of a container."""
    if isinstance(caller, Peer):
        old_caller, new_callers = caller, [caller]
    else:
        old_caller = Peer.of(caller)
        new_callers = [
            Peer.of(pods)
            for calling in caller.running
            for pods in before.successors(caller, calling.identity, after)
        ]
    for number, protocol in sorted(before.ports_of(container)):
        was_allowed = is_allowed(
            before, old_caller, Peer.of(origin), number=number, protocol=protocol
        )
        for pods in before.successors(origin, container.identity, after):
            for new_caller in new_callers:
                if (
                    is_allowed(after, new_caller, Peer.of(pods), number=number, protocol=protocol)
                    != was_allowed
                ):
                    yield (
                        f"{container.identity}:{number} in {pods.owner} is"
                        f" {'closed' if was_allowed else 'open'} to {new_caller.labels}, which it"
                        " wasn't"
                    )


def _check_outgoing(
    before: Cluster, after: Cluster, origin: Pods, container: Container, stranger: Peer
) -> Iterator[str]:
    """Compare whether a container may call a peer that is no part of the set."""
    was_allowed = is_allowed(before, Peer.of(origin), stranger, number=443)
    for pods in before.successors(origin, container.identity, after):
        if is_allowed(after, Peer.of(pods), stranger, number=443) != was_allowed:
            yield (
                f"{container.identity} in {pods.owner}"
                f" {'may no longer call' if was_allowed else 'may now call'} {stranger}"
            )


def check_localhost_calls(before: Cluster, after: Cluster) -> Iterator[str]:
    """Containers that called each other on localhost, where no policy applies, may call each other
    wherever they are.
    """
    for caller, called, number in localhost_calls(before):
        for source in after.pods_with(caller):
            if source.has_container(called):
                continue
            if not is_allowed(after, Peer.of(source), _DNS, number=53, protocol="UDP"):
                yield (
                    f"{caller} may not look up the name of {called} from {source.owner}: a"
                    " NetworkPolicy forbids DNS"
                )
            for target in after.pods_with(called):
                if not target.has_container(caller) and not is_allowed(
                    after, Peer.of(source), Peer.of(target), number=number
                ):
                    yield (
                        f"{caller} may not call {called}:{number} from {source.owner}: a"
                        " NetworkPolicy forbids what went over localhost"
                    )
