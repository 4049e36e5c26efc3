"""Metrics only.

Looks for: a container whose only ports are for metrics, health or administration, by name or by the
conventions of Prometheus exporters.

Matters because: a process that serves nothing but metrics reports on another one.

Example:
    containers:
      - name: stats
        image: shop/stats:1.0
        ports:
          - name: metrics
            containerPort: 9113

Comes out: a metrics sidecar.
"""

from __future__ import annotations

from collections.abc import Iterator

from service.classification.context import PodContext
from service.classification.observation import Claim, Observation
from service.findings import Pattern


def observe(context: PodContext) -> Iterator[Observation]:
    """See the module."""
    for container in context.classified_containers:
        entry = context.catalogue_entry(container)
        if (
            container.ports
            and not context.traffic_ports(container)
            and not (entry and entry.stands_alone)
        ):
            port = container.ports[0]
            message = f"its only ports ({port.number}) are for metrics or health"
            yield Observation(
                "metrics-only.ports",
                Claim.HELPER,
                container,
                message,
                context.within(container, "ports"),
                pattern=Pattern.METRICS,
            )
