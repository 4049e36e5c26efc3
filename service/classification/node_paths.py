"""Paths of a node that many containers use, whatever they do."""

from __future__ import annotations

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
"""Paths of a node that many containers mount, whatever they do."""
_SOCKET = ".sock"
"""End of the paths of a node's sockets, such as `/var/run/docker.sock`."""


def is_system_path(path: str) -> bool:
    """Whether a path of a node is one of the system's, or a socket."""
    return path.startswith(_SYSTEM_PATHS) or path.rstrip("/").endswith(_SOCKET)
