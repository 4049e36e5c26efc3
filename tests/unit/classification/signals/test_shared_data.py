"""The signal that sees containers which mount one volume."""

from __future__ import annotations

import pytest

from service.classification.observation import Claim
from service.classification.signals.shared_data import observe
from tests.support.classifying import context_of, seen, text_at, workload

CLAIM = "persistentVolumeClaim: {claimName: c}"
EMPTY = "emptyDir: {}"


def pod(source: str, one: str, other: str, *, volume: str = "v") -> str:
    """A workload with two containers that mount a volume, each in its way."""
    return workload(f"""
    containers:
    - {{name: a, image: shop/a, volumeMounts: [{{name: {volume}, {one}}}]}}
    - {{name: b, image: shop/b, volumeMounts: [{{name: {volume}, {other}}}]}}
    volumes: [{{name: {volume}, {source}}}]
    """)


def cases(text: str) -> list[str]:
    """What kinds of sharing are seen."""
    return [case.removeprefix("shared-data.") for case, *_ in seen(observe, context_of(text))]


def test_the_message_names_the_volume_and_what_it_is_for() -> None:
    """And the place is the first container's mount."""
    context = context_of(pod(EMPTY, "mountPath: /a", "mountPath: /b, readOnly: true"))
    assert seen(observe, context) == [("shared-data.one-reads", Claim.TOGETHER, "a", "b")]
    [observation] = observe(context)
    assert observation.message == (
        "mounts the volume 'v', which b mounts too: one writes and the other reads"
    )
    assert text_at(observation.place) == "{name: v, mountPath: /a}"


READS = "mountPath: /a, readOnly: true"
WRITES = "mountPath: /a"


@pytest.mark.parametrize(
    ("source", "one", "other", "case"),
    [
        (EMPTY, WRITES, READS, "one-reads"),
        (EMPTY, READS, WRITES, "one-reads"),
        (CLAIM, WRITES, READS, "one-reads"),
        (EMPTY, WRITES, WRITES, "both-write"),
        ("hostPath: {path: /srv/data}", WRITES, WRITES, "both-write"),
        ("ephemeral: {}", WRITES, WRITES, "both-write"),
        (CLAIM, WRITES, WRITES, "claim"),
        (EMPTY, READS, READS, "config"),
        (CLAIM, READS, READS, "config"),
        ("configMap: {name: c}", WRITES, READS, "config"),
        ("secret: {secretName: s}", WRITES, WRITES, "config"),
        ("downwardAPI: {items: []}", WRITES, WRITES, "config"),
        ("projected: {sources: []}", WRITES, WRITES, "config"),
        ("projected: {sources: []}", WRITES, READS, "one-reads"),
    ],
)
def test_what_a_shared_volume_says_depends_on_who_writes(
    source: str, one: str, other: str, case: str
) -> None:
    """Most where one writes and the other reads; next to nothing where nobody writes."""
    assert cases(pod(source, one, other)) == [case]


def test_the_claim_template_of_a_stateful_set_is_a_claim() -> None:
    """Each Pod has one from it."""
    text = workload(
        """
        containers:
        - {name: a, image: shop/a, volumeMounts: [{name: v, mountPath: /a}]}
        - {name: b, image: shop/b, volumeMounts: [{name: v, mountPath: /b}]}
        """,
        kind="StatefulSet",
    )
    assert cases(text + "  volumeClaimTemplates: [{metadata: {name: v}, spec: {}}]\n") == ["claim"]


@pytest.mark.parametrize(
    "path",
    [
        "/etc/localtime", "/etc/timezone", "/sys", "/proc/", "/etc/ssl/certs", "/etc/pki",
        "/usr/share/ca-certificates", "/usr/share/zoneinfo", "/dev/shm", "/lib/modules",
        "/run/xtables.lock", "/etc/machine-id", "/etc/os-release", "/var/run/docker.sock",
        "/run/containerd/containerd.sock/",
    ],
)  # fmt: skip
def test_paths_of_the_node_that_many_mount_say_little(path: str) -> None:
    """Whoever reads or writes there."""
    assert cases(pod(f"hostPath: {{path: {path}}}", WRITES, READS)) == ["system"]


def test_what_the_api_server_mounts_everywhere_says_little() -> None:
    """Live exports have it."""
    text = pod("projected: {sources: []}", WRITES, READS, volume="kube-api-access-x1")
    assert cases(text) == ["system"]


