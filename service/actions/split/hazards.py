"""What would break silently if two groups were parted: looked for before anything is planned,
refused where it is found.

Each of these was a wrong rewrite once, or would be: the text looks right, and the cluster does
something else.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator

from service.actions.context import Candidate, Refused
from service.kube.config_maps import config_maps_of
from service.kube.containers import Container, Word
from service.kube.objects import (
    ManifestSet,
    Resource,
    as_list,
    as_mappings,
    as_strings,
    as_text,
    in_same_namespace,
    value_at,
)
from service.kube.references import LOOPBACK, LOOPBACK_HOST
from service.kube.replicas import copies_of
from service.kube.services import ServiceLink, service_selector, services_selecting
from service.kube.workloads import pods_with_labels

_POD_LABELS = (
    "statefulset.kubernetes.io/pod-name",
    "apps.kubernetes.io/pod-index",
    "controller-revision-hash",
    "pod-template-hash",
)
_OWN_ADDRESS = re.compile(
    r"(?i)bind|listen|server_?name|serveralias|allow|trust|real_ip|no_?proxy|exclude|ignore|interface|whitelist|hosts\b"
)
"""Words of lines that name the loopback address to listen there, to be called so, or to trust
it.
"""
_SCHEME = re.compile(r"://(?:[^@/\s]*@)?\Z")
_BINDS = re.compile(
    r"(?i)\s*[\w.-]*(?:bind|listen_addr)[\w-]*\s*[:=]?\s*[\"']?(?:localhost|127\.\d+\.\d+\.\d+|::1)(?![\w.:-])"
)
"""A line of a configuration that binds a server to loopback, whatever its port."""
_OTHER_SPELLING = re.compile(
    r"://(?:[^@/\s]{0,200}@)?"
    r"(?:0\.0\.0\.0|127\.\d+(?![.\d])|(?i:ip6-localhost|localhost\.localdomain)|LOCALHOST|\[0:0:0:0:0:0:0:1\])(?![\w.-])"
)
"""Loopback by other names, behind a scheme; to a client 0.0.0.0 is its own host."""
_LISTENING = re.compile(r"(?i)bind|listen|addr|0\.0\.0\.0")


def check_hazards(
    candidate: Candidate, links: tuple[ServiceLink, ...], group_of: dict[int, int]
) -> None:
    """Look for everything of this module.

    Raises:
        Refused: with the first that is found.
    """
    for check in (
        _services,
        _probes,
        _resources,
        _addresses,
        _secrets,
        _pod_address,
        _aliases,
        _annotations,
        _triggers,
    ):
        for reason, message in check(candidate, links, group_of):
            raise Refused(reason, message)


_Found = Iterator[tuple[str, str]]


def _services(
    candidate: Candidate, links: tuple[ServiceLink, ...], group_of: dict[int, int]
) -> _Found:
    """Services that other workloads stand behind too, that may or may not be in scope, or that
    select by a Pod's own label.
    """
    del group_of
    manifests, resource = candidate.manifests, candidate.resource
    for link in links:
        selector = service_selector(link.service)
        for other in _others_behind(candidate, selector):
            yield (
                "shared-service",
                (
                    f"the Service {link.service.name} also selects the Pods of {other.title}: give"
                    " each its own, or divide by hand"
                ),
            )
    known = {id(link.service) for link in links}
    for service in services_selecting(candidate.workload.labels, manifests):
        unclear = (
            id(service) not in known and manifests.find("Service", service.name, resource) is None
        )
        if unclear and in_same_namespace(service, resource):
            yield (
                "service-unclear",
                (
                    f"several folders have a Service {service.name}, and it can't be told which is"
                    " meant: send one environment at a time"
                ),
            )
    for service in manifests.compute_once("services-by-pod-label", _by_pod_label):
        chosen = [label for label in _POD_LABELS if label in service_selector(service)]
        rest = {
            key: value for key, value in service_selector(service).items() if key not in _POD_LABELS
        }
        if (
            chosen
            and all(candidate.workload.labels.get(key) == value for key, value in rest.items())
            and in_same_namespace(service, resource)
        ):
            yield (
                "service-unclear",
                (
                    f"the Service {service.name} selects by {chosen[0]}, which the cluster writes:"
                    " divide it by hand"
                ),
            )


def _by_pod_label(manifests: ManifestSet) -> list[Resource]:
    """The Services of a set that select by a label which the cluster writes."""
    return [
        service
        for service in manifests.of_kind("Service")
        if any(label in service_selector(service) for label in _POD_LABELS)
    ]


def _others_behind(candidate: Candidate, selector: dict[str, str]) -> Iterator[Resource]:
    """Other workloads' objects that a Service selects by; copies of a Pod go the way that it
    goes.
    """
    manifests, resource = candidate.manifests, candidate.resource
    own = {id(resource), *(id(each.resource) for each in copies_of(candidate.workload, manifests))}
    for other, _ in pods_with_labels(selector, manifests):
        if (
            id(other) not in own
            and manifests.can_see(resource, other)
            and in_same_namespace(resource, other)
        ):
            yield other


def _probes(
    candidate: Candidate, links: tuple[ServiceLink, ...], group_of: dict[int, int]
) -> _Found:
    """Probes and hooks that call a port of the other group at the Pod's own address."""
    del links
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
                    yield (
                        "localhost-in-probe",
                        (
                            f"the {probe.field} of {container.name} calls a port of {other.name}:"
                            " apart it would fail for ever"
                        ),
                    )


