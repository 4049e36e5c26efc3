"""Own service.

Looks for: a Service (or an Ingress or route behind it) that sends traffic to the container, metrics
and admin ports aside.

Matters because: somebody outside the Pod calls it, so it serves more than its neighbours. Two
containers that are called that way are two applications, unless one of them passes its traffic on
to the other.

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
from service.classification.listening import container_port_of
from service.classification.name_words import words_of
from service.classification.observation import Claim, Observation
from service.kube.containers import Container
from service.kube.objects import LazyLocation
from service.kube.services import ServiceLink, ServicePort


def receiving_container(context: PodContext, port: ServicePort) -> Container | None:
    """The container that answers a Service's port: who listens there, or else who declares it."""
    listeners = _listeners(context, port)
    return listeners[0] if len(listeners) == 1 else port.container


def _listeners(context: PodContext, port: ServicePort) -> list[Container]:
    """The containers that listen where a Service's port leads to."""
    number = container_port_of(port)
    return [
        container
        for container in context.classified_containers
        if number in context.listening_ports[container.index]
    ]


def _intended_container(
    context: PodContext, link: ServiceLink, port: ServicePort
) -> Container | None:
    """The container that a port is for: of those that may listen there, where none declares it,
    the one that the Service or the port is named for.
    """
    candidates = _listeners(context, port) or list(context.classified_containers)
    named = [
        container for container in candidates if container.name in (link.service.name, port.name)
    ]
    if len(named) == 1 and port.container is None:
        return named[0]
    return receiving_container(context, port)


def observe(context: PodContext) -> Iterator[Observation]:
    """Yields APPLICATION for each container that a Service's port leads to, with the first such
    port; ports for metrics and administration aside.
    """
    reached: dict[Container, Observation] = {}
    for link in context.services:
        for port in link.ports:
            container = _intended_container(context, link, port)
            if container is None or container in reached:
                continue
            names = f"{port.name} {port.declared.name if port.declared else ''}"
            number = port.declared.number if port.declared else port.number
            if context.is_metrics_only(number, names, container):
                continue
            reached[container] = _observation(context, link, port, container)
            yield reached[container]
    # A database is seldom what a workload with others in it is for.
    called = [seen for container, seen in reached.items() if not context.is_store(container)]
    if len(called) == 1:
        (seen,) = called
        yield seen._replace(
            case="own-service.only",
            claim=Claim.HEAD,
            message=f"{seen.message}, and no other container is",
        )


def _observation(
    context: PodContext, link: ServiceLink, port: ServicePort, container: Container
) -> Observation:
    service = link.service
    is_routed = bool(
        {(service.name, port.number), (service.name, port.name)} & context.routed_backends
    )
    shares_a_word = bool(set(words_of(service.name)) & set(words_of(container.name)))
    if is_routed:
        case = "routed"
    else:
        # The only Service of a workload is named for the workload as a whole.
        case = "named" if shares_a_word and len(context.services) > 1 else "port"
    through = ", and an Ingress or route leads to it" if is_routed else ""
    return Observation(
        case=f"own-service.{case}",
        claim=Claim.APPLICATION,
        subject=container,
        message=f"port {port.number} of Service {service.name} leads to it{through}: it is called"
        " from outside the Pod",
        place=LazyLocation(service, ("spec", "ports", port.index)),
    )
