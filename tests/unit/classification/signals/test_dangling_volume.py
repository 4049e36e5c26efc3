"""The signal that sees volumes which were meant to be shared, and aren't."""

from __future__ import annotations

import pytest

from service.classification.observation import Claim
from service.classification.signals.dangling_volume import observe
from tests.support.classifying import context_of, seen, text_at, workload


def pod(
    image: str,
    volume: str,
    *,
    path: str = "/data",
    source: str = "emptyDir: {}",
    web_mounts: str = "[]",
    more: str = "",
) -> str:
    """A workload with `web` beside `x`, which mounts a volume."""
    return workload(f"""
    containers:
    - {{name: web, image: shop/web, volumeMounts: {web_mounts}}}
    - {{name: x, image: {image}, volumeMounts: [{{name: {volume}, mountPath: {path}}}]}}
    volumes: [{{name: {volume}, {source}}}]
    {more}
    """)


@pytest.mark.parametrize("volume", ["shared-data", "common", "web-share"])
def test_a_volume_that_is_called_shared_was_meant_to_be(volume: str) -> None:
    """Whatever the container is, if it is no server."""
    context = context_of(pod("shop/x", volume))
    for image in ("busybox", "kube-rbac-proxy", "python"):
        assert seen(observe, context_of(pod(image, volume))) == seen(observe, context)
    assert seen(observe, context) == [("dangling-volume.meant", Claim.HELPER, "x", None)]
    [observation] = observe(context)
    assert observation.message == (
        f"mounts '{volume}', which by name or use was meant to be shared, and nobody else does"
    )
    assert text_at(observation.place) == f"{{name: {volume}, mountPath: /data}}"


@pytest.mark.parametrize("image", ["fluent-bit", "restic", "mysqld-exporter"])
@pytest.mark.parametrize(("volume", "path"), [("logs", "/data"), ("data", "/var/log")])
def test_a_helper_that_reads_logs_needs_somebody_who_writes_them(
    image: str, volume: str, path: str
) -> None:
    """By the name of the volume or by the path, for each pattern that reads."""
    context = context_of(pod(image, volume, path=path))
    assert seen(observe, context) == [("dangling-volume.meant", Claim.HELPER, "x", None)]


@pytest.mark.parametrize(
    ("image", "volume"),
    [
        ("fluent-bit", "data"),
        ("kube-rbac-proxy", "logs"),
        ("pause", "logs"),
        ("shop/x", "logs"),
        ("nginx", "logs"),
        ("fluentd", "logs"),
        ("busybox", "logs"),
        ("nginx", "shared"),
        ("shop/x", "shareddata"),
    ],
)
def test_a_volume_of_its_own_says_nothing(image: str, volume: str) -> None:
    """No logs, no helper that reads, a server that may write for itself, no whole word."""
    assert seen(observe, context_of(pod(image, volume))) == []


@pytest.mark.parametrize(
    "mounts", ["[{name: shared, mountPath: /a}]", "[{name: o, mountPath: /o}, {name: shared}]"]
)
def test_a_volume_that_a_neighbour_mounts_is_shared(mounts: str) -> None:
    """That is what was meant."""
    assert seen(observe, context_of(pod("shop/x", "shared", web_mounts=mounts))) == []


def test_a_volume_that_an_init_container_fills_is_shared() -> None:
    """It writes before the others start."""
    init = "initContainers: [{name: i, image: i, volumeMounts: [{name: shared, mountPath: /i}]}]"
    assert seen(observe, context_of(pod("shop/x", "shared", more=init))) == []


def test_only_an_empty_directory_has_to_be_filled_by_a_neighbour() -> None:
    """A claim or a ConfigMap may hold files already."""
    context = context_of(pod("shop/x", "shared", source="configMap: {name: c}"))
    assert seen(observe, context) == []


def test_a_container_without_neighbours_has_nobody_to_share_with() -> None:
    """Not even by name."""
    context = context_of(
        workload("""
        containers:
        - {name: x, image: shop/x, volumeMounts: [{name: shared, mountPath: /data}]}
        volumes: [{name: shared, emptyDir: {}}]
        """)
    )
    assert seen(observe, context) == []


def test_each_such_mount_is_told() -> None:
    """Other mounts of the container aside."""
    context = context_of(
        workload("""
        containers:
        - {name: web, image: shop/web}
        - name: x
          image: shop/x
          volumeMounts:
          - {name: own, mountPath: /own}
          - {name: shared-a, mountPath: /a}
          - {name: shared-b, mountPath: /b}
        volumes:
        - {name: own, emptyDir: {}}
        - {name: shared-a, emptyDir: {}}
        - {name: shared-b, emptyDir: {}}
        """)
    )
    assert len(seen(observe, context)) == 2
