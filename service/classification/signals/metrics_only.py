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
    """Yields HELPER, for metrics, for each container that declares ports and serves no traffic of
    its own; known servers aside.
    """
    for container in context.classified_containers:
        entry = context.catalogue_entry(container)
        if (
            container.ports
            and not context.traffic_ports(container)
            and not context.is_repurposed(container)
            and not (entry and entry.stands_alone)
        ):
            yield Observation(
                case="metrics-only.ports",
                claim=Claim.HELPER,
                subject=container,
                message=f"its only ports ({container.ports[0].number}) are for metrics or health",
                place=context.lazy_location_of(container, "ports"),
                pattern=Pattern.METRICS,
            )
