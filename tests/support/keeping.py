"""What a rewrite has to keep, said of two clusters: as it was, and as it is after a stage.

Each function yields a sentence for everything that is not as it should be. A container is known by
its name and image, which no rewrite changes; in the sets that these checks are made for, no two
containers share both.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from tests.support.cluster import Cluster, Container, Data, Key, Pods, Port, Reached, matches

Check = Callable[[Cluster, Cluster], Iterator[str]]

LOOPBACK = re.compile(r"(?<![\w.-])(localhost|127\.0\.0\.1|\[::1\]):(\d+)(?!\d)")
_HOST = re.compile(r"localhost|127\.0\.0\.1|::1|\[::1\]")
_FOLLOWING = ("env", "command", "args", "ports")
"""What may change in a container that moves: addresses of neighbours, names of ports."""
PASSING = {
    "name",
    "configMap",
    "secret",
    "projected",
    "downwardAPI",
    "emptyDir",
    "image",
    "ephemeral",
}
"""Volumes that end with their Pod, or that nobody writes to."""
_READ_ON_PODS = (
    "linkerd.io/",
    "sidecar.istio.io/",
    "cluster-autoscaler.kubernetes.io/",
    "checksum/",
)
"""Annotations that hold for every Pod, whichever containers are in it."""
_DEFAULT_SECONDS = 300
"""How long a Pod stays on a node that is not ready, where nobody says otherwise."""
_POD_FIELDS = (
    "serviceAccountName",
    "automountServiceAccountToken",
    "imagePullSecrets",
    "nodeSelector",
    "tolerations",
    "securityContext",
    "dnsPolicy",
    "dnsConfig",
    "hostAliases",
    "terminationGracePeriodSeconds",
    "priorityClassName",
    "runtimeClassName",
    "enableServiceLinks",
)
"""Fields of the Pod that hold for each of its containers."""


def containers(before: Cluster, after: Cluster) -> Iterator[str]:
    """Every container is there, with all that it says, as often as it was."""
    # What an autoscaler kept at a number of Pods may be written to run as many.
    least = {each.spec.get("minReplicas") for each in before.of("HorizontalPodAutoscaler")}
    for ident in _idents(before):
        homes = after.homes(ident)
        if not homes:
            yield f"the container {ident} is lost"
            continue
        origins = before.homes(ident)
        ran, runs = [each.copies for each in origins], [each.copies for each in homes]
        # Copies may be folded into one controller; a helper may go to each of the workloads that
        # its Pod is divided into.
        folded = all(isinstance(each, int) for each in (*ran, *runs)) and sum(map(int, ran)) in (
            sum(map(int, runs)),
            *runs,
        )
        if set(ran) != set(runs) and not folded and not set(runs) <= {*ran, *least}:
            yield f"{ident} ran {ran} times and runs {runs} times"
        for home in homes:
            old, new = _named(before.origin(home, ident), ident), _named(home, ident)
            if old.type != new.type:
                yield f"{ident} was {old.type} and is {new.type}"
            for field in {*old.data, *new.data} - set(_FOLLOWING):
                if _plain(field, old.data.get(field)) != _plain(field, new.data.get(field)):
                    yield f"{field} of {ident} has changed in {home.owner}"
            if [each.get("name") for each in old.data.get("env") or ()] != [
                each.get("name") for each in new.data.get("env") or ()
            ]:
                yield f"the variables of {ident} are not those that it had, in {home.owner}"


def ports(before: Cluster, after: Cluster) -> Iterator[str]:
    """A container declares what it declared, under the same names; what is declared anew is
    served.
    """
    for ident in _idents(before):
        for home in after.homes(ident):
            old, new = _named(before.origin(home, ident), ident), _named(home, ident)
            for name, number, protocol in old.ports:
                if not any(
                    (number, protocol) == each[1:] and name in ("", each[0]) for each in new.ports
                ):
                    yield f"{ident} declared {name} {number}/{protocol} and doesn't in {home.owner}"
            known = {each[1:] for each in old.ports}
            for name, number, protocol in new.ports:
                if (number, protocol) not in known and (number, protocol) not in (
                    after.local or after.listens
                )(new):
                    yield (
                        f"{ident} declares {name} {number}/{protocol} in {home.owner}, where it"
                        " doesn't listen"
                    )


def order(before: Cluster, after: Cluster) -> Iterator[str]:
    """Containers stand in the order in which they stood: init containers and native sidecars
    start in it.
    """
    for owner, pods in before.pods.items():
        places = {each.ident: place for place, each in enumerate(pods.containers)}
        for home in after.pods.values():
            met = [places[each.ident] for each in home.containers if each.ident in places]
            if met != sorted(met):
                yield f"the containers of {home.owner} stand in another order than in {owner}"


def mounts(before: Cluster, after: Cluster) -> Iterator[str]:
    """Behind every mount is what was behind it, claims above all."""
    for ident in _idents(before):
        old, new = _behind(before, ident), _behind(after, ident)
        if old != new:
            yield f"{ident} mounted {old} and mounts {new}"


def pod_fields(before: Cluster, after: Cluster) -> Iterator[str]:
    """What holds for a whole Pod holds for each Pod that its containers are in."""
    for ident in _idents(before):
        for home in after.homes(ident):
            origin = before.origin(home, ident)
            for field in _POD_FIELDS:
                # Copies that are pinned to nodes are so by the affinity of their DaemonSet.
                if field == "nodeSelector" and home.owner.kind == "DaemonSet" != origin.owner.kind:
                    continue
                if _own(origin.spec.get(field)) != _own(home.spec.get(field)):
                    yield f"{field} of {home.owner} is not what it was for {ident}"
            pinned = "nodeName" in origin.spec or "kubernetes.io/hostname" in (
                origin.spec.get("nodeSelector") or {}
            )
            for field in ("affinity", "topologySpreadConstraints"):
                if not pinned and _shape(origin.spec.get(field)) != _shape(home.spec.get(field)):
                    yield f"{field} of {home.owner} is not what it was for {ident}"


def updates(before: Cluster, after: Cluster) -> Iterator[str]:
    """A new Deployment of what writes to data never runs two Pods at once; what ran to an end
    still does, as often as it tried.
    """
    for home in after.pods.values():
        spec = home.origin.spec
        if (
            home.owner in before.pods
            or not home.containers
            or not before.homes(home.containers[0].ident)
        ):
            continue
        data = {source for each in home.containers for source in _written(each, home)}
        if (
            home.owner.kind == "Deployment"
            and data
            and (spec.get("strategy") or {}).get("type") != "Recreate"
        ):
            yield f"{home.owner} writes to {sorted(data)}, and two of its Pods may do so at once"
        origin = before.origin(home, home.containers[0].ident)
        if home.owner.kind in ("Job", "CronJob") and home.spec.get(
            "restartPolicy"
        ) != origin.spec.get("restartPolicy"):
            yield f"the Pods of {home.owner} are restarted otherwise than those of {origin.owner}"
        if (
            home.owner.kind == "Job"
            and origin.spec.get("restartPolicy") == "Never"
            and spec.get("backoffLimit") != 0
        ):
            yield f"{home.owner} tries again, and {origin.owner} didn't"


def _written(container: Container, pods: Pods) -> Iterator[str]:
    volumes = {each.get("name"): each for each in pods.spec.get("volumes") or ()}
    for mount in container.data.get("volumeMounts") or ():
        volume = volumes.get(mount.get("name"))
        if volume and not mount.get("readOnly") and volume.keys() - PASSING:
            yield from pods.sources(str(mount["name"]))


def _shape(value: Any) -> Any:
    """Terms that select Pods, whichever labels they ask for: those of a Pod that moves ask for
    its own.
    """
    if isinstance(value, dict):
        return {
            key: sorted(each) if key == "matchLabels" else _shape(each)
            for key, each in value.items()
        }
    return [_shape(each) for each in value] if isinstance(value, list) else value


def labels(before: Cluster, after: Cluster) -> Iterator[str]:
    """Old Pods keep their labels; new ones differ in one, and in what was added."""
    for ident in _idents(before):
        for home in after.homes(ident):
            origin = before.origin(home, ident)
            changed = {key for key, value in origin.labels.items() if home.labels.get(key) != value}
            if len(changed) > (home.owner not in before.pods):
                yield (
                    f"the labels {sorted(changed)} of {home.owner} are not those of {origin.owner}"
                )


def notes(before: Cluster, after: Cluster) -> Iterator[str]:
    """What is noted on a Pod for the cluster to read is noted on each Pod that its containers
    are in.
    """
    for ident in _idents(before):
        for home in after.homes(ident):
            origin = before.origin(home, ident)
            for key, value in origin.annotations.items():
                if key.startswith(_READ_ON_PODS) and home.annotations.get(key) != value:
                    yield f"{home.owner} with {ident} has lost the annotation {key}"


def selectors(before: Cluster, after: Cluster) -> Iterator[str]:
    """Every controller's selector matches its own Pods, and none matches Pods of others that it
    didn't match before.
    """
    for owner, pods in after.pods.items():
        selector = after.selector(owner)
        broken = owner in before.pods and not matches(
            before.selector(owner), before.pods[owner].labels
        )
        if selector is not None and not matches(selector, pods.labels) and not broken:
            yield f"the selector of {owner} doesn't match its own Pods"
    for owner, ident in after.overlaps() - before.overlaps():
        yield f"the selector of {owner} matches Pods with {ident}, which it didn't"


def services(before: Cluster, after: Cluster) -> Iterator[str]:
    """Every port of every Service reaches the containers that it reached, and no others; clients
    see the same ports.
    """
    old, new = before.reach(), after.reach()
    for port, reached in old.items():
        if port not in new:
            yield f"{port} is gone"
            continue
        wanted = _answering(reached)
        if _answering(new[port]) != wanted:
            yield f"{port} reached {_words(wanted)} and reaches {_words(_answering(new[port]))}"
    for service in before.services:
        again = after.by_key.get(service.key)
        for field, value in service.spec.items():
            if field not in ("selector", "ports") and (
                again is None or again.spec.get(field) != value
            ):
                yield f"{field} of {service.title} has changed"
    for port, reached in new.items():
        if port not in old and (None in _answering(reached) or len(_answering(reached)) > 1):
            yield f"the new {port} reaches {_words(_answering(reached))}"


def addresses(before: Cluster, after: Cluster) -> Iterator[str]:
    """What a container is told to call on localhost is answered by whom it was, there or behind
    a Service; all else reads as it did.
    """
    reach = after.reach()
    for ident in _idents(before):
        for home in after.homes(ident):
            origin = before.origin(home, ident)
            old, new = (
                words(_named(origin, ident), origin, before),
                words(_named(home, ident), home, after),
            )
            if old.keys() != new.keys():
                yield (
                    f"{ident} is told {sorted(old.keys() ^ new.keys())} in one and not in the"
                    f" other, in {home.owner}"
                )
            for place in old.keys() & new.keys():
                calls = _calls(place, old, new, _beside(origin, ident, home, reach))
                if calls is None:
                    yield (
                        f"{place} of {ident} read {old[place]!r} and reads {new[place]!r} in"
                        f" {home.owner}"
                    )
                for number, host, again in calls or ():
                    wanted = before.beside(origin, number)
                    found = _answers(after, reach, home, host, again)
                    # What nobody answered may stay as it is, and must not be pointed at somebody.
                    if found != {wanted} and not (wanted is None and _HOST.fullmatch(host)):
                        who = (
                            f"{place} of {ident} in {home.owner} called {wanted} on"
                            f" localhost:{number}"
                        )
                        yield f"{who} and reaches {_words(found)} at {host}:{again}"


_Reach = dict[Port, frozenset[Reached]]


def _beside(origin: Pods, ident: str, home: Pods, reach: _Reach) -> set[str]:
    """The Services of whom a container was beside: what a host without a port, which means a
    default, may turn into.
    """
    there = {each.ident for each in origin.running} - {ident}
    found = [
        port
        for port, reached in reach.items()
        if port.service.namespace == home.owner.namespace and _answering(reached) <= there
    ]
    return {port.service.name for port in found if reach[port]}


def _answers(after: Cluster, reach: _Reach, home: Pods, host: str, port: int) -> set[str | None]:
    """Who answers a container of some Pods at an address."""
    if _HOST.fullmatch(host):
        return {after.beside(home, port)}
    asked = [
        each
        for known, each in reach.items()
        if known.service[1:] == (home.owner.namespace, host) and known[2:] == (port, "TCP")
    ]
    return {each.container for reached in asked for each in reached}


def _calls(
    place: str, old: dict[str, str], new: dict[str, str], beside: set[str]
) -> list[tuple[int, str, int]] | None:
    """The ports that a text calls on localhost, each with the host and port that stand there
    now; None if anything else has changed.
    """
    was, now = old[place], new[place]
    if not _HOST.fullmatch(was):
        return _aligned(was, now)
    number, again = _port_beside(place, old), _port_beside(place, new)
    if number is not None and again is not None:
        return [(number, now, again)]
    return [] if now == was or now in beside else None


def _aligned(was: str, now: str) -> list[tuple[int, str, int]] | None:
    """Likewise for addresses within a text."""
    pattern, last = "", 0
    numbers = []
    for match in LOOPBACK.finditer(was):
        pattern += (
            re.escape(was[last : match.start()])
            + r"(localhost|127\.0\.0\.1|\[::1\]|[a-z][a-z0-9.-]*):(\d+)"
        )
        numbers.append(int(match[2]))
        last = match.end()
    found = re.fullmatch(pattern + re.escape(was[last:]), now, re.DOTALL)
    if found is None:
        return None
    groups = found.groups()
    return [
        (number, groups[2 * each], int(groups[2 * each + 1])) for each, number in enumerate(numbers)
    ]


def _port_beside(place: str, told: dict[str, str]) -> int | None:
    """The port in the variable that belongs to one with a host: `DB_PORT` beside `DB_HOST`."""
    stem = re.sub(r"(HOST|ADDR|SERVER)$", "", place)
    value = told.get(f"{stem}PORT", "")
    return int(value) if stem != place and value.isdigit() else None


def words(container: Container, pods: Pods, cluster: Cluster) -> dict[str, str]:
    """Everything that a container is told in text, by where: variables as it sees them,
    arguments, and files of ConfigMaps.
    """
    found = {
        f"{field} {place}": str(each)
        for field in ("command", "args")
        for place, each in enumerate(container.data.get(field) or ())
    }

    def config(name: Any) -> Data:
        each = cluster.by_key.get(Key("ConfigMap", pods.owner.namespace, str(name)))
        return {
            key: str(value)
            for key, value in ((each.data.get("data") or {}) if each else {}).items()
        }

    for source in container.data.get("envFrom") or ():
        prefix = source.get("prefix", "")
        found |= {
            f"env {prefix}{key}": value
            for key, value in config((source.get("configMapRef") or {}).get("name")).items()
        }
    for variable in container.data.get("env") or ():
        reference = (variable.get("valueFrom") or {}).get("configMapKeyRef")
        value = (
            config(reference["name"]).get(reference["key"], "")
            if reference
            else str(variable.get("value", ""))
        )
        found[f"env {variable['name']}"] = value
    volumes = {each.get("name"): each for each in pods.spec.get("volumes") or ()}
    for mount in container.data.get("volumeMounts") or ():
        volume = volumes.get(mount.get("name")) or {}
        found |= {
            f"file {mount.get('mountPath')}/{key}": value
            for key, value in config((volume.get("configMap") or {}).get("name")).items()
        }
    return found


def _plain(field: str, value: Any) -> Any:
    """A field of a container; which names its volumes have is its Pod's affair (see `mounts`)."""
    if field == "volumeMounts":
        return [
            {key: each for key, each in mount.items() if key != "name"}
            for mount in _own(value) or ()
        ]
    return value


