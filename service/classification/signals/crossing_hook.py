"""Crossing hook.

Looks for: a probe or lifecycle hook of one container that calls a port on which only another one
listens; `resourceFieldRef.containerName` that names another container.

Matters because: a probe goes to the Pod's own address: apart from the container that answers, it
fails for ever.

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
from service.kube.objects import LazyLocation, as_mappings, as_text, value_at


def observe(context: PodContext) -> Iterator[Observation]:
    """See the module."""
    resource = context.workload.resource
    for container in context.classified_containers:
        names = {port.name for port in container.ports if port.name}
        for probe in container.probes:
            if (
                probe.port is None
                or probe.port in context.listening_ports[container.index]
                or probe.port in names
            ):
                continue
            for other in context.classified_containers:
                answers = probe.port in context.listening_ports[other.index] or (
                    isinstance(probe.port, str) and other.find_port(probe.port)
                )
                if other is not container and answers and not probe.host.strip("0123456789."):
                    message = (
                        f"its {probe.field} calls port {probe.port}, on which {other.name} listens"
                    )
                    yield Observation(
                        "crossing-hook.port",
                        Claim.TOGETHER,
                        container,
                        message,
                        LazyLocation(resource, probe.route),
                        about=other,
                    )
                    break
        for index, variable in enumerate(as_mappings(container.data.get("env"))):
            named = as_text(value_at(variable, "valueFrom", "resourceFieldRef", "containerName"))
            for other in context.classified_containers:
                if named and other is not container and other.name == named:
                    message = (
                        f"reads the resources of {named} (resourceFieldRef), which only a container"
                        " of the same Pod can"
                    )
                    yield Observation(
                        "crossing-hook.resources",
                        Claim.TOGETHER,
                        container,
                        message,
                        context.within(container, "env", index),
                        about=other,
                    )
