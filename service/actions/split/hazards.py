"""What would break silently if two groups were parted: looked for before anything is planned,
refused where it is found.

Each of these was a wrong rewrite once, or would be: the text looks right, and the cluster does
something else.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from itertools import chain, islice
from typing import TypeAlias

from service.actions.context import Candidate, Refused
from service.actions.split.own_address import find_own_address_calls
from service.change import Declined
from service.kube.container_engines import is_engine_annotation, is_made_by_podman
from service.kube.containers import Container
from service.kube.objects import (
    ManifestSet,
    Resource,
    as_list,
    as_mappings,
    as_strings,
    as_text,
    value_at,
)
from service.kube.references import (
    LOOPBACK,
    LOOPBACK_HOST,
)
from service.kube.services import ServiceLink, service_selector, unclear_services
from service.kube.sight import ByLabel, Sight, itself
from service.kube.workloads import index_by_rarest_label, pods_with_labels
from service.refusals import Refusal

_POD_LABELS = (
    "statefulset.kubernetes.io/pod-name",
    "apps.kubernetes.io/pod-index",
    "controller-revision-hash",
    "pod-template-hash",
)


def check_hazards(
    candidate: Candidate, links: tuple[ServiceLink, ...], group_of: Mapping[int, int]
) -> None:
    """Look for everything of this module.

    Args:
        candidate: the workload that is to be split.
        links: the Services that select its Pods.
        group_of: the group of each classified container, by its index.

    Raises:
        Refused: with the first that is found.
    """
    hazards = chain(
        _services(candidate, links),
        _probes(candidate, group_of),
        _resources(candidate, group_of),
        _secrets(candidate),
        find_own_address_calls(candidate, group_of),
        _aliases(candidate),
        _annotations(candidate, group_of),
        _misplaced_ports(candidate, group_of),
        _triggers(candidate, group_of),
    )
    for hazard in hazards:
        raise Refused(hazard.refusal, hazard.message)


_Hazards: TypeAlias = Iterator[Declined]


def _services(candidate: Candidate, links: tuple[ServiceLink, ...]) -> _Hazards:
    """Services that other workloads stand behind too, that may or may not be in scope, or that
    select by a Pod's own label.
    """
    manifests, resource = candidate.manifests, candidate.resource
    for link in links:
        selector = service_selector(link.service)
        for other in _other_workloads_behind(candidate, selector):
            yield Declined(
                Refusal.SHARED_SERVICE,
                f"the Service {link.service.name} also selects the Pods of {other.title}: give"
                " each its own, or divide by hand",
            )
    for service in unclear_services(candidate.workload.labels, manifests, resource):
        yield Declined(
            Refusal.SERVICE_UNCLEAR,
            f"several folders have a Service {service.name}, and it can't be told which is"
            " meant: send one environment at a time",
        )
    for service, label in _selecting_by_pod_label(candidate):
        yield Declined(
            Refusal.SERVICE_UNCLEAR,
            f"the Service {service.name} selects by {label}, which the cluster writes:"
            " divide it by hand",
        )


def _selecting_by_pod_label(candidate: Candidate) -> list[tuple[Resource, str]]:
    """The Services that may select some of a workload's Pods by a label that the cluster writes,
    one of each name, each with the label.
    """
    manifests, labels = candidate.manifests, candidate.workload.labels
    index = manifests.compute_once("services-by-pod-label", _by_pod_label)
    found: list[Resource] = []
    for _, _, services in index.namesakes_for(candidate.resource, (*labels.items(), None)):
        matching = (
            service
            for service in services
            if _without_pod_labels(service).items() <= labels.items()
        )
        found += islice(matching, 1)
    found.sort(key=manifests.position_of)
    return [
        (service, next(label for label in _POD_LABELS if label in service_selector(service)))
        for service in found
    ]


def _by_pod_label(manifests: ManifestSet) -> ByLabel[Resource]:
    """The Services of a set that select by a label which the cluster writes, by another of their
    labels.
    """
    services = index_by_rarest_label(
        (service, _without_pod_labels(service))
        for service in manifests.of_kind("Service")
        if any(label in service_selector(service) for label in _POD_LABELS)
    )
    return ByLabel(services, itself)


def _without_pod_labels(service: Resource) -> dict[str, str]:
    return {
        key: value for key, value in service_selector(service).items() if key not in _POD_LABELS
    }


def _other_workloads_behind(candidate: Candidate, selector: dict[str, str]) -> Iterator[Resource]:
    """Other workloads' objects that a Service selects by; copies of a Pod go the way that it
    goes.
    """
    manifests, resource = candidate.manifests, candidate.resource
    for other, _ in pods_with_labels(selector, manifests, resource):
        if other not in candidate.own_resources:
            yield other


def _probes(candidate: Candidate, group_of: Mapping[int, int]) -> _Hazards:
    """Probes and hooks that call a port of the other group at the Pod's own address."""
    listening = candidate.classification.context.listening_ports
    for container in candidate.workload.classified_containers:
        own = {port.name for port in container.ports} | set(listening[container.index])
        for probe in container.probes:
            if probe.port is None or probe.port in own or probe.host:
                continue
            for other in candidate.workload.classified_containers:
                answers = probe.port in listening[other.index] or any(
                    port.name == probe.port for port in other.ports
                )
                if answers and group_of[other.index] != group_of[container.index]:
                    yield Declined(
                        Refusal.LOCALHOST_IN_PROBE,
                        f"the {probe.field} of {container.name} calls a port of {other.name}:"
                        " apart it would fail for ever",
                    )


