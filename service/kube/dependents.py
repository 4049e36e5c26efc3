"""Objects other than Services that select a workload's Pods, or name the workload.

Facts: the API references of networking.k8s.io/v1, policy/v1, autoscaling/v2, autoscaling.k8s.io/v1,
and those of the Prometheus operator, KEDA, Cilium, Calico and Istio.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from service.kube.objects import (
    ManifestSet,
    Resource,
    as_list,
    as_mapping,
    as_mappings,
    as_strings,
    as_text,
    in_same_namespace,
    value_at,
)
from service.kube.selectors import is_empty, matches
from service.kube.workloads import Workload, all_workloads
from service.yamldoc.nodes import Data, Route


class OnSplit(StrEnum):
    """What has to become of an object when the Pods that it selects are divided."""

    WIDENED = "widened"
    """Its selectors go on matching all of them: policies, monitors."""
    DIVIDED = "divided"
    """Each group gets one of its own: budgets."""
    BY_HAND = "by hand"
    """It guards the Pods in ways that aren't followed here: it holds the division back."""


@dataclass(frozen=True, slots=True)
class Selection:
    """A place in an object that selects Pods by label."""

    resource: Resource
    """The object."""
    route: Route
    """Where in the object the LabelSelector is."""
    selector: Data
    """The LabelSelector; a plain map of labels is given as its `matchLabels`."""
    peer: bool
    """Whether it says with whom Pods may talk, rather than whom the object is for."""
    on_split: OnSplit
    """What becomes of it."""


_WIDENED = {
    ("networking.k8s.io", "NetworkPolicy"): "podSelector",
    ("monitoring.coreos.com", "PodMonitor"): "selector",
}
_DIVIDED = {("policy", "PodDisruptionBudget"): "selector"}
_BY_HAND = {
    ("cilium.io", "CiliumNetworkPolicy"): "endpointSelector",
    ("cilium.io", "CiliumClusterwideNetworkPolicy"): "endpointSelector",
    ("security.istio.io", "PeerAuthentication"): "selector",
    ("security.istio.io", "AuthorizationPolicy"): "selector",
    ("security.istio.io", "RequestAuthentication"): "selector",
    ("networking.istio.io", "Sidecar"): "workloadSelector",
    ("networking.istio.io", "EnvoyFilter"): "workloadSelector",
    ("policy.linkerd.io", "Server"): "podSelector",
}
"""Kinds that select Pods, by API group, with the field of `spec` that does."""
_CILIUM_PEERS = ("fromEndpoints", "toEndpoints")
_CALICO = ("projectcalico.org", "crd.projectcalico.org")

_TARGETS = ("scaleTargetRef", "targetRef", "workloadRef")
"""Fields of `spec` in which autoscalers, Rollouts and the like name a workload."""


def selections_of(
    workload: Workload, manifests: ManifestSet, *, labels: dict[str, str] | None = None
) -> list[Selection]:
    """The places in policies, budgets and monitors that select a workload's Pods, those that select
    all Pods left out.

    Args:
        workload: the workload.
        manifests: the set that the objects are in.
        labels: the labels of the Pods; the workload's if None.
    """
    wanted = workload.labels if labels is None else labels
    index = manifests.compute_once("selections-by-label", _selections)
    candidates = [each for label in (*wanted.items(), None) for each in index.get(label, ())]
    found = {
        (id(each.resource), each.route): each
        for each in candidates
        if matches(each.selector, wanted)
        and _meet(each, workload.resource)
        and manifests.can_see(workload.resource, each.resource)
    }
    return list(found.values())


def covers_other_workloads(
    selection: Selection, workload: Workload, manifests: ManifestSet
) -> bool:
    """Whether an object selects the Pods of other workloads too."""
    return any(
        each.resource is not workload.resource
        and matches(selection.selector, each.labels)
        and _meet(selection, each.resource)
        and manifests.can_see(workload.resource, each.resource)
        for each in all_workloads(manifests)
    )


def _meet(selection: Selection, resource: Resource) -> bool:
    """Whether a selection may be about the Pods of an object's namespace; peers with a
    namespaceSelector are about others' too.
    """
    other = selection.resource
    anywhere = (
        selection.peer
        and value_at(other.data, *selection.route[:-1], "namespaceSelector") is not None
    )
    return (
        anywhere
        or other.kind == "CiliumClusterwideNetworkPolicy"
        or in_same_namespace(other, resource)
    )


def _selections(manifests: ManifestSet) -> dict[tuple[str, str] | None, list[Selection]]:
    """All selections of a set, each under one label that it asks for; under None those that ask
    for none by its value.
    """
    found: dict[tuple[str, str] | None, list[Selection]] = defaultdict(list)
    for resource in manifests.resources:
        for selection in selections_in(resource):
            if not is_empty(selection.selector):
                found[_label_of(selection.selector)].append(selection)
    return found


def _label_of(selector: Data) -> tuple[str, str] | None:
    return next(iter(as_strings(as_mapping(selector).get("matchLabels")).items()), None)


def selections_in(resource: Resource) -> Iterator[Selection]:
    """The places in an object that select Pods; none for most kinds."""
    key = (resource.group, resource.kind)
    for table, on_split in (
        (_WIDENED, OnSplit.WIDENED),
        (_DIVIDED, OnSplit.DIVIDED),
        (_BY_HAND, OnSplit.BY_HAND),
    ):
        field = table.get(key)
        if field is not None:
            yield Selection(
                resource,
                ("spec", field),
                _as_selector(resource.spec.get(field)),
                peer=False,
                on_split=on_split,
            )
            for rule_field in ("ingress", "egress"):
                for index, rule in enumerate(as_mappings(resource.spec.get(rule_field))):
                    yield from _peers(resource, ("spec", rule_field, index), rule, on_split)


