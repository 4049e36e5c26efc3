"""Live exports: objects and annotations that a cluster wrote."""

from __future__ import annotations

import pytest

from service.kube.live_exports import is_live, is_machine_written, is_token
from tests.support.manifests import resource_of

WRITTEN = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\n"
EXPORTED = WRITTEN + "status: {}\n"
PLUGIN = "cni.projectcalico.org/podIP"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (WRITTEN, False),
        (EXPORTED, True),
        (WRITTEN.replace("web}", "web, uid: 0-1}"), True),
        (WRITTEN.replace("web}", "web, resourceVersion: '1'}"), False),
        (WRITTEN + "spec: {status: x, uid: y}\n", False),
    ],
)
def test_a_status_or_a_uid_tells_a_live_object(text: str, expected: bool) -> None:
    """People write neither."""
    assert is_live(resource_of(text)) is expected


@pytest.mark.parametrize(
    ("annotation", "on_written", "on_exported"),
    [
        (LAST_APPLIED, True, True),
        (PLUGIN, False, True),
        ("kubernetes.io/psp", False, True),
        ("kubernetes.io/limit-ranger", False, True),
        ("k8s.v1.cni.cncf.io/network-status", False, True),
        ("k8s.v1.cni.cncf.io/networks-status", False, True),
        ("k8s.ovn.org/pod-networks", False, True),
        ("openshift.io/scc", False, True),
        ("container.seccomp.security.alpha.kubernetes.io/web", False, True),
        ("kubernetes.io/config.hash", False, True),
        ("kubernetes.io/configuration", False, False),
        ("prometheus.io/port", False, False),
        (f"x/{PLUGIN}", False, False),
        (f"{LAST_APPLIED}-2", False, False),
    ],
)
def test_an_annotation_is_machine_written(
    annotation: str, on_written: bool, on_exported: bool
) -> None:
    """Those of plugins only on an object that comes from a cluster."""
    assert is_machine_written(resource_of(WRITTEN), annotation) is on_written
    assert is_machine_written(resource_of(EXPORTED), annotation) is on_exported


def test_the_token_of_the_service_account_is_told_by_its_name() -> None:
    """The API server gives it one."""
    assert is_token("kube-api-access-x7k2p")
    assert not is_token("kube-api-access")
    assert not is_token("my-kube-api-access-x7k2p")
