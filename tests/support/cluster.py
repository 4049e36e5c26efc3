"""A small model of a cluster: which Pods there are, what their containers are, and whom each
Service port reaches.

Written from the API reference and from how the EndpointSlice controller works, and on purpose
without anything of `service`: it is what the rewrites are held against. Objects are plain data; a
namespace that isn't written is the one that `kubectl` works in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import yaml

Data = dict[str, Any]
CURRENT = "(current)"
"""The namespace of objects that name none."""

TEMPLATES: dict[tuple[str, str], tuple[str, ...]] = {
    ("", "Pod"): (),
    ("", "ReplicationController"): ("spec", "template"),
    ("apps", "Deployment"): ("spec", "template"),
    ("apps", "ReplicaSet"): ("spec", "template"),
    ("apps", "StatefulSet"): ("spec", "template"),
    ("apps", "DaemonSet"): ("spec", "template"),
    ("batch", "Job"): ("spec", "template"),
    ("batch", "CronJob"): ("spec", "jobTemplate", "spec", "template"),
    ("argoproj.io", "Rollout"): ("spec", "template"),
    ("apps.openshift.io", "DeploymentConfig"): ("spec", "template"),
}
"""Kinds that make Pods, by group and name, and where their pod template is."""


class _Loader(yaml.CSafeLoader):
    """YAML as Kubernetes reads it: dates and base-60 numbers are text."""


_Loader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern)
        for tag, pattern in resolvers
        if tag not in ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:value")
    ]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}
_SIXTIES = re.compile(r"[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?")
_integer = _Loader.yaml_constructors["tag:yaml.org,2002:int"]
_Loader.add_constructor(
    "tag:yaml.org,2002:int",
    lambda self, node: node.value if _SIXTIES.fullmatch(node.value) else _integer(self, node),
)


def pieces(text: str) -> list[str]:
    """The documents of a stream as kubectl cuts it: at lines that start with three dashes."""
    return re.split(r"(?m)^---.*(?:\n|\Z)", text.removeprefix("\ufeff"))


class Key(NamedTuple):
    """What names an object in a cluster."""

    kind: str
    namespace: str
    name: str


@dataclass(frozen=True)
class Object:
    """An object and where it is written."""

    path: str
    place: int
    """The document's number in its file."""
    data: Data
    current: str = CURRENT
    """The namespace that it is in if it names none."""

    @cached_property
    def group(self) -> str:
        return str(self.data.get("apiVersion", "")).rpartition("/")[0]

    @property
    def kind(self) -> str:
        return str(self.data.get("kind", ""))

    @property
    def metadata(self) -> Data:
        return self.data.get("metadata") or {}

    @property
    def spec(self) -> Data:
        return self.data.get("spec") or {}

    @property
    def key(self) -> Key:
        name = (
            self.metadata.get("name")
            or f"{self.metadata.get('generateName')}*{self.path}*{self.place}"
        )
        return Key(self.kind, str(self.metadata.get("namespace") or self.current), str(name))

    @property
    def title(self) -> str:
        return f"{self.kind}/{self.key.name}"


def read(files: Mapping[str, str], current: str = CURRENT) -> tuple[Object, ...]:
    """The objects of some files, those in Lists unpacked; what doesn't parse or is no object is
    left out.
    """
    found = []
    for path, text in files.items():
        for place, piece in enumerate(pieces(text)):
            try:
                data = yaml.load(piece, Loader=_Loader)
            except yaml.YAMLError:
                continue
            if not isinstance(data, dict) or "kind" not in data:
                continue
            items = (
                data["items"]
                if str(data["kind"]).endswith("List") and isinstance(data.get("items"), list)
                else [data]
            )
            found += [
                Object(path, place, each, current) for each in items if isinstance(each, dict)
            ]
    return tuple(found)


@dataclass(frozen=True)
class Container:
    """A container of a Pod."""

    data: Data
    type: str
    """regular, native or init."""

    @property
    def name(self) -> str:
        return str(self.data.get("name", ""))

    @property
    def ident(self) -> str:
        """What tells it from others, wherever it is moved to."""
        return f"{self.name} {self.data.get('image')}"

    @property
    def ports(self) -> list[tuple[str, int, str]]:
        """Names, numbers and protocols of the ports that it declares."""
        return [
            (
                str(each.get("name") or ""),
                int(each["containerPort"]),
                str(each.get("protocol") or "TCP"),
            )
            for each in self.data.get("ports") or ()
            if isinstance(each.get("containerPort"), int)
        ]


Listens = Callable[[Container], frozenset[tuple[int, str]]]
"""The ports that a container's program really listens on, whatever the manifest declares."""


