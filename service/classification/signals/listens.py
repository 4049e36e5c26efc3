"""Listens.

Looks for: a container that listens on a port for traffic of its own: declared, told by a flag or
variable, or its image's default.

Matters because: a server may be an application of its own; what only reads, ships or watches is
not. A container without any port is rarely an application that others miss. One that is told to
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
from service.classification.observation import Claim, Observation
from service.kube.objects import LazyLocation


def observe(context: PodContext) -> Iterator[Observation]:
    """See the module."""
    for container in context.classified_containers:
        if context.image_role(container) in (ImageRole.HELPER, ImageRole.TOOL):
            continue
        private = next(
            (
                each
                for each in context.references
                if each.container is container
                and each.listens
                and each.where in ("command", "args")
            ),
            None,
        )
        if (
            private is not None
            and not container.ports
            and private.port in context.listening_ports[container.index]
        ):
            message = f"it is told to listen on {private.host}, where only its neighbours reach it"
            yield Observation(
                "listens.loopback",
                Claim.HELPER,
                container,
                message,
                LazyLocation(private.resource, private.route),
            )
            continue
        ports = context.traffic_ports(container)
        if ports:
            port, how = next(iter(ports.items()))
            known = {
                "declared": "declares",
                "told": "is told to listen on",
                "default": "listens by default on",
            }[how]
            message = f"it {known} port {port}, for traffic of its own"
            yield Observation(
                "listens.port",
                Claim.APPLICATION,
                container,
                message,
                context.within(container, "ports"),
            )
