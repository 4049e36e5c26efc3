"""The texts that a container is given, and the addresses in them.

A container is known by its name and image, which no rewrite changes. In the sets that the checks
are made for, no two containers share both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tests.support.cluster import Cluster
from tests.support.objects import Data, Key
from tests.support.pods import Container, Pods

LOCALHOST_ADDRESS = re.compile(r"(?<![\w.-])(localhost|127\.0\.0\.1|\[::1\]):(\d+)(?!\d)")


def texts(container: Container, pods: Pods, cluster: Cluster) -> dict[str, str]:
    """Every text that a container is given, by its place.

    These are the variables as it sees them, its arguments, and the files of ConfigMaps.
    """
    found = {
        f"{field} {index}": str(word)
        for field in ("command", "args")
        for index, word in enumerate(container.data.get(field) or ())
    }
    for source in container.data.get("envFrom") or ():
        prefix = source.get("prefix", "")
        name = (source.get("configMapRef") or {}).get("name")
        values = _config_map_data(cluster, pods, name)
        found |= {f"env {prefix}{key}": value for key, value in values.items()}
    for variable in container.data.get("env") or ():
        reference = (variable.get("valueFrom") or {}).get("configMapKeyRef")
        found[f"env {variable['name']}"] = (
            _config_map_data(cluster, pods, reference["name"]).get(reference["key"], "")
            if reference
            else _as_text(variable.get("value", ""))
        )
    volumes: dict[Any, Data] = {
        volume.get("name"): volume for volume in pods.spec.get("volumes") or ()
    }
    for mount in container.data.get("volumeMounts") or ():
        volume = volumes.get(mount.get("name")) or {}
        values = _config_map_data(cluster, pods, (volume.get("configMap") or {}).get("name"))
        found |= {f"file {mount.get('mountPath')}/{key}": value for key, value in values.items()}
    return found


def _as_text(value: Any) -> str:
    """A value as it reads once it is quoted: the API server takes strings only."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _config_map_data(cluster: Cluster, pods: Pods, name: Any) -> dict[str, str]:
    """The data of a ConfigMap; empty if it is not there."""
    config_map = cluster.by_key.get(Key("ConfigMap", pods.owner.namespace, str(name)))
    data = (config_map.data.get("data") or {}) if config_map else {}
    return {key: str(value) for key, value in data.items()}


def localhost_calls(cluster: Cluster) -> Iterator[tuple[str, str, int]]:
    """The calls on localhost in the texts: caller, called container, and port."""
    for pods in cluster.pods.values():
        for container in pods.running:
            for text in texts(container, pods, cluster).values():
                for match in LOCALHOST_ADDRESS.finditer(text):
                    number = int(match[2])
                    called = cluster.localhost_listener(pods, number)
                    if called is not None and called != container.identity:
                        yield container.identity, called, number
