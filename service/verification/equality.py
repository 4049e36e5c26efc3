"""Whether containers and what they have are what they were, but for what a rewrite means to
change.
"""

from __future__ import annotations

import re
from typing import Any

from service.kube.annotations import is_for_pods, stays_behind
from service.kube.containers import Container
from service.kube.live_exports import is_live, is_machine_written, is_token
from service.kube.objects import as_list, as_mappings, as_text, value_at
from service.kube.pod_fields import POD_FIELDS, Fate
from service.kube.references import LOOPBACK, LOOPBACK_HOST
from service.kube.replicas import HOST_NAME_LABEL
from service.kube.workloads import Workload, uses_host_port, writes_persistent_data
from service.yamldoc.nodes import Data, Route
from service.yamldoc.operations import Tree, Verbatim

_ADDRESS = r"(?:[a-z0-9][a-z0-9-]*(?::\d{1,5})?|\[::1\](?::\d{1,5})?|[\d.]+(?::\d{1,5})?)"
"""The name of a Service, or a loopback host that stayed, with a port."""


def same_but(one: Data, other: Data, routes: frozenset[Route], at: Route = ()) -> bool:
    """Whether two objects are equal but for what stands at some routes.

    Args:
        one: the first, or what stands in it at `at`.
        other: the second, likewise.
        routes: what may differ.
        at: where in the objects the two stand.
    """
    if one == other or at in routes:
        return True
    if isinstance(one, dict) and isinstance(other, dict):
        return all(
            same_but(one.get(key), other.get(key), routes, (*at, key))
            for key in one.keys() | other.keys()
        )
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return all(
            same_but(first, second, routes, (*at, index))
            for index, (first, second) in enumerate(zip(one, other, strict=True))
        )
    return False


def says(data: Data, tree: Tree) -> bool:
    """Whether data is what a tree was to become; text that the tree takes over from elsewhere is
    not looked at.
    """
    if isinstance(tree, Verbatim):
        return True
    if isinstance(tree, dict) and isinstance(data, dict):
        return data.keys() == tree.keys() and all(says(data[key], tree[key]) for key in tree)
    if isinstance(tree, list) and isinstance(data, list):
        return len(data) == len(tree) and all(map(says, data, tree))
    return bool(data == tree)


def nodes_of(workload: Workload) -> list[str]:
    """The nodes that a workload's Pods are pinned to, sorted; empty if to none."""
    pod = workload.pod
    terms = value_at(
        pod,
        "affinity",
        "nodeAffinity",
        "requiredDuringSchedulingIgnoredDuringExecution",
        "nodeSelectorTerms",
    )
    asked = [
        each
        for term in as_mappings(terms)
        for field in ("matchFields", "matchExpressions")
        for each in as_mappings(term.get(field))
    ]
    about = [
        each
        for each in asked
        if each.get("key") in ("metadata.name", HOST_NAME_LABEL) and each.get("operator") == "In"
    ]
    named = [as_text(value) for each in about for value in as_list(each.get("values"))]
    written = [
        as_text(pod.get("nodeName")),
        as_text(value_at(pod, "nodeSelector", HOST_NAME_LABEL)),
    ]
    return sorted([*named, *(each for each in written if each)])


def runs_alike(old: Workload, home: Workload, count: int, *, moved: bool) -> bool:
    """Whether a workload makes as many Pods as there were, or makes them at the same times.

    Args:
        old: the workload as it was.
        home: one that has its containers.
        count: how many bare Pods it stands for.
        moved: whether the containers moved; one that moved away from an autoscaler has a number of
            its own.
    """
    now, written = home.resource.spec.get("replicas"), old.resource.spec.get("replicas")
    if old.resource.kind == "CronJob":
        return same_but(old.resource.spec, home.resource.spec, frozenset({("jobTemplate",)}))
    if old.is_pod:
        return now == count or (now is None and (count == 1 or home.resource.kind == "DaemonSet"))
    return now == written or (moved and written is None)


def replaces_alike(old: Workload, home: Workload, *, moved: bool) -> bool:
    """Whether a Deployment replaces its Pods as was done before: the old one first, where only one
    Pod can have what they have.

    Args:
        old: the workload as it was.
        home: one that has its containers.
        moved: whether the containers moved.
    """
    if home.resource.kind != "Deployment":
        return True
    was, now = old.resource.spec.get("strategy"), home.resource.spec.get("strategy")
    if not moved and old.resource.kind == "Deployment":
        return now == was
    alone = value_at(was, "type") == "Recreate" or any(
        writes_persistent_data(home, each) or uses_host_port(home, each) for each in home.containers
    )
    return not alone or now == {"type": "Recreate"}


def shares_alike(old: Workload, home: Workload, field: str) -> bool:
    """Whether a field that all containers of a Pod share is what it was.

    A server that gets a controller is restarted always, and what live exports carry because the API
    server filled it in goes.
    """
    was, now = old.pod.get(field), home.pod.get(field)
    if POD_FIELDS.get(field) is Fate.SELECTS:
        return _relabelled(
            was, now, {(value, home.labels.get(key)) for key, value in old.labels.items()}
        )
    if was == now or not old.is_pod:
        return was == now
    if field == "nodeName":
        return now is None and is_live(old.resource)
    if field == "tolerations":
        gone = [each for each in as_mappings(was) if each not in as_list(now)]
        filled_in = all(as_text(each.get("key")).startswith("node.kubernetes.io/") for each in gone)
        return filled_in and all(each in as_list(was) for each in as_list(now))
    return field == "restartPolicy" and now in (None, "Always")


