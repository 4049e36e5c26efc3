"""What covers Pods from outside, and has to go on covering them: policies, budgets, autoscalers,
monitors.

As in `keeping`, each function yields a sentence for everything that is not as it was.
NetworkPolicies are evaluated as the API reference says: a Pod that no policy selects is open; one
that is selected is open to what some policy allows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.support.cluster import Cluster, Container, Data, Object, Pods, Reached, matches, ports_of
from tests.support.programs import program_of


@dataclass(frozen=True)
class Peer:
    """Somebody who calls or is called."""

    namespace: str
    labels: dict[str, str]
    outside: bool = False
    """Whether it is no Pod: an address outside of the cluster, for which only an ipBlock counts."""
    pods: Pods | None = None

    @staticmethod
    def of(pods: Pods) -> Peer:
        return Peer(pods.owner.namespace, pods.labels, pods=pods)


def allowed(
    cluster: Cluster, source: Peer, target: Peer, number: int, protocol: str = "TCP"
) -> bool:
    """Whether the NetworkPolicies of a cluster let one peer call another one's port."""
    return all(
        _side(cluster, selected, other, side, target, number, protocol)
        for side, selected, other in (("ingress", target, source), ("egress", source, target))
    )


def _side(
    cluster: Cluster,
    selected: Peer,
    other: Peer,
    side: str,
    target: Peer,
    number: int,
    protocol: str,
) -> bool:
    if selected.outside:
        return True
    policies = [
        each
        for each in cluster.of("NetworkPolicy")
        if each.key.namespace == selected.namespace
        and matches(each.spec.get("podSelector") or {}, selected.labels)
        and side in _types(each)
    ]
    field = {"ingress": "from", "egress": "to"}[side]
    return not policies or any(
        _peer(cluster, policy, rule.get(field), other)
        and _port(rule.get("ports"), target, number, protocol)
        for policy in policies
        for rule in policy.spec.get(side) or ()
    )


def _types(policy: Object) -> list[str]:
    written = policy.spec.get("policyTypes")
    if written:
        return [str(each).lower() for each in written]
    return ["ingress", "egress"] if policy.spec.get("egress") else ["ingress"]


def _peer(cluster: Cluster, policy: Object, peers: Any, other: Peer) -> bool:
    if not peers:
        return True
    for peer in peers:
        if "ipBlock" in peer:
            if other.outside:
                return True
            continue
        if other.outside:
            continue
        spaces = peer.get("namespaceSelector")
        near = (
            other.namespace == policy.key.namespace
            if spaces is None
            else matches(spaces, _namespace(cluster, other.namespace))
        )
        if near and matches(peer.get("podSelector") or {}, other.labels):
            return True
    return False


def _namespace(cluster: Cluster, name: str) -> dict[str, str]:
    written = next(
        (
            each.metadata.get("labels") or {}
            for each in cluster.of("Namespace")
            if each.key.name == name
        ),
        {},
    )
    return {"kubernetes.io/metadata.name": name, **written}


def _port(wanted: Any, target: Peer, number: int, protocol: str) -> bool:
    if not wanted:
        return True
    for each in wanted:
        if (each.get("protocol") or "TCP") != protocol:
            continue
        port = each.get("port")
        if isinstance(port, str):
            # A name means the port of the called Pod, whichever of its containers has it.
            port = target.pods.target(port, protocol) if target.pods else None
        if "port" not in each or (port is not None and port <= number <= each.get("endPort", port)):
            return True
    return False


STRANGERS = (Peer("elsewhere", {"app": "a-stranger"}), Peer("", {}, outside=True))


def policies(before: Cluster, after: Cluster) -> Iterator[str]:
    """Who could call a container still can, who couldn't still can't; and containers that talked
    over localhost still may.
    """
    if not before.of("NetworkPolicy") and not after.of("NetworkPolicy"):
        return
    for origin in before.pods.values():
        strangers = [*STRANGERS, Peer(origin.owner.namespace, {"app": "a-stranger"})]
        for container in origin.running:
            for number, protocol in sorted(before.listens(container)):
                callers: list[Peer | Pods] = [
                    *strangers,
                    *(each for each in before.pods.values() if each.owner != origin.owner),
                ]
                for caller in callers:
                    yield from _called(before, after, caller, origin, container, number, protocol)
            for stranger in strangers:
                was = allowed(before, Peer.of(origin), stranger, 443)
                for home in before.later(origin, container.ident, after):
                    if allowed(after, Peer.of(home), stranger, 443) != was:
                        yield (
                            f"{container.ident} in {home.owner}"
                            f" {'may not call' if was else 'may call'} {stranger} any more"
                        )


