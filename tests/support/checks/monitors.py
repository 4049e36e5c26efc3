"""The check of the Prometheus operator's monitors."""

from __future__ import annotations

from collections.abc import Iterator

from tests.support.checks.lookup import containers_behind
from tests.support.cluster import Cluster, service_ports
from tests.support.objects import matches


def check_monitors(before: Cluster, after: Cluster) -> Iterator[str]:
    """What was scraped is scraped, in whichever Pods it is, and nothing else is."""
    old, new = _scraped(before), _scraped(after)
    for endpoint in old:
        if old[endpoint] != new.get(endpoint):
            yield f"{endpoint} scraped {old[endpoint]} and scrapes {new.get(endpoint)}"


def _scraped(cluster: Cluster) -> dict[str, set[str | None]]:
    """The containers that each monitor's endpoint reaches.

    The key is the endpoint as it is written, so that a copy of a monitor counts with its original.
    """
    found: dict[str, set[str | None]] = {}
    for endpoint, containers in (*_scraped_by_pod(cluster), *_scraped_by_service(cluster)):
        found.setdefault(endpoint, set()).update(containers)
    return found


def _scraped_by_pod(cluster: Cluster) -> Iterator[tuple[str, set[str | None]]]:
    for monitor in cluster.of_kind("PodMonitor"):
        for pods in cluster.pods.values():
            if pods.owner.namespace != monitor.key.namespace or not matches(
                monitor.spec.get("selector"), pods.labels
            ):
                continue
            for endpoint in monitor.spec.get("podMetricsEndpoints") or ():
                number = pods.port_number(endpoint.get("port", ""), "TCP")
                if number is not None:
                    yield f"pods {endpoint}", {pods.listener(number, "TCP", cluster.ports_of)}


def _scraped_by_service(cluster: Cluster) -> Iterator[tuple[str, set[str | None]]]:
    reached = cluster.endpoints()
    for monitor in cluster.of_kind("ServiceMonitor"):
        for service in cluster.services:
            if service.key.namespace != monitor.key.namespace or not matches(
                monitor.spec.get("selector"), service.metadata.get("labels") or {}
            ):
                continue
            for port, _ in service_ports(service):
                for endpoint in monitor.spec.get("endpoints") or ():
                    if endpoint.get("port") == port.name:
                        yield f"services {endpoint}", containers_behind(reached[port])
