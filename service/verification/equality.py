"""Whether containers and objects are what they were, but for what a rewrite may change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.kube.containers import Container
from service.kube.live_exports import is_token
from service.kube.objects import as_list, as_mappings, as_text
from service.kube.workloads import Workload
from service.verification.loopback import replaced_addresses
from service.yamldoc.nodes import Data, Route
from service.yamldoc.operations import Tree, Verbatim
from service.yamldoc.scalars import resolve_plain


def are_equal_but_for(one: Data, other: Data, routes: frozenset[Route], at: Route = ()) -> bool:
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
            are_equal_but_for(one.get(key), other.get(key), routes, (*at, key))
            for key in one.keys() | other.keys()
        )
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return all(
            are_equal_but_for(first, second, routes, (*at, index))
            for index, (first, second) in enumerate(zip(one, other, strict=True))
        )
    return False


def is_made_from(data: Data, tree: Tree) -> bool:
    """Whether data is what a tree was to become; text that the tree takes over from elsewhere is
    not looked at.
    """
    if isinstance(tree, Verbatim):
        return True
    if isinstance(tree, dict) and isinstance(data, dict):
        return data.keys() == tree.keys() and all(
            is_made_from(data[key], tree[key]) for key in tree
        )
    if isinstance(tree, list) and isinstance(data, list):
        return len(data) == len(tree) and all(map(is_made_from, data, tree))
    return bool(data == tree)


def mounted_volumes(
    workload: Workload, container: Container, pod: Workload
) -> list[tuple[str, Any]]:
    """What a container of one of a workload's Pods finds at which path; the token of the service
    account aside.

    Args:
        workload: whose container it is.
        container: the container.
        pod: the Pod, where the claims of a StatefulSet are named for it.
    """
    found: list[tuple[str, Any]] = []
    for mount in container.mounts:
        volume = workload.volumes_by_name.get(mount.volume)
        source: Any = None
        if volume is not None:
            source = {key: value for key, value in volume.items() if key != "name"}
            if "volumeClaimTemplate" in volume and pod.is_pod:
                # A StatefulSet's claims are named for the template and the Pod.
                claim = f"{mount.volume}-{pod.name}"
                source = {"persistentVolumeClaim": {"claimName": claim}}
        if not is_token(mount.volume):
            found.append((mount.path, source))
    return found


_COMPARED_SEPARATELY = frozenset(
    {"command", "args", "env", "ports", "volumeMounts", "volumeDevices"}
)
"""Fields of a container that a rewrite may change, each in a way of its own."""


def is_container_preserved(one: Container, other: Container) -> bool:
    """Whether two containers are equal but for names of ports, rewired addresses, added ports and
    machine-made mounts.
    """
    if one.data == other.data:
        return True
    keys = one.data.keys() | other.data.keys()
    differing = {
        key for key in keys if not _is_same_but_quoted(one.data.get(key), other.data.get(key))
    }
    if differing - _COMPARED_SEPARATELY:
        return False
    return (
        _are_ports_preserved(one.data.get("ports"), other.data.get("ports"))
        and _is_same_but_quoted([*_mounts(one.data)], [*_mounts(other.data)])
        and all(
            _are_words_preserved(one.data.get(field), other.data.get(field))
            for field in ("command", "args", "env")
        )
    )


def _is_same_but_quoted(one: Data, other: Data) -> bool:
    """Whether two values are equal, but for numbers and words for true and false that are quoted
    now: the API server takes strings only where they are.
    """
    if one == other:
        return True
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(
            _is_same_but_quoted(value, other[key]) for key, value in one.items()
        )
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_is_same_but_quoted, one, other))
    if isinstance(other, str) and isinstance(one, bool | int | float):
        return bool(resolve_plain(other) == one)
    return False


def _are_ports_preserved(one: Data, other: Data) -> bool:
    """Whether the ports are equal but for names that are new; some may have been added behind."""
    before, after = as_mappings(one), as_mappings(other)
    return len(before) <= len(after) and all(
        _is_same_but_quoted(was, now) or _is_same_but_quoted(was, _without_additions(was, now))
        for was, now in zip(before, after, strict=False)
    )


def _without_additions(was: Mapping[str, Data], now: Mapping[str, Data]) -> dict[str, Data]:
    """A port without what a rewrite may add: a name, and the number where only `hostPort` said
    it.
    """
    added = {"name"}
    if "containerPort" not in was and now.get("containerPort") == was.get("hostPort"):
        added.add("containerPort")
    return {key: value for key, value in now.items() if key not in added or key in was}


def _mounts(data: Mapping[str, Data]) -> tuple[list[dict[str, Data]], list[dict[str, Data]]]:
    """Mounts without the names of their volumes: what is behind those is compared elsewhere."""
    mounts = [
        mount
        for mount in as_mappings(data.get("volumeMounts"))
        if not is_token(as_text(mount.get("name")))
    ]
    return _without_names(mounts), _without_names(data.get("volumeDevices"))


def _without_names(entries: Data) -> list[dict[str, Data]]:
    return [
        {key: value for key, value in entry.items() if key != "name"}
        for entry in as_mappings(entries)
    ]


def _are_words_preserved(one: Data, other: Data) -> bool:
    """Whether two lists of words or variables are equal but for rewired addresses."""
    before, after = as_list(one), as_list(other)
    return len(before) == len(after) and all(map(_is_word_preserved, before, after))


def _is_word_preserved(one: Data, other: Data) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        rest = [
            {key: value for key, value in variable.items() if key != "value"}
            for variable in (one, other)
        ]
        names = _is_same_but_quoted(rest[0], rest[1])
        return names and _is_word_preserved(one.get("value"), other.get("value"))
    if one == other:
        return True
    if isinstance(one, str) and isinstance(other, str):
        return bool(replaced_addresses(one, other))
    return _is_same_but_quoted(one, other)
