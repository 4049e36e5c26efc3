"""ConfigMaps: who reads them, and which of their keys."""

from __future__ import annotations

import pytest

from service.kube.config_maps import config_maps_of, find_config_map, readers_of_config_map
from service.kube.objects import ManifestSet
from service.kube.workloads import Workload
from tests.support.manifests import manifests_of, named, workload_named


def config_map(name: str, namespace: str = "shop") -> str:
    metadata = f"{{name: {name}, namespace: {namespace}}}"
    return f"---\napiVersion: v1\nkind: ConfigMap\nmetadata: {metadata}\ndata: {{a: '1', b: '2'}}\n"


def pod(container: str, volumes: str = "[]") -> str:
    return (
        "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop}\nspec:\n"
        f"  containers: [{container}]\n  volumes: {volumes}\n"
    )


def read(text: str) -> tuple[Workload, ManifestSet]:
    manifests = manifests_of(text)
    return workload_named(manifests, "Pod/web"), manifests


ENV_FROM = "envFrom: [{configMapRef: {name: conf}}]"
VALUE_FROM = "env: [{name: A, valueFrom: {configMapKeyRef: {name: conf, key: a}}}]"
MOUNT = "volumeMounts: [{name: v, mountPath: /v}]"
SUB_PATH = "volumeMounts: [{name: v, mountPath: /v, subPath: a}]"
VOLUME = "[{name: v, configMap: {name: conf}}]"
ITEMS = "[{name: v, configMap: {name: conf, items: [{key: a, path: x}, {key: b, path: z}]}}]"
PROJECTED = "[{name: v, projected: {sources: [{secret: {name: s}}, {configMap: {name: conf}}]}}]"


@pytest.mark.parametrize(
    ("container", "volumes", "expected"),
    [
        (f"{{{ENV_FROM}}}", "[]", None),
        (f"{{{VALUE_FROM}}}", "[]", {"a"}),
        (f"{{{VALUE_FROM}, {ENV_FROM}}}", "[]", None),
        (f"{{{MOUNT}}}", VOLUME, None),
        (f"{{{SUB_PATH}}}", VOLUME, {"a"}),
        (f"{{{MOUNT}}}", ITEMS, {"a", "b"}),
        (f"{{{SUB_PATH}}}", ITEMS, {"a", "b"}),
        (f"{{{MOUNT}}}", PROJECTED, None),
        (f"{{{MOUNT}, {VALUE_FROM}}}", VOLUME, None),
        (f"{{{SUB_PATH}, {VALUE_FROM.replace('key: a', 'key: b')}}}", VOLUME, {"a", "b"}),
    ],
)
def test_a_container_reads_keys_of_a_config_map(
    container: str, volumes: str, expected: set[str] | None
) -> None:
    """None for all; who reads all reads each."""
    workload, manifests = read(pod(container, volumes) + config_map("conf"))
    conf = named(manifests, "ConfigMap/conf")
    assert list(config_maps_of(workload, workload.containers[0], manifests)) == [(conf, expected)]
    assert readers_of_config_map(conf, manifests) == [
        (found, found.containers[0]) for found, _ in readers_of_config_map(conf, manifests)
    ]
    assert [found.title for found, _ in readers_of_config_map(conf, manifests)] == ["Pod/web"]


@pytest.mark.parametrize(
    ("container", "volumes"),
    [
        ("{}", VOLUME),
        ("{env: [{name: A, value: conf}]}", "[]"),
        (f"{{{ENV_FROM.replace('configMapRef', 'secretRef')}}}", "[]"),
        (f"{{{ENV_FROM.replace('conf}', 'gone}')}}}", "[]"),
        (f"{{{MOUNT}}}", VOLUME.replace("name: v", "name: other")),
        (f"{{{MOUNT}}}", "[{name: v, configMap: conf}]"),
        (f"{{{MOUNT}}}", "[{name: v, secret: {secretName: conf}}]"),
    ],
)
def test_other_config_maps_are_not_read(container: str, volumes: str) -> None:
    """What isn't mounted, isn't there, or is no ConfigMap."""
    workload, manifests = read(pod(container, volumes) + config_map("conf"))
    assert list(config_maps_of(workload, workload.containers[0], manifests)) == []
    assert readers_of_config_map(named(manifests, "ConfigMap/conf"), manifests) == []


def test_config_maps_come_in_the_order_in_which_they_are_named() -> None:
    """Variables before volumes."""
    workload, manifests = read(
        pod(
            f"{{{MOUNT}, {VALUE_FROM}, {ENV_FROM.replace('conf}', 'one}')}}}",
            VOLUME.replace("conf}", "three}"),
        )
        + config_map("three")
        + config_map("conf")
        + config_map("one")
    )
    found = config_maps_of(workload, workload.containers[0], manifests)
    assert [(config.name, keys) for config, keys in found] == [
        ("one", None),
        ("conf", {"a"}),
        ("three", None),
    ]


def test_every_reader_of_a_config_map_is_found() -> None:
    """Init containers too."""
    text = pod(f"{{name: a, {ENV_FROM}}}, {{name: b}}, {{name: c, {VALUE_FROM}}}")
    text += f"  initContainers: [{{name: d, {ENV_FROM}}}]\n" + config_map("conf")
    _, manifests = read(text)
    readers = readers_of_config_map(named(manifests, "ConfigMap/conf"), manifests)
    assert [container.name for _, container in readers] == ["a", "c", "d"]


def test_a_config_map_is_one_of_the_namespace() -> None:
    """And it has a name."""
    workload, manifests = read(pod("{}") + config_map("conf") + config_map("conf", "other"))
    found = find_config_map("conf", workload, manifests)
    assert found is not None
    assert found.namespace == "shop"
    assert find_config_map("none", workload, manifests) is None
    workload, manifests = read(pod("{}") + config_map("''"))
    assert find_config_map("", workload, manifests) is None