def _resources(
    candidate: Candidate, links: tuple[ServiceLink, ...], group_of: dict[int, int]
) -> _Found:
    """References to the resources of a container of the other group."""
    del links
    names = {each.name: group_of.get(each.index) for each in candidate.workload.containers}
    for container in candidate.workload.containers:
        for variable in as_mappings(container.data.get("env")):
            named = as_text(value_at(variable, "valueFrom", "resourceFieldRef", "containerName"))
            if named in names and names[named] != group_of.get(container.index):
                yield (
                    "crossing-reference",
                    (
                        f"{container.name} reads the resources of {named} (resourceFieldRef), which"
                        " is to be in another Pod"
                    ),
                )
    for volume in as_mappings(candidate.workload.pod.get("volumes")):
        if '"resourceFieldRef"' in json.dumps(volume, default=str):
            yield (
                "crossing-reference",
                (
                    f"the volume {as_text(volume.get('name'))} holds resources of named containers"
                    " (resourceFieldRef)"
                ),
            )


def _addresses(
    candidate: Candidate, links: tuple[ServiceLink, ...], group_of: dict[int, int]
) -> _Found:
    """Loopback addresses without a port, and servers that listen on loopback alone."""
    del links, group_of
    context = candidate.classification.context
    for reference in context.references:
        name = reference.container.name
        served = (
            reference.container.index in context.listening_ports
            and reference.port in context.traffic_ports(reference.container)
        )
        if reference.listens and (reference.where in ("command", "args", "env") or served):
            yield (
                "loopback-server",
                (
                    f"{name} is told to listen on loopback, where only its own Pod reaches it"
                    f" ({reference.where})"
                ),
            )
    for container in candidate.workload.containers:
        for word, before in zip(container.invocation, [None, *container.invocation], strict=False):
            for match in LOOPBACK.finditer(word.text):
                around = f"{before.text if before else ''} {word.text[: match.start()]}"
                if match["port"] is None and "://" not in around[-8:]:
                    yield _without_port(container, word, around)
        for variable in container.env:
            value = variable.value
            if (
                not LOOPBACK_HOST.fullmatch(value.strip())
                and not _OWN_ADDRESS.search(variable.name)
                and _calls_loopback(value)
            ):
                yield (
                    "localhost-unresolved",
                    f"{container.name} is told of localhost without a port that can be seen (env)",
                )
        for word in container.words:
            spelled = _OTHER_SPELLING.search(word.text)
            if spelled and not _LISTENING.search(word.text[: spelled.start()]):
                yield (
                    "localhost-unresolved",
                    (
                        f"{container.name} calls its own Pod by another name than localhost"
                        f" ({word.where})"
                    ),
                )
        yield from _bound(candidate, container)
        # A store's own scripts call the store.
        if not candidate.classification.context.is_store(container):
            yield from _unseen(candidate, container)


def _bound(candidate: Candidate, container: Container) -> _Found:
    """Servers that a ConfigMap tells to listen on loopback."""
    for config, keys in config_maps_of(candidate.workload, container, candidate.manifests):
        for key, value in as_strings(config.data.get("data")).items():
            if (keys is None or key in keys) and any(
                _BINDS.match(line) for line in value.splitlines()
            ):
                message = (
                    f"the ConfigMap {config.name} tells {container.name} to listen on loopback,"
                    " where only its own Pod reaches it"
                )
                yield "loopback-server", message


def _without_port(container: Container, word: Word, around: str) -> tuple[str, str]:
    if _LISTENING.search(around):
        return (
            "loopback-server",
            (
                f"{container.name} is told to listen on loopback, where only its own Pod reaches it"
                f" ({word.where})"
            ),
        )
    return (
        "localhost-unresolved",
        f"{container.name} calls localhost without a port that can be seen ({word.where})",
    )


def _unseen(candidate: Candidate, container: Container) -> _Found:
    """Loopback hosts in ConfigMaps whose port can't be seen."""
    seen = {(id(each.resource), each.route) for each in candidate.classification.context.references}
    for config, keys in config_maps_of(candidate.workload, container, candidate.manifests):
        for key, value in as_strings(config.data.get("data")).items():
            paired = LOOPBACK_HOST.fullmatch(value.strip()) and (id(config), ("data", key)) in seen
            if (keys is None or key in keys) and not paired and _calls_loopback(value):
                message = (
                    f"the ConfigMap {config.name} gives {container.name} localhost as a host"
                    " without a port that can be seen"
                )
                yield "localhost-in-configmap", f"{message}: put a Service's name there"


