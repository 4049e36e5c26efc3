"""Which container a port of a Service reaches in a workload's Pods.

An answer of the verifier's own, from the API reference (ServicePort, ContainerPort) and the
EndpointSlice controller's rules: what plans a rewrite asks the same question another way.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from service.classification.knowledge import Catalogue
from service.findings import ContainerType
from service.kube.containers import Container, Port
from service.kube.objects import Resource, as_mappings, as_text
from service.kube.workloads import Workload
from service.lazy import kept
from service.verification.loopback import find_loose_mentions


class Endpoint(NamedTuple):
    """What a port of a Service leads to in a Pod."""

    place: int
    """The place of the port in the Service."""
    number: int
    """The Service's port."""
    target: int | None
    """The number that Pods are reached at; None if a name is asked for that nobody has."""
    container: Container | None
    """The container that declares it; None if none does."""


def endpoints_of(service: Resource, workload: Workload) -> Iterator[Endpoint]:
    """What each port of a Service leads to in a workload's Pods, selected or not.

    A name is that of the first container port with this name and protocol, regular containers
    before native sidecars. A number is reached whether anybody declares it or not.
    """
    declarations = _declarations(workload)
    for index, number, target, protocol in _targets(service):
        declared = declarations.get((target, protocol))
        if declared is not None:
            container, container_port = declared
            yield Endpoint(index, number, container_port.number, container)
        else:
            yield Endpoint(index, number, target if isinstance(target, int) else None, None)


@kept
def _targets(service: Resource) -> tuple[tuple[int, int, object, str], ...]:
    """The place of each port of a Service, its number, the number or name that it leads to, and its
    protocol.
    """
    found: list[tuple[int, int, object, str]] = []
    for index, port in enumerate(as_mappings(service.spec.get("ports"))):
        number = port.get("port")
        if not isinstance(number, int):
            continue
        target = port.get("targetPort")
        if target is None or target == 0:
            target = number
        if isinstance(target, str) and target.isdigit():
            target = int(target)
        found.append((index, number, target, as_text(port.get("protocol")) or "TCP"))
    return tuple(found)


@kept
def _declarations(workload: Workload) -> dict[tuple[object, str], tuple[Container, Port]]:
    """By number or name and by protocol: the first declaration of a port, regular containers before
    native sidecars.
    """
    found: dict[tuple[object, str], tuple[Container, Port]] = {}
    for kind in (ContainerType.REGULAR, ContainerType.NATIVE_SIDECAR):
        for container in workload.containers:
            for port in container.ports if container.type is kind else ():
                found.setdefault((port.number, port.protocol), (container, port))
                found.setdefault((port.name, port.protocol), (container, port))
    return found


def listening_container(
    workload: Workload, endpoint: Endpoint, catalogue: Catalogue
) -> Container | None:
    """The container that answers at an endpoint; None if it can't be told.

    Where none declares the port, it is the only one that speaks of its number, or else the only one
    whose image is known to listen there.

    Args:
        workload: whose Pods.
        endpoint: the endpoint.
        catalogue: the known images.
    """
    if endpoint.container is not None or endpoint.target is None:
        return endpoint.container
    running = [
        container
        for container in workload.containers
        if container.type in (ContainerType.REGULAR, ContainerType.NATIVE_SIDECAR)
    ]
    speaking = [container for container in running if _mentions_port(container, endpoint.target)]
    known = [
        container
        for container in running
        if (entry := catalogue.match(container.image)) is not None
        and endpoint.target in (*entry.ports, *entry.metrics_ports)
    ]
    for listeners in (speaking, known):
        if len(listeners) == 1:
            return listeners[0]
    return None


def _mentions_port(container: Container, number: int) -> bool:
    """Whether a container's words or probes hold a port number that is not that of a host."""
    invocation = " ".join(word.text for word in container.invocation)
    texts = (invocation, *(word.text for word in container.words))
    if any(number in mention.ports for text in texts for mention in find_loose_mentions(text)):
        return False
    pattern = re.compile(rf"(?<![\w.:]){number}(?![\w.])|(?:^|[\s=])(?:\*|0\.0\.0\.0)?:{number}\b")
    others = {
        variable.route
        for variable in container.env
        if not re.search(r"(?i)^PORT$|http|listen|server|bind|web", variable.name)
    }
    # DB_PORT is somebody else's.
    words = (word.text for word in container.words if word.route not in others)
    return any(pattern.search(word) for word in words) or any(
        probe.port == number for probe in container.probes
    )
