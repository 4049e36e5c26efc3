"""Containers: their ports, mounts, environment, commands and probes, each with its route."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from service.findings import ContainerType
from service.kube.objects import as_list, as_mapping, as_mappings, as_text, value_at
from service.lazy import cached_property
from service.yamldoc.nodes import Data, Route


class Port(NamedTuple):
    """A declared container port."""

    number: int
    """`containerPort`."""
    name: str
    """Empty if the port has none."""
    protocol: str
    """TCP, UDP or SCTP."""
    host_port: int | None
    """`hostPort`; None if missing."""
    route: Route
    """From the object to the port."""


class Mount(NamedTuple):
    """A volume mount or volume device."""

    volume: str
    """The volume's name."""
    path: str
    """`mountPath` or `devicePath`."""
    sub_path: str
    """`subPath` or `subPathExpr`; empty if the whole volume is mounted."""
    read_only: bool
    """`readOnly`."""
    route: Route
    """From the object to the mount."""


class EnvVar(NamedTuple):
    """An environment variable with a literal value."""

    name: str
    """Its name."""
    value: str
    """Its value; may be a secret, so it is never shown."""
    route: Route
    """From the object to the value."""


class Word(NamedTuple):
    """A piece of literal text that a container is run with."""

    text: str
    """The text; may hold secrets."""
    where: str
    """`command`, `args`, `env`, `probe` or `hook`."""
    route: Route
    """From the object to the text."""


class Probe(NamedTuple):
    """A probe or lifecycle hook that calls a port."""

    field: str
    """The field of the container, such as `livenessProbe` or `lifecycle.postStart`."""
    port: int | str | None
    """The number or name of the port that it calls; None if it is neither."""
    host: str
    """`host`; empty if missing, which stands for the Pod's own address."""
    route: Route
    """From the object to the port."""


_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_HOOKS = ("postStart", "preStop")
_HANDLERS = (
    *(("probe", (name,)) for name in _PROBES),
    *(("hook", ("lifecycle", name)) for name in _HOOKS),
)
"""What the kubelet calls in a container: `where` of its words, and the route from the container."""