def _relabelled(was: Data, now: Data, values: set[tuple[str, str | None]]) -> bool:
    """Whether two selecting fields are equal but for the values of labels in which the Pods
    differ, given as pairs.
    """
    if isinstance(was, dict) and isinstance(now, dict) and was.keys() == now.keys():
        return all(_relabelled(was[key], now[key], values) for key in was)
    if isinstance(was, list) and isinstance(now, list) and len(was) == len(now):
        return all(
            _relabelled(first, second, values) for first, second in zip(was, now, strict=True)
        )
    return was == now or (isinstance(was, str) and isinstance(now, str) and (was, now) in values)


def marked_alike(old: Workload, home: Workload, *, moved: bool) -> bool:
    """Whether Pods have the labels and annotations that they had; moved ones differ in one label,
    which tells them apart.

    Args:
        old: the workload as it was.
        home: one that has its containers.
        moved: whether the containers moved.
    """
    differing = {key for key, value in old.labels.items() if home.labels.get(key) != value}
    kept = {
        key: value
        for key, value in old.annotations.items()
        if not (moved and stays_behind(old, key, value))
        and not (old.is_pod and (is_machine_written(old.resource, key) or not is_for_pods(key)))
    }
    return len(differing) <= moved and differing <= home.labels.keys() and kept == home.annotations


def mounted(workload: Workload, container: Container, pod: Workload) -> list[tuple[str, Any]]:
    """What a container of one of a workload's Pods finds at which path; the token of the service
    account aside.
    """
    found: list[tuple[str, Any]] = []
    for mount in container.mounts:
        volume = workload.volumes.get(mount.volume)
        source: Any = (
            {key: value for key, value in volume.items() if key != "name"}
            if volume is not None
            else None
        )
        if volume is not None and "volumeClaimTemplate" in volume and pod.is_pod:
            # A StatefulSet's claims are named for the template and the Pod.
            source = {"persistentVolumeClaim": {"claimName": f"{mount.volume}-{pod.name}"}}
        if not is_token(mount.volume):
            found.append((mount.path, source))
    return found


_VARYING = frozenset({"command", "args", "env", "ports", "volumeMounts", "volumeDevices"})
"""Fields of a container that a rewrite may change, each in a way of its own."""


def alike(one: Container, other: Container) -> bool:
    """Whether two containers are equal but for names of ports, rewired addresses, an added port
    and machine-made mounts.
    """
    differing = {
        key
        for key in one.data.keys() | other.data.keys()
        if one.data.get(key) != other.data.get(key)
    }
    if not differing or differing - _VARYING:
        return not differing
    first, second = (
        {key: data[key] for key in _VARYING if key in data} for data in (one.data, other.data)
    )
    for data in (first, second):
        data["ports"] = [
            {key: value for key, value in port.items() if key != "name"}
            for port in as_mappings(data.get("ports"))
        ]
        mounts = [
            each
            for each in as_mappings(data.get("volumeMounts"))
            if not is_token(as_text(each.get("name")))
        ]
        # What is behind a mount is compared by `mounted`.
        data["volumeMounts"] = [
            {key: value for key, value in each.items() if key != "name"} for each in mounts
        ]
        data["volumeDevices"] = [
            {key: value for key, value in each.items() if key != "name"}
            for each in as_mappings(data.get("volumeDevices"))
        ]
    if len(first["ports"]) < len(second["ports"]):
        first["ports"] = (
            second["ports"]
            if first["ports"] == second["ports"][: len(first["ports"])]
            else first["ports"]
        )
    words = all(
        _same_words(first.pop(field, None), second.pop(field, None))
        for field in ("command", "args", "env")
    )
    return words and first == second


def _same_words(one: Data, other: Data) -> bool:
    """Whether two lists of words or variables are equal but for rewired addresses."""
    before, after = as_list(one), as_list(other)
    return len(before) == len(after) and all(map(_same_word, before, after))


def _same_word(one: Data, other: Data) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        rest = {key: value for key, value in one.items() if key != "value"} == {
            key: value for key, value in other.items() if key != "value"
        }
        return rest and _same_word(one.get("value"), other.get("value"))
    return one == other or (
        isinstance(one, str) and isinstance(other, str) and is_rewired(one, other)
    )


def is_rewired(old: str, new: str) -> bool:
    """Whether a text differs from another one only where that has loopback addresses."""
    return bool(rewired(old, new))


def rewired(old: str, new: str) -> list[tuple[str, str]]:
    """The loopback addresses of a text, each with what stands in its place in another one; empty
    if the two differ elsewhere too.
    """
    if LOOPBACK_HOST.fullmatch(old.strip()):
        return [(old.strip(), new.strip())] if re.fullmatch(_ADDRESS, new.strip()) else []
    pattern, position, addresses = "", 0, []
    for match in LOOPBACK.finditer(old):
        pattern += re.escape(old[position : match.start()]) + f"({_ADDRESS})"
        position = match.end()
        addresses.append(match[0])
    found = re.fullmatch(pattern + re.escape(old[position:]), new) if addresses else None
    return list(zip(addresses, found.groups(), strict=True)) if found else []
