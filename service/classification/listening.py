"""On which ports the containers of a Pod listen, and how that is known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import TypeAlias

from service.classification.knowledge import Entry
from service.kube.containers import Container
from service.kube.listening import configured_ports
from service.kube.services import ServicePort


class PortBasis(StrEnum):
    """How it is known that a container listens on a port, the surest first."""

    TOLD = "told"
    """A flag or a variable says so."""
    DECLARED = "declared"
    """It stands in the container's `ports`."""
    DEFAULT = "default"
    """The image listens there unless it is told otherwise."""

    @property
    def doubt(self) -> int:
        """How doubtful it is: 0 for the surest."""
        return tuple(PortBasis).index(self)


PortsByContainer: TypeAlias = dict[int, dict[int, PortBasis]]
"""The ports of each container, by the container's index, each with how it is known."""


def find_listening_ports(
    containers: Iterable[Container],
    entries: Mapping[int, Entry | None],
    repurposed: frozenset[int],
) -> PortsByContainer:
    """The TCP ports on which each container listens.

    `podman kube generate` writes every port of the Pod to its first container. So what another
    container is told to listen on, or is known to, is taken from those that merely declare it.

    Args:
        containers: the containers.
        entries: what is known of their images, by container index.
        repurposed: the containers, by index, that run another program than their image's.
    """
    ports = {
        container.index: _own_ports(
            container, entries[container.index], repurposed=container.index in repurposed
        )
        for container in containers
    }
    return _without_mere_declarations(ports, entries)


def _own_ports(
    container: Container, entry: Entry | None, *, repurposed: bool
) -> dict[int, PortBasis]:
    """The ports on which a container listens, as far as it says so itself."""
    # A server's image that runs a shell instead declares its ports by habit.
    declared = () if repurposed else container.ports
    ports = {port.number: PortBasis.DECLARED for port in declared if port.protocol != "UDP"}
    told = configured_ports(container)
    ports.update(dict.fromkeys(told, PortBasis.TOLD))
    if entry is not None and not told:
        defaults = (*entry.ports, *entry.metrics_ports)
        # Which of its usual ports a server uses is shown by those that it declares; its first, the
        # main one, is often left undeclared.
        known = {port.number for port in container.ports} & set(defaults)
        for port in defaults[:1] if known else defaults:
            ports.setdefault(port, PortBasis.DEFAULT)
    return ports


def _without_mere_declarations(
    ports: PortsByContainer, entries: Mapping[int, Entry | None]
) -> PortsByContainer:
    """Take a port from those that merely declare it, where just one container is sure to listen
    on it, and does more than declare it.
    """
    owners: dict[int, int] = {}
    for port in {port for own in ports.values() for port in own}:
        sure = [
            index
            for index, own in ports.items()
            if port in own and _is_sure(port, own[port], entries[index])
        ]
        if len(sure) == 1 and ports[sure[0]][port] is not PortBasis.DECLARED:
            owners[port] = sure[0]
    return {
        index: {port: basis for port, basis in own.items() if owners.get(port, index) == index}
        for index, own in ports.items()
    }


def _is_sure(port: int, basis: PortBasis, entry: Entry | None) -> bool:
    """Whether a container is told to listen on a port, or its image is known to: by its main port,
    or by one that it declares as well.
    """
    if basis is PortBasis.TOLD or entry is None:
        return basis is PortBasis.TOLD
    known = (*entry.ports, *entry.metrics_ports)
    return port in (known if basis is PortBasis.DECLARED else known[:1])


def container_port_of(port: ServicePort) -> int | str:
    """The number of the container port that a Service's port leads to; its name, where no container
    declares it.
    """
    return port.declared.number if port.declared else port.target
