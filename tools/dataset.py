"""`python -m tools.dataset FOLDER`: the labelled Pods of a corpus as `dataset/pods.jsonl`.

Facts only: what a container is and what it is told, without the text of the manifest. Values are
kept where they are an address of the own Pod, a host that the set knows, or a port; of commands the
words that say what runs. Nothing that may be a secret, a person's or a company's is kept.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from service.kube.config_maps import config_values_of
from service.kube.objects import Resource, as_mapping, as_mappings
from service.kube.services import routed_backends, services_of
from service.kube.workloads import Workload
from service.options import Options
from service.reading import Inputs, read_inputs

TARGET = Path(__file__).resolve().parents[1] / "dataset" / "pods.jsonl"
FOLDERS = {"published": ".", "home-made": "more", "charts": "charts"}
"""The parts of a corpus, by what they are called in the data set."""
_ADDRESS = re.compile(
    r"(?i)(?:unix:/{0,3})?/[\w./-]{1,80}\.sock\b"
    r"|(?:[a-z][a-z0-9+.-]*://)?(?:localhost|127\.\d+\.\d+\.\d+|0\.0\.0\.0|\[::1?\])(?::\d{1,5})?"
)
_PORT_ONLY = re.compile(r":?\d{2,5}")
_PLAIN_WORD = re.compile(r"[\w./@:=,+-]{1,48}")
_SECRET = re.compile(r"(?i)pass|secret|token|key|credential|auth|cert|dsn|user|mail|cookie|salt")
_IMAGE_TAG_LIMIT = 40
_OPEN_REGISTRIES = frozenset(
    {
        *("docker.io", "registry.hub.docker.com", "quay.io", "ghcr.io", "gcr.io", "k8s.gcr.io"),
        *("registry.k8s.io", "mcr.microsoft.com", "public.ecr.aws", "registry.access.redhat.com"),
        *("registry.redhat.io", "docker.elastic.co", "registry.gitlab.com", "cr.l5d.io"),
        *("icr.io", "nvcr.io", "us-docker.pkg.dev", "registry.developers.crunchydata.com"),
    }
)
_POD_FIELDS = ("shareProcessNamespace", "hostNetwork", "restartPolicy")
_ANNOTATIONS = re.compile(
    r"sidecar\.istio\.io/status|kubectl\.kubernetes\.io/default-container|linkerd\.io/|dapr\.io/"
    r"|vault\.hashicorp\.com/|consul\.hashicorp\.com/|podsplit\.dev/"
)
"""Annotations that say something of containers."""


def records(root: Path) -> Iterator[dict[str, Any]]:
    """The labelled Pods of a corpus, in the order of their ids.

    Args:
        root: a folder with `labels.jsonl`, and the same in the folders `more` and `charts`.
    """
    for part, name in FOLDERS.items():
        folder = root / name
        lines = (folder / "labels.jsonl").read_text(encoding="utf-8").splitlines()
        for line in sorted(lines):
            label = json.loads(line)
            found = _record(folder, part, label)
            if found is not None:
                yield found


def _record(folder: Path, part: str, label: Mapping[str, Any]) -> dict[str, Any] | None:
    path = label["source"].get("path") or label["file"]
    inputs = read_inputs([(path, (folder / label["file"]).read_bytes())], Options())
    names = {name for group in label["groups"] for name in group}
    workload = next(
        (
            workload
            for workload in inputs.workloads
            if workload.resource.kind == label["kind"]
            and (workload.name or None) == (label["name"] or None)
            and {container.name for container in workload.classified_containers} == names
        ),
        None,
    )
    if workload is None:
        return None
    source = {
        key: value
        for key in ("repo", "path", "commit", "licence", "chart")
        if (value := label["source"].get(key))
    }
    return {
        "id": label["id"],
        "part": part,
        "groups": label["groups"],
        "roles": label.get("roles", {}),
        "coupling": label.get("coupling", "none"),
        "sure": label["sure"],
        "source": source,
        "objects": list(_objects(workload, inputs)),
    }


def _objects(workload: Workload, inputs: Inputs) -> Iterator[dict[str, Any]]:
    """The workload, the Services that select it and the settings that it reads, as facts."""
    links = services_of(workload, inputs.manifests)
    hosts = {link.service.name for link in links}
    hosts |= {container.name for container in workload.containers}
    facts = _Facts(hosts)
    labels = {"app": "it"}
    metadata = {
        "labels": labels,
        "annotations": {
            key: value
            for key, value in workload.annotations.items()
            if _ANNOTATIONS.match(key) and len(value) < 200
        },
    }
    template = {"metadata": metadata, "spec": facts.pod(workload)}
    resource = workload.resource
    name = {"name": resource.name} if resource.name else {}
    yield _wrapped(resource, name, template, workload)
    for link in links:
        ports = [
            {key: port[key] for key in ("name", "port", "targetPort", "protocol") if key in port}
            for port in as_mappings(link.service.spec.get("ports"))
        ]
        yield {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": link.service.name},
            "spec": {"selector": labels, "ports": ports},
        }
    backends = [
        {
            "path": "/",
            "pathType": "Prefix",
            "backend": {"service": {"name": name, "port": {"number": port}}},
        }
        for name, port in sorted(routed_backends(inputs.manifests), key=str)
        if isinstance(port, int) and name in {link.service.name for link in links}
    ]
    if backends:
        yield {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "Ingress",
            "metadata": {"name": "it"},
            "spec": {"rules": [{"http": {"paths": backends}}]},
        }
    yield from _settings(workload, inputs, facts)


def _wrapped(
    resource: Resource, name: dict[str, Any], template: dict[str, Any], workload: Workload
) -> dict[str, Any]:
    data: dict[str, Any] = {"apiVersion": resource.api_version, "kind": resource.kind}
    if not workload.template:
        return {**data, "metadata": {**name, **template["metadata"]}, "spec": template["spec"]}
    inner: dict[str, Any] = template
    for step in reversed(workload.template[1:]):
        inner = {str(step): inner}
    claims = [
        {"metadata": {"name": as_mapping(claim.get("metadata")).get("name")}, "spec": {}}
        for claim in as_mappings(resource.spec.get("volumeClaimTemplates"))
    ]
    spec = {**inner, **({"volumeClaimTemplates": claims} if claims else {})}
    return {**data, "metadata": name, str(workload.template[0]): spec}


def _settings(workload: Workload, inputs: Inputs, facts: _Facts) -> Iterator[dict[str, Any]]:
    """The ConfigMaps that its containers read, with nothing but addresses in them."""
    seen: dict[str, dict[str, str]] = {}
    for container in workload.containers:
        for config, key, value in config_values_of(workload, container, inputs.manifests):
            addresses = facts.addresses_in(key, value)
            if addresses:
                seen.setdefault(config.name, {})[key] = addresses
    for name, data in seen.items():
        yield {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


class _Facts:
    """What is kept of a Pod."""

    def __init__(self, hosts: set[str]) -> None:
        self._hosts = re.compile(
            rf"(?:[a-z][a-z0-9+.-]*://)?(?<![\w.-])(?:{'|'.join(map(re.escape, sorted(hosts)))})"
            r"(?:\.[a-z0-9.-]+)?(?::\d{2,5}|(?=[/\s\"']|$))"
        )

    def pod(self, workload: Workload) -> dict[str, Any]:
        pod = workload.pod
        found: dict[str, Any] = {key: pod[key] for key in _POD_FIELDS if key in pod}
        for field in ("containers", "initContainers"):
            containers = [self._container(data) for data in as_mappings(pod.get(field))]
            if containers:
                found[field] = containers
        volumes = [self._volume(volume) for volume in as_mappings(pod.get("volumes"))]
        return {**found, "volumes": volumes} if volumes else found

    def addresses_in(self, name: str, text: str) -> str:
        """The addresses in a text, each in a line of its own with the word before it."""
        if _SECRET.search(name):
            return ""
        found = []
        for pattern in (_ADDRESS, self._hosts):
            for match in pattern.finditer(text[:20_000]):
                before = re.findall(r"[A-Za-z_.-]{2,24}", text[: match.start()][-32:])
                word = before[-1] if before and not _SECRET.search(before[-1]) else "at"
                found.append(f"{word} {_without_login(match[0])}")
        return "\n".join(found[:20])

    def _container(self, data: Mapping[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {"name": data.get("name"), "image": _image(data.get("image"))}
        for field in ("command", "args"):
            words = data.get(field)
            if isinstance(words, list) and words:
                found[field] = [_without_login(self._word(str(word))) for word in words]
        for field in ("restartPolicy",):
            if field in data:
                found[field] = data[field]
        ports = [
            {
                key: port[key]
                for key in ("name", "containerPort", "hostPort", "protocol")
                if key in port
            }
            for port in as_mappings(data.get("ports"))
        ]
        env = [self._variable(variable) for variable in as_mappings(data.get("env"))]
        sources = [
            {"configMapRef": {"name": as_mapping(source["configMapRef"]).get("name")}}
            for source in as_mappings(data.get("envFrom"))
            if "configMapRef" in source
        ]
        mounts = [
            {
                key: mount[key]
                for key in ("name", "mountPath", "subPath", "readOnly")
                if key in mount
            }
            for mount in as_mappings(data.get("volumeMounts"))
        ]
        listed = {"ports": ports, "env": env, "envFrom": sources, "volumeMounts": mounts}
        found |= {field: values for field, values in listed.items() if values}
        for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
            if probe in data:
                found[probe] = self._handler(as_mapping(data[probe]))
        lifecycle = {
            hook: self._handler(as_mapping(handler))
            for hook, handler in as_mapping(data.get("lifecycle")).items()
        }
        if lifecycle:
            found["lifecycle"] = lifecycle
        context = as_mapping(data.get("securityContext"))
        kept = {key: context[key] for key in ("privileged", "capabilities") if key in context}
        if kept:
            found["securityContext"] = kept
        if as_mapping(data.get("resources")):
            found["resources"] = {"requests": {"cpu": "1m"}}
        return found

    def _word(self, word: str) -> str:
        """A word of a command, if it is one that says what runs; else the addresses in it."""
        if _SECRET.search(word) and "=" in word:
            return word.partition("=")[0]
        if _PLAIN_WORD.fullmatch(word) and "@" not in word:
            return word
        programs = re.findall(r"(?m)(?:^|[;&|]\s*|exec\s+)([a-z/][\w./-]{1,48})", word)[-8:]
        return " ".join(
            [*dict.fromkeys(programs), *self.addresses_in("", word).split("\n")]
        ).strip()

    def _variable(self, variable: Mapping[str, Any]) -> dict[str, Any]:
        name = str(variable.get("name"))
        source = as_mapping(variable.get("valueFrom"))
        found: dict[str, Any] = {"name": name}
        if "fieldRef" in source:
            return {**found, "valueFrom": {"fieldRef": source["fieldRef"]}}
        if "configMapKeyRef" in source:
            return {**found, "valueFrom": {"configMapKeyRef": source["configMapKeyRef"]}}
        if "resourceFieldRef" in source:
            return {**found, "valueFrom": {"resourceFieldRef": source["resourceFieldRef"]}}
        value = str(variable.get("value", ""))
        if _PORT_ONLY.fullmatch(value):
            return {**found, "value": value}
        whole = _ADDRESS.fullmatch(value) or self._hosts.fullmatch(value)
        if whole:
            return {**found, "value": _without_login(value)}
        kept = [
            _without_login(match[0])
            for pattern in (_ADDRESS, self._hosts)
            for match in pattern.finditer(value[:20_000])
        ]
        return {**found, "value": ",".join(kept[:20])} if kept else found

    def _handler(self, handler: Mapping[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for kind in ("httpGet", "tcpSocket", "grpc"):
            if kind in handler:
                fields = as_mapping(handler[kind])
                found[kind] = {key: fields[key] for key in ("host", "port") if key in fields}
        if "exec" in handler:
            words = as_mapping(handler["exec"]).get("command")
            listed = words if isinstance(words, list) else []
            found["exec"] = {"command": [_without_login(self._word(str(word))) for word in listed]}
        return found

    def _volume(self, volume: Mapping[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {"name": volume.get("name")}
        for kind, value in volume.items():
            if kind == "name":
                continue
            fields = as_mapping(value)
            if kind == "hostPath":
                found[kind] = {"path": _host_path(str(fields.get("path", "")))}
            elif kind == "persistentVolumeClaim":
                found[kind] = {"claimName": f"claim-{volume.get('name')}"}
            elif kind == "configMap":
                found[kind] = {"name": fields.get("name")}
            elif kind == "projected":
                found[kind] = {"sources": []}
            else:
                found[kind] = {}
        return found


def _image(image: object) -> str:
    """An image without its digest, without a tag of unusual length, and without the host of a
    registry that isn't open to everybody.
    """
    name = str(image or "").partition("@")[0]
    host, slash, path = name.partition("/")
    if slash and re.search(r"[.:]", host) and host not in _OPEN_REGISTRIES:
        name = f"registry.example.com/{path}"
    head, colon, tag = name.rpartition(":")
    return name if not colon or "/" in tag or len(tag) <= _IMAGE_TAG_LIMIT else head


def _host_path(path: str) -> str:
    """A folder of a node, with people's own ones made nameless."""
    return re.sub(r"^/(?:home|Users)/[^/]+", "/home/somebody", path)


def _without_login(address: str) -> str:
    return re.sub(r"://[^@/\s]*@", "://", address)


def main() -> None:
    """Write the data set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    lines = [
        json.dumps(record, ensure_ascii=False, separators=(",", ":"))
        for record in records(parser.parse_args().folder)
    ]
    TARGET.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
