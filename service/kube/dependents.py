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
from operator import attrgetter

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
from service.kube.selectors import is_empty, match_labels, matches
from service.kube.sight import ByLabel, Label, Sight, itself
from service.kube.workloads import Pod, Workload, all_workloads, pods_with_labels
from service.lazy import kept
from service.yamldoc.nodes import Data, Route


class SelectorTreatment(StrEnum):
    """What has to become of an object when the Pods that it selects are divided."""

    WIDENED = "widened"
    """Its selectors go on matching all of them: policies, monitors."""
    DIVIDED = "divided"
    """Each group gets one of its own: budgets."""
    BY_HAND = "by hand"
    """It guards the Pods in ways that aren't followed here: it holds the division back."""


@dataclass(frozen=True, slots=True)
class Selection:
    """A label selector in an object, which selects Pods."""

    resource: Resource
    """The object."""
    route: Route
    """From the object to the LabelSelector."""
    selector: Data
    """The LabelSelector; a plain map of labels is given as its `matchLabels`."""
    peer: bool
    """Whether it selects the Pods at the other end of traffic, rather than those that the object
    is for.
    """
    on_split: SelectorTreatment
    """What becomes of the object."""


_SELECTING = {
    ("networking.k8s.io", "NetworkPolicy"): ("podSelector", SelectorTreatment.WIDENED),
    ("monitoring.coreos.com", "PodMonitor"): ("selector", SelectorTreatment.WIDENED),
    ("policy", "PodDisruptionBudget"): ("selector", SelectorTreatment.DIVIDED),
    **{
        (group, kind): (field, SelectorTreatment.BY_HAND)
        for group, kind, field in (
            ("cilium.io", "CiliumNetworkPolicy", "endpointSelector"),
            ("cilium.io", "CiliumClusterwideNetworkPolicy", "endpointSelector"),
            ("security.istio.io", "PeerAuthentication", "selector"),
            ("security.istio.io", "AuthorizationPolicy", "selector"),
            ("security.istio.io", "RequestAuthentication", "selector"),
            ("networking.istio.io", "Sidecar", "workloadSelector"),
            ("networking.istio.io", "EnvoyFilter", "workloadSelector"),
            ("policy.linkerd.io", "Server", "podSelector"),
        )
    },
}
"""Kinds that select Pods, by API group and kind: the field of `spec` that has the selector, and
what becomes of the object.
"""
DIVIDED_KINDS = tuple(
    kind for (_, kind), (_, on_split) in _SELECTING.items() if on_split is SelectorTreatment.DIVIDED
)
"""The kinds of objects of which each group gets one of its own."""
_CILIUM_PEERS = ("fromEndpoints", "toEndpoints")
_CALICO = ("projectcalico.org", "crd.projectcalico.org")
_WORD = re.compile(r"[\w./-]+")
"""The key or the value of a label in an expression."""
_COMPARING = re.compile(r"!=|\bnot\s+in\b|\bcontains\b|\bstarts\s+with\b|\bends\s+with\b")
"""Operators of Calico's selectors other than `==` and `in` (its reference of NetworkPolicy)."""

_TARGETS = ("scaleTargetRef", "targetRef", "workloadRef")
"""Fields of `spec` in which autoscalers, Rollouts and similar kinds name a workload."""


def selections_of(
    workload: Workload, manifests: ManifestSet, *, labels: dict[str, str] | None = None
) -> list[Selection]:
    """The selectors in policies, budgets and monitors that select a workload's Pods, but for those
    that select all Pods.

    Args:
        workload: the workload.
        manifests: the set that the objects are in.
        labels: the labels of the Pods; the workload's if None.
    """
    wanted = workload.labels if labels is None else labels
    index = manifests.compute_once("selections-by-label", _selections)
    found = index.seen_from(workload.resource, manifests, (*wanted.items(), None))
    return [selection for selection in found if matches(selection.selector, wanted)]


def covers_other_workloads(
    selection: Selection, workload: Workload, manifests: ManifestSet
) -> bool:
    """Whether a selector selects the Pods of workloads other than this one too."""
    asked, one = match_labels(selection.selector), workload.resource
    if asked:
        others = pods_with_labels(asked, manifests, one)
    else:
        others = manifests.compute_once("pods", _all_pods).seen_from(one, manifests)
    return any(
        other is not one
        and matches(selection.selector, labels)
        and _may_select_in(selection, other)
        for other, labels in others
    )


def _all_pods(manifests: ManifestSet) -> Sight[Pod]:
    pods = ((workload.resource, workload.labels) for workload in all_workloads(manifests))
    return Sight((pod[0], pod) for pod in pods)


