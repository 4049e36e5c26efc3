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

from service.classification.context import PodContext
from service.classification.observation import Claim, Observation
from service.kube.containers import Container, Mount
from service.kube.objects import LazyLocation, as_mapping, as_text, value_at

_SYSTEM_PATHS = (
    "/etc/localtime",
    "/etc/timezone",
    "/sys",
    "/proc",
    "/etc/ssl",
    "/etc/pki",
    "/usr/share/ca-certificates",
    "/usr/share/zoneinfo",
    "/dev",
    "/lib/modules",
    "/run/xtables.lock",
    "/etc/machine-id",
    "/etc/os-release",
)
_READ_ONLY_KINDS = ("configMap", "secret", "downwardAPI")
_SOCKETS = (".sock", "/docker.sock", "containerd.sock")


def observe(context: PodContext) -> Iterator[Observation]:
    """See the module."""
    for one, other in combinations(context.classified_containers, 2):
        best: tuple[float, str, Mount] | None = None
        for mount, counterpart in _shared(one, other):
            case, strength = _judged(context, mount, counterpart)
            if case and (best is None or strength > best[0]):
                best = (strength, case, mount)
        if best is not None:
            _, case, mount = best
            message = (
                f"mounts the volume {mount.volume!r}, which {other.name} mounts too:"
                f" {_MEANING[case]}"
            )
            yield Observation(
                f"shared-data.{case}",
                Claim.TOGETHER,
                one,
                message,
                LazyLocation(context.workload.resource, mount.route),
                about=other,
            )


_MEANING = {
    "one-reads": "one writes and the other reads",
    "both-write": "they hand each other files",
    "claim": "they work on the same stored data",
    "system": "a path of the node that many containers use",
    "scratch": "scratch space that may be shared by habit",
    "config": "configuration that both read",
}


def _shared(one: Container, other: Container) -> Iterator[tuple[Mount, Mount]]:
    for mount in one.mounts:
        for counterpart in other.mounts:
            if (
                mount.volume == counterpart.volume
                and mount.volume
                and _overlap(mount.sub_path, counterpart.sub_path)
            ):
                yield mount, counterpart


def _overlap(one: str, other: str) -> bool:
    """Whether two sub-paths share files: one is the other or lies within it."""
    first, second = one.strip("/").split("/"), other.strip("/").split("/")
    shorter = min(len(first), len(second))
    return not one or not other or first[:shorter] == second[:shorter]


def _judged(context: PodContext, one: Mount, other: Mount) -> tuple[str, float]:
    volume = as_mapping(context.workload.volumes.get(one.volume))
    if any(kind in volume for kind in _READ_ONLY_KINDS):
        return "config", 0.1
    if "projected" in volume and one.read_only == other.read_only:
        return "config", 0.1
    path = as_text(value_at(volume, "hostPath", "path")).rstrip("/")
    if (
        path.startswith(_SYSTEM_PATHS)
        or path.endswith(_SOCKETS)
        or one.volume.startswith("kube-api-access")
    ):
        return "system", 0.2
    if one.path.rstrip("/") == other.path.rstrip("/") == "/tmp" and "emptyDir" in volume:  # noqa: S108 - a mount path, not a file of ours
        return "scratch", 0.3
    if one.read_only and other.read_only:
        return "config", 0.1
    if one.read_only != other.read_only:
        return "one-reads", 3
    return (
        ("claim", 2)
        if "persistentVolumeClaim" in volume or "volumeClaimTemplate" in volume
        else ("both-write", 2.5)
    )