@dataclass(frozen=True, eq=False)
class Container:
    """A container of a pod spec."""

    index: int
    """Its index in `Workload.containers`."""
    type: ContainerType
    """How Kubernetes runs it."""
    route: Route
    """From the object to the container."""
    data: dict[str, Data]
    """The container as Kubernetes reads it."""

    def route_within(self, route: Route) -> Route:
        """A route of its object as one from the container on, which stays as it is wherever the
        container goes. One that leads elsewhere is given back.
        """
        depth = len(self.route)
        return route[depth:] if route[:depth] == self.route else route

    @cached_property
    def name(self) -> str:
        """The name; empty if missing."""
        return as_text(self.data.get("name"))

    @cached_property
    def image(self) -> str:
        """The image as written; empty if missing."""
        return as_text(self.data.get("image"))

    @cached_property
    def ports(self) -> tuple[Port, ...]:
        """The declared ports; those without a valid number are left out."""
        return tuple(
            Port(
                number=number,
                name=as_text(port.get("name")),
                protocol=as_text(port.get("protocol")) or "TCP",
                host_port=host if isinstance(host := port.get("hostPort"), int) else None,
                route=(*self.route, "ports", index),
            )
            for index, port in enumerate(as_mappings(self.data.get("ports")))
            # podman takes a port that only says `hostPort`, and means the same number.
            if (number := as_port(port.get("containerPort", port.get("hostPort")))) is not None
        )

    @cached_property
    def mounts(self) -> tuple[Mount, ...]:
        """The volume mounts and devices."""
        mounts = (
            Mount(
                volume=as_text(mount.get("name")),
                path=as_text(mount.get("mountPath")),
                sub_path=as_text(mount.get("subPath")) or as_text(mount.get("subPathExpr")),
                read_only=mount.get("readOnly") is True,
                route=(*self.route, "volumeMounts", index),
            )
            for index, mount in enumerate(as_mappings(self.data.get("volumeMounts")))
        )
        devices = (
            Mount(
                volume=as_text(device.get("name")),
                path=as_text(device.get("devicePath")),
                sub_path="",
                read_only=False,
                route=(*self.route, "volumeDevices", index),
            )
            for index, device in enumerate(as_mappings(self.data.get("volumeDevices")))
        )
        return (*mounts, *devices)

    @cached_property
    def env(self) -> tuple[EnvVar, ...]:
        """The variables with literal values."""
        return tuple(
            EnvVar(
                as_text(variable.get("name")),
                as_text(variable.get("value")),
                (*self.route, "env", index, "value"),
            )
            for index, variable in enumerate(as_mappings(self.data.get("env")))
            if variable.get("value") is not None
        )

    @cached_property
    def invocation(self) -> tuple[Word, ...]:
        """The words of `command`, then those of `args`."""
        return tuple(
            Word(as_text(word), field, (*self.route, field, index))
            for field in ("command", "args")
            for index, word in enumerate(as_list(self.data.get(field)))
        )

    @cached_property
    def words(self) -> tuple[Word, ...]:
        """All literal text that the container is run with: command, args, environment, and the
        commands of its probes and hooks.
        """
        return (
            *self.invocation,
            *(Word(variable.value, "env", variable.route) for variable in self.env),
            *self._exec_words(),
        )

    def _exec_words(self) -> Iterator[Word]:
        for where, steps, handler in self._handlers:
            for index, word in enumerate(as_list(value_at(handler, "exec", "command"))):
                yield Word(as_text(word), where, (*self.route, *steps, "exec", "command", index))

    @cached_property
    def _handlers(self) -> list[tuple[str, Route, dict[str, Data]]]:
        """Its probes and hooks, each as `probe` or `hook`, the route from the container, and its
        data.
        """
        return [
            (where, steps, as_mapping(value_at(self.data, *steps)))
            for where, steps in _HANDLERS
            if steps[0] in self.data
        ]

    @cached_property
    def probes(self) -> tuple[Probe, ...]:
        """The probes and hooks that call a port."""
        return tuple(self._probes())

    def _probes(self) -> Iterator[Probe]:
        for _, steps, probe in self._handlers:
            for field in ("httpGet", "tcpSocket", "grpc"):
                target = as_mapping(probe.get(field))
                if target:
                    port = as_port(target.get("port"))
                    named = target.get("port") if isinstance(target.get("port"), str) else None
                    yield Probe(
                        field=".".join(map(str, steps)),
                        port=port if port is not None else named,
                        host=as_text(target.get("host")),
                        route=(*self.route, *steps, field, "port"),
                    )

    def find_port(self, port: int | str, protocol: str = "TCP") -> Port | None:
        """The first declared port with a number or name and a protocol; None if there is none."""
        return self._ports_by_key.get((port, protocol))

    @cached_property
    def words_before(self) -> dict[Route, str]:
        """By the route of a word of `command` or `args`, the text of the one before it."""
        words = self.invocation
        return {word.route: before.text for before, word in pairwise(words)}

    @cached_property
    def _ports_by_key(self) -> dict[tuple[int | str, str], Port]:
        found: dict[tuple[int | str, str], Port] = {}
        for declared in self.ports:
            found.setdefault((declared.number, declared.protocol), declared)
            found.setdefault((declared.name, declared.protocol), declared)
        return found


def as_port(value: Data) -> int | None:
    """A port number, from 1 to 65535, which may be written as a string; None for anything else."""
    if isinstance(value, str) and value.isdigit() and len(value) < 6:
        value = int(value)
    return (
        value
        if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 65536
        else None
    )


_USER_AND_PASSWORD = re.compile(r"^((?:\w+://)?).*@(?!\w+(?:[+.-]\w+)*:[0-9a-fA-F]{32,}$)")


def without_password(image: str) -> str:
    """An image as it may be shown: what stands before an `@` that begins no digest, where addresses
    have a user and a password, is `***`.
    """
    return _USER_AND_PASSWORD.sub(r"\1***@", image)


_REGISTRY = re.compile(r"^(?:[^/.:]*[.:][^/]*|localhost)/")


@lru_cache(maxsize=10_000)
def repository(image: str) -> str:
    """The repository path of an image: without registry host, tag and digest, in lower case.

    A registry host is told from the rest by the grammar of distribution/reference: it is the first
    part, and has a dot or a colon, or is `localhost`.
    """
    path = _REGISTRY.sub("", image.strip().split("@", 1)[0], count=1)
    head, slash, last = path.rpartition("/")
    return (head + slash + last.split(":", 1)[0]).lower()


def tag_of(image: str) -> str:
    """The tag of an image; empty if it has none."""
    return image.strip().split("@", 1)[0].rpartition("/")[2].partition(":")[2]


def base_name(image: str) -> str:
    """The last part of an image's repository path."""
    return repository(image).rpartition("/")[2]
