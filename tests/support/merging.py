"""Puts two Deployments into one Pod, as a person would who starts small.

The service is then asked to separate them again.

The Services of both select the one Pod, by number where a port name no longer tells the two apart.
Who called the other by its Service calls localhost. A Pod has one number of replicas and one
network, so two Deployments with different numbers, or with a port in common, can't be merged.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from tests.support.cluster import Cluster
from tests.support.localhost_rewriting import LocalhostCalls, PairPort
from tests.support.objects import Data, Key, Object, matches, read_objects
from tests.support.pods import Pods
from tests.support.programs import usual_ports
from tests.support.real_manifests import CORPUS
from tests.support.styled_yaml import Style, write

OWN_SETS = Path(__file__).resolve().parents[1] / "merges" / "sets"
CORPUS_SETS = CORPUS / "whole_sets"
_FILE = "merged.yaml"
_KINDS_WITH_TARGET = (
    "HorizontalPodAutoscaler",
    "VerticalPodAutoscaler",
    "ScaledObject",
    "PodDisruptionBudget",
    "Kustomization",
)
_PORT_VARIABLE = re.compile(r"(SERVER_)?PORT=\d+\Z")


class NotMergeableError(Exception):
    """These two Deployments can't be put into one Pod; the message says why."""


@dataclass(frozen=True)
class MergedPair:
    """Two Deployments in one Pod."""

    title: str
    """The set and the pair."""
    workload: str
    """The name of the one Deployment."""
    files: dict[str, str]
    """The set with the one Deployment instead of the two."""
    original: Cluster
    """The set as it was."""
    pair: tuple[Pods, Pods]
    """The two as they were."""
    names: dict[tuple[str, str], str]
    """By Deployment and container, the name that a container has in the one Pod."""
    has_localhost_calls: bool
    """Whether one calls the other on localhost."""
    served: int
    """How many of the two have a Service."""


def merge_pairs(root: Path) -> Iterator[tuple[str, MergedPair | str]]:
    """Every pair of Deployments of every set in a folder: merged, or why not."""
    for set_path in sorted(root.iterdir()):
        files = (
            [set_path]
            if set_path.is_file()
            else [file for file in sorted(set_path.rglob("*")) if file.suffix in (".yaml", ".yml")]
        )
        objects = read_objects({str(file.relative_to(root)): file.read_text() for file in files})
        cluster = Cluster(objects, usual_ports)
        deployments = [pods for pods in cluster.pods.values() if pods.owner.kind == "Deployment"]
        for number, (first, second) in enumerate(combinations(deployments, 2)):
            title = f"{set_path.stem}: {first.owner.name} + {second.owner.name}"
            name = first.owner.name if number % 2 else f"{set_path.stem}-all"
            if any(
                name in other.labels.values()
                for other in cluster.pods.values()
                if other not in (first, second)
            ):
                name = f"{name}-both"
            try:
                yield title, merge(cluster, (first, second), title=title, name=name)
            except NotMergeableError as error:
                yield title, str(error)


def merge(cluster: Cluster, pair: tuple[Pods, Pods], *, title: str, name: str) -> MergedPair:
    """Put two Deployments into one Pod.

    Args:
        cluster: the set.
        pair: the two; the one Deployment stands where the first stood.
        title: of the pair.
        name: of the one Deployment.

    Raises:
        NotMergeableError: the two can't be merged.
    """
    ports = [
        PairPort(service, number, target)
        for service, pods in _pair_services(cluster, pair)
        for number, target in _resolved_ports(service, pods)
    ]
    _check_mergeable(cluster, pair, ports)
    calls = LocalhostCalls(ports)
    deployment = _Deployment(pair, name, calls)
    objects = []
    for resource in cluster.by_key.values():
        if resource.key == pair[0].owner:
            objects.append(deployment.build())
        elif resource.key != pair[1].owner:
            objects.append(
                _adapted(cluster, pair, resource=resource, labels=deployment.labels, calls=calls)
            )
    return MergedPair(
        title=title,
        workload=name,
        files={_FILE: write(objects, Style(seed=0, flow=0.0, comments=0.0))},
        original=cluster,
        pair=pair,
        names=deployment.names,
        has_localhost_calls=calls.any_replaced,
        served=len({pods.owner for _, pods in _pair_services(cluster, pair)}),
    )


