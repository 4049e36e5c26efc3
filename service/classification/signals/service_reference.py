"""Service reference.

Looks for: the DNS name of a Service, which leads to another container of the same Pod, as a host in
what a container is run with: its command, args, environment, probes and hooks.

Matters because: two containers that talk through a Service don't need to share a Pod: the address
works from anywhere.

Example:
    containers:
      - name: web
        env: [{name: API, value: "http://shop-api:3000"}]
      - name: api
        ports: [{containerPort: 3000}]

Comes out: evidence that the two are apart: the network doesn't tie them together.
"""

from __future__ import annotations

from collections.abc import Iterator

from service.classification.context import PodContext
from service.classification.observation import Claim, Observation
from service.classification.signals.own_service import receiving_container
from service.kube.containers import Container
from service.kube.objects import LazyLocation
from service.kube.references import service_names_in
from service.kube.services import ServiceLink


def observe(context: PodContext) -> Iterator[Observation]:
    """Yields APART for each container that is told the name of a Service which leads to another
    container, and to that one alone.
    """
    if not context.services:
        return
    names = frozenset(link.service.name for link in context.services)
    for container in context.classified_containers:
        for name, route in service_names_in(container, names).items():
            for link in context.services:
                target = _only_target(context, link) if link.service.name == name else None
                if target is None or target is container:
                    continue
                yield Observation(
                    case="service-reference.dns",
                    claim=Claim.APART,
                    subject=container,
                    message=f"reaches {target.name} through the Service {name} rather than on"
                    " localhost",
                    place=LazyLocation(context.workload.resource, route),
                    other=target,
                )


def _only_target(context: PodContext, link: ServiceLink) -> Container | None:
    """The one container that all ports of a Service lead to; None if there is no or more than
    one.
    """
    targets = {receiving_container(context, port) for port in link.ports} - {None}
    return targets.pop() if len(targets) == 1 else None
