"""Services: whom they select, and which container each of their ports reaches."""

from __future__ import annotations

from dataclasses import dataclass

from service.kube.containers import Container, Port, as_port
from service.kube.objects import ManifestSet, Resource, as_mapping, as_mappings, as_strings, as_text
from service.kube.selectors import matches_map
from service.kube.workloads import Workload, index_by_rarest_label


@dataclass(frozen=True, slots=True)
class ServicePort:
    """A port of a Service, as one workload's Pods answer it."""

    index: int
    """Its place in `spec.ports`."""
    name: str
    """Empty if it has none."""
    number: int
    """`port`."""
    protocol: str
    """TCP, UDP or SCTP."""
    target: int | str
    """`targetPort`, or `port` where that is missing."""
    container: Container | None
    """The container that declares it: the first one that does, as the EndpointSlice controller
    would take it.
    """
    declared: Port | None
    """Its declaration."""


@dataclass(frozen=True, slots=True)
class ServiceLink:
    """A Service that selects a workload's Pods."""

    service: Resource
    """The Service."""
    ports: tuple[ServicePort, ...]
    """In their order."""

    @property
    def headless(self) -> bool:
        """Whether it publishes the Pods' own addresses."""
        return as_text(self.service.spec.get("clusterIP")) == "None"


def service_selector(service: Resource) -> dict[str, str]:
    """The selector of a Service; empty for one without and for an ExternalName."""
    if as_text(service.spec.get("type")) == "ExternalName":
        return {}
    return as_strings(service.spec.get("selector"))


def is_service(resource: Resource) -> bool:
    """Whether an object is a core Service; Knative's has a group of its own."""
    return resource.kind == "Service" and resource.group == ""


def resolve_ports(service: Resource, workload: Workload) -> tuple[ServicePort, ...]:
    """What each port of a Service reaches in a workload's Pods.

    As `FindPort` in k8s.io/kubernetes/pkg/api/v1/pod does: a name is looked for in regular
    containers, then in native sidecars, with its protocol; a number reaches the Pod whether anybody
    declares it or not.
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
        container, declared = None, None
        for each in workload.classified_containers:
            declared = each.declares(target, protocol)
            if declared is not None:
                container = each
                break
        result.append(
            ServicePort(
                index, as_text(port.get("name")), number, protocol, target, container, declared
            )
        )
    return tuple(result)


def _by_label(manifests: ManifestSet) -> dict[tuple[str, str] | None, list[Resource]]:
    return index_by_rarest_label(
        (service, selector)
        for service in manifests.of_kind("Service")
        if is_service(service) and (selector := service_selector(service))
    )


def services_selecting(labels: dict[str, str], manifests: ManifestSet) -> list[Resource]:
    """The Services of a set whose selectors match some labels, whatever their namespace and
    folder.
    """
    index = manifests.compute_once("services-by-label", _by_label)
    return [
        service
        for label in labels.items()
        for service in index.get(label, ())
        if matches_map(service_selector(service), labels)
    ]


def services_of(workload: Workload, manifests: ManifestSet) -> tuple[ServiceLink, ...]:
    """The Services of the scope that select a workload's Pods, by path and then in the order of
    the input.
    """
    found = services_selecting(workload.labels, manifests)
    visible = [
        service
        for service in found
        if manifests.find("Service", service.name, workload.resource) is service
    ]
    if len(visible) > 1:
        visible.sort(key=lambda each: (each.path, manifests.position_of(each)))
    return tuple(ServiceLink(service, resolve_ports(service, workload)) for service in visible)


def _backends(manifests: ManifestSet) -> frozenset[tuple[str, int | str]]:
    found: set[tuple[str, int | str]] = set()
    for ingress in manifests.of_kind("Ingress"):
        spec = ingress.spec
        backends = [as_mapping(spec.get("defaultBackend")), as_mapping(spec.get("backend"))]
        for rule in as_mappings(spec.get("rules")):
            backends += [
                as_mapping(path.get("backend"))
                for path in as_mappings(as_mapping(rule.get("http")).get("paths"))
            ]
        for backend in backends:
            service = as_mapping(backend.get("service"))
            port = as_mapping(service.get("port"))
            found.add(
                (
                    as_text(service.get("name")),
                    as_port(port.get("number")) or as_text(port.get("name")),
                )
            )
            legacy = backend.get("servicePort")
            found.add((as_text(backend.get("serviceName")), as_port(legacy) or as_text(legacy)))
    for route in manifests.of_kind("HTTPRoute", "GRPCRoute", "TCPRoute"):
        for rule in as_mappings(route.spec.get("rules")):
            for reference in as_mappings(rule.get("backendRefs")):
                found.add((as_text(reference.get("name")), as_port(reference.get("port")) or ""))
    return frozenset((name, port) for name, port in found if name)


def routed_backends(manifests: ManifestSet) -> frozenset[tuple[str, int | str]]:
    """Names and ports (number or name) of the Services that the Ingresses and routes of a set
    lead to.
    """
    return manifests.compute_once("backends", _backends)
