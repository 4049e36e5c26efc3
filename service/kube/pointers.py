"""Objects other than Services that select a workload's Pods, or name the workload."""

from __future__ import annotations

from collections.abc import Iterator

from service.kube.objects import ManifestSet, Resource, dig, mapping, mappings, same_namespace, text
from service.kube.selectors import is_empty, matches
from service.kube.workloads import Workload, workloads_of
from service.yamldoc.nodes import Data

_TARGETS = {
    "HorizontalPodAutoscaler": ("spec", "scaleTargetRef"),
    "VerticalPodAutoscaler": ("spec", "targetRef"),
    "ScaledObject": ("spec", "scaleTargetRef"),
}
"""Kinds that name a workload, and where."""
_SELECTORS = {
    "PodDisruptionBudget": ("spec", "selector"),
    "NetworkPolicy": ("spec", "podSelector"),
    "PodMonitor": ("spec", "selector"),
    "CiliumNetworkPolicy": ("spec", "endpointSelector"),
    "PeerAuthentication": ("spec", "selector"),
    "AuthorizationPolicy": ("spec", "selector"),
    "RequestAuthentication": ("spec", "selector"),
    "Sidecar": ("spec", "workloadSelector"),
    "EnvoyFilter": ("spec", "workloadSelector"),
}
"""Kinds that select Pods by label, and where."""
_PLAIN = ("Sidecar", "EnvoyFilter")


def pointers_at(workload: Workload, manifests: ManifestSet) -> Iterator[Resource]:
    """The objects that would have to be divided or doubled with the workload.

    A policy that selects every Pod of the namespace covers the new Pods as it did the old ones, and is left out.
    """
    for kind, route in _TARGETS.items():
        for resource in manifests.of_kind(kind):
            target = mapping(dig(resource.data, *route))
            kinds = (text(target.get("kind")) or "Deployment", workload.resource.kind)
            if target.get("name") == workload.name and kinds[0] == kinds[1] and same_namespace(resource, workload.resource):
                yield resource
    for kind, route in _SELECTORS.items():
        for resource in manifests.of_kind(kind):
            if same_namespace(resource, workload.resource) and _covers(resource, route, workload):
                yield resource


def mentions(manifests: ManifestSet, key: str, value: str) -> list[Resource]:
    """The objects that ask for a label somewhere, Services and the selectors of controllers aside.

    Affinity terms, spread constraints and kinds that nobody here knows select Pods by label too.
    """
    return manifests.derived("label-mentions", _mentions).get((key, value), [])


def _mentions(manifests: ManifestSet) -> dict[tuple[str, str], list[Resource]]:
    found: dict[tuple[str, str], list[Resource]] = {}
    for resource in manifests.resources:
        if resource.kind == "Service":
            continue
        pairs: set[tuple[str, str]] = set()
        controller = any(True for _ in workloads_of(resource))
        # A controller's own labels and selector are its own affair; in other kinds a map of labels asks for Pods.
        asking = ("matchlabels",) if controller else ("labels", "selector")
        _collect(
            {name: part for name, part in resource.spec.items() if not (controller and name == "selector")}, pairs, asking, inside=False
        )
        for pair in pairs:
            found.setdefault(pair, []).append(resource)
    return found


def _collect(data: Data, pairs: set[tuple[str, str]], asking: tuple[str, ...], *, inside: bool) -> None:
    """The pairs of strings below keys whose names end in a word of `asking`, and those of expressions."""
    if isinstance(data, dict):
        for key, value in data.items():
            if inside and isinstance(value, str):
                pairs.add((key, value))
            elif key == "values" and isinstance(value, list) and isinstance(data.get("key"), str):
                pairs.update((data["key"], each) for each in value if isinstance(each, str))
            elif isinstance(value, dict | list):
                _collect(value, pairs, asking, inside=key.lower().endswith(asking))
    elif isinstance(data, list):
        for each in data:
            _collect(each, pairs, asking, inside=False)


def _covers(resource: Resource, route: tuple[str, ...], workload: Workload) -> bool:
    selector = dig(resource.data, *route)
    if resource.kind in _PLAIN or (isinstance(selector, dict) and "labels" in selector):
        selector = {"matchLabels": mapping(selector).get("labels")}
    if not is_empty(selector) and matches(selector, workload.labels):
        return True
    peers = [
        peer
        for field in ("ingress", "egress")
        for rule in mappings(resource.spec.get(field))
        for side in ("from", "to")
        for peer in mappings(rule.get(side))
    ]
    selectors = [peer.get("podSelector") for peer in peers]
    return any(not is_empty(each) and matches(each, workload.labels) for each in selectors if each is not None)