def _peers(
    resource: Resource, route: Route, rule: dict[str, Data], on_split: OnSplit
) -> Iterator[Selection]:
    for side in ("from", "to"):
        for index, peer in enumerate(as_mappings(rule.get(side))):
            if "podSelector" in peer:
                yield Selection(
                    resource,
                    (*route, side, index, "podSelector"),
                    peer["podSelector"],
                    peer=True,
                    on_split=on_split,
                )
    for side in _CILIUM_PEERS:
        for index, peer in enumerate(as_mappings(rule.get(side))):
            yield Selection(resource, (*route, side, index), peer, peer=True, on_split=on_split)


def _as_selector(data: Data) -> Data:
    """A LabelSelector; Istio writes `matchLabels` or, for some kinds, a plain map in `labels`."""
    if isinstance(data, dict) and "labels" in data:
        return {"matchLabels": data["labels"]}
    return data


def calico_policies(workload: Workload, manifests: ManifestSet) -> list[Resource]:
    """Calico's policies that speak of a label of a workload's Pods; their selectors are
    expressions in text.
    """
    found = []
    for resource in manifests.compute_once("calico", _calico):
        expressions = " ".join(_expressions(resource.spec))
        if any(_speaks_of(expressions, key, value) for key, value in workload.labels.items()):
            found.append(resource)
    return found


def _calico(manifests: ManifestSet) -> list[Resource]:
    return [
        each
        for each in manifests.of_kind("NetworkPolicy", "GlobalNetworkPolicy")
        if each.group in _CALICO
    ]


def _expressions(data: Data) -> Iterator[str]:
    if isinstance(data, dict):
        for key, value in data.items():
            if key.lower().endswith("selector") and isinstance(value, str):
                yield value
            else:
                yield from _expressions(value)
    elif isinstance(data, list):
        for each in data:
            yield from _expressions(each)


def _speaks_of(expression: str, key: str, value: str) -> bool:
    return (
        bool(re.search(rf"(?<![\w./-]){re.escape(key)}(?![\w./-])", expression))
        and value in expression
    )


def scalers_of(workload: Workload, manifests: ManifestSet) -> list[Resource]:
    """The objects that name a workload as what they scale or watch."""
    index = manifests.compute_once("scalers-by-target", _by_target)
    named = index.get((workload.resource.kind, workload.name), ())
    return [
        each
        for each in named
        if in_same_namespace(each, workload.resource)
        and manifests.can_see(workload.resource, each)
        and each is not workload.resource
    ]


def _by_target(manifests: ManifestSet) -> dict[tuple[str, str], list[Resource]]:
    found: dict[tuple[str, str], list[Resource]] = defaultdict(list)
    for resource in manifests.resources:
        for field in _TARGETS:
            target = as_mapping(resource.spec.get(field))
            if target.get("name"):
                # KEDA takes a Deployment where no kind is written.
                found[as_text(target.get("kind")) or "Deployment", as_text(target["name"])].append(
                    resource
                )
    return found


def names_workload(resource: Resource) -> bool:
    """Whether an object says by name which workload it is for, as autoscalers do."""
    return any(field in resource.spec for field in _TARGETS)


def objects_mentioning(manifests: ManifestSet, key: str, value: str) -> list[Resource]:
    """The objects that ask for a label somewhere, Services and the selectors of controllers aside.

    Affinity terms, spread constraints and kinds that nobody here knows select Pods by label too.
    """
    return manifests.compute_once("label-mentions", _mentions).get((key, value), [])


def _mentions(manifests: ManifestSet) -> dict[tuple[str, str], list[Resource]]:
    found: dict[tuple[str, str], list[Resource]] = {}
    controllers = {id(each.resource) for each in all_workloads(manifests)}
    for resource in manifests.resources:
        if resource.kind == "Service" or (resource.group, resource.kind) in {
            **_WIDENED,
            **_DIVIDED,
        }:
            continue
        pairs: set[tuple[str, str]] = set()
        controller = id(resource) in controllers
        # A controller's own labels and selector are its own affair; in other kinds a map of labels
        # asks for Pods.
        asking = ("matchlabels",) if controller else ("labels", "selector")
        _collect(
            {
                name: part
                for name, part in resource.spec.items()
                if not (controller and name == "selector")
            },
            pairs,
            asking,
            inside=False,
        )
        for pair in pairs:
            found.setdefault(pair, []).append(resource)
    return found


def _collect(
    data: Data, pairs: set[tuple[str, str]], asking: tuple[str, ...], *, inside: bool
) -> None:
    """The pairs of strings below keys whose names end in a word of `asking`, and those of
    expressions.
    """
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


def metric_container(metric: dict[str, Data]) -> str | None:
    """The container that a metric of a HorizontalPodAutoscaler (`ContainerResource`) is of; None
    if it is of no single one.
    """
    if as_text(metric.get("type")) != "ContainerResource":
        return None
    return as_text(value_at(metric, "containerResource", "container"))


def trigger_container(trigger: dict[str, Data]) -> str | None:
    """The container that a KEDA trigger on cpu or memory is of; None if it is of no single one."""
    return as_text(value_at(trigger, "metadata", "containerName")) or None


def reads_first_container(scaler: Resource) -> bool:
    """Whether a ScaledObject reads variables of the Pod's first container, as its triggers'
    `...FromEnv` do by default.
    """
    if as_text(value_at(scaler.spec, "scaleTargetRef", "envSourceContainerName")):
        return False
    return any(
        key.endswith("FromEnv")
        for trigger in as_list(scaler.spec.get("triggers"))
        for key in as_mapping(value_at(as_mapping(trigger), "metadata"))
    )
