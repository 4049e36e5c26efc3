"""What an API server refuses: by Kubernetes' own schemas, and by the rules beyond them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import kubernetes_validate
from jsonschema import Draft202012Validator
from kubernetes_validate.utils import schema_contents
from referencing import Registry, Resource

from tests.support.cluster import Cluster
from tests.support.objects import Data, Object, matches
from tests.support.pods import Container, Pods

_FOLDER = f"kubernetes-json-schema/v{kubernetes_validate.latest_version()}-local-strict"
# Lengths and characters of names: Kubernetes' documentation, "Object Names and IDs".
_LABEL_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z")
_SUBDOMAIN_NAME = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*\Z")
_SERVICE_NAME = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?\Z")
_LABEL_VALUE = re.compile(r"([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?\Z")
_PORT_NAME = re.compile(r"(?=.*[a-z])[a-z0-9]([a-z0-9-]{0,13}[a-z0-9])?\Z")
_NAME_LIMITS = {"CronJob": 52, "StatefulSet": 52, "Deployment": 63, "Service": 63}
"""Characters in a name, by kind; 253 for others."""


@cache
def _validator(file: str) -> Draft202012Validator | None:
    try:
        schema = schema_contents(f"{_FOLDER}/{file}", "")
    except FileNotFoundError:
        return None
    return Draft202012Validator(schema, registry=_definitions())


@cache
def _definitions() -> Any:
    return Resource.from_contents(schema_contents(f"{_FOLDER}/_definitions.json", "")) @ Registry()


def schema_error(data: Data) -> str | None:
    """What Kubernetes' schema says against an object; None for nothing, and for unknown kinds."""
    group = re.sub(r"^([^./]*)(?:\.[^/]*)?/", r"\1-", str(data.get("apiVersion", "")))
    validator = _validator(f"{str(data.get('kind', '')).lower()}-{group}.json")
    error = next(validator.iter_errors(data), None) if validator else None
    return error.message[:200] if error else None


def api_server_errors(cluster: Cluster) -> dict[str, list[str]]:
    """What an API server refuses, by object."""
    found = {}
    for resource in cluster.objects:
        error = schema_error(resource.data)
        errors = [*([error] if error else []), *_metadata_errors(resource)]
        pods = cluster.pods.get(resource.key)
        if not errors and pods is not None:
            errors += [*_pod_errors(pods), *_controller_errors(cluster, resource, pods)]
        if not errors and resource.kind == "Service" and resource.group == "":
            errors += _service_errors(resource)
        if errors:
            found[f"{resource.kind} {resource.key.namespace}/{resource.key.name}"] = errors
    return found


def _metadata_errors(resource: Object) -> Iterator[str]:
    name = str(resource.metadata.get("name", ""))
    is_service = resource.kind == "Service" and resource.group == ""
    pattern = _SERVICE_NAME if is_service else _SUBDOMAIN_NAME
    is_too_long = len(name) > _NAME_LIMITS.get(resource.kind, 253)
    if "generateName" not in resource.metadata and (not pattern.match(name) or is_too_long):
        yield f"the name {name} is not valid"
    yield from _label_errors(resource.metadata.get("labels") or {})


def _label_errors(labels: Data) -> Iterator[str]:
    for value in labels.values():
        if not isinstance(value, str) or not _LABEL_VALUE.match(value):
            yield f"the label value {value!r} is not valid"


def _pod_errors(pods: Pods) -> Iterator[str]:
    names = [container.name for container in pods.containers]
    if len(names) != len(set(names)):
        yield f"two containers have one name: {names}"
    volumes = {volume.get("name") for volume in pods.spec.get("volumes") or ()}
    volumes |= {
        template["metadata"]["name"]
        for template in pods.source.spec.get("volumeClaimTemplates") or ()
    }
    for container in pods.containers:
        yield from _container_errors(container, volumes)
    yield from _label_errors(pods.labels)


def _container_errors(container: Container, volumes: set[Any]) -> Iterator[str]:
    if not _LABEL_NAME.match(container.name):
        yield f"the container name {container.name} is not valid"
    port_names = [name for name, _, _ in container.ports if name]
    if len(port_names) != len(set(port_names)) or not all(map(_PORT_NAME.match, port_names)):
        yield f"the port names {port_names} of {container.name} are not valid"
    mounts = container.data.get("volumeMounts") or ()
    for mount in mounts:
        if mount["name"] not in volumes:
            yield f"{container.name} mounts {mount['name']}, which is no volume"
    if len({mount["mountPath"] for mount in mounts}) != len(mounts):
        yield f"{container.name} mounts two volumes at one path"


def _controller_errors(cluster: Cluster, controller: Object, pods: Pods) -> Iterator[str]:
    policy = pods.spec.get("restartPolicy", "Always")
    if controller.kind in ("Job", "CronJob"):
        if policy == "Always":
            yield "a Job's Pods can't have the restartPolicy Always"
        return
    if controller.kind == "Pod":
        return
    if policy != "Always":
        yield f"the Pods of a {controller.kind} can't have the restartPolicy {policy}"
    if "activeDeadlineSeconds" in pods.spec or "ephemeralContainers" in pods.spec:
        yield "a template can't have activeDeadlineSeconds or ephemeralContainers"
    selector = cluster.selector(controller.key)
    if selector is not None and not matches(selector, pods.labels):
        yield "the selector doesn't match the template's labels"
    if selector is None and controller.group == "apps":
        yield "there is no selector"


def _service_errors(service: Object) -> Iterator[str]:
    ports = service.spec.get("ports") or []
    if (
        not ports
        and service.spec.get("clusterIP") != "None"
        and service.spec.get("type") != "ExternalName"
    ):
        yield "a Service needs ports"
    if len(ports) > 1 and len({port.get("name") for port in ports} - {None}) != len(ports):
        yield "several ports need names of their own"
    keys = [(port["port"], port.get("protocol", "TCP")) for port in ports]
    if len(set(keys)) != len(keys):
        yield "a port is there twice"
    for port in ports:
        target = port.get("targetPort")
        if isinstance(target, str) and (not _PORT_NAME.match(target) or "--" in target):
            yield f"the target port {target} is not valid"
