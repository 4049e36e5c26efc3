"""ConfigMaps: which of them a container reads, and which of their keys."""

from __future__ import annotations

from collections.abc import Iterator

from service.kube.containers import Container, Mount
from service.kube.objects import (
    ManifestSet,
    Resource,
    as_mapping,
    as_mappings,
    as_strings,
    as_text,
    value_at,
)
from service.kube.workloads import Workload, workloads_of


def find_config_map(name: str, workload: Workload, manifests: ManifestSet) -> Resource | None:
    """The ConfigMap that a workload refers to by a name; None if there is none, or no name."""
    return manifests.find("ConfigMap", name, workload.resource) if name else None


def config_maps_of(
    workload: Workload, container: Container, manifests: ManifestSet
) -> Iterator[tuple[Resource, frozenset[str] | None]]:
    """The ConfigMaps of a set that a container reads, each with the keys that it reads; None for
    all keys.
    """
    wanted: dict[str, frozenset[str] | None] = {}
    for name, keys in _config_map_references(workload, container):
        known = wanted.get(name, frozenset())
        wanted[name] = None if known is None or not keys else known | frozenset(keys)
    for name, wanted_keys in wanted.items():
        config = find_config_map(name, workload, manifests)
        if config is not None:
            yield config, wanted_keys


def config_values_of(
    workload: Workload, container: Container, manifests: ManifestSet
) -> Iterator[tuple[Resource, str, str]]:
    """The texts of a set's ConfigMaps that a container reads: each ConfigMap, key and value."""
    for config, keys in config_maps_of(workload, container, manifests):
        for key, value in as_strings(config.data.get("data")).items():
            if keys is None or key in keys:
                yield config, key, value


def _config_map_references(
    workload: Workload, container: Container
) -> Iterator[tuple[str, list[str]]]:
    """The names of the ConfigMaps that a container refers to, each with the keys that it reads; no
    keys stand for all.
    """
    for source in as_mappings(container.data.get("envFrom")):
        yield as_text(value_at(source, "configMapRef", "name")), []
    for variable in as_mappings(container.data.get("env")):
        reference = as_mapping(value_at(variable, "valueFrom", "configMapKeyRef"))
        yield as_text(reference.get("name")), [as_text(reference.get("key"))]
    for mount in container.mounts:
        yield from _mounted_references(workload, mount)


def _mounted_references(workload: Workload, mount: Mount) -> Iterator[tuple[str, list[str]]]:
    """The names of the ConfigMaps in a mounted volume, each with the keys that the mount shows."""
    volume = as_mapping(workload.volumes_by_name.get(mount.volume))
    projected = as_mappings(value_at(volume, "projected", "sources"))
    for source in (volume, *projected):
        config_map = source.get("configMap")
        if isinstance(config_map, dict):
            keys = [as_text(item.get("key")) for item in as_mappings(config_map.get("items"))]
            if mount.sub_path and not keys:
                keys = [mount.sub_path]
            yield as_text(config_map.get("name")), keys


def readers_of_config_map(
    config: Resource, manifests: ManifestSet
) -> list[tuple[Workload, Container]]:
    """The containers of a set that read a ConfigMap, each with its workload."""
    return manifests.compute_once("readers-of-config-maps", _readers).get(config, [])


def _readers(manifests: ManifestSet) -> dict[Resource, list[tuple[Workload, Container]]]:
    found: dict[Resource, list[tuple[Workload, Container]]] = {}
    for resource in manifests.resources:
        for workload in workloads_of(resource):
            for container in workload.containers:
                for config, _ in config_maps_of(workload, container, manifests):
                    found.setdefault(config, []).append((workload, container))
    return found