def _pair_services(cluster: Cluster, pair: tuple[Pods, Pods]) -> Iterator[tuple[Object, Pods]]:
    """The Services that select one of the two, with the one that they select."""
    for service in cluster.services:
        for pods in pair:
            if service.key.namespace == pods.owner.namespace and matches(
                {"matchLabels": service.spec["selector"]}, pods.labels
            ):
                yield service, pods


def _resolved_ports(service: Object, pods: Pods) -> Iterator[tuple[int, int]]:
    """The ports of a Service, with the numbers of the ports behind them."""
    for port in service.spec.get("ports") or ():
        target = pods.port_number(
            port.get("targetPort") or port["port"], port.get("protocol") or "TCP"
        )
        if target is not None:
            yield port["port"], target


def _check_mergeable(cluster: Cluster, pair: tuple[Pods, Pods], ports: list[PairPort]) -> None:
    first, second = pair
    if first.owner.namespace != second.owner.namespace:
        raise NotMergeableError("two namespaces")
    if first.replicas != second.replicas:
        raise NotMergeableError("different numbers of replicas")
    for resource in cluster.of_kind(*_KINDS_WITH_TARGET):
        reference = resource.spec.get("scaleTargetRef") or resource.spec.get("targetRef") or {}
        if reference.get("name") in (first.owner.name, second.owner.name):
            raise NotMergeableError("an autoscaler of one of them")
    others = [container.data for container in second.containers]
    equal = [container.data for container in first.containers if container.data in others]
    if _used_ports(cluster, first, equal=equal, ports=ports) & _used_ports(
        cluster, second, equal=equal, ports=ports
    ):
        raise NotMergeableError("a port that both listen on")
    if len(equal) in (len(first.containers), len(second.containers)):
        raise NotMergeableError("the same containers")


def _used_ports(cluster: Cluster, pods: Pods, equal: list[Data], ports: list[PairPort]) -> set[int]:
    """The ports that Pods listen on, by their manifests, their programs and their Services.

    Containers that both Deployments have are left out.
    """
    by_variable = {
        int(variable["value"])
        for container in pods.running
        for variable in container.data.get("env") or ()
        if _PORT_VARIABLE.match(f"{variable['name']}={variable.get('value')}")
    }
    by_container = {
        number
        for container in pods.running
        if container.data not in equal
        for number, _ in usual_ports(container)
    }
    own_services = [
        service
        for service in cluster.services
        if service.key.namespace == pods.owner.namespace
        and matches({"matchLabels": service.spec["selector"]}, pods.labels)
    ]
    by_service = {port.target for port in ports if port.service in own_services}
    return by_variable | by_container | by_service


def _adapted(
    cluster: Cluster,
    pair: tuple[Pods, Pods],
    resource: Object,
    labels: dict[str, str],
    calls: LocalhostCalls,
) -> Data:
    """An object of the set, as it has to be beside the one Deployment."""
    data = copy.deepcopy(resource.data)
    is_near = resource.key.namespace == pair[0].owner.namespace
    if resource.kind == "NetworkPolicy" and is_near:
        _replace_match_labels(data["spec"], [pods.labels for pods in pair], labels)
    if resource.kind == "Service" and is_near:
        for service, pods in _pair_services(cluster, pair):
            if service.key == resource.key:
                data["spec"]["selector"] = labels
                _resolve_ambiguous_targets(data, pods, pair)
    if resource.kind == "ConfigMap" and _readers(cluster, resource) <= {
        pods.owner for pods in pair
    }:
        data["data"] = {
            key: calls.replace(str(value), key) for key, value in (data.get("data") or {}).items()
        }
    return data


def _readers(cluster: Cluster, config_map: Object) -> set[Key]:
    """The workloads that name a ConfigMap."""
    return {
        pods.owner for pods in cluster.pods.values() if repr(config_map.key.name) in repr(pods.spec)
    }


