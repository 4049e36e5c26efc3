"""Shared data.

Looks for: a writable volume (emptyDir, claim, hostPath, ephemeral, CSI) that both mount at
overlapping sub-paths. One that writes and one that reads says most. Host paths of the system
(`/etc/localtime`, `/sys`, `/proc`, certificates) and `/tmp` say little, and a ConfigMap or Secret
that both read says almost nothing, unless one of them reloads it.

Matters because: containers that hand each other files can't be on different nodes.

Example:
    containers:
      - name: web
        volumeMounts: [{name: logs, mountPath: /var/log/app}]
      - name: shipper
        volumeMounts: [{name: logs, mountPath: /logs, readOnly: true}]
    volumes:
      - name: logs
        emptyDir: {}

Comes out: the two belong together, more surely if one only reads.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import NamedTuple

from service.classification.applications import are_two_applications, different_parts
from service.classification.context import PodContext
from service.classification.node_paths import is_system_path
from service.classification.observation import Claim, Observation
from service.kube.containers import Container, Mount
from service.kube.objects import LazyLocation, as_mapping, as_text, value_at

_READ_ONLY_KINDS = ("configMap", "secret", "downwardAPI")
"""Kinds of volumes that no container writes to."""
_SCRATCH_PATH = "/tmp"  # noqa: S108 - where containers mount a volume, not a file of ours
"""Where containers mount scratch space."""
_API_ACCESS = "kube-api-access"
"""Start of the names of the volumes that the API server adds to every container."""


class _Sharing(NamedTuple):
    """What it says that two containers mount one volume."""

    case: str
    meaning: str


_CONFIG = _Sharing("config", "configuration that both read")
_SYSTEM = _Sharing("system", "a path of the node that many containers use")
_SCRATCH = _Sharing("scratch", "scratch space that may be shared by habit")
_CLAIM = _Sharing("claim", "they work on the same stored data")
_BOTH_WRITE = _Sharing("both-write", "they hand each other files")
_ONE_READS = _Sharing("one-reads", "one writes and the other reads")
_APPLICATIONS = _Sharing("applications", "though they are named for different parts of a product")
_FILES = (_CLAIM, _BOTH_WRITE, _ONE_READS)
"""What hands files from one to the other."""
_BY_STRENGTH = (_CONFIG, _SYSTEM, _SCRATCH, _CLAIM, _BOTH_WRITE, _ONE_READS)
"""Of several volumes that two containers share, the one of the last of these counts."""


def observe(context: PodContext) -> Iterator[Observation]:
    """Yields TOGETHER for each two containers that mount one volume, with the mount that says
    most.
    """
    for one, other in combinations(context.classified_containers, 2):
        sharings = [
            (_sharing_of(context, mount, other_mount), mount)
            for mount, other_mount in _shared_mounts(one, other)
        ]
        if sharings:
            sharing, mount = max(sharings, key=lambda item: _BY_STRENGTH.index(item[0]))
            if sharing in _FILES and _are_parts(context, one, other):
                sharing = _APPLICATIONS
            yield Observation(
                case=f"shared-data.{sharing.case}",
                claim=Claim.TOGETHER,
                subject=one,
                message=f"mounts the volume {mount.volume!r}, which {other.name} mounts too:"
                f" {sharing.meaning}",
                place=LazyLocation(context.workload.resource, mount.route),
                other=other,
            )


def _shared_mounts(one: Container, other: Container) -> Iterator[tuple[Mount, Mount]]:
    """Yields the mounts by which two containers see the same files."""
    by_volume: dict[str, list[Mount]] = {}
    for other_mount in other.mounts:
        by_volume.setdefault(other_mount.volume, []).append(other_mount)
    for mount in one.mounts:
        for other_mount in by_volume.get(mount.volume, ()) if mount.volume else ():
            if _is_overlapping(mount.sub_path, other_mount.sub_path):
                yield mount, other_mount


def _is_overlapping(one: str, other: str) -> bool:
    """Whether two sub-paths share files: one is the other, lies within it, or is the whole
    volume.
    """
    if not one or not other:
        return True
    parts, other_parts = one.strip("/").split("/"), other.strip("/").split("/")
    shorter = min(len(parts), len(other_parts))
    return parts[:shorter] == other_parts[:shorter]


def _sharing_of(context: PodContext, one: Mount, other: Mount) -> _Sharing:
    """What it says that two containers mount one volume in these ways."""
    volume = as_mapping(context.workload.volumes_by_name.get(one.volume))
    if any(kind in volume for kind in _READ_ONLY_KINDS):
        return _CONFIG
    if "projected" in volume and one.read_only == other.read_only:
        return _CONFIG
    path = as_text(value_at(volume, "hostPath", "path"))
    if is_system_path(path) or one.volume.startswith(_API_ACCESS):
        return _SYSTEM
    if "emptyDir" in volume and {one.path.rstrip("/"), other.path.rstrip("/")} == {_SCRATCH_PATH}:
        return _SCRATCH
    if one.read_only and other.read_only:
        return _CONFIG
    if one.read_only != other.read_only:
        return _ONE_READS
    is_claim = "persistentVolumeClaim" in volume or "volumeClaimTemplate" in volume
    return _CLAIM if is_claim else _BOTH_WRITE


def _are_parts(context: PodContext, one: Container, other: Container) -> bool:
    """Whether two containers are applications that are named for different parts of a product: a
    shared volume is then in the way of taking them apart, and says little of whether they are one.
    """
    if not are_two_applications(context, one, other):
        return False
    return different_parts(context, one, other) is not None