@pytest.mark.parametrize(
    ("source", "one", "other", "case"),
    [
        (EMPTY, "mountPath: /tmp", "mountPath: /tmp/", "scratch"),
        (EMPTY, "mountPath: /tmp/", "mountPath: /tmp, readOnly: true", "scratch"),
        (EMPTY, "mountPath: /tmp", "mountPath: /b", "both-write"),
        (EMPTY, "mountPath: /b", "mountPath: /tmp", "both-write"),
        (EMPTY, "mountPath: /b", "mountPath: /b", "both-write"),
        (CLAIM, "mountPath: /tmp", "mountPath: /tmp", "claim"),
    ],
)
def test_scratch_space_is_an_empty_directory_that_both_mount_at_tmp(
    source: str, one: str, other: str, case: str
) -> None:
    """By habit as often as by need."""
    assert cases(pod(source, one, other)) == [case]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("subPath: x", "subPath: x"),
        ("subPath: x/", "subPath: /x"),
        ("subPath: x", "subPath: x/y"),
        ("subPath: x/y/z", "subPath: x/y"),
        ("subPath: x", "readOnly: false"),
        ("readOnly: false", "subPath: x"),
        ("subPathExpr: x", "subPath: x"),
    ],
)
def test_sub_paths_of_which_one_lies_in_the_other_are_shared(one: str, other: str) -> None:
    """The whole volume holds each of them."""
    assert cases(pod(EMPTY, f"mountPath: /a, {one}", f"mountPath: /b, {other}")) == ["both-write"]


@pytest.mark.parametrize(
    ("one", "other"), [("x", "y"), ("x", "xy"), ("x/y", "x/z"), ("x/y/a", "x/z")]
)
def test_sub_paths_beside_each_other_say_nothing(one: str, other: str) -> None:
    """Nobody sees the other's files there."""
    text = pod(EMPTY, f"mountPath: /a, subPath: {one}", f"mountPath: /b, subPath: {other}")
    assert cases(text) == []


@pytest.mark.parametrize(
    ("source", "mount", "meaning"),
    [
        ("configMap: {name: c}", WRITES, "configuration that both read"),
        ("hostPath: {path: /sys}", WRITES, "a path of the node that many containers use"),
        (EMPTY, "mountPath: /tmp", "scratch space that may be shared by habit"),
        (CLAIM, WRITES, "they work on the same stored data"),
        (EMPTY, WRITES, "they hand each other files"),
    ],
)
def test_the_message_says_what_is_shared(source: str, mount: str, meaning: str) -> None:
    """In words of its own for each kind."""
    [observation] = observe(context_of(pod(source, mount, mount)))
    assert observation.message == f"mounts the volume 'v', which b mounts too: {meaning}"


def two_volumes(first: str, second: str, mounts: str = "mountPath: /a") -> str:
    """A workload whose two containers mount two volumes."""
    both = f"[{{name: v, {mounts}}}, {{name: w, {mounts}}}]"
    return workload(f"""
    containers:
    - {{name: a, image: shop/a, volumeMounts: {both}}}
    - {{name: b, image: shop/b, volumeMounts: {both}}}
    volumes: [{{name: v, {first}}}, {{name: w, {second}}}]
    """)


@pytest.mark.parametrize(
    ("weaker", "stronger", "case"),
    [
        (CLAIM, EMPTY, "both-write"),
        ("hostPath: {path: /sys}", CLAIM, "claim"),
        ("configMap: {name: c}", "hostPath: {path: /sys}", "system"),
    ],
)
def test_of_two_volumes_the_one_that_says_more_counts(
    weaker: str, stronger: str, case: str
) -> None:
    """Whichever comes first."""
    assert cases(two_volumes(weaker, stronger)) == [case]
    assert cases(two_volumes(stronger, weaker)) == [case]


def test_scratch_space_says_more_than_the_node_and_less_than_a_claim() -> None:
    """That is its place among the others."""
    tmp = "mountPath: /tmp"
    assert cases(two_volumes(EMPTY, "hostPath: {path: /sys}", tmp)) == ["scratch"]
    assert cases(two_volumes(EMPTY, CLAIM, tmp)) == ["claim"]


def test_one_that_only_reads_says_more_than_two_that_write() -> None:
    """The two kinds of mount are in one Pod here."""
    context = context_of(
        workload("""
        containers:
        - name: a
          image: shop/a
          volumeMounts: [{name: v, mountPath: /v}, {name: w, mountPath: /w}]
        - name: b
          image: shop/b
          volumeMounts: [{name: v, mountPath: /v}, {name: w, mountPath: /w, readOnly: true}]
        volumes: [{name: v, emptyDir: {}}, {name: w, emptyDir: {}}]
        """)
    )
    [observation] = observe(context)
    assert observation.case == "shared-data.one-reads"
    assert text_at(observation.place) == "{name: w, mountPath: /w}"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("[{name: v, mountPath: /a}]", "[{name: w, mountPath: /a}]"),
        ("[{name: v, mountPath: /a}]", "[]"),
        ("[{mountPath: /a}]", "[{mountPath: /a}]"),
    ],
)
def test_volumes_of_their_own_say_nothing(one: str, other: str) -> None:
    """Nor do mounts that name none."""
    text = workload(f"""
    containers:
    - {{name: a, image: shop/a, volumeMounts: {one}}}
    - {{name: b, image: shop/b, volumeMounts: {other}}}
    volumes: [{{name: v, emptyDir: {{}}}}, {{name: w, emptyDir: {{}}}}]
    """)
    assert cases(text) == []
