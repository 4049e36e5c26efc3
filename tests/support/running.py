"""A cluster that runs: containers call what they are told, from where they are.

A `Scene` is a workload made by hand, of which it is known who calls whom, by which words, and who
reads an address without calling it. It tells of each stage of a rewrite whether everybody still
reaches whom they meant. Written from Kubernetes' documentation ("Services, Load Balancing, and
Networking", "DNS for Services and Pods", "Init Containers"); nothing of `service` is used.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from tests.support.cluster import Cluster, Endpoints
from tests.support.objects import Data, Key
from tests.support.pods import Container, Pods

LOOPBACK = re.compile(
    r"(?i:localhost(\.localdomain)?\.?|ip6-localhost|ip6-loopback)|127(\.\d+){1,3}|\[?::1\]?"
    r"|0\.0\.0\.0|\[::\]|\$\(POD_IP\)"
)
"""What leads to the Pod itself: names of /etc/hosts, 127.0.0.0/8, ::1, all addresses, its own."""


class Use(Enum):
    """Who uses an address that a container is told."""

    CALL = "call"
    """The container calls it."""
    KEEP = "keep"
    """Somebody reads it who knows no Service: it stays as it is."""
    ADVERTISE = "advertise"
    """The container hands it to those that call it, who then call it from where they are."""
    BIND = "bind"
    """The container listens there, and nowhere else."""


@dataclass(frozen=True)
class Told:
    """A text that a container is told, with the address in it."""

    caller: str
    """The name of the container."""
    target: str
    """The name of the container that answers; of the caller itself for `BIND`."""
    port: int
    """Where that one listens."""
    use: Use
    """Who uses the address."""
    place: str
    """`env NAME`, `args`, `command`, `probe`, `hook` or `config KEY`."""
    template: str
    """The text, with `{host}` and perhaps `{port}`; without, the port is a variable beside it."""
    host: str
    """How the address of its own Pod is written."""

    @property
    def text(self) -> str:
        """The text as it stands in the manifest."""
        return self.template.format(host=self.host, port=self.port)

    def parse(self, text: str) -> tuple[str, int] | None:
        """Host and port in a text that may have other ones; None where anything else changed."""
        pattern = re.escape(self.template.format(host="<host>", port="<port>"))
        pattern = pattern.replace("<host>", r"(?P<host>[\w.:\[\]$()-]+?)", 1)
        pattern = pattern.replace("<port>", r"(?P<port>\d+)", 1)
        match = re.fullmatch(pattern, text, re.DOTALL)
        if match is None:
            return None
        return match["host"], int(match.groupdict().get("port") or self.port)


@dataclass(frozen=True)
class Scene:
    """A workload, what is around it, and what its containers are told."""

    files: dict[str, str]
    told: tuple[Told, ...]
    listening: Mapping[str, int]
    """By container name: the port that it listens on."""
    singletons: frozenset[str]
    """The containers that must not run twice."""

    def faults(self, before: Cluster, after: Cluster, *, is_last: bool) -> Iterator[str]:
        """What is wrong in a stage.

        Args:
            before: the set as it was.
            after: the set in the stage.
            is_last: whether it is the last stage.
        """
        endpoints = after.endpoints(pods for pods in after.pods.values() if not pods.is_stopped)
        for told in self.told:
            for pods in _with_container(after, told.caller):
                container = next(one for one in pods.containers if one.name == told.caller)
                text = _text_at(told.place, container, pods, after)
                yield from self._faults_of(told, text, pods, after, endpoints)
        for name in self.singletons:
            was, now = _with_container(before, name), _with_container(after, name)
            if len([pods for pods in now if not pods.is_stopped]) > len(was):
                yield f"{name} runs {len(now)} times"
        for pods in after.pods.values() if is_last else ():
            yield from self._waits(pods, after)

    def _faults_of(
        self, told: Told, text: str | None, pods: Pods, after: Cluster, endpoints: Endpoints
    ) -> Iterator[str]:
        where = f"{told.place} of {told.caller} in {pods.owner.kind}/{pods.owner.name}"
        if text is None:
            yield f"{where} is gone"
            return
        together = _has(pods, told.target)
        if told.use in (Use.KEEP, Use.BIND):
            if text != told.text:
                yield f"{where} is not called and reads {text!r}"
            return
        parsed = told.parse(text)
        if parsed is None:
            yield f"{where} reads {text!r}"
            return
        host, port = parsed
        if told.use is Use.ADVERTISE and not together:
            yield f"{where} is handed to clients, and {told.target} is elsewhere"
        reached = self._answering(host, port, pods, endpoints)
        if reached != {told.target}:
            yield f"{where} meant {told.target} and reaches {sorted(map(str, reached))} ({text!r})"

    def _answering(self, host: str, port: int, pods: Pods, endpoints: Endpoints) -> set[str | None]:
        """The containers that answer at an address, seen from some Pods."""
        if LOOPBACK.fullmatch(host):
            return {
                next(
                    (one.name for one in pods.running if self.listening.get(one.name) == port), None
                )
            }
        name = host.split(".", maxsplit=1)[0]
        bound = {told.caller for told in self.told if told.use is Use.BIND}
        return {
            None if container in bound else container
            for service, reached in endpoints.items()
            if service.service.name == name
            and service.service.namespace == pods.owner.namespace
            and (service.number, service.protocol) == (port, "TCP")
            for endpoint in reached
            for container in ((endpoint.container or "").split(" ")[0] or None,)
        } or {None}

    def _waits(self, pods: Pods, after: Cluster) -> Iterator[str]:
        """Init containers run before the others of their Pod: one that waits for one of these waits
        for ever, once the Pods of before are gone.
        """
        for told in self.told:
            container = next((one for one in pods.containers if one.name == told.caller), None)
            if container is None or container.type != "init" or told.use is not Use.CALL:
                continue
            # Nobody can tell who answers at a port that an unknown program doesn't declare.
            is_known = any(one.name == told.target and one.ports for one in pods.containers)
            if is_known and len(_with_container(after, told.target)) == 1:
                others = [own for own in after.pods.values() if own.owner != pods.owner]
                if any(_has(own, name) for own in others for name in self.listening):
                    yield f"{told.caller} waits for {told.target} of its own Pod"


def _has(pods: Pods, name: str) -> bool:
    return any(container.name == name for container in pods.containers)


def _with_container(cluster: Cluster, name: str) -> list[Pods]:
    return [pods for pods in cluster.pods.values() if _has(pods, name)]


def _text_at(place: str, container: Container, pods: Pods, cluster: Cluster) -> str | None:
    """What stands at a place of a container."""
    kind, _, name = place.partition(" ")
    data: Any = container.data
    match kind:
        case "env":
            variables = {variable["name"]: variable for variable in data.get("env") or ()}
            value = variables.get(name, {}).get("value")
            return None if value is None else str(value)
        case "args" | "command":
            words = data.get(kind) or ()
            return " ".join(words)
        case "probe":
            return " ".join(map(str, data["livenessProbe"]["exec"]["command"]))
        case "hook":
            return " ".join(map(str, data["lifecycle"]["postStart"]["exec"]["command"]))
        case _:
            config = cluster.by_key.get(Key("ConfigMap", pods.owner.namespace, "conf"))
            return (config.data.get("data") or {}).get(name) if config else None


def scene(
    containers: list[Data],
    told: tuple[Told, ...],
    *,
    listening: Mapping[str, int],
    services: Mapping[str, tuple[int, int]],
    init: list[Data] | None = None,
    config: Mapping[str, str] | None = None,
    kind: str = "Deployment",
    singletons: frozenset[str] = frozenset(),
) -> Scene:
    """A scene in one file.

    Args:
        containers: the containers; each gets the text that it is told.
        told: what they are told.
        listening: by container name, the port that it listens on, whether it declares that or not.
        services: by name, the port of a Service and the port of the container that it leads to.
        init: the init containers.
        config: the contents of the ConfigMap `conf`.
        kind: Deployment or Pod.
        singletons: the containers that must not run twice.
    """
    spec: Data = {"containers": containers}
    if init:
        spec["initContainers"] = init
    by_name = {container["name"]: container for container in (*containers, *(init or ()))}
    for text in told:
        _tell(by_name[text.caller], text, config)
    labels = {"app": "shop"}
    template = {"metadata": {"labels": labels}, "spec": spec}
    workload: Data = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "shop"},
        "spec": {"replicas": 1, "selector": {"matchLabels": labels}, "template": template},
    }
    if kind == "Pod":
        metadata = {"name": "shop", "labels": labels}
        workload = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}
    objects: list[Data] = [workload]
    if config is not None:
        metadata = {"name": "conf"}
        objects.append(
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": dict(config)}
        )
    for name, (port, target) in services.items():
        ports = [{"port": port, "targetPort": target}]
        spec = {"selector": labels, "ports": ports}
        objects.append(
            {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}
        )
    stream = "---\n".join(json.dumps(data, indent=1) + "\n" for data in objects)
    return Scene({"set.yaml": stream}, told, listening, singletons)


def _tell(container: Data, told: Told, config: Mapping[str, str] | None) -> None:
    """Write a text into a container."""
    kind, _, name = told.place.partition(" ")
    if "$(POD_IP)" in told.text:
        field_path = {"fieldRef": {"fieldPath": "status.podIP"}}
        variables = container.setdefault("env", [])
        if not any(variable["name"] == "POD_IP" for variable in variables):
            variables.append({"name": "POD_IP", "valueFrom": field_path})
    match kind:
        case "env":
            variables = container.setdefault("env", [])
            variables.append({"name": name, "value": told.text})
            if "{port}" not in told.template and name.endswith("HOST"):
                port = {"name": name.removesuffix("HOST") + "PORT", "value": str(told.port)}
                variables.append(port)
        case "args" | "command":
            # A shell takes its script as one word.
            words = told.text.split(" ", 2) if told.text.startswith("sh -c ") else None
            container[kind] = words or told.text.split(" ")
        case "probe":
            command = {"command": told.text.split(" ")}
            container["livenessProbe"] = {"exec": command}
        case "hook":
            command = {"command": told.text.split(" ")}
            container["lifecycle"] = {"postStart": {"exec": command}}
        case _:
            assert config is not None
            assert config[name] == told.text
            container.setdefault("envFrom", [{"configMapRef": {"name": "conf"}}])