def _resolve_ambiguous_targets(service: Data, pods: Pods, pair: tuple[Pods, Pods]) -> None:
    """Write target ports as numbers where both of the pair use the name."""
    names = [
        name for merged in pair for container in merged.running for name, _, _ in container.ports
    ]
    for port in service["spec"].get("ports") or ():
        target = port.get("targetPort") or port["port"]
        if isinstance(target, str) and names.count(target) > 1:
            port["targetPort"] = pods.port_number(target, port.get("protocol") or "TCP")


def _replace_match_labels(data: Any, old: list[dict[str, str]], new: dict[str, str]) -> None:
    """Let terms that selected Pods of the pair select the one Pod."""
    if isinstance(data, dict):
        for key, value in data.items():
            if (
                key == "matchLabels"
                and value
                and any(value.items() <= labels.items() for labels in old)
            ):
                data[key] = dict(new)
            else:
                _replace_match_labels(value, old, new)
    elif isinstance(data, list):
        for item in data:
            _replace_match_labels(item, old, new)


class _Deployment:
    """Builds the one Deployment of a pair."""

    def __init__(self, pair: tuple[Pods, Pods], name: str, calls: LocalhostCalls) -> None:
        self.first, self.second = pair
        self.name = name
        self.calls = calls
        self.names: dict[tuple[str, str], str] = {}
        """By Deployment and container, the new name of the container."""

    @property
    def labels(self) -> dict[str, str]:
        match_labels = (self.first.source.spec.get("selector") or {}).get("matchLabels")
        return {str(next(iter(match_labels or {"app": ""}))): self.name}

    def build(self) -> Data:
        """The Deployment."""
        data = copy.deepcopy(self.first.source.data)
        data["metadata"]["name"] = self.name
        data["spec"]["selector"] = {"matchLabels": self.labels}
        template = data["spec"]["template"]
        template["metadata"] = {"labels": self.labels}
        annotations = {**self.second.annotations, **self.first.annotations}
        if annotations:
            template["metadata"]["annotations"] = annotations
        if "strategy" not in data["spec"] and "strategy" in self.second.source.spec:
            data["spec"]["strategy"] = copy.deepcopy(self.second.source.spec["strategy"])
        spec, added = template["spec"], copy.deepcopy(self.second.spec)
        volumes = self.merge_volumes(spec, added)
        for field in ("containers", "initContainers"):
            mine = [self.container(self.first, own) for own in spec.get(field) or ()]
            taken = {own["name"] for own in mine}
            theirs = [self.container(self.second, other, taken) for other in added.get(field) or ()]
            both = mine + [other for other in theirs if other not in mine]
            if both:
                spec[field] = both
        if volumes:
            spec["volumes"] = volumes
        for field, value in added.items():
            spec.setdefault(field, value)
        return data

    def merge_volumes(self, spec: Data, added: Data) -> list[Data]:
        """The volumes of both pod specs.

        Of two with one name and different content the second gets another name, in its mounts too.
        """
        volumes = list(spec.get("volumes") or ())
        for volume in added.get("volumes") or ():
            same_name = next((own for own in volumes if own["name"] == volume["name"]), None)
            if same_name == volume:
                continue
            if same_name is not None:
                old_name = volume["name"]
                volume["name"] = f"{self.second.owner.name}-{old_name}"
                for container in (*added["containers"], *(added.get("initContainers") or ())):
                    for mount in container.get("volumeMounts") or ():
                        if mount["name"] == old_name:
                            mount["name"] = volume["name"]
            volumes.append(volume)
        return volumes

    def container(self, pods: Pods, data: Data, taken: Collection[str] = ()) -> Data:
        """A container as it is in the one Pod: under a name of its own, calling localhost."""
        name = data["name"]
        if name in taken and data not in [container.data for container in self.first.containers]:
            data["name"] = f"{pods.owner.name}-{name}"
        self.names[pods.owner.name, name] = data["name"]
        for field in ("command", "args"):
            if field in data:
                data[field] = [self.calls.replace(str(word), "") for word in data[field]]
        if data.get("env"):
            data["env"] = self.calls.replace_variables(data["env"])
        return data
