"""Files that every node has."""

from __future__ import annotations

import pytest

from service.kube.node_files import is_common_on_nodes


@pytest.mark.parametrize(
    ("volume", "expected"),
    [
        ({"hostPath": {"path": "/etc/localtime"}}, True),
        ({"hostPath": {"path": "/etc/ssl/"}}, True),
        ({"hostPath": {"path": "/etc/ssl/certs/ca.pem"}}, True),
        ({"hostPath": {"path": "/etc/ssl2"}}, False),
        ({"hostPath": {"path": "/sys/fs/cgroup"}}, True),
        ({"hostPath": {"path": "/dev/sda"}}, False),
        ({"hostPath": {"path": "/data"}}, False),
        ({"hostPath": {"path": "/"}}, False),
        ({"emptyDir": {}}, False),
        ({"hostPath": None}, False),
    ],
)
def test_what_every_node_has_binds_nobody_to_one(volume: dict[str, object], expected: bool) -> None:
    """By whole names of folders."""
    assert is_common_on_nodes(volume) is expected
