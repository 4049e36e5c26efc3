"""Volumes that several groups mount: whether two Pods can have what one had."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from service.actions.context import Candidate, Refused
from service.actions.split.groups import Partition
from service.kube.node_files import is_common_on_nodes
from service.kube.objects import as_list, as_mapping, as_text, value_at
from service.kube.workloads import READ_ONLY_SOURCES, Workload, is_persistent
from service.refusals import Refusal


@dataclass(frozen=True, slots=True)
class _Usage:
    """What is behind one or more volumes, and who mounts it."""

    volume: str
    """The name of the first of the volumes."""
    groups: frozenset[int]
    """The groups that mount it."""
    is_writable: bool
    """Whether one of them may write to it."""


def check_volumes(candidate: Candidate, partition: Partition, kind: str) -> None:
    """See that no volume has to be in two Pods that can be in one only, or to leave the one
    whose it is.

    Args:
        candidate: the workload that is split.
        partition: its groups.
        kind: the kind of the new workloads.

    Raises:
        Refused: there is one.
    """
    workload = candidate.workload
    for usage in _usages(workload, partition):
        name = usage.volume
        volume = as_mapping(workload.volumes_by_name.get(name))
        if "volumeClaimTemplate" in volume and 0 not in usage.groups:
            message = (
                f"the claim template {name} is used by what moves alone, and its claims are the"
                " StatefulSet's: move the data first"
            )
            raise Refused(Refusal.CLAIM_TEMPLATES, message)
        binds_nobody = READ_ONLY_SOURCES & volume.keys() or is_common_on_nodes(volume)
        if len(usage.groups) < 2 or binds_nobody:
            continue
        if "hostPath" in volume:
            if usage.is_writable and kind != "DaemonSet":
                message = (
                    f"both groups use the path of the node behind {name}, and two Pods may be on"
                    " two nodes"
                )
                raise Refused(Refusal.SHARED_VOLUME, message)
        elif "persistentVolumeClaim" in volume or "volumeClaimTemplate" in volume:
            claim = as_text(value_at(volume, "persistentVolumeClaim", "claimName"))
            _check_claim(candidate, name, claim)
        elif not _is_shared_by_helpers_only(workload, name, partition.group_of):
            message = (
                f"the volume {name} is mounted in both groups, and what is in it stays with one Pod"
            )
            raise Refused(Refusal.SHARED_VOLUME, message)


def _usages(workload: Workload, partition: Partition) -> list[_Usage]:
    """What the groups mount, by what is behind it: two volumes may be one claim or one path."""
    found: dict[str, _Usage] = {}
    for group, members in enumerate(partition.members):
        for mount in (mount for container in members for mount in container.mounts):
            source = _source(workload, mount.volume)
            known = found.get(source, _Usage(mount.volume, frozenset(), is_writable=False))
            found[source] = _Usage(
                known.volume,
                known.groups | {group},
                is_writable=known.is_writable or not mount.read_only,
            )
    return list(found.values())


def _source(workload: Workload, name: str) -> str:
    """What is behind a volume, as text; the volume itself where it is nobody else's."""
    volume = {
        key: value
        for key, value in as_mapping(workload.volumes_by_name.get(name)).items()
        if key != "name"
    }
    return (
        json.dumps(volume, sort_keys=True, default=str)
        if is_persistent(volume) and "volumeClaimTemplate" not in volume
        else name
    )


def _is_shared_by_helpers_only(workload: Workload, name: str, group_of: Mapping[int, int]) -> bool:
    """Whether nobody but init containers and Pod-wide sidecars brings a volume into a second
    group.
    """
    groups = {
        group_of[container.index]
        for container in workload.classified_containers
        if any(mount.volume == name for mount in container.mounts)
    }
    return len(groups) <= 1


def _check_claim(candidate: Candidate, volume: str, claim: str) -> None:
    found = candidate.manifests.find("PersistentVolumeClaim", claim, candidate.resource)
    modes = as_list(value_at(found.data, "spec", "accessModes")) if found else []
    if "ReadWriteMany" not in modes and "ReadOnlyMany" not in modes:
        message = (
            f"both groups mount the claim behind {volume}, which two nodes can't unless it is"
            " ReadWriteMany"
        )
        raise Refused(Refusal.SHARED_CLAIM, message)
