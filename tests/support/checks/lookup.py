"""What several checks look up in a cluster."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tests.support.cluster import Cluster, Endpoint
from tests.support.pods import Container, Pods

EPHEMERAL_VOLUME_KEYS = {
    "name",
    "configMap",
    "secret",
    "projected",
    "downwardAPI",
    "emptyDir",
    "image",
    "ephemeral",
}
"""Keys of volumes that end with their Pod, or that nobody writes to."""
_DEFAULT_TOLERATION_SECONDS = 300
"""How long a Pod stays on a node that is not ready, where nobody says otherwise."""


def identities(cluster: Cluster) -> list[str]:
    """The identity of every container, once each."""
    return list(
        dict.fromkeys(
            container.identity for pods in cluster.pods.values() for container in pods.containers
        )
    )


def container_in(pods: Pods, identity: str) -> Container:
    """The container of some Pods that has an identity."""
    return next(container for container in pods.containers if container.identity == identity)


def containers_behind(endpoints: Iterable[Endpoint]) -> set[str | None]:
    """The containers behind some endpoints; None stands for Pods where nobody listens."""
    return {endpoint.container for endpoint in endpoints}


def describe(containers: Iterable[str | None]) -> str:
    """Containers in words."""
    names = sorted(name or "a container that doesn't listen" for name in containers)
    return ", ".join(names) or "nobody"


def without_defaults(value: Any) -> Any:
    """A list without what the cluster adds: the volume of the token and the tolerations that every
    Pod gets. Other values are returned as they are.
    """
    if not isinstance(value, list):
        return value
    items = [
        item
        for item in value
        if not isinstance(item, dict)
        or not (
            str(item.get("name", "")).startswith("kube-api-access-")
            or item.get("tolerationSeconds") == _DEFAULT_TOLERATION_SECONDS
        )
    ]
    return items or None
