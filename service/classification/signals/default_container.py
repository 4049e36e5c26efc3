"""Default container.

Looks for: the annotation `kubectl.kubernetes.io/default-container`.

Matters because: it names the container that people mean when they name none, which is the
application; a mesh that injected itself first sets it too, so it counts less there.

Example:
    metadata:
      annotations:
        kubectl.kubernetes.io/default-container: web

Comes out: the container is the main one.
"""

from __future__ import annotations

from collections.abc import Iterator

from service.classification.context import PodContext
from service.classification.observation import Claim, Observation
from service.classification.signals.injected import injected_names
from service.kube.objects import LazyLocation

_ANNOTATIONS = (
    "kubectl.kubernetes.io/default-container",
    "kubectl.kubernetes.io/default-logs-container",
)


def observe(context: PodContext) -> Iterator[Observation]:
    """See the module."""
    workload = context.workload
    for annotation in _ANNOTATIONS:
        for container in context.classified_containers:
            if workload.annotations.get(annotation) == container.name:
                scale = 0.3 if injected_names(workload) else 1.0
                place = LazyLocation(
                    workload.resource, (*workload.template, "metadata", "annotations", annotation)
                )
                message = f"the annotation {annotation} names it"
                yield Observation(
                    "default-container.named", Claim.HEAD, container, message, place, scale=scale
                )
