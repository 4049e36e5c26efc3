"""Kubernetes' own schemas, and what the API server asks for beyond them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import kubernetes_validate
from jsonschema import Draft202012Validator
from kubernetes_validate.utils import schema_contents
from referencing import Registry, Resource

from tests.support.cluster import Cluster, Data, Object, Pods, matches

_FOLDER = f"kubernetes-json-schema/v{kubernetes_validate.latest_version()}-local-strict"
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z")
_SUBDOMAIN = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*\Z")
_SERVICE = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?\Z")
_VALUE = re.compile(r"([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?\Z")
_PORT = re.compile(r"(?=.*[a-z])[a-z0-9]([a-z0-9-]{0,13}[a-z0-9])?\Z")


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


def invalid(data: Data) -> str | None:
    """What Kubernetes' schema has against an object; None for nothing, and for kinds that it
    doesn't know.
    """
    group = re.sub(r"^([^./]*)(?:\.[^/]*)?/", r"\1-", str(data.get("apiVersion", "")))
    validator = _validator(f"{str(data.get('kind', '')).lower()}-{group}.json")
    error = next(validator.iter_errors(data), None) if validator else None
    return error.message[:200] if error else None


def refusals(cluster: Cluster) -> dict[str, list[str]]:
    """What an API server refuses, by object: by its schemas, and by the rules that those can't
    express.
    """
    found = {}
    for each in cluster.objects:
        said = [*([message] if (message := invalid(each.data)) else []), *_named(each)]
        pods = cluster.pods.get(each.key)
        if not said and pods is not None:
            said += [*_pod(pods), *_controller(cluster, each, pods)]
        if not said and each.kind == "Service" and each.group == "":
            said += _service(each)
        if said:
            found[f"{each.kind} {each.key.namespace}/{each.key.name}"] = said
    return found


def _named(each: Object) -> Iterator[str]:
    name = str(each.metadata.get("name", ""))
    pattern = _SERVICE if each.kind == "Service" and each.group == "" else _SUBDOMAIN
    limit = {"CronJob": 52, "StatefulSet": 52, "Deployment": 63, "Service": 63}.get(each.kind, 253)
    if "generateName" not in each.metadata and (not pattern.match(name) or len(name) > limit):
        yield f"the name {name} is not valid"
    yield from (
        f"the label value {value!r} is not valid"
        for value in (each.metadata.get("labels") or {}).values()
        if not _value(value)
    )


def _value(value: Any) -> bool:
    return isinstance(value, str) and _VALUE.match(value) is not None


def _pod(pods: Pods) -> Iterator[str]:
    names = [each.name for each in pods.containers]
    if len(names) != len(set(names)):
        yield f"two containers have one name: {names}"
    volumes = {each.get("name") for each in pods.spec.get("volumes") or ()}
    volumes |= {
        each["metadata"]["name"] for each in pods.origin.spec.get("volumeClaimTemplates") or ()
    }
    for container in pods.containers:
        if not _LABEL.match(container.name):
            yield f"the container name {container.name} is not valid"
        named = [name for name, _, _ in container.ports if name]
        if len(named) != len(set(named)) or not all(map(_PORT.match, named)):
            yield f"the port names {named} of {container.name} are not valid"
        mounts = container.data.get("volumeMounts") or ()
        yield from (
            f"{container.name} mounts {each['name']}, which is no volume"
            for each in mounts
            if each["name"] not in volumes
        )
        if len({each["mountPath"] for each in mounts}) != len(mounts):
            yield f"{container.name} mounts two volumes at one path"
    yield from (
        f"the label value {value!r} is not valid"
        for value in pods.labels.values()
        if not _value(value)
    )


def _controller(cluster: Cluster, each: Object, pods: Pods) -> Iterator[str]:
    policy = pods.spec.get("restartPolicy", "Always")
    if each.kind in ("Job", "CronJob"):
        if policy == "Always":
            yield "a Job's Pods can't have the restartPolicy Always"
        return
    if each.kind == "Pod":
        return
    if policy != "Always":
        yield f"the Pods of a {each.kind} can't have the restartPolicy {policy}"
    if "activeDeadlineSeconds" in pods.spec or "ephemeralContainers" in pods.spec:
        yield "a template can't have activeDeadlineSeconds or ephemeralContainers"
    selector = cluster.selector(each.key)
    if selector is not None and not matches(selector, pods.labels):
        yield "the selector doesn't match the template's labels"
    if selector is None and each.group == "apps":
        yield "there is no selector"


def _service(each: Object) -> Iterator[str]:
    ports = each.spec.get("ports") or []
    if (
        not ports
        and each.spec.get("clusterIP") != "None"
        and each.spec.get("type") != "ExternalName"
    ):
        yield "a Service needs ports"
    if len(ports) > 1 and len({port.get("name") for port in ports} - {None}) != len(ports):
        yield "several ports need names of their own"
    keys = [(port["port"], port.get("protocol", "TCP")) for port in ports]
    if len(set(keys)) != len(keys):
        yield "a port is there twice"
    targets = [port["targetPort"] for port in ports if isinstance(port.get("targetPort"), str)]
    yield from (
        f"the target port {target} is not valid"
        for target in targets
        if not _PORT.match(target) or "--" in target
    )
