"""Injected.

Looks for: containers that a mesh or agent put into the Pod itself: those that
`sidecar.istio.io/status` lists, and the names that Linkerd, Dapr, Vault, Consul and others give to
theirs, on a Pod that carries their annotation.

Matters because: they are there in live exports only; the webhook adds them again, so they are no
finding and never move.

Example:
    metadata:
      annotations:
        sidecar.istio.io/status: '{"containers":["istio-proxy"]}'

Comes out: a sidecar of the whole Pod, for certain; a Pod with injected containers is not rewritten.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from service.classification.context import PodContext
from service.classification.observation import Claim, Observation
from service.findings import Pattern
from service.kube.workloads import Workload

_ISTIO_STATUS = "sidecar.istio.io/status"
"""The annotation in which Istio lists what it injected (istio.io, "Resource annotations")."""
_MARKS: dict[str, tuple[str, Pattern]] = {
    "istio-proxy": (_ISTIO_STATUS, Pattern.MESH),
    "linkerd-proxy": ("linkerd.io/proxy-version", Pattern.MESH),
    "daprd": ("dapr.io/enabled", Pattern.MESH),
    "vault-agent": ("vault.hashicorp.com/agent-inject-status", Pattern.SECRETS),
    "consul-dataplane": ("consul.hashicorp.com/connect-inject-status", Pattern.MESH),
    "envoy-sidecar": ("consul.hashicorp.com/connect-inject-status", Pattern.MESH),
    "kuma-sidecar": ("kuma.io/sidecar-injected", Pattern.MESH),
}
"""The names of containers that are injected, each with the annotation that its injector leaves
behind and its pattern (each project's documentation).
"""


def injected_names(workload: Workload) -> dict[str, tuple[str, Pattern]]:
    """The containers that were injected, each with the annotation that says so and its pattern."""
    annotations = {**workload.resource.annotations, **workload.annotations}
    marks = {name: mark for name, mark in _MARKS.items() if mark[0] in annotations}
    for name in _listed_by_istio(annotations.get(_ISTIO_STATUS, "")):
        marks[name] = (_ISTIO_STATUS, Pattern.MESH)
    present = {container.name for container in workload.containers}
    return {name: mark for name, mark in marks.items() if name in present}


def _listed_by_istio(status: str) -> list[str]:
    """The containers that Istio's status lists; none if it can't be read."""
    try:
        fields = json.loads(status)
        names = [*fields.get("containers", []), *fields.get("initContainers", [])]
    except (ValueError, AttributeError, TypeError, RecursionError):
        return []
    return [name for name in names if isinstance(name, str)]


def observe(context: PodContext) -> Iterator[Observation]:
    """Yields HELPER for each container that was injected, with the pattern of its injector."""
    injected = injected_names(context.workload)
    for container in context.classified_containers:
        if container.name in injected:
            annotation, pattern = injected[container.name]
            yield Observation(
                case="injected.marked",
                claim=Claim.HELPER,
                subject=container,
                message=f"the annotation {annotation} says that it was injected",
                place=context.lazy_location_of(container, "name"),
                pattern=pattern,
            )
