"""Service reference.

Looks for: the DNS name of a Service, which leads to another container of the same Pod, as a host in
a container's words.

Matters because: two that talk through a Service don't need to share a Pod: the address works from
anywhere.

Example:
    containers:
      - name: web
        env: [{name: API, value: "http://shop-api:3000"}]
      - name: api
        ports: [{containerPort: 3000}]

Comes out: the two are apart as far as the network is concerned.
"""

from __future__ import annotations

from collections.abc import Iterator

from service.classification.context import PodContext
from service.classification.observation import Claim, Observation
from service.classification.signals.own_service import receiving_container
from service.kube.objects import LazyLocation
from service.kube.references import service_names_in


def observe(context: PodContext) -> Iterator[Observation]:
    """See the module."""
    if not context.services:
        return
    names = frozenset(link.service.name for link in context.services)
    for container in context.classified_containers:
        for name, route in service_names_in(container, names).items():
            for link in context.services:
                targets = {
                    target.index: target
                    for port in link.ports
                    if (target := receiving_container(context, port)) is not None
                }
                if link.service.name != name or container.index in targets or len(targets) != 1:
                    continue
                (target,) = targets.values()
                message = (
                    f"reaches {target.name} through the Service {name} rather than on localhost"
                )
                yield Observation(
                    "service-reference.dns",
                    Claim.APART,
                    container,
                    message,
                    LazyLocation(context.workload.resource, route),
                    about=target,
                )
