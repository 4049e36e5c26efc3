"""Files and folders that every node has (Filesystem Hierarchy Standard, systemd)."""

from __future__ import annotations

from service.kube.objects import as_mapping, as_text

_COMMON_FILES = (
    "/etc/localtime",
    "/etc/timezone",
    "/etc/machine-id",
    "/etc/os-release",
    "/etc/hostname",
    "/etc/hosts",
    "/etc/resolv.conf",
    "/etc/passwd",
    "/etc/group",
    "/etc/ssl",
    "/etc/pki",
    "/etc/ca-certificates",
    "/usr/share/ca-certificates",
    "/usr/local/share/ca-certificates",
    "/usr/share/zoneinfo",
    "/usr/lib/os-release",
    "/lib/modules",
    "/usr/src",
    "/proc",
    "/sys",
    "/dev/shm",  # noqa: S108 - compared, not used
    "/dev/net/tun",
    "/dev/fuse",
    "/dev/null",
    "/dev/kvm",
    "/dev/urandom",
    "/dev/random",
)
"""Files and folders that every node has, and that containers read."""


def is_common_on_nodes(volume: dict[str, object]) -> bool:
    """Whether a volume is a file or folder that every node has: it binds nobody to one of them."""
    path = as_text(as_mapping(volume.get("hostPath")).get("path")).rstrip("/")
    return any(path == common or path.startswith(f"{common}/") for common in _COMMON_FILES)
