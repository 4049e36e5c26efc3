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

_MARKS: dict[str, tuple[str, Pattern]] = {
    "istio-proxy": ("sidecar.istio.io/status", Pattern.MESH),
    "linkerd-proxy": ("linkerd.io/proxy-version", Pattern.MESH),
    "daprd": ("dapr.io/enabled", Pattern.MESH),
    "vault-agent": ("vault.hashicorp.com/agent-inject-status", Pattern.SECRETS),
    "consul-dataplane": ("consul.hashicorp.com/connect-inject-status", Pattern.MESH),
    "envoy-sidecar": ("consul.hashicorp.com/connect-inject-status", Pattern.MESH),
    "kuma-sidecar": ("kuma.io/sidecar-injected", Pattern.MESH),
}
"""Container name, the annotation that its injector leaves behind, and its pattern (each
project's documentation).
"""


def injected_names(workload: Workload) -> dict[str, tuple[str, Pattern]]:
    """The containers that were injected, each with the annotation that says so and its pattern."""
    annotations = {**workload.resource.annotations, **workload.annotations}
    found = {name: mark for name, mark in _MARKS.items() if mark[0] in annotations}
    try:
        status = json.loads(annotations.get("sidecar.istio.io/status", "{}"))
        listed = [*status.get("containers", []), *status.get("initContainers", [])]
    except (ValueError, AttributeError, TypeError):
        listed = []
    found.update(
        {
            name: ("sidecar.istio.io/status", Pattern.MESH)
            for name in listed
            if isinstance(name, str)
        }
    )
    present = {container.name for container in workload.containers}
    return {name: mark for name, mark in found.items() if name in present}


def observe(context: PodContext) -> Iterator[Observation]:
    """See the module."""
    injected = injected_names(context.workload)
    for container in context.classified_containers:
        if container.name in injected:
            annotation, pattern = injected[container.name]
            message = f"the annotation {annotation} says that it was injected"
            yield Observation(
                "injected.marked",
                Claim.HELPER,
                container,
                message,
                context.within(container, "name"),
                pattern=pattern,
            )