def _own(value: Any) -> Any:
    """A value without what the cluster writes: the token's volume, and tolerations that every
    Pod gets.
    """
    if not isinstance(value, list):
        return value
    kept = [
        each
        for each in value
        if not isinstance(each, dict)
        or not (
            str(each.get("name", "")).startswith("kube-api-access-")
            or each.get("tolerationSeconds") == _DEFAULT_SECONDS
        )
    ]
    return kept or None


def _idents(cluster: Cluster) -> list[str]:
    return list(
        dict.fromkeys(
            container.ident for pods in cluster.pods.values() for container in pods.containers
        )
    )


def _named(pods: Pods, ident: str) -> Container:
    return next(each for each in pods.containers if each.ident == ident)


def _behind(cluster: Cluster, ident: str) -> dict[str, frozenset[str]]:
    """What is behind each mount of a container, over all Pods that it is in."""
    found: dict[str, frozenset[str]] = {}
    for pods in cluster.homes(ident):
        for mount in _own(_named(pods, ident).data.get("volumeMounts")) or ():
            path = str(mount.get("mountPath"))
            found[path] = found.get(path, frozenset()) | pods.sources(str(mount.get("name")))
    return found


def _answering(reached: frozenset[Reached]) -> set[str | None]:
    return {each.container for each in reached}


def _words(found: set[str | None]) -> str:
    return (
        ", ".join(sorted(each or "a container that doesn't listen" for each in found)) or "nobody"
    )