def _resources(candidate: Candidate, group_of: Mapping[int, int]) -> _Hazards:
    """References to the resources of a container of the other group."""
    names = {
        container.name: group_of.get(container.index) for container in candidate.workload.containers
    }
    for container in candidate.workload.containers:
        for variable in as_mappings(container.data.get("env")):
            named = as_text(value_at(variable, "valueFrom", "resourceFieldRef", "containerName"))
            if named in names and names[named] != group_of.get(container.index):
                yield Declined(
                    Refusal.CROSSING_REFERENCE,
                    f"{container.name} reads the resources of {named} (resourceFieldRef), which"
                    " is to be in another Pod",
                )
    for volume in as_mappings(candidate.workload.pod.get("volumes")):
        if '"resourceFieldRef"' in json.dumps(volume, default=str):
            yield Declined(
                Refusal.CROSSING_REFERENCE,
                f"the volume {as_text(volume.get('name'))} holds resources of named containers"
                " (resourceFieldRef)",
            )


def _secrets(candidate: Candidate) -> _Hazards:
    """Secrets in the set that hold loopback addresses."""
    secrets = candidate.manifests.compute_once("loopback-secrets", _loopback_secrets)
    if not secrets:
        return
    resource, manifests = candidate.resource, candidate.manifests
    pod = json.dumps(candidate.workload.pod, default=str)
    named = [own for name, own in secrets.items() if json.dumps(name) in pod]
    seen = [secret for own in named for secret in own.seen_from(resource, manifests)]
    for secret in sorted(seen, key=manifests.position_of):
        yield Declined(
            Refusal.LOCALHOST_IN_CONFIGMAP,
            f"the Secret {secret.name} holds a loopback address: put a Service's name there first",
        )


def _loopback_secrets(manifests: ManifestSet) -> dict[str, Sight[Resource]]:
    """The Secrets of a set that hold a loopback address, by name."""
    found: dict[str, list[Resource]] = {}
    for secret in manifests.of_kind("Secret"):
        if any(LOOPBACK.search(value) for value in _secret_values(secret)):
            found.setdefault(secret.name, []).append(secret)
    return {name: Sight.of(secrets) for name, secrets in found.items()}


def _secret_values(secret: Resource) -> Iterator[str]:
    """What a Secret holds, `data` decoded; what isn't text holds no address."""
    yield from as_strings(secret.data.get("stringData")).values()
    for value in as_strings(secret.data.get("data")).values():
        try:
            yield base64.b64decode(value, validate=False).decode()
        except ValueError:
            continue


