"""A small model of a cluster: its Pods, and the containers that each Service port reaches.

Written from the API reference and from how the EndpointSlice controller works. It uses nothing of
`service` on purpose: rewrites are compared with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from tests.support.objects import Key, Object, matches
from tests.support.pods import Pods, PortsOf, declared_ports

TEMPLATES: dict[tuple[str, str], tuple[str, ...]] = {
    ("", "Pod"): (),
    ("", "ReplicationController"): ("spec", "template"),
    ("apps", "Deployment"): ("spec", "template"),
    ("apps", "ReplicaSet"): ("spec", "template"),
    ("apps", "StatefulSet"): ("spec", "template"),
    ("apps", "DaemonSet"): ("spec", "template"),
    ("batch", "Job"): ("spec", "template"),
    ("batch", "CronJob"): ("spec", "jobTemplate", "spec", "template"),
    ("argoproj.io", "Rollout"): ("spec", "template"),
    ("apps.openshift.io", "DeploymentConfig"): ("spec", "template"),
}
"""Kinds that make Pods, by group and kind, with the route to their pod template."""


class ServicePort(NamedTuple):
    """A port of a Service, as its clients know it."""

    service: Key
    name: str
    number: int
    protocol: str


class Endpoint(NamedTuple):
    """Where a Service port leads."""

    owner: Key
    """Whose Pods."""
    container: str | None
    """The identity of the container that listens there; None if none does."""


Endpoints = dict[ServicePort, frozenset[Endpoint]]


@dataclass(frozen=True)
class Cluster:
    """Objects that were applied together."""

    objects: tuple[Object, ...]
    ports_of: PortsOf = declared_ports
    """Where others reach a container."""
    localhost_ports_of: PortsOf | None = None
    """Where containers of the same Pod reach it; None if that is the same."""

    @cached_property
    def by_key(self) -> dict[Key, Object]:
        """The objects; of two with one key the last, as when both are applied."""
        return {resource.key: resource for resource in self.objects}

    def of_kind(self, *kinds: str) -> list[Object]:
        """The objects of some kinds."""
        return [resource for resource in self.by_key.values() if resource.kind in kinds]

    @cached_property
    def pods(self) -> dict[Key, Pods]:
        """The Pods by their controller; bare Pods by their own key."""
        found = {}
        for resource in self.by_key.values():
            route = TEMPLATES.get((resource.group, resource.kind))
            if route is None:
                continue
            template: Any = resource.data
            for step in route:
                template = (template or {}).get(step)
            if isinstance(template, dict) and isinstance(
                (template.get("spec") or {}).get("containers"), list
            ):
                metadata = template.get("metadata") or {}
                labels = {
                    str(key): str(value) for key, value in (metadata.get("labels") or {}).items()
                }
                found[resource.key] = Pods(
                    owner=resource.key,
                    labels=labels,
                    annotations=metadata.get("annotations") or {},
                    spec=template["spec"],
                    source=resource,
                )
        return found

    @cached_property
    def services(self) -> list[Object]:
        """The Services that have a selector."""
        return [
            service
            for service in self.of_kind("Service")
            if service.group == ""
            and service.spec.get("selector")
            and service.spec.get("type") != "ExternalName"
        ]

    def endpoints(self, pods: Iterable[Pods] | None = None) -> Endpoints:
        """The endpoints of each Service port.

        Args:
            pods: the Pods that exist; all of the cluster by default.
        """
        existing = list(self.pods.values() if pods is None else pods)
        found: Endpoints = {}
        for service in self.services:
            selected = [
                candidate
                for candidate in existing
                if candidate.owner.namespace == service.key.namespace
                and matches({"matchLabels": service.spec["selector"]}, candidate.labels)
            ]
            for port, target in service_ports(service):
                found[port] = frozenset(
                    self._port_endpoints(service, port, target=target, selected=selected)
                )
        return found

    def _port_endpoints(
        self, service: Object, port: ServicePort, target: int | str, selected: list[Pods]
    ) -> Iterator[Endpoint]:
        for pods in selected:
            number = pods.port_number(target, port.protocol)
            if number is not None:
                yield Endpoint(pods.owner, pods.listener(number, port.protocol, self.ports_of))
            elif service.spec.get("clusterIP") == "None":
                # The DNS name of a headless Service leads to every selected Pod, whatever the port.
                yield Endpoint(pods.owner, None)

    def localhost_listener(self, pods: Pods, number: int) -> str | None:
        """The container that listens on a TCP port of localhost within a Pod."""
        return pods.listener(number, "TCP", self.localhost_ports_of or self.ports_of)

    def pods_with(self, identity: str) -> list[Pods]:
        """The Pods that a container is in."""
        return [pods for pods in self.pods.values() if pods.has_container(identity)]

    def origin_of(self, pods: Pods, identity: str) -> Pods:
        """The Pods of this cluster that a container of later Pods came from.

        Pods of the same name come first, then those whose name the later one starts with.
        """
        candidates = self.pods_with(identity)
        nearby = [
            candidate
            for candidate in candidates
            if candidate.owner.namespace == pods.owner.namespace
        ]
        same_name = [candidate for candidate in nearby if candidate.owner.name == pods.owner.name]
        prefixed = [
            candidate for candidate in nearby if pods.owner.name.startswith(candidate.owner.name)
        ]
        prefixed.sort(key=lambda candidate: -len(candidate.owner.name))
        return [*same_name, *prefixed, *candidates][0]

    def successors(self, origin: Pods, identity: str, after: Cluster) -> list[Pods]:
        """The Pods of a later cluster that a container of `origin` is in."""
        return [
            pods
            for pods in after.pods_with(identity)
            if self.origin_of(pods, identity).owner == origin.owner
        ]

    def selector(self, owner: Key) -> Any:
        """The selector of a controller; None where the manifest gives it none."""
        controller = self.by_key[owner]
        selector = controller.spec.get("selector")
        if controller.kind in ("Pod", "Job", "CronJob") or not selector:
            return None
        return (
            {"matchLabels": selector}
            if controller.kind in ("ReplicationController", "DeploymentConfig")
            else selector
        )

    def selector_overlaps(self) -> set[tuple[Key, str]]:
        """Controllers whose selector matches Pods of others, with the containers of those Pods."""
        return {
            (owner, container.identity)
            for owner in self.pods
            for other in self.pods.values()
            if other.owner != owner
            and other.owner.namespace == owner.namespace
            and matches(self.selector(owner), other.labels)
            for container in other.containers
        }


def service_ports(service: Object) -> list[tuple[ServicePort, int | str]]:
    """The ports of a Service with their target ports."""
    return [
        (
            ServicePort(
                service=service.key,
                name=str(port.get("name") or ""),
                number=int(port["port"]),
                protocol=str(port.get("protocol") or "TCP"),
            ),
            port.get("targetPort") or port["port"],
        )
        for port in service.spec.get("ports") or ()
    ]
