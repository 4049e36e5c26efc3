"""Listens.

Looks for: a container that listens on a port for traffic of its own: declared, told by a flag or
variable, or its image's default.

Matters because: a server may be an application of its own; what only reads, ships or watches is
not. A container without a port is rarely an application that others would miss. One that is told to
listen on localhost alone serves nobody but its neighbours.

Example:
    containers:
      - name: api
        image: shop/api:2.0
        ports:
          - containerPort: 3000

Comes out: a little evidence for an application, or for a helper if it listens on localhost alone;
none for a server whose only ports are for metrics.
"""

from __future__ import annotations

from collections.abc import Iterator

from service.classification.applications import private_address
from service.classification.context import PodContext
from service.classification.knowledge import ImageRole
from service.classification.listening import PortBasis
from service.classification.observation import Claim, Observation
from service.kube.objects import LazyLocation

_VERBS = {
    PortBasis.DECLARED: "declares",
    PortBasis.TOLD: "is told to listen on",
    PortBasis.DEFAULT: "listens by default on",
}


def observe(context: PodContext) -> Iterator[Observation]:
    """Yields APPLICATION for each container that serves traffic of its own, and HELPER for each
    that is told to listen on localhost alone, known helpers and tools aside; and HEAD for the only
    one that has ports of the node.
    """
    yield from _on_the_node(context)
    for container in context.classified_containers:
        if context.image_role(container) in (ImageRole.HELPER, ImageRole.TOOL):
            continue
        private = private_address(context, container)
        ports = context.traffic_ports(container)
        if private is not None:
            yield Observation(
                case="listens.loopback",
                claim=Claim.HELPER,
                subject=container,
                message=f"it is told to listen on {private.host}, where only its neighbours reach"
                " it",
                place=LazyLocation(private.resource, private.route),
            )
        elif ports:
            port, basis = next(iter(ports.items()))
            yield Observation(
                case="listens.port",
                claim=Claim.APPLICATION,
                subject=container,
                message=f"it {_VERBS[basis]} port {port}, for traffic of its own",
                place=context.lazy_location_of(container, "ports"),
            )


def _on_the_node(context: PodContext) -> Iterator[Observation]:
    """The only container that has ports of the node: people call it there."""
    found = [
        container
        for container in context.classified_containers
        if not context.is_store(container)
        and any(
            port.host_port is not None and port.number in context.traffic_ports(container)
            for port in container.ports
        )
    ]
    if len(found) == 1:
        yield Observation(
            case="listens.host-port",
            claim=Claim.HEAD,
            subject=found[0],
            message="it alone has ports of the node, where people call it",
            place=context.lazy_location_of(found[0], "ports"),
        )