def _called(
    before: Cluster,
    after: Cluster,
    caller: Peer | Pods,
    origin: Pods,
    container: Container,
    number: int,
    protocol: str,
) -> Iterator[str]:
    peer = Peer.of(caller) if isinstance(caller, Pods) else caller
    was = allowed(before, peer, Peer.of(origin), number, protocol)
    again = (
        [Peer.of(each) for one in caller.running for each in before.later(caller, one.ident, after)]
        if isinstance(caller, Pods)
        else [caller]
    )
    for home in before.later(origin, container.ident, after):
        for each in again:
            if allowed(after, each, Peer.of(home), number, protocol) != was:
                yield (
                    f"{container.ident}:{number} in {home.owner} is {'closed' if was else 'open'}"
                    f" to {each.labels}, which it wasn't"
                )


def talk(before: Cluster, after: Cluster, source: str, target: str, number: int) -> Iterator[str]:
    """Two containers that talked over localhost, where no policy reaches, may talk wherever they
    are now.
    """
    del before
    names = Peer("kube-system", {"k8s-app": "kube-dns"})
    for one in after.homes(source):
        if one.has(target):
            continue
        if not allowed(after, Peer.of(one), names, 53, "UDP"):
            yield (
                f"{source} may not look up the name of {target} from {one.owner}: a NetworkPolicy"
                " forbids DNS"
            )
        for other in after.homes(target):
            if not other.has(source) and not allowed(after, Peer.of(one), Peer.of(other), number):
                yield (
                    f"{source} may not call {target}:{number} from {one.owner}: a NetworkPolicy"
                    " forbids what went over localhost"
                )


def budgets(before: Cluster, after: Cluster) -> Iterator[str]:
    """Each container's Pods are covered by as many PodDisruptionBudgets as before, which ask for
    the same.
    """
    for origin in before.pods.values():
        was = _budgets(before, origin)
        for container in origin.running:
            for home in before.later(origin, container.ident, after):
                if _budgets(after, home) != was:
                    yield (
                        f"the Pods of {home.owner} with {container.ident} have budgets"
                        f" {_budgets(after, home)}, and had {was}"
                    )
    known = {each.key for each in before.of("PodDisruptionBudget")}
    for budget in after.of("PodDisruptionBudget"):
        covered = [pods.owner for pods in after.pods.values() if _covers(budget, pods)]
        if budget.key not in known and len(covered) != 1:
            yield f"the new budget {budget.key} covers {covered}"
    for budget in before.of("PodDisruptionBudget"):
        old = [pods for pods in before.pods.values() if _covers(budget, pods)]
        again = after.by_key.get(budget.key)
        new = [pods for pods in after.pods.values() if again is not None and _covers(again, pods)]
        # One that counted several workloads' Pods before counts what becomes of them, too.
        if len(old) == 1 and len(new) > 1:
            yield (
                f"the budget {budget.key} counts the Pods of {[each.owner for each in new]}"
                " together"
            )


def _covers(budget: Object, pods: Pods) -> bool:
    return budget.key.namespace == pods.owner.namespace and matches(
        budget.spec.get("selector"), pods.labels
    )


def _budgets(cluster: Cluster, pods: Pods) -> list[str]:
    found = [each.spec for each in cluster.of("PodDisruptionBudget") if _covers(each, pods)]
    return sorted(
        repr(sorted((key, value) for key, value in each.items() if key != "selector"))
        for each in found
    )


def autoscalers(before: Cluster, after: Cluster) -> Iterator[str]:
    """Every autoscaler's target is there, no two scale one, and what they name is in the
    target's Pods.
    """
    targets: dict[Any, str] = {}
    for scaler in after.of("HorizontalPodAutoscaler", "ScaledObject", "VerticalPodAutoscaler"):
        target = _target(scaler)
        pods = after.pods.get(target) if target is not None else None
        old = before.by_key.get(scaler.key)
        if pods is None:
            if old is None or _target(old) in before.pods:
                yield f"the target {target} of {scaler.title} is not there"
            continue
        if scaler.kind != "VerticalPodAutoscaler":
            if target in targets and not _doubled(before, target):
                yield f"{targets[target]} and {scaler.title} both scale {target}"
            targets[target] = scaler.title
        there = {each.name for each in pods.containers}
        missing = [name for name in _named(scaler) if name not in there]
        if missing and (
            old is None
            or set(_named(old)) <= {each.name for each in before.pods[_target(old)].containers}
        ):
            yield f"{scaler.title} names {missing}, which {target} doesn't have"
    yield from _still_scaled(before, after)


