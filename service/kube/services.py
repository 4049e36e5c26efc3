"""Services: which Pods they select, and which container each of their ports reaches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TypeAlias

from service.kube.containers import Container, Port, as_port
from service.kube.objects import ManifestSet, Resource, as_mapping, as_mappings, as_strings, as_text
from service.kube.selectors import matches_map
from service.kube.sight import ByLabel, Label, itself
from service.kube.workloads import Workload, index_by_rarest_label
from service.lazy import kept


@dataclass(frozen=True, slots=True)
class ServicePort:
    """A port of a Service, with what it reaches in the Pods of one workload."""

    index: int
    """Its index in `spec.ports`."""
    name: str
    """Empty if the port has none."""
    number: int
    """`port`."""
    protocol: str
    """TCP, UDP or SCTP."""
    target: int | str
    """`targetPort`, or `port` if that is missing."""
    container: Container | None
    """The first container that declares the target, which is the one that the EndpointSlice
    controller takes; None if none declares it.
    """
    declared: Port | None
    """The port of that container."""


@dataclass(frozen=True, slots=True)
class ServiceLink:
    """A Service that selects a workload's Pods."""

    service: Resource
    """The Service."""
    ports: tuple[ServicePort, ...]
    """In their order."""

    @property
    def headless(self) -> bool:
        """Whether the Service is headless: its name resolves to the addresses of the Pods."""
        return as_text(self.service.spec.get("clusterIP")) == "None"


@kept
def service_selector(service: Resource) -> dict[str, str]:
    """The selector of a Service; empty for one without and for an ExternalName."""
    if as_text(service.spec.get("type")) == "ExternalName":
        return {}
    return as_strings(service.spec.get("selector"))


def is_service(resource: Resource) -> bool:
    """Whether an object is a core Service; Knative's has a group of its own."""
    return resource.kind == "Service" and resource.group == ""


def resolve_ports(service: Resource, workload: Workload) -> tuple[ServicePort, ...]:
    """What each port of a Service reaches in a workload's Pods; ports without a valid number are
    left out.

    As `FindPort` in k8s.io/kubernetes/pkg/api/v1/pod does it: a name is looked for in the regular
    containers, then in the native sidecars, with its protocol. A number reaches the Pod whether a
    container declares it or not.
    """
    result = []
    for index, port in enumerate(as_mappings(service.spec.get("ports"))):
        number = as_port(port.get("port"))
        if number is None:
            continue
        protocol = as_text(port.get("protocol")) or "TCP"
        target: int | str = number
        if port.get("targetPort") is not None:
            target = as_port(port["targetPort"]) or as_text(port["targetPort"])
        container, declared = _declaring(workload, target, protocol)
        result.append(
            ServicePort(
                index=index,
                name=as_text(port.get("name")),
                number=number,
                protocol=protocol,
                target=target,
                container=container,
                declared=declared,
            )
        )
    return tuple(result)


def _declaring(
    workload: Workload, target: int | str, protocol: str
) -> tuple[Container | None, Port | None]:
    """The first container that declares a port, and the port."""
    for container in workload.classified_containers:
        declared = container.find_port(target, protocol)
        if declared is not None:
            return container, declared
    return None, None


def _by_label(manifests: ManifestSet) -> ByLabel[Resource]:
    services = index_by_rarest_label(
        (service, selector)
        for service in manifests.of_kind("Service")
        if is_service(service) and (selector := service_selector(service))
    )
    return ByLabel(services, itself)


def services_selecting(
    labels: dict[str, str], manifests: ManifestSet, seen_from: Resource | None = None
) -> list[Resource]:
    """The Services of a set whose selectors match some labels.

    Args:
        labels: the labels of Pods.
        manifests: the set.
        seen_from: for the Services alone that this object sees; None for all, in whatever
            namespace and folder.
    """
    index = manifests.compute_once("services-by-label", _by_label)
    found = index.seen_from(seen_from, manifests, labels.items())
    return [service for service in found if matches_map(service_selector(service), labels)]


def unclear_services(
    labels: dict[str, str], manifests: ManifestSet, seen_from: Resource
) -> list[Resource]:
    """Services of an object's namespace whose selectors match some labels, and of which it can't
    be told whether the object means them, as several have their name; one of each name.
    """
    index = manifests.compute_once("services-by-label", _by_label)
    found: list[Resource] = []
    for kind, name, services in index.namesakes_for(seen_from, labels.items()):
        if manifests.find(kind, name, seen_from) is None:
            matching = (
                service for service in services if matches_map(service_selector(service), labels)
            )
            found += islice(matching, 1)
    return sorted(found, key=manifests.position_of)