def _calls_loopback(value: str) -> bool:
    """Whether a text holds a loopback host, without port or scheme, that isn't one to listen on,
    to name itself or to trust.
    """
    for line in value.splitlines():
        words = line.strip()
        if words.startswith(("#", ";", "//")) or _OWN_ADDRESS.search(words):
            continue
        if any(
            match["port"] is None
            and not _SCHEME.search(words, max(0, match.start() - 500), match.start())
            for match in LOOPBACK.finditer(words)
        ):
            return True
    return False


def _secrets(
    candidate: Candidate, links: tuple[ServiceLink, ...], group_of: dict[int, int]
) -> _Found:
    """Secrets in the set that hold loopback addresses."""
    del links, group_of
    secrets = candidate.manifests.compute_once("loopback-secrets", _loopback_secrets)
    pod = json.dumps(candidate.workload.pod, default=str) if secrets else ""
    for secret in secrets:
        if json.dumps(secret.name) in pod and candidate.manifests.can_see(
            candidate.resource, secret
        ):
            yield (
                "localhost-in-configmap",
                (
                    f"the Secret {secret.name} holds a loopback address: put a Service's name there"
                    " first"
                ),
            )


def _loopback_secrets(manifests: ManifestSet) -> list[Resource]:
    """The Secrets of a set that hold a loopback address."""
    return [
        secret
        for secret in manifests.of_kind("Secret")
        if any(LOOPBACK.search(value) for value in _values(secret))
    ]


def _values(secret: Resource) -> Iterator[str]:
    """What a Secret holds, `data` decoded; what isn't text holds no address."""
    yield from as_strings(secret.data.get("stringData")).values()
    for value in as_strings(secret.data.get("data")).values():
        try:
            yield base64.b64decode(value, validate=False).decode()
        except ValueError:
            continue


def _pod_address(
    candidate: Candidate, links: tuple[ServiceLink, ...], group_of: dict[int, int]
) -> _Found:
    """The Pod's own address used as somebody's host."""
    del links, group_of
    for container in candidate.workload.containers:
        own = {
            as_text(variable.get("name"))
            for variable in as_mappings(container.data.get("env"))
            if as_text(value_at(variable, "valueFrom", "fieldRef", "fieldPath")).startswith(
                "status.podIP"
            )
        }
        for word in container.words:
            if any(f"$({name}):" in word.text for name in own) and not _LISTENING.search(word.text):
                yield (
                    "localhost-unresolved",
                    f"{container.name} calls an address of its own Pod ({word.where})",
                )


def _aliases(
    candidate: Candidate, links: tuple[ServiceLink, ...], group_of: dict[int, int]
) -> _Found:
    """Names for the loopback address."""
    del links, group_of
    for alias in as_mappings(candidate.workload.pod.get("hostAliases")):
        if LOOPBACK_HOST.fullmatch(as_text(alias.get("ip"))):
            yield (
                "localhost-unresolved",
                (
                    "hostAliases give localhost another name, under which the containers may call"
                    " each other"
                ),
            )


def _annotations(
    candidate: Candidate, links: tuple[ServiceLink, ...], group_of: dict[int, int]
) -> _Found:
    """Annotations of the Pods that speak of a container which is to move, or of its port."""
    del links
    moved = [each for each in candidate.workload.containers if group_of.get(each.index, 0) != 0]
    annotations = {**candidate.resource.annotations, **candidate.workload.annotations}
    for key, value in annotations.items():
        if key.startswith(("podsplit.dev/", "kubectl.kubernetes.io/last-applied", "checksum/")):
            continue
        for container in moved:
            if (
                value == container.name
                or key.endswith(f"/{container.name}")
                or _names_port(key, value, container)
            ):
                yield (
                    "annotation",
                    (
                        f"the annotation {key} speaks of {container.name}, which is to move: divide"
                        " it by hand"
                    ),
                )


def _names_port(key: str, value: str, container: Container) -> bool:
    return "port" in key and any(value in (str(port.number), port.name) for port in container.ports)


def _triggers(
    candidate: Candidate, links: tuple[ServiceLink, ...], group_of: dict[int, int]
) -> _Found:
    """Image triggers of a DeploymentConfig for a container which is to move."""
    del links
    moved = {
        each.name for each in candidate.workload.containers if group_of.get(each.index, 0) != 0
    }
    for trigger in as_mappings(candidate.resource.spec.get("triggers")):
        if moved & {
            as_text(name)
            for name in as_list(value_at(trigger, "imageChangeParams", "containerNames"))
        }:
            yield (
                "annotation",
                "an image trigger names a container which is to move: divide it by hand",
            )