def declared(container: Container) -> frozenset[tuple[int, str]]:
    """Where nothing else is known: a container listens on what it declares."""
    return frozenset((number, protocol) for _, number, protocol in container.ports)


@dataclass(frozen=True)
class Pods:
    """The Pods that one controller makes from one template, or a bare Pod."""

    owner: Key
    labels: dict[str, str]
    annotations: dict[str, str]
    spec: Data
    origin: Object

    @cached_property
    def containers(self) -> tuple[Container, ...]:
        """Regular containers first, then native sidecars and init containers in their order."""
        first = [Container(each, "regular") for each in self.spec.get("containers") or ()]
        return (
            *first,
            *(
                Container(each, "native" if each.get("restartPolicy") == "Always" else "init")
                for each in self.spec.get("initContainers") or ()
            ),
        )

    @property
    def running(self) -> list[Container]:
        """The containers that run as long as the Pod does, in the order in which ports are
        looked up.
        """
        return [each for each in self.containers if each.type != "init"]

    def has(self, ident: str) -> bool:
        return any(each.ident == ident for each in self.containers)

    def target(self, target: int | str, protocol: str) -> int | None:
        """The number that a target port means in these Pods: a name as the first container
        declares it; a number is itself.
        """
        if isinstance(target, int):
            return target
        for container in self.running:
            for name, number, spoken in container.ports:
                if name == target and spoken == protocol:
                    return number
        return None

    def answering(self, number: int, protocol: str, listens: Listens) -> str | None:
        """Who answers on a port: the first container that listens there; None for nobody."""
        return next(
            (each.ident for each in self.running if (number, protocol) in listens(each)), None
        )

    @property
    def copies(self) -> int | str:
        """How many Pods there are; for a DaemonSet on every node and a CronJob what decides it,
        in words.
        """
        if self.owner.kind == "Pod":
            return 1
        if self.owner.kind == "DaemonSet":
            return _nodes(self.spec)
        if self.owner.kind == "Job":
            return int(self.origin.spec.get("completions", 1))
        if self.owner.kind == "CronJob":
            return f"one at {self.origin.spec.get('schedule')}"
        replicas = self.origin.spec.get("replicas", 1)
        return replicas if isinstance(replicas, int) else 1

    def sources(self, volume: str) -> frozenset[str]:
        """What is behind a volume, as text: for a claim template the claims that it makes."""
        for template in self.origin.spec.get("volumeClaimTemplates") or ():
            if template.get("metadata", {}).get("name") == volume:
                count = self.copies if isinstance(self.copies, int) else 1
                return frozenset(
                    f"claim {volume}-{self.owner.name}-{number}" for number in range(count)
                )
        for each in self.spec.get("volumes") or ():
            if each.get("name") == volume:
                claim = (each.get("persistentVolumeClaim") or {}).get("claimName")
                if claim:
                    return frozenset({f"claim {claim}"})
                return frozenset(
                    {
                        repr(
                            sorted(
                                (key, repr(value)) for key, value in each.items() if key != "name"
                            )
                        )
                    }
                )
        return frozenset()


def _nodes(spec: Data) -> int | str:
    """How many nodes a DaemonSet is meant for: those that its affinity names, else every one."""
    required = ((spec.get("affinity") or {}).get("nodeAffinity") or {}).get(
        "requiredDuringSchedulingIgnoredDuringExecution"
    ) or {}
    named = {
        value
        for term in required.get("nodeSelectorTerms") or ()
        for expression in (*(term.get("matchFields") or ()), *(term.get("matchExpressions") or ()))
        if expression.get("operator") == "In"
        and expression.get("key") in ("metadata.name", "kubernetes.io/hostname")
        for value in expression["values"]
    }
    return len(named) or "every node"


def matches(selector: Any, labels: Mapping[str, str]) -> bool:
    """Whether a label selector matches; an empty one matches all, a missing one none."""
    if selector is None:
        return False
    if any(labels.get(key) != value for key, value in (selector.get("matchLabels") or {}).items()):
        return False
    return all(_meets(each, labels) for each in selector.get("matchExpressions") or ())


def _meets(expression: Data, labels: Mapping[str, str]) -> bool:
    value, values = labels.get(expression["key"]), expression.get("values") or []
    match expression["operator"]:
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
    return value is None


class Port(NamedTuple):
    """A port of a Service, as its clients know it."""

    service: Key
    name: str
    number: int
    protocol: str


class Reached(NamedTuple):
    """An endpoint of a Service port: whose Pods, and who answers in them."""

    owner: Key
    container: str | None


