"""Pods and containers of the tests' model of a cluster.

Written from the API reference, without anything of `service`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from tests.support.objects import Data, Key, Object


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
    def identity(self) -> str:
        """Name and image: they tell it from others, whichever Pod it is moved to."""
        return f"{self.name} {self.data.get('image')}"

    @property
    def ports(self) -> list[tuple[str, int, str]]:
        """Names, numbers and protocols of the ports that it declares."""
        return [
            (
                str(port.get("name") or ""),
                int(port["containerPort"]),
                str(port.get("protocol") or "TCP"),
            )
            for port in self.data.get("ports") or ()
            if isinstance(port.get("containerPort"), int)
        ]


PortsOf = Callable[[Container], frozenset[tuple[int, str]]]
"""Numbers and protocols of the ports that a container's program listens on.

The manifest may declare others.
"""


def declared_ports(container: Container) -> frozenset[tuple[int, str]]:
    """What a container listens on where only its manifest is known: what it declares."""
    return frozenset((number, protocol) for _, number, protocol in container.ports)


@dataclass(frozen=True)
class Pods:
    """The Pods that one controller makes from one template, or a bare Pod."""

    owner: Key
    """The controller; for a bare Pod itself."""
    labels: dict[str, str]
    annotations: dict[str, str]
    spec: Data
    """The pod spec."""
    source: Object
    """The object that the Pods come from."""

    @cached_property
    def containers(self) -> tuple[Container, ...]:
        """Regular containers first, then native sidecars and init containers in their order."""
        regular = [Container(data, "regular") for data in self.spec.get("containers") or ()]
        return (
            *regular,
            *(
                Container(data, "native" if data.get("restartPolicy") == "Always" else "init")
                for data in self.spec.get("initContainers") or ()
            ),
        )

    @property
    def running(self) -> list[Container]:
        """The containers that run as long as the Pod does, in the order in which Kubernetes looks
        up ports.
        """
        return [container for container in self.containers if container.type != "init"]

    def has_container(self, identity: str) -> bool:
        """Whether a container is in these Pods."""
        return any(container.identity == identity for container in self.containers)

    def port_number(self, target: int | str, protocol: str) -> int | None:
        """The number that a target port means in these Pods.

        A number means itself; a name means the port of the first container that declares it.
        """
        if isinstance(target, int):
            return target
        for container in self.running:
            for name, number, declared_protocol in container.ports:
                if name == target and declared_protocol == protocol:
                    return number
        return None

    def listener(self, number: int, protocol: str, ports_of: PortsOf) -> str | None:
        """The identity of the first container that listens on a port; None for nobody."""
        return next(
            (
                container.identity
                for container in self.running
                if (number, protocol) in ports_of(container)
            ),
            None,
        )

    @property
    def is_stopped(self) -> bool:
        """Whether the manifest asks for no Pods: no replicas, or a suspended schedule."""
        return self.source.spec.get("replicas") == 0 or self.source.spec.get("suspend") is True

    @property
    def replicas(self) -> int | str:
        """How many Pods there are.

        Where the manifest gives no number, the text says what decides it: the nodes for a
        DaemonSet, the schedule for a CronJob.
        """
        match self.owner.kind:
            case "Pod":
                return 1
            case "DaemonSet":
                return _node_count(self.spec)
            case "Job":
                return int(self.source.spec.get("completions", 1))
            case "CronJob":
                return f"one at {self.source.spec.get('schedule')}"
        replicas = self.source.spec.get("replicas", 1)
        return replicas if isinstance(replicas, int) else 1

    def volume_sources(self, name: str) -> frozenset[str]:
        """What is behind a volume, as text.

        For a claim template these are the claims that it makes, one for each replica; while it is
        stopped, the first of those that stay (docs of Kubernetes, StatefulSet, "Stable Storage").
        """
        for template in self.source.spec.get("volumeClaimTemplates") or ():
            if template.get("metadata", {}).get("name") == name:
                count = (self.replicas if isinstance(self.replicas, int) else 1) or 1
                return frozenset(
                    f"claim {name}-{self.owner.name}-{number}" for number in range(count)
                )
        for volume in self.spec.get("volumes") or ():
            if volume.get("name") == name:
                claim = (volume.get("persistentVolumeClaim") or {}).get("claimName")
                if claim:
                    return frozenset({f"claim {claim}"})
                fields = [(key, repr(value)) for key, value in volume.items() if key != "name"]
                return frozenset({repr(sorted(fields))})
        return frozenset()


def _node_count(spec: Data) -> int | str:
    """How many nodes a DaemonSet is meant for: those that its affinity names, else every one."""
    required = ((spec.get("affinity") or {}).get("nodeAffinity") or {}).get(
        "requiredDuringSchedulingIgnoredDuringExecution"
    ) or {}
    node_names = {
        value
        for term in required.get("nodeSelectorTerms") or ()
        for expression in (*(term.get("matchFields") or ()), *(term.get("matchExpressions") or ()))
        if expression.get("operator") == "In"
        and expression.get("key") in ("metadata.name", "kubernetes.io/hostname")
        for value in expression["values"]
    }
    return len(node_names) or "every node"
