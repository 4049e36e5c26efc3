"""Paths of a node that many containers use."""

from __future__ import annotations

import pytest

from service.classification.node_paths import is_system_path


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/etc/localtime", True),
        ("/sys/fs/cgroup", True),
        ("/var/run/docker.sock", True),
        ("/run/containerd/containerd.sock/", True),
        ("/srv/data", False),
        ("/home/somebody/db", False),
        ("", False),
    ],
)
def test_system_paths_and_sockets_are_nobodys_data(path: str, *, expected: bool) -> None:
    """Folders for data are."""
    assert is_system_path(path) is expected
