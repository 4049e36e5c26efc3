"""Default container.

Looks for: the annotation `kubectl.kubernetes.io/default-container`.

Matters because: it names the container that people mean when they name none, which is the
application. A mesh that injects itself sets it too, to the first of the other containers, so it
counts less beside an injected container.

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
"""The annotation that kubectl reads, and the older one that it read for logs alone."""
_SCALE_BESIDE_INJECTED = 0.3
"""The part of the weight that counts where an injector may have set the annotation."""


def observe(context: PodContext) -> Iterator[Observation]:
    """Yields HEAD for the container that one of the annotations names."""
    workload = context.workload
    for annotation in _ANNOTATIONS:
        for container in context.classified_containers:
            if workload.annotations.get(annotation) == container.name:
                yield Observation(
                    case="default-container.named",
                    claim=Claim.HEAD,
                    subject=container,
                    message=f"the annotation {annotation} names it",
                    place=LazyLocation(
                        workload.resource,
                        (*workload.template, "metadata", "annotations", annotation),
                    ),
                    scale=_SCALE_BESIDE_INJECTED if injected_names(workload) else 1.0,
                )