def _may_select_in(selection: Selection, resource: Resource) -> bool:
    """Whether a selector may select Pods in an object's namespace; one beside a namespaceSelector
    selects Pods of other namespaces too.
    """
    selecting = selection.resource
    peer = selection.route[:-1]
    in_any_namespace = selecting.kind == "CiliumClusterwideNetworkPolicy" or (
        selection.peer and value_at(selecting.data, *peer, "namespaceSelector") is not None
    )
    return in_any_namespace or in_same_namespace(selecting, resource)


def _selections(manifests: ManifestSet) -> ByLabel[Selection]:
    """All selectors of a set, each under one label that it asks for; under None those that ask for
    no label with a value.
    """
    found: dict[Label | None, list[Selection]] = defaultdict(list)
    for resource in manifests.resources:
        for selection in selections_in(resource):
            if not is_empty(selection.selector):
                found[_first_label(selection.selector)].append(selection)
    return ByLabel(found, attrgetter("resource"))


def _first_label(selector: Data) -> tuple[str, str] | None:
    return next(iter(as_strings(as_mapping(selector).get("matchLabels")).items()), None)


def selections_in(resource: Resource) -> Iterator[Selection]:
    """The selectors in an object that select Pods; none for most kinds."""
    known = _SELECTING.get((resource.group, resource.kind))
    if known is None:
        return
    field, on_split = known
    yield Selection(
        resource=resource,
        route=("spec", field),
        selector=_as_selector(resource.spec.get(field)),
        peer=False,
        on_split=on_split,
    )
    for route, selector in _peers(resource):
        yield Selection(
            resource=resource, route=route, selector=selector, peer=True, on_split=on_split
        )


def _peers(resource: Resource) -> Iterator[tuple[Route, Data]]:
    """The selectors of the peers in a policy's rules, each with its route."""
    for field in ("ingress", "egress"):
        for number, rule in enumerate(as_mappings(resource.spec.get(field))):
            for side in ("from", "to"):
                for index, peer in enumerate(as_mappings(rule.get(side))):
                    if "podSelector" in peer:
                        route = ("spec", field, number, side, index, "podSelector")
                        yield route, peer["podSelector"]
            for side in _CILIUM_PEERS:
                for index, peer in enumerate(as_mappings(rule.get(side))):
                    yield ("spec", field, number, side, index), peer


def _as_selector(data: Data) -> Data:
    """A LabelSelector. Istio has `matchLabels` in some kinds, a plain map `labels` in others."""
    if isinstance(data, dict) and "labels" in data:
        return {"matchLabels": data["labels"]}
    return data


def calico_policy(workload: Workload, manifests: ManifestSet) -> Resource | None:
    """A policy of Calico's that mentions a label of a workload's Pods; None if none does. Their
    selectors are expressions, which are searched for words.
    """
    words_of, by_word = manifests.compute_once("calico", _calico_words)
    found = [
        next((policy for policy in by_word.get(word, ()) if key in words_of[policy]), None)
        for key, value in workload.labels.items()
        for word in (value or key, _comparing(key))
    ]
    return min(filter(None, found), key=manifests.position_of, default=None)


def _calico_words(
    manifests: ManifestSet,
) -> tuple[dict[Resource, frozenset[str]], dict[str, list[Resource]]]:
    """The words in the selectors of each of Calico's policies, and the policies by word."""
    words_of: dict[Resource, frozenset[str]] = {}
    by_word: dict[str, list[Resource]] = {}
    for policy in manifests.of_kind("NetworkPolicy", "GlobalNetworkPolicy"):
        if policy.group not in _CALICO:
            continue
        text = " ".join(_expressions(policy.spec))
        words = frozenset(_WORD.findall(text))
        words_of[policy] = words
        if _COMPARING.search(text):
            words |= {_comparing(word) for word in words}
        for word in words:
            by_word.setdefault(word, []).append(policy)
    return words_of, by_word


def _comparing(key: str) -> str:
    """The word under which policies are that compare labels in other ways than by equality, and
    may mean any value of a label.
    """
    return f"{key} *"


def _expressions(data: Data) -> Iterator[str]:
    """The selector expressions anywhere in some data."""
    if isinstance(data, dict):
        for key, value in data.items():
            if key.lower().endswith("selector") and isinstance(value, str):
                yield value
            else:
                yield from _expressions(value)
    elif isinstance(data, list):
        for item in data:
            yield from _expressions(item)


def scalers_of(workload: Workload, manifests: ManifestSet) -> list[Resource]:
    """The objects that name a workload as what they scale or watch."""
    index = manifests.compute_once("scalers-by-target", _by_target)
    scaling = index.get((workload.resource.kind, workload.name))
    if scaling is None:
        return []
    return [
        scaler
        for scaler in scaling.seen_from(workload.resource, manifests)
        if scaler is not workload.resource
    ]