def _aliases(candidate: Candidate) -> _Hazards:
    """Names for the loopback address."""
    for alias in as_mappings(candidate.workload.pod.get("hostAliases")):
        if LOOPBACK_HOST.fullmatch(as_text(alias.get("ip"))):
            yield Declined(
                Refusal.LOCALHOST_UNRESOLVED,
                "hostAliases give localhost another name, under which the containers may call"
                " each other",
            )


_OF_ONE_APPLICATION = (
    "consul.hashicorp.com/connect-service",
    "consul.hashicorp.com/service-",
    "consul.hashicorp.com/transparent-proxy",
    "dapr.io/app-id",
    "dapr.io/app-port",
)
"""Annotations that say which application of a mesh or runtime a Pod is, and on which port: two Pods
with the same would be one application twice (Consul on Kubernetes and Dapr, annotations).
"""


def _annotations(candidate: Candidate, group_of: Mapping[int, int]) -> _Hazards:
    """Annotations of the Pods that speak of a container which is to move, of its port, or that
    make the Pod one application.
    """
    moved = [
        container
        for container in candidate.workload.containers
        if group_of.get(container.index, 0) != 0
    ]
    annotations = {**candidate.resource.annotations, **candidate.workload.annotations}
    for key, value in annotations.items():
        if is_engine_annotation(key) or key.startswith(
            ("podsplit.dev/", "kubectl.kubernetes.io/last-applied", "checksum/")
        ):
            continue
        if key.startswith(_OF_ONE_APPLICATION):
            yield Declined(
                Refusal.ANNOTATION,
                f"the annotation {key} says which application its Pod is, and two Pods would be"
                " that one: divide it by hand",
            )
        for container in moved:
            if (
                value == container.name
                or key.endswith(f"/{container.name}")
                or _names_port(key, value, container)
            ):
                yield Declined(
                    Refusal.ANNOTATION,
                    f"the annotation {key} speaks of {container.name}, which is to move: divide it"
                    " by hand",
                )


def _names_port(key: str, value: str, container: Container) -> bool:
    """Whether an annotation for ports names one of a container, alone or in a list."""
    named = set(re.split(r"[,;\s]+", value))
    ports = {word for port in container.ports for word in (str(port.number), port.name) if word}
    return "port" in key and bool(named & ports)


def _misplaced_ports(candidate: Candidate, group_of: Mapping[int, int]) -> _Hazards:
    """Ports that are declared by another container than the one that listens there, as podman
    writes all of a Pod's to its first container.
    """
    context = candidate.classification.context
    by_podman = is_made_by_podman(candidate.resource)
    for container in context.classified_containers:
        for port in container.ports:
            if port.host_port is None and not by_podman:
                continue
            listeners = [
                other
                for other in context.classified_containers
                if _may_listen(candidate, other, port.number, is_declaring=other is container)
            ]
            others = [
                other
                for other in listeners
                if group_of[other.index] != group_of[container.index] and not other.ports
            ]
            if others:
                yield Declined(
                    Refusal.PORT_DECLARED_ELSEWHERE,
                    f"port {port.number} is declared by {container.name}, and may be that of"
                    f" {others[0].name}: declare it on the container that listens there",
                )


def _may_listen(
    candidate: Candidate, container: Container, number: int, *, is_declaring: bool
) -> bool:
    """Whether a container may listen on a port: what it is told or its image has decides; of an
    unknown image nothing is known.
    """
    context = candidate.classification.context
    listening = context.listening_ports[container.index]
    if listening.get(number, "declared" if is_declaring else "") in ("told", "default"):
        return True
    entry = context.catalogue_entry(container)
    return entry is None or not entry.ports or number in (*entry.ports, *entry.metrics_ports)


def _triggers(candidate: Candidate, group_of: Mapping[int, int]) -> _Hazards:
    """Image triggers of a DeploymentConfig for a container which is to move."""
    moved = {
        container.name
        for container in candidate.workload.containers
        if group_of.get(container.index, 0) != 0
    }
    for trigger in as_mappings(candidate.resource.spec.get("triggers")):
        if moved & {
            as_text(name)
            for name in as_list(value_at(trigger, "imageChangeParams", "containerNames"))
        }:
            yield Declined(
                Refusal.ANNOTATION,
                "an image trigger names a container which is to move: divide it by hand",
            )
