"""Volumes that several groups mount."""

from __future__ import annotations

import pytest

from service.actions.split.groups import divide_containers
from service.actions.split.volumes import check_volumes
from service.refusals import Refusal
from tests.support.candidates import candidate_of, manifest, refusal_of, shop

MOUNT = "volumeMounts: [{name: v, mountPath: /v}]"
READS = "volumeMounts: [{name: v, mountPath: /v, readOnly: true}]"
CLAIM = "persistentVolumeClaim: {claimName: data}"


def refusal_for(text: str, kind: str = "Deployment") -> Refusal | None:
    """Whether a workload's volumes hold its split back."""
    candidate = candidate_of(text)
    partition = divide_containers(candidate)
    return refusal_of(lambda: check_volumes(candidate, partition, kind))


def with_volume(source: str, front: str = MOUNT, api: str = MOUNT) -> str:
    return shop(front, api, pod=f"volumes: [{{name: v, {source}}}]")


def claim(modes: str, name: str = "data") -> str:
    return manifest("v1 PersistentVolumeClaim", name, f"spec: {{accessModes: [{modes}]}}")


@pytest.mark.parametrize(
    ("source", "refusal"),
    [
        ("emptyDir: {}", Refusal.SHARED_VOLUME),
        ("csi: {driver: a}", Refusal.SHARED_VOLUME),
        ("nfs: {server: a, path: /b}", Refusal.SHARED_VOLUME),
        (CLAIM, Refusal.SHARED_CLAIM),
        ("configMap: {name: a}", None),
        ("secret: {secretName: a}", None),
        ("projected: {sources: []}", None),
        ("downwardAPI: {items: []}", None),
    ],
)
@pytest.mark.parametrize("both", [True, False])
def test_what_is_in_a_volume_of_both_groups_stays_with_one(
    source: str, refusal: Refusal | None, *, both: bool
) -> None:
    """What is only read can be in two Pods; a volume of one group goes with it."""
    text = with_volume(source, api=MOUNT if both else "")
    assert refusal_for(text) is (refusal if both else None)


@pytest.mark.parametrize(
    ("front", "api", "kind", "refusal"),
    [
        (MOUNT, READS, "Deployment", Refusal.SHARED_VOLUME),
        (READS, MOUNT, "Deployment", Refusal.SHARED_VOLUME),
        (READS, READS, "Deployment", None),
        (MOUNT, MOUNT, "DaemonSet", None),
    ],
)
def test_a_path_of_the_node_is_shared_by_readers_and_on_every_node(
    front: str, api: str, kind: str, refusal: Refusal | None
) -> None:
    """Two Pods of Deployments may be on two nodes."""
    assert refusal_for(with_volume("hostPath: {path: /a}", front, api), kind) is refusal


@pytest.mark.parametrize(
    ("modes", "refusal"),
    [
        ("ReadWriteMany", None),
        ("ReadOnlyMany", None),
        ("ReadWriteOnce, ReadWriteMany", None),
        ("ReadWriteOnce", Refusal.SHARED_CLAIM),
        ("ReadWriteOncePod", Refusal.SHARED_CLAIM),
        ("", Refusal.SHARED_CLAIM),
    ],
)
def test_a_claim_of_both_groups_is_for_many_nodes(modes: str, refusal: Refusal | None) -> None:
    """Of one that isn't in the set that can't be told."""
    assert refusal_for(with_volume(CLAIM) + claim(modes)) is refusal
    assert refusal_for(with_volume(CLAIM) + claim(modes, name="x")) is Refusal.SHARED_CLAIM


TWO = "volumes: [{name: v, %s}, {name: w, %s}]"
OTHER = MOUNT.replace("name: v", "name: w")


@pytest.mark.parametrize(
    ("one", "other", "refusal"),
    [
        (CLAIM, CLAIM, Refusal.SHARED_CLAIM),
        (CLAIM, "persistentVolumeClaim: {claimName: b}", None),
        ("hostPath: {path: /a}", "hostPath: {path: /a}", Refusal.SHARED_VOLUME),
        ("hostPath: {path: /a}", "hostPath: {path: /b}", None),
        ("emptyDir: {}", "emptyDir: {}", None),
    ],
)
def test_two_volumes_may_be_one_claim_or_path(
    one: str, other: str, refusal: Refusal | None
) -> None:
    """Two empty directories are two."""
    assert refusal_for(shop(MOUNT, OTHER, pod=TWO % (one, other))) is refusal


TEMPLATES = "volumeClaimTemplates: [%s]"
TEMPLATE = "{metadata: {name: %s}, spec: {accessModes: [ReadWriteOnce]}}"


@pytest.mark.parametrize(
    ("name", "refusal"),
    [("prepare-api", Refusal.CLAIM_TEMPLATES), ("prepare-front", None)],
)
def test_a_claim_template_stays_with_its_init_container(name: str, refusal: Refusal | None) -> None:
    """Two are two, though they read alike; one that only moved containers mount can't move."""
    templates = TEMPLATES % ", ".join(TEMPLATE % volume for volume in ("v", "w"))
    pod = f"initContainers: [{{name: {name}, image: busybox, {OTHER}}}]"
    text = shop(MOUNT, kind="StatefulSet", spec=templates, pod=pod)
    assert refusal_for(text) is refusal


def test_a_claim_of_the_stateful_set_is_not_read_by_what_moves() -> None:
    """Whoever writes it stays."""
    read_only = MOUNT.replace("/v}", "/v, readOnly: true}")
    pod = f"initContainers: [{{name: prepare-api, image: busybox, {read_only}}}]"
    text = shop(MOUNT, kind="StatefulSet", spec=TEMPLATES % (TEMPLATE % "v"), pod=pod)
    assert refusal_for(text) is Refusal.SHARED_CLAIM


# Who brings a volume into the second group


def test_an_init_container_of_both_groups_prepares_each_its_own() -> None:
    """A volume that one group and its init container mount is one for each Pod."""
    both = "volumeMounts: [{name: v, mountPath: /v}, {name: w, mountPath: /w}]"
    pod = (
        f"initContainers: [{{name: first, image: busybox, {both}}}],"
        " volumes: [{name: v, emptyDir: {}}, {name: w, emptyDir: {}}]"
    )
    assert refusal_for(shop(MOUNT, OTHER, pod=pod)) is None


def test_a_helper_of_both_groups_brings_its_volume_along() -> None:
    """Each Pod has a proxy with files of its own."""
    proxy = f"name: proxy, image: 'istio/proxyv2:1', {MOUNT}"
    text = shop(
        others=[proxy],
        roles="front=main,api=unrelated,proxy=sidecar",
        pod="volumes: [{name: v, emptyDir: {}}]",
    )
    assert refusal_for(text) is None


def test_volumes_that_nobody_mounts_hold_nothing_back() -> None:
    """They stay where they are."""
    assert refusal_for(with_volume(CLAIM, "", "")) is None