def has_scalers(manifests: ManifestSet) -> bool:
    """Whether anything in a set names a workload as what it scales or watches."""
    return bool(manifests.compute_once("scalers-by-target", _by_target))


def _by_target(manifests: ManifestSet) -> dict[tuple[str, str], Sight[Resource]]:
    found: dict[tuple[str, str], list[Resource]] = defaultdict(list)
    for resource in manifests.resources:
        for target in _targets(resource):
            found[target].append(resource)
    return {target: Sight.of(scalers) for target, scalers in found.items()}


@kept
def _targets(resource: Resource) -> tuple[tuple[str, str], ...]:
    """Kind and name of what an object names as what it scales or watches."""
    return tuple(
        # KEDA takes a Deployment where no kind is written.
        (as_text(target.get("kind")) or "Deployment", as_text(target["name"]))
        for field in _TARGETS
        if field in resource.spec and (target := as_mapping(resource.spec[field])).get("name")
    )


def names_workload(resource: Resource) -> bool:
    """Whether an object names the workload that it is for, as autoscalers do."""
    return any(field in resource.spec for field in _TARGETS)


def objects_mentioning(
    manifests: ManifestSet, key: str, value: str, seen_from: Resource | None = None
) -> list[Resource]:
    """The objects that ask for a label anywhere in their spec, but for Services, the selectors of
    controllers, and the kinds whose selectors are widened or divided.

    Affinity terms, spread constraints and kinds that are not known here select Pods by label too.
    """
    index = manifests.compute_once("label-mentions", _mentions)
    return list(index.seen_from(seen_from, manifests, [(key, value)]))


def _mentions(manifests: ManifestSet) -> ByLabel[Resource]:
    """The objects of a set, by each label that they ask for."""
    found: dict[Label | None, list[Resource]] = {}
    controllers = {workload.resource for workload in all_workloads(manifests)}
    for resource in manifests.resources:
        known = _SELECTING.get((resource.group, resource.kind))
        is_followed = known is not None and known[1] is not SelectorTreatment.BY_HAND
        if resource.kind == "Service" or is_followed:
            continue
        spec = resource.spec
        asking: tuple[str, ...] = ("labels", "selector")
        if resource in controllers:
            # The labels and the selector of a controller are for its own Pods; in other kinds a map
            # of labels asks for Pods.
            spec = {name: part for name, part in spec.items() if name != "selector"}
            asking = ("matchlabels",)
        for label in set(_labels_asked(spec, asking, inside=False)):
            found.setdefault(label, []).append(resource)
    return ByLabel(found, itself)


def _labels_asked(
    data: Data, asking: tuple[str, ...], *, inside: bool
) -> Iterator[tuple[str, str]]:
    """The labels that some data asks for: pairs of strings in maps, and those of expressions.

    Args:
        data: the data.
        asking: the endings, in lower case, of the keys whose maps ask for labels.
        inside: whether the data is the value of such a key.
    """
    if isinstance(data, dict):
        for key, value in data.items():
            if inside and isinstance(value, str):
                yield key, value
            elif key == "values" and isinstance(value, list) and isinstance(data.get("key"), str):
                yield from ((data["key"], item) for item in value if isinstance(item, str))
            elif isinstance(value, dict | list):
                yield from _labels_asked(value, asking, inside=key.lower().endswith(asking))
    elif isinstance(data, list):
        for item in data:
            yield from _labels_asked(item, asking, inside=False)


def metric_container(metric: dict[str, Data]) -> str | None:
    """The container whose resources a metric of a HorizontalPodAutoscaler measures; None if its
    type is not `ContainerResource`.
    """
    if as_text(metric.get("type")) != "ContainerResource":
        return None
    return as_text(value_at(metric, "containerResource", "container"))


def trigger_container(trigger: dict[str, Data]) -> str | None:
    """The container that a KEDA trigger on cpu or memory measures; None if it measures them all."""
    return as_text(value_at(trigger, "metadata", "containerName")) or None


def reads_first_container(scaler: Resource) -> bool:
    """Whether a ScaledObject reads variables of the Pod's first container: its triggers have fields
    `...FromEnv`, and `envSourceContainerName` names no other container.
    """
    if as_text(value_at(scaler.spec, "scaleTargetRef", "envSourceContainerName")):
        return False
    return any(
        key.endswith("FromEnv")
        for trigger in as_list(scaler.spec.get("triggers"))
        for key in as_mapping(value_at(as_mapping(trigger), "metadata"))
    )
