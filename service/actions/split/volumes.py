"""Volumes that several groups mount: whether two Pods can have what one had."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from service.actions.context import Candidate, Refused
from service.kube.containers import Container
from service.kube.objects import as_list, as_mapping, as_text, value_at
from service.kube.workloads import READ_ONLY_SOURCES, Workload, is_persistent


def check_volumes(
    candidate: Candidate,
    members: Sequence[Sequence[Container]],
    group_of: Mapping[int, int],
    kind: str,
) -> None:
    """See that no volume has to be in two Pods that can be in one only.

    Args:
        candidate: the workload that is split.
        members: the containers of each group, those that go to several in each.
        group_of: the group of each container that is told apart, by its index.
        kind: the kind of the new workloads.

    Raises:
        Refused: there is one.
    """
    workload = candidate.workload
    # By what is behind them: two volumes may be one claim or one path.
    users: dict[str, set[int]] = {}
    names: dict[str, str] = {}
    writable: set[str] = set()
    for number, containers in enumerate(members):
        for mount in (mount for each in containers for mount in each.mounts):
            source = _source(workload, mount.volume)
            users.setdefault(source, set()).add(number)
            names.setdefault(source, mount.volume)
            if not mount.read_only:
                writable.add(source)
    for source, groups in users.items():
        name = names[source]
        volume = as_mapping(workload.volumes.get(name))
        if len(groups) < 2 or READ_ONLY_SOURCES & volume.keys():
            continue
        if "hostPath" in volume:
            if source in writable and kind != "DaemonSet":
                raise Refused(
                    "shared-volume",
                    f"both groups use the path of the node behind {name}, and two Pods may be on"
                    " two nodes",
                )
        elif "persistentVolumeClaim" in volume or "volumeClaimTemplate" in volume:
            _check_claim(
                candidate, name, as_text(value_at(volume, "persistentVolumeClaim", "claimName"))
            )
        elif not _only_helpers_share(workload, name, group_of):
            raise Refused(
                "shared-volume",
                f"the volume {name} is mounted in both groups, and what is in it stays with"
                " one Pod",
            )


def _source(workload: Workload, name: str) -> str:
    """What is behind a volume, as text; the volume itself where it is nobody else's."""
    volume = {
        key: value for key, value in as_mapping(workload.volumes.get(name)).items() if key != "name"
    }
    return (
        json.dumps(volume, sort_keys=True, default=str)
        if is_persistent(volume) and "volumeClaimTemplate" not in volume
        else name
    )


def _only_helpers_share(workload: Workload, name: str, group_of: Mapping[int, int]) -> bool:
    """Whether nobody but init containers and Pod-wide sidecars brings a volume into a second
    group.
    """
    return (
        len(
            {
                group_of[each.index]
                for each in workload.classified_containers
                if any(mount.volume == name for mount in each.mounts)
            }
        )
        <= 1
    )


def _check_claim(candidate: Candidate, volume: str, claim: str) -> None:
    found = candidate.manifests.find("PersistentVolumeClaim", claim, candidate.resource)
    modes = as_list(value_at(found.data, "spec", "accessModes")) if found else []
    if "ReadWriteMany" not in modes and "ReadOnlyMany" not in modes:
        message = (
            f"both groups mount the claim behind {volume}, which two nodes can't unless it is"
            " ReadWriteMany"
        )
        raise Refused("shared-claim", message)
