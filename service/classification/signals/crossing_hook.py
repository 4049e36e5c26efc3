"""Crossing hook.

Looks for: a probe or lifecycle hook of one container that calls a port on which only another one
listens; `resourceFieldRef.containerName` that names another container.

Matters because: a probe goes to the Pod's own address. In another Pod than the container that
answers, it would always fail.

Example:
    containers:
      - name: app
        readinessProbe: {httpGet: {port: 15021}}
      - name: proxy
        ports: [{containerPort: 15021}]

Comes out: the two belong together.
"""

from __future__ import annotations

from collections.abc import Iterator

from service.classification.context import PodContext
from service.classification.observation import Claim, Observation
from service.kube.containers import Container, Probe
from service.kube.objects import LazyLocation, as_mappings, as_text, value_at


def observe(context: PodContext) -> Iterator[Observation]:
    """Yields TOGETHER for each probe or hook that another container answers, and for each variable
    that holds the resources of another container.
    """
    for container in context.classified_containers:
        yield from _answered_by_others(context, container)
        yield from _resources_of_others(context, container)


def _answered_by_others(context: PodContext, container: Container) -> Iterator[Observation]:
    for probe in container.probes:
        other = _answering_container(context, container, probe)
        if other is not None:
            yield Observation(
                case="crossing-hook.port",
                claim=Claim.TOGETHER,
                subject=container,
                message=f"its {probe.field} calls port {probe.port}, on which {other.name} listens",
                place=LazyLocation(context.workload.resource, probe.route),
                other=other,
            )


def _answering_container(
    context: PodContext, container: Container, probe: Probe
) -> Container | None:
    """The other container that answers a probe; None if its own does, or nobody is known to."""
    # A host that is a name leads somewhere else; an address may be the Pod's own.
    if not probe.port or probe.host.strip("0123456789."):
        return None
    own_names = {port.name for port in container.ports}
    if probe.port in context.listening_ports[container.index] or probe.port in own_names:
        return None
    for other in context.classified_containers:
        if probe.port in context.listening_ports[other.index] or (
            isinstance(probe.port, str) and other.find_port(probe.port)
        ):
            return other
    return None


def _resources_of_others(context: PodContext, container: Container) -> Iterator[Observation]:
    for index, variable in enumerate(as_mappings(container.data.get("env"))):
        name = as_text(value_at(variable, "valueFrom", "resourceFieldRef", "containerName"))
        for other in context.classified_containers:
            if name and other is not container and other.name == name:
                yield Observation(
                    case="crossing-hook.resources",
                    claim=Claim.TOGETHER,
                    subject=container,
                    message=f"reads the resources of {name} (resourceFieldRef), which only a"
                    " container of the same Pod can",
                    place=context.lazy_location_of(container, "env", index),
                    other=other,
                )
