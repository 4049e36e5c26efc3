"""Native sidecar.

Looks for: an init container with `restartPolicy: Always`, which Kubernetes starts before the others
and stops after them (KEP-753).

Matters because: whoever wrote it said that it helps the other containers; no application would be
started that way.

Example:
    initContainers:
      - name: proxy
        image: envoyproxy/envoy:v1.32.0
        restartPolicy: Always

Comes out: the container is a sidecar, for certain.
"""

from __future__ import annotations

from collections.abc import Iterator

from service.classification.context import PodContext
from service.classification.observation import Claim, Observation
from service.findings import ContainerType


def observe(context: PodContext) -> Iterator[Observation]:
    """Yields HELPER for each native sidecar."""
    for container in context.classified_containers:
        if container.type is ContainerType.NATIVE_SIDECAR:
            yield Observation(
                case="native-sidecar.declared",
                claim=Claim.HELPER,
                subject=container,
                message="it is an init container with restartPolicy: Always, which Kubernetes runs"
                " as a sidecar of the others",
                place=context.lazy_location_of(container, "restartPolicy"),
            )
