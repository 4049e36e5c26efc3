"""Checks of containers: none is lost, and each keeps its fields, ports, order and mounts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.support.checks.lookup import container_in, identities, without_defaults
from tests.support.cluster import Cluster
from tests.support.pods import Container

_ADAPTED_FIELDS = ("env", "command", "args", "ports")
"""Fields that may change in a container that moves: addresses of others, names of ports."""


def check_containers(before: Cluster, after: Cluster) -> Iterator[str]:
    """Every container is there, with the same fields, and runs as often as before."""
    # What an autoscaler kept at a number of Pods may be written to run as many.
    minimums = {
        autoscaler.spec.get("minReplicas")
        for autoscaler in before.of_kind("HorizontalPodAutoscaler")
    }
    for identity in identities(before):
        later_pods = after.pods_with(identity)
        if not later_pods:
            yield f"the container {identity} is lost"
            continue
        ran = [pods.replicas for pods in before.pods_with(identity)]
        # What can't run twice is stopped for a stage.
        runs = [pods.replicas for pods in later_pods if not pods.is_stopped]
        if (
            runs
            and set(ran) != set(runs)
            and not _is_merged(ran, runs)
            and not set(runs)
            <= {
                *ran,
                *minimums,
            }
        ):
            yield f"{identity} ran {ran} times and runs {runs} times"
        for pods in later_pods:
            old = container_in(before.origin_of(pods, identity), identity)
            new = container_in(pods, identity)
            for difference in _differences(old, new):
                yield f"{identity} in {pods.owner}: {difference}"


def _is_merged(ran: list[int | str], runs: list[int | str]) -> bool:
    """Whether the same number of Pods runs under fewer controllers, or under each of several.

    Pods that are alike may be folded into one controller. A helper may go to each of the workloads
    that its Pod is divided into.
    """
    if not all(isinstance(count, int) for count in (*ran, *runs)):
        return False
    return sum(map(int, ran)) in (sum(map(int, runs)), *runs)


def _differences(old: Container, new: Container) -> Iterator[str]:
    if old.type != new.type:
        yield f"it was {old.type} and is {new.type}"
    for field in {*old.data, *new.data} - set(_ADAPTED_FIELDS):
        if _comparable(field, old.data.get(field)) != _comparable(field, new.data.get(field)):
            yield f"{field} has changed"
    if _variable_names(old) != _variable_names(new):
        yield "it has other variables"


def _comparable(field: str, value: Any) -> Any:
    """A field of a container without the names of volumes; `check_mounts` looks behind those."""
    if field == "volumeMounts":
        return [
            {key: setting for key, setting in mount.items() if key != "name"}
            for mount in without_defaults(value) or ()
        ]
    return value


def _variable_names(container: Container) -> list[Any]:
    return [variable.get("name") for variable in container.data.get("env") or ()]


def check_declared_ports(before: Cluster, after: Cluster) -> Iterator[str]:
    """A container declares its ports under the same names; a port that is new is listened on."""
    for identity in identities(before):
        for pods in after.pods_with(identity):
            old = container_in(before.origin_of(pods, identity), identity)
            new = container_in(pods, identity)
            for name, number, protocol in old.ports:
                if not any(
                    (number, protocol) == (new_number, new_protocol) and name in ("", new_name)
                    for new_name, new_number, new_protocol in new.ports
                ):
                    yield (
                        f"{identity} declared {name} {number}/{protocol} and doesn't in"
                        f" {pods.owner}"
                    )
            known = {(number, protocol) for _, number, protocol in old.ports}
            listens_on = (after.localhost_ports_of or after.ports_of)(new)
            for name, number, protocol in new.ports:
                if (number, protocol) not in known | listens_on:
                    yield (
                        f"{identity} declares {name} {number}/{protocol} in {pods.owner}, where it"
                        " doesn't listen"
                    )


def check_order(before: Cluster, after: Cluster) -> Iterator[str]:
    """Containers keep their order: init containers and native sidecars start in it."""
    for owner, origin in before.pods.items():
        places = {container.identity: place for place, container in enumerate(origin.containers)}
        for pods in after.pods.values():
            kept_places = [
                places[container.identity]
                for container in pods.containers
                if container.identity in places
            ]
            if kept_places != sorted(kept_places):
                yield f"the containers of {pods.owner} are in another order than in {owner}"


def check_mounts(before: Cluster, after: Cluster) -> Iterator[str]:
    """Behind every mount is the volume that was behind it."""
    for identity in identities(before):
        old, new = _mounted_sources(before, identity), _mounted_sources(after, identity)
        if old != new:
            yield f"{identity} mounted {old} and mounts {new}"


def _mounted_sources(cluster: Cluster, identity: str) -> dict[str, frozenset[str]]:
    """What is behind each mount of a container, over all Pods that it is in, by mount path."""
    found: dict[str, frozenset[str]] = {}
    for pods in cluster.pods_with(identity):
        mounts = without_defaults(container_in(pods, identity).data.get("volumeMounts"))
        for mount in mounts or ():
            path = str(mount.get("mountPath"))
            sources = pods.volume_sources(str(mount.get("name")))
            found[path] = found.get(path, frozenset()) | sources
    return found