@dataclass(frozen=True)
class Cluster:
    """Objects that were applied together."""

    objects: tuple[Object, ...]
    listens: Listens = declared
    """Where others reach a container."""
    local: Listens | None = None
    """Where its neighbours in the Pod reach it, if that is more."""

    @cached_property
    def by_key(self) -> dict[Key, Object]:
        return {each.key: each for each in self.objects}

    def of(self, *kinds: str) -> list[Object]:
        return [each for each in self.by_key.values() if each.kind in kinds]

    @cached_property
    def pods(self) -> dict[Key, Pods]:
        """By their controller, or by themselves."""
        found = {}
        for each in self.by_key.values():
            route = TEMPLATES.get((each.group, each.kind))
            if route is None:
                continue
            template: Any = each.data
            for step in route:
                template = (template or {}).get(step)
            if isinstance(template, dict) and isinstance(
                (template.get("spec") or {}).get("containers"), list
            ):
                metadata = template.get("metadata") or {}
                labels = {
                    str(key): str(value) for key, value in (metadata.get("labels") or {}).items()
                }
                found[each.key] = Pods(
                    each.key, labels, metadata.get("annotations") or {}, template["spec"], each
                )
        return found

    @cached_property
    def services(self) -> list[Object]:
        """The Services that have a selector."""
        return [
            each
            for each in self.of("Service")
            if each.group == ""
            and each.spec.get("selector")
            and each.spec.get("type") != "ExternalName"
        ]

    def reach(self, pods: Iterable[Pods] | None = None) -> dict[Port, frozenset[Reached]]:
        """Whom each Service port reaches among some Pods, all of them unless said otherwise."""
        there = list(self.pods.values() if pods is None else pods)
        found: dict[Port, frozenset[Reached]] = {}
        for service in self.services:
            selected = [
                each
                for each in there
                if each.owner.namespace == service.key.namespace
                and matches({"matchLabels": service.spec["selector"]}, each.labels)
            ]
            for port, target in ports_of(service):
                found[port] = frozenset(self._endpoints(service, port, target, selected))
        return found

    def _endpoints(
        self, service: Object, port: Port, target: int | str, selected: list[Pods]
    ) -> Iterator[Reached]:
        for each in selected:
            number = each.target(target, port.protocol)
            if number is not None:
                yield Reached(each.owner, each.answering(number, port.protocol, self.listens))
            elif service.spec.get("clusterIP") == "None":
                # The DNS name of a headless Service leads to every selected Pod, whatever the port.
                yield Reached(each.owner, None)

    def beside(self, pods: Pods, number: int) -> str | None:
        """Who answers within a Pod on localhost."""
        return pods.answering(number, "TCP", self.local or self.listens)

    def homes(self, ident: str) -> list[Pods]:
        """The Pods that a container is in."""
        return [each for each in self.pods.values() if each.has(ident)]

    def origin(self, home: Pods, ident: str) -> Pods:
        """The Pods that a container of later Pods came from: those of the same name, else those
        whose name the later one starts with.
        """
        found = self.homes(ident)
        near = [each for each in found if each.owner.namespace == home.owner.namespace]
        same = [each for each in near if each.owner.name == home.owner.name]
        prefixed = [each for each in near if home.owner.name.startswith(each.owner.name)]
        return [*same, *sorted(prefixed, key=lambda each: -len(each.owner.name)), *found][0]

    def later(self, origin: Pods, ident: str, after: Cluster) -> list[Pods]:
        """The Pods in which a container of earlier Pods is later."""
        return [
            home for home in after.homes(ident) if self.origin(home, ident).owner == origin.owner
        ]

    def selector(self, owner: Key) -> Any:
        """The selector of a controller, None where it has none of its own."""
        each = self.by_key[owner]
        selector = each.spec.get("selector")
        if each.kind in ("Pod", "Job", "CronJob") or not selector:
            return None
        return (
            {"matchLabels": selector}
            if each.kind in ("ReplicationController", "DeploymentConfig")
            else selector
        )

    def overlaps(self) -> set[tuple[Key, str]]:
        """Controllers with the containers of Pods of others that their selectors match."""
        return {
            (owner, container.ident)
            for owner in self.pods
            for other in self.pods.values()
            if other.owner != owner
            and other.owner.namespace == owner.namespace
            and matches(self.selector(owner), other.labels)
            for container in other.containers
        }


def ports_of(service: Object) -> list[tuple[Port, int | str]]:
    """The ports of a Service with their targets."""
    found = []
    for each in service.spec.get("ports") or ():
        target = each.get("targetPort") or each["port"]
        found.append(
            (
                Port(
                    service.key,
                    str(each.get("name") or ""),
                    int(each["port"]),
                    str(each.get("protocol") or "TCP"),
                ),
                target,
            )
        )
    return found