def _still_scaled(before: Cluster, after: Cluster) -> Iterator[str]:
    """Autoscalers that speak of the whole Pod's resources scale each home of its containers;
    those of one container follow it.
    """
    for scaler in before.of("HorizontalPodAutoscaler"):
        pods = before.pods.get(_target(scaler))
        metrics = scaler.spec.get("metrics") or [{"type": "Resource"}]
        if pods is None:
            continue
        again = [
            each for each in after.of("HorizontalPodAutoscaler") if _limits(each) == _limits(scaler)
        ]
        for metric in metrics:
            if metric.get("type") == "ContainerResource":
                named = metric["containerResource"]["container"]
                scaled = [_target(each) for each in again if named in _named(each)]
                homes = {
                    home.owner
                    for each in pods.containers
                    if each.name == named
                    for home in before.later(pods, each.ident, after)
                }
                if not homes & set(scaled):
                    yield f"nothing scales {homes} by {named} any more"
        if all(metric.get("type") == "Resource" for metric in metrics):
            homes = {
                home.owner
                for each in pods.running
                for home in before.later(pods, each.ident, after)
                if _scales(home, scaler)
            }
            if not homes <= {_target(each) for each in again}:
                yield f"{scaler.title} scaled all of {homes}"


def _scales(home: Pods, scaler: Object) -> bool:
    """Whether more of these Pods are of any use: those that keep data of their own are not,
    unless they were scaled before.
    """
    programs = [program_of(each) for each in home.running]
    return home.owner == _target(scaler) or not any(
        each is not None and each.data for each in programs
    )


def _limits(scaler: Object) -> tuple[Any, Any]:
    return scaler.spec.get("minReplicas", 1), scaler.spec.get("maxReplicas")


def _doubled(cluster: Cluster, target: Any) -> bool:
    return (
        len(
            [
                each
                for each in cluster.of("HorizontalPodAutoscaler", "ScaledObject")
                if _target(each) == target
            ]
        )
        > 1
    )


def _target(scaler: Object) -> Any:
    reference: Data = scaler.spec.get("targetRef") or scaler.spec.get("scaleTargetRef") or {}
    return scaler.key._replace(
        kind=str(reference.get("kind") or "Deployment"), name=str(reference.get("name"))
    )


def _named(scaler: Object) -> list[str]:
    """The containers that an autoscaler names."""
    metrics = [
        each["containerResource"]["container"]
        for each in scaler.spec.get("metrics") or ()
        if each.get("type") == "ContainerResource"
    ]
    policies = ((scaler.spec.get("resourcePolicy") or {}).get("containerPolicies")) or ()
    names = [
        str(each.get("containerName")) for each in policies if each.get("containerName") != "*"
    ]
    return [*metrics, *names]


def monitors(before: Cluster, after: Cluster) -> Iterator[str]:
    """What was scraped is scraped, in whichever Pods it is, and nothing else is."""
    was, now = _scraped(before), _scraped(after)
    for name in was:
        if was[name] != now.get(name):
            yield f"{name} scraped {was[name]} and scrapes {now.get(name)}"


def _scraped(cluster: Cluster) -> dict[str, set[str | None]]:
    """The containers that each monitor's endpoints reach; a copy of a monitor counts with the
    one that it was made from, by port.
    """
    found: dict[str, set[str | None]] = {}
    for monitor in cluster.of("PodMonitor"):
        for endpoint in monitor.spec.get("podMetricsEndpoints") or ():
            for pods in cluster.pods.values():
                if pods.owner.namespace != monitor.key.namespace or not matches(
                    monitor.spec.get("selector"), pods.labels
                ):
                    continue
                number = pods.target(endpoint.get("port", ""), "TCP")
                if number is not None:
                    found.setdefault(f"pods {endpoint}", set()).add(
                        pods.answering(number, "TCP", cluster.listens)
                    )
    reach = cluster.reach()
    for monitor in cluster.of("ServiceMonitor"):
        for service in cluster.services:
            if service.key.namespace != monitor.key.namespace or not matches(
                monitor.spec.get("selector"), service.metadata.get("labels") or {}
            ):
                continue
            for port, _ in ports_of(service):
                wanted = [
                    each
                    for each in monitor.spec.get("endpoints") or ()
                    if each.get("port") == port.name
                ]
                reached: frozenset[Reached] = reach[port]
                for endpoint in wanted:
                    found.setdefault(f"services {endpoint}", set()).update(
                        each.container for each in reached
                    )
    return found
