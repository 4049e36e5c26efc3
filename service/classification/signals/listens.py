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

from service.classification.context import PodContext
from service.classification.knowledge import ImageRole
from service.classification.listening import PortBasis
from service.classification.observation import Claim, Observation
from service.kube.containers import Container
from service.kube.objects import LazyLocation
from service.kube.references import LoopbackReference

_VERBS = {
    PortBasis.DECLARED: "declares",
    PortBasis.TOLD: "is told to listen on",
    PortBasis.DEFAULT: "listens by default on",
}


def observe(context: PodContext) -> Iterator[Observation]:
    """Yields APPLICATION for each container that serves traffic of its own, and HELPER for each
    that is told to listen on localhost alone; known helpers and tools aside.
    """
    for container in context.classified_containers:
        if context.image_role(container) in (ImageRole.HELPER, ImageRole.TOOL):
            continue
        private = _private_address(context, container)
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


def _private_address(context: PodContext, container: Container) -> LoopbackReference | None:
    """The loopback address that a container is told by its command to listen on, where it declares
    no port and is known to listen there; None without one.
    """
    first = next(
        (
            reference
            for reference in context.references
            if reference.container is container
            and reference.listens
            and reference.where in ("command", "args")
        ),
        None,
    )
    is_private = (
        first is not None
        and not container.ports
        and first.port in context.listening_ports[container.index]
    )
    return first if is_private else None
