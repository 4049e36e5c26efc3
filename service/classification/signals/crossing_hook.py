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
from service.classification.observation import Observation, Says
from service.kube.objects import Place, dig, mappings, text


def observe(context: PodContext) -> Iterator[Observation]:
    """See the module."""
    resource = context.workload.resource
    for container in context.members:
        names = {port.name for port in container.ports if port.name}
        for probe in container.probes:
            if (
                probe.port is None
                or probe.port in context.listening[container.index]
                or probe.port in names
            ):
                continue
            for other in context.members:
                answers = probe.port in context.listening[other.index] or (
                    isinstance(probe.port, str) and other.declares(probe.port)
                )
                if other is not container and answers and not probe.host.strip("0123456789."):
                    message = (
                        f"its {probe.field} calls port {probe.port}, on which {other.name} listens"
                    )
                    yield Observation(
                        "crossing-hook.port",
                        Says.TOGETHER,
                        container,
                        message,
                        Place(resource, probe.route),
                        about=other,
                    )
                    break
        for index, variable in enumerate(mappings(container.data.get("env"))):
            named = text(dig(variable, "valueFrom", "resourceFieldRef", "containerName"))
            for other in context.members:
                if named and other is not container and other.name == named:
                    message = (
                        f"reads the resources of {named} (resourceFieldRef), which only a container"
                        " of the same Pod can"
                    )
                    yield Observation(
                        "crossing-hook.resources",
                        Says.TOGETHER,
                        container,
                        message,
                        context.within(container, "env", index),
                        about=other,
                    )
