"""Two Deployments put into one Pod, as a person would who starts small: what the service is then
asked to undo.

The Services of both select the one Pod, by number where a port name no longer tells; who called the
other by its Service calls localhost. A Pod has one number of replicas and one network, so two
Deployments with different numbers, or with a port in common, are no pair.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any

from tests.support.cluster import Cluster, Data, Object, Pods, matches, read
from tests.support.programs import usual
from tests.support.real import CORPUS
from tests.support.writing import Style, written

OWN = Path(__file__).resolve().parents[1] / "merges" / "sets"
WHOLE = CORPUS / "whole_sets"
_FILE = "merged.yaml"
_POINTING = (
    "HorizontalPodAutoscaler",
    "VerticalPodAutoscaler",
    "ScaledObject",
    "PodDisruptionBudget",
    "Kustomization",
)
_PORT_VARIABLE = re.compile(r"(SERVER_)?PORT=\d+\Z")
_HOST_VARIABLE = re.compile(r"(HOST|HOSTNAME|ADDR|SERVER)\Z")


class NoPairError(Exception):
    """Two Deployments that nobody would put into one Pod; the message says why."""


@dataclass(frozen=True)
class Merged:
    """A pair in one Pod."""

    name: str
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
    local: bool
    """Whether one calls the other on localhost."""
    served: int
    """How many of the two have a Service."""


def pairs(root: Path) -> Iterator[tuple[str, Merged | str]]:
    """Every pair of Deployments of every set in a folder: merged, or why not."""
    for place in sorted(root.iterdir()):
        paths = (
            [place]
            if place.is_file()
            else [each for each in sorted(place.rglob("*")) if each.suffix in (".yaml", ".yml")]
        )
        objects = read({str(path.relative_to(root)): path.read_text() for path in paths})
        cluster = Cluster(objects, usual)
        found = [pods for pods in cluster.pods.values() if pods.owner.kind == "Deployment"]
        for number, (one, other) in enumerate(combinations(found, 2)):
            title = f"{place.stem}: {one.owner.name} + {other.owner.name}"
            name = one.owner.name if number % 2 else f"{place.stem}-all"
            if any(
                name in each.labels.values()
                for each in cluster.pods.values()
                if each not in (one, other)
            ):
                name = f"{name}-both"
            try:
                yield title, _Merge(cluster, one, other, name).merged(title)
            except NoPairError as error:
                yield title, str(error)


@dataclass
class _Merge:
    """One pair on its way into one Pod."""

    cluster: Cluster
    one: Pods
    other: Pods
    name: str
    renamed: dict[tuple[str, str], str] = field(default_factory=dict)
    local_calls: bool = False

    def merged(self, title: str) -> Merged:
        self.check()
        objects = [
            copy.deepcopy(each.data)
            for each in self.cluster.by_key.values()
            if each.key != self.other.owner
        ]
        place = next(
            number for number, each in enumerate(self.others()) if each.key == self.one.owner
        )
        objects[place] = self.deployment()
        for data, each in zip(objects, self.others(), strict=True):
            if (
                each.kind in ("Service", "NetworkPolicy")
                and each.key.namespace == self.one.owner.namespace
            ):
                self.select(data, each)
            if each.kind == "ConfigMap" and self.readers(each) <= {
                self.one.owner,
                self.other.owner,
            }:
                data["data"] = {
                    key: self.local(str(value), key)
                    for key, value in (data.get("data") or {}).items()
                }
        text = written(objects, Style(seed=0, flow=0.0, comments=0.0))
        served = [
            any(self.selects(service, pods) for service in self.cluster.services)
            for pods in (self.one, self.other)
        ]
        return Merged(
            title,
            self.name,
            {_FILE: text},
            self.cluster,
            (self.one, self.other),
            dict(self.renamed),
            self.local_calls,
            sum(served),
        )

    def others(self) -> list[Object]:
        return [each for each in self.cluster.by_key.values() if each.key != self.other.owner]

    def check(self) -> None:
        """See whether anybody would merge the two."""
        if self.one.owner.namespace != self.other.owner.namespace:
            raise NoPairError("two namespaces")
        if self.one.copies != self.other.copies:
            raise NoPairError("different numbers of replicas")
        for each in self.cluster.of(*_POINTING):
            target = (each.spec.get("scaleTargetRef") or each.spec.get("targetRef") or {}).get(
                "name"
            )
            if target in (self.one.owner.name, self.other.owner.name):
                raise NoPairError("an autoscaler of one of them")
        equal = [
            each.data
            for each in self.one.containers
            if each.data in [other.data for other in self.other.containers]
        ]
        if self.ports(self.one, equal) & self.ports(self.other, equal):
            raise NoPairError("a port that both listen on")
        if len(equal) == len(self.one.containers) or len(equal) == len(self.other.containers):
            raise NoPairError("the same containers")

    def ports(self, pods: Pods, equal: list[Data]) -> set[int]:
        """What the Pods listen on, as the manifests, their programs and their Services say."""
        told = {
            int(each["value"])
            for c in pods.running
            for each in c.data.get("env") or ()
            if _PORT_VARIABLE.match(f"{each['name']}={each.get('value')}")
        }
        heard = {
            number for each in pods.running if each.data not in equal for number, _ in usual(each)
        }
        return (
            told
            | heard
            | {target for service, _, target in self.addresses() if self.selects(service, pods)}
        )

    # The Pod

    @property
    def labels(self) -> dict[str, str]:
        key = next(
            iter((self.one.origin.spec.get("selector") or {}).get("matchLabels") or {"app": ""})
        )
        return {str(key): self.name}

    def deployment(self) -> Data:
        data = copy.deepcopy(self.one.origin.data)
        data["metadata"]["name"] = self.name
        data["spec"]["selector"] = {"matchLabels": self.labels}
        template = data["spec"]["template"]
        template["metadata"] = {"labels": self.labels}
        annotations = {**self.other.annotations, **self.one.annotations}
        if annotations:
            template["metadata"]["annotations"] = annotations
        if "strategy" not in data["spec"] and "strategy" in self.other.origin.spec:
            data["spec"]["strategy"] = copy.deepcopy(self.other.origin.spec["strategy"])
        spec, added = template["spec"], copy.deepcopy(self.other.spec)
        volumes = self.volumes(spec, added)
        for which in ("containers", "initContainers"):
            mine = [self.container(self.one, each) for each in spec.get(which) or ()]
            theirs = [
                self.container(self.other, each, {each["name"] for each in mine})
                for each in added.get(which) or ()
            ]
            both = mine + [each for each in theirs if each not in mine]
            if both:
                spec[which] = both
        if volumes:
            spec["volumes"] = volumes
        for each, value in added.items():
            spec.setdefault(each, value)
        return data

    def volumes(self, spec: Data, added: Data) -> list[Data]:
        """The volumes of both; of two with one name and different content the second gets
        another name.
        """
        mine = list(spec.get("volumes") or ())
        for volume in added.get("volumes") or ():
            same = next((each for each in mine if each["name"] == volume["name"]), None)
            if same == volume:
                continue
            if same is not None:
                old, volume["name"] = volume["name"], f"{self.other.owner.name}-{volume['name']}"
                for each in (*added["containers"], *(added.get("initContainers") or ())):
                    for mount in each.get("volumeMounts") or ():
                        mount["name"] = volume["name"] if mount["name"] == old else mount["name"]
            mine.append(volume)
        return mine

    def container(self, owner: Pods, data: Data, taken: Iterable[str] = ()) -> Data:
        name = data["name"]
        if name in set(taken) and data not in [each.data for each in self.one.containers]:
            data["name"] = f"{owner.owner.name}-{name}"
        self.renamed[owner.owner.name, name] = data["name"]
        for each in ("command", "args"):
            if each in data:
                data[each] = [self.local(str(word), "") for word in data[each]]
        for variable in data.get("env") or ():
            if "value" in variable:
                variable["value"] = self.local(str(variable["value"]), variable["name"])
        self.port_variables(data)
        return data

    # Who calls whom

    def local(self, text: str, key: str) -> str:
        """A text in which the Services of the pair are called on localhost, at the port behind
        them.
        """
        before = text
        for service, number, target in self.addresses():
            space = re.escape(service.key.namespace)
            host = rf"{re.escape(service.key.name)}(?:\.{space})?(?:\.svc(?:\.cluster\.local)?)?"
            text = re.sub(
                rf"(?<![\w./-]){host}:{number}(?!\d)|(?<=[/@]){host}:{number}(?!\d)",
                f"localhost:{target}",
                text,
            )
            if number == 80:
                text = re.sub(rf"(?<=http://){host}(?=/|\Z)", f"localhost:{target}", text)
            if _HOST_VARIABLE.search(key) and re.fullmatch(host, text):
                text = "localhost"
        self.local_calls |= text != before
        return text

    def port_variables(self, data: Data) -> None:
        """`DB_PORT` beside a `DB_HOST` that is now localhost is the container's port."""
        ports = {str(number): str(target) for _, number, target in self.addresses()}
        env = data.get("env") or []
        stems = {
            _HOST_VARIABLE.sub("", each["name"]) for each in env if each.get("value") == "localhost"
        }
        for variable in env:
            if (
                variable["name"].endswith("_PORT")
                and variable["name"].removesuffix("PORT") in stems
            ):
                variable["value"] = ports.get(str(variable.get("value")), variable.get("value"))

    def addresses(self) -> Iterator[tuple[Object, int, int]]:
        """The Services of the pair, with their ports and what is behind them."""
        for service in self.cluster.services:
            for pods in (self.one, self.other):
                if self.selects(service, pods):
                    for port in service.spec.get("ports") or ():
                        target = pods.target(
                            port.get("targetPort") or port["port"], port.get("protocol") or "TCP"
                        )
                        if target is not None:
                            yield service, port["port"], target

    @staticmethod
    def selects(service: Object, pods: Pods) -> bool:
        return service.key.namespace == pods.owner.namespace and matches(
            {"matchLabels": service.spec["selector"]}, pods.labels
        )

    def readers(self, config: Object) -> set[Any]:
        """The workloads that name a ConfigMap."""
        return {
            pods.owner
            for pods in self.cluster.pods.values()
            if repr(config.key.name) in repr(pods.spec)
        }

    # Who selects whom

    def select(self, data: Data, each: Object) -> None:
        """Let a Service or a policy of one of the two select the Pod that they share."""
        if each.kind == "NetworkPolicy":
            _relabel(data["spec"], [self.one.labels, self.other.labels], self.labels)
            return
        for pods in (self.one, self.other):
            if each in self.cluster.services and self.selects(each, pods):
                data["spec"]["selector"] = self.labels
                for port in data["spec"].get("ports") or ():
                    target, protocol = (
                        port.get("targetPort") or port["port"],
                        port.get("protocol") or "TCP",
                    )
                    if isinstance(target, str) and self.is_named_twice(target):
                        port["targetPort"] = pods.target(target, protocol)

    def is_named_twice(self, name: str) -> bool:
        named = [
            port
            for pods in (self.one, self.other)
            for each in pods.running
            for port in each.ports
            if port[0] == name
        ]
        return len(named) > 1


def _relabel(data: Any, old: list[dict[str, str]], new: dict[str, str]) -> None:
    if isinstance(data, dict):
        for key, value in data.items():
            if (
                key == "matchLabels"
                and value
                and any(value.items() <= each.items() for each in old)
            ):
                data[key] = dict(new)
            else:
                _relabel(value, old, new)
    elif isinstance(data, list):
        for each in data:
            _relabel(each, old, new)