def services_asking_for(manifests: ManifestSet) -> ByLabel[Resource]:
    """The Services of a set, by each label that they select by."""
    return manifests.compute_once("services-by-each-label", _by_each_label)


def _by_each_label(manifests: ManifestSet) -> ByLabel[Resource]:
    found: dict[Label | None, list[Resource]] = {}
    for service in manifests.of_kind("Service"):
        for label in service_selector(service).items():
            found.setdefault(label, []).append(service)
    return ByLabel(found, itself)


def services_of(workload: Workload, manifests: ManifestSet) -> tuple[ServiceLink, ...]:
    """The Services that select a workload's Pods and that the workload can see (see
    `ManifestSet.find`), by path and then in the order of the input.
    """
    visible = services_selecting(workload.labels, manifests, workload.resource)
    if len(visible) > 1:
        visible.sort(key=lambda service: (service.path, manifests.position_of(service)))
    return tuple(ServiceLink(service, resolve_ports(service, workload)) for service in visible)


Backend: TypeAlias = tuple[str, int | str]
"""The name of a Service, and the number or name of its port; an empty string if it has none."""


@dataclass(frozen=True, slots=True)
class Routing:
    """Where an Ingress or a route of the Gateway API sends what comes to it."""

    resource: Resource
    """The Ingress or the route."""
    path: str
    """The path that this is for; empty where it is for all."""
    backend: Backend
    """The Service; without a name where the backend is something else."""


def routed_backends(manifests: ManifestSet) -> frozenset[Backend]:
    """The backends of all Ingresses and routes of the Gateway API in a set."""
    return manifests.compute_once("backends", _routed_backends)


def _routed_backends(manifests: ManifestSet) -> frozenset[Backend]:
    return frozenset(
        item.backend
        for item in (*_ingress_routings(manifests), *_gateway_routings(manifests))
        if item.backend[0]
    )


def routings_to(service: Resource, manifests: ManifestSet) -> Iterator[Routing]:
    """What leads to a Service from outside, of those that can see it (see `ManifestSet.find`)."""
    for item in manifests.compute_once("routings", _by_service).get(service.name, ()):
        if manifests.find("Service", service.name, item.resource) is service:
            yield item


def _by_service(manifests: ManifestSet) -> dict[str, list[Routing]]:
    found: dict[str, list[Routing]] = {}
    for item in (*_ingress_routings(manifests), *_gateway_routings(manifests)):
        found.setdefault(item.backend[0], []).append(item)
    return found


def _ingress_routings(manifests: ManifestSet) -> Iterator[Routing]:
    """The backends of Ingresses, as networking.k8s.io/v1 and as extensions/v1beta1 have them."""
    for ingress in manifests.of_kind("Ingress"):
        spec = ingress.spec
        backends = [("", spec.get("defaultBackend")), ("", spec.get("backend"))]
        for rule in as_mappings(spec.get("rules")):
            paths = as_mappings(as_mapping(rule.get("http")).get("paths"))
            backends += [(as_text(path.get("path")), path.get("backend")) for path in paths]
        for path, data in backends:
            backend = as_mapping(data)
            service = as_mapping(backend.get("service"))
            port = as_mapping(service.get("port"))
            number = as_port(port.get("number")) or as_text(port.get("name"))
            legacy_port = backend.get("servicePort")
            legacy = as_port(legacy_port) or as_text(legacy_port)
            yield Routing(ingress, path, (as_text(service.get("name")), number))
            yield Routing(ingress, path, (as_text(backend.get("serviceName")), legacy))


def _gateway_routings(manifests: ManifestSet) -> Iterator[Routing]:
    """The backends of the routes of gateway.networking.k8s.io."""
    for route in manifests.of_kind("HTTPRoute", "GRPCRoute", "TCPRoute"):
        for rule in as_mappings(route.spec.get("rules")):
            matches = (as_mapping(match.get("path")) for match in as_mappings(rule.get("matches")))
            path = next((as_text(match.get("value")) for match in matches), "")
            for reference in as_mappings(rule.get("backendRefs")):
                name, port = as_text(reference.get("name")), as_port(reference.get("port")) or ""
                yield Routing(route, path, (name, port))
