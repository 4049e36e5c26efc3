"""Own service.

Looks for: a Service (or an Ingress or route behind it) that sends traffic to the container, metrics
and admin ports aside.

Matters because: somebody outside the Pod calls it: it serves for itself, not only its neighbours.
Two that are called that way are two applications, unless one of them is the door to the other.

Example:
    kind: Service
    spec:
      selector: {app: shop}
      ports:
        - {name: web, port: 80, targetPort: 8080}
        - {name: api, port: 3000}

Comes out: the container is an application; more surely if the Service is named for it or an Ingress
leads to it.
"""

from __future__ import annotations

from collections.abc import Iterator

from service.classification.context import PodContext
from service.classification.observation import Claim, Observation
from service.classification.signals.container_name import words_of
from service.kube.containers import Container
from service.kube.objects import LazyLocation
from service.kube.services import ServiceLink, ServicePort


def receiving_container(context: PodContext, port: ServicePort) -> Container | None:
    """The container that answers a Service's port: who listens there, or else who declares it."""
    number = port.declared.number if port.declared else port.target
    listeners = [
        each
        for each in context.classified_containers
        if number in context.listening_ports[each.index]
    ]
    return listeners[0] if len(listeners) == 1 else port.container


def _meant(context: PodContext, link: ServiceLink, port: ServicePort) -> Container | None:
    """The container that a port is for: of several that listen there, the one that the Service
    or the port is named for.
    """
    number = port.declared.number if port.declared else port.target
    listeners = [
        each
        for each in context.classified_containers
        if number in context.listening_ports[each.index]
    ] or list(context.classified_containers)
    named = [each for each in listeners if each.name in (link.service.name, port.name)]
    if len(listeners) > 1 and len(named) == 1 and port.container is None:
        return named[0]
    return receiving_container(context, port)


def observe(context: PodContext) -> Iterator[Observation]:
    """See the module."""
    reached: set[int] = set()
    for link in context.services:
        for port in link.ports:
            container = _meant(context, link, port)
            if container is None or container.index in reached:
                continue
            names = f"{port.name} {port.declared.name if port.declared else ''}"
            number = port.declared.number if port.declared else port.number
            if context.metrics_only(number, names, container):
                continue
            reached.add(container.index)
            yield _observation(context, link, port, container)


def _observation(
    context: PodContext, link: ServiceLink, port: ServicePort, container: Container
) -> Observation:
    service = link.service
    routed = (service.name, port.number) in context.routed_backends or (
        service.name,
        port.name,
    ) in context.routed_backends
    named = (
        bool(set(words_of(service.name)) & set(words_of(container.name)))
        and len(context.services) > 1
    )
    case = "routed" if routed else "named" if named else "port"
    through = ", and an Ingress or route leads to it" if routed else ""
    message = (
        f"port {port.number} of Service {service.name} leads to it{through}: it is called from"
        " outside the Pod"
    )
    return Observation(
        f"own-service.{case}",
        Claim.APPLICATION,
        container,
        message,
        LazyLocation(service, ("spec", "ports", port.index)),
    )
