"""Who stays and who moves."""

from __future__ import annotations

import pytest

from service.actions.split.groups import divide_containers, keeps_data
from service.refusals import Refusal
from tests.support.candidates import candidate_of, refusal_of, service, shop


def members(text: str) -> list[list[str]]:
    """The names of all containers of each group."""
    partition = divide_containers(candidate_of(text))
    return [[container.name for container in group] for group in partition.members]


def heads(text: str) -> list[list[str]]:
    """The names of the classified containers of each group."""
    partition = divide_containers(candidate_of(text))
    return [[container.name for container in group] for group in partition.groups]


def test_the_primary_group_stays_and_each_other_one_moves() -> None:
    """Group 0 is the one that stays."""
    partition = divide_containers(candidate_of(shop()))
    assert partition.moved == range(1, 2)
    assert partition.group_of == {0: 0, 1: 1}
    assert partition.names(1) == {"api"}


def test_one_group_is_not_divided() -> None:
    """There is nothing to move."""
    partition = divide_containers(candidate_of(shop(roles="front=main,api=sidecar")))
    assert list(partition.moved) == []


def test_a_helper_of_every_group_is_in_each() -> None:
    """A proxy of a mesh guards a whole Pod: each Pod needs its own."""
    text = shop(
        others=["name: proxy, image: 'istio/proxyv2:1'"],
        roles="front=main,api=unrelated,proxy=sidecar",
    )
    assert members(text) == [["front", "proxy"], ["api", "proxy"]]
    assert heads(text) == [["front", "proxy"], ["api"]]


def test_a_helper_of_one_group_is_in_that_one() -> None:
    """Nobody else needs it."""
    reads = "name: worker, image: acme/worker, env: [{name: A, value: 'http://localhost:3000'}]"
    text = shop(others=[reads], roles="front=main,api=unrelated,worker=sidecar")
    assert members(text) == [["front"], ["api", "worker"]]


# Init containers

INIT = "initContainers: [{name: %s, image: '%s', volumeMounts: [%s]}], volumes: [{name: v, %s}]"
MOUNTS = "volumeMounts: [{name: v, mountPath: /v}]"


@pytest.mark.parametrize(
    ("name", "front", "api", "expected"),
    [
        ("first", "", "", [["front", "first"], ["api", "first"]]),
        ("wait-for-api", "", "", [["front", "wait-for-api"], ["api"]]),
        ("first", MOUNTS, "", [["front", "first"], ["api"]]),
        ("first", "", MOUNTS, [["front"], ["api", "first"]]),
        ("first", MOUNTS, MOUNTS, [["front", "first"], ["api", "first"]]),
        ("prepare-api", "", "", [["front"], ["api", "prepare-api"]]),
    ],
)
def test_an_init_container_goes_with_the_groups_that_it_prepares(
    name: str, front: str, api: str, expected: list[list[str]]
) -> None:
    """By what it writes for them, or its name; without a sign it is everybody's."""
    pod = INIT % (name, "busybox", "{name: v, mountPath: /v}", "emptyDir: {}")
    assert members(shop(front, api, pod=pod)) == expected


def test_the_groups_that_an_init_container_prepares_are_noted() -> None:
    """They are those that it runs in."""
    pod = INIT % ("first", "busybox", "{name: v, mountPath: /v}", "emptyDir: {}")
    partition = divide_containers(candidate_of(shop(MOUNTS, MOUNTS, pod=pod)))
    assert partition.init_groups == {2: (0, 1)}


def test_an_ephemeral_container_goes_nowhere() -> None:
    """Somebody debugs the Pod that runs."""
    assert members(shop(pod="ephemeralContainers: [{name: debug, image: busybox}]")) == [
        ["front"],
        ["api"],
    ]


# What has to stay

DATA = "volumeMounts: [{name: data, mountPath: /data}]"
TEMPLATES = "volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce]}}]"


@pytest.mark.parametrize(
    ("front", "api", "expected"),
    [
        ("", "", [["front"], ["api"]]),
        (DATA, "", [["front"], ["api"]]),
        ("", DATA, [["api"], ["front"]]),
    ],
)
def test_the_user_of_a_claim_template_stays(
    front: str, api: str, expected: list[list[str]]
) -> None:
    """Its claims are named for the StatefulSet."""
    assert heads(shop(front, api, kind="StatefulSet", spec=TEMPLATES)) == expected


def test_two_users_of_claim_templates_are_not_parted() -> None:
    """New claims for one of them would lose its data."""
    candidate = candidate_of(shop(DATA, DATA, kind="StatefulSet", spec=TEMPLATES))
    assert refusal_of(lambda: divide_containers(candidate)) is Refusal.CLAIM_TEMPLATES


def test_two_users_of_another_volume_are_no_users_of_claim_templates() -> None:
    """The template is somebody else's."""
    pod = "volumes: [{name: other, emptyDir: {}}]"
    mounts = DATA.replace("name: data", "name: other")
    text = shop(mounts, mounts, kind="StatefulSet", spec=TEMPLATES, pod=pod)
    assert refusal_of(lambda: divide_containers(candidate_of(text))) is None


# What nothing ties to what moves

SIDECAR = "front=main,api=unrelated,extra=sidecar"
EXTRA = "name: extra, image: %s, ports: [{containerPort: 90}], env: [%s]"


@pytest.mark.parametrize(
    ("image", "env", "expected"),
    [
        ("acme/extra", "", [["front", "extra"], ["api"]]),
        (
            "acme/extra",
            "{name: A, value: 'http://localhost:3000'}",
            [["front"], ["api", "extra"]],
        ),
        ("'istio/proxyv2:1'", "", [["front"], ["api", "extra"]]),
    ],
)
def test_a_helper_without_a_tie_to_the_group_that_it_fell_to_stays(
    image: str, env: str, expected: list[list[str]]
) -> None:
    """A call on localhost is a tie; a helper of every group needs none."""
    # Without ports of its own `api` looks less like an application, so that helpers fall to it.
    api = "env: [{name: PORT, value: '3000'}], ports: []" if env else "ports: []"
    text = shop(api=api, others=[EXTRA % (image, env)], roles=SIDECAR)
    candidate = candidate_of(text + service("extra", "{port: 90}"))
    fallen = [container.name for container in candidate.classification.groups[1]]
    assert fallen == ["api", "extra"]
    partition = divide_containers(candidate)
    assert [[container.name for container in group] for group in partition.groups] == expected


def test_a_helper_that_does_not_fit_what_stays_moves() -> None:
    """It declares the same port, and can't have been meant for it."""
    text = shop(
        "image: 'nginx:1'",
        "image: 'rabbitmq:4'",
        others=[f"name: proxy, image: acme/proxy, ports: [{{containerPort: 80}}], {DATA}"],
        roles="",
        pod="volumes: [{name: data, persistentVolumeClaim: {claimName: a}}]",
    )
    assert heads(text) == [["front"], ["api", "proxy"]]


# What may not be twice


@pytest.mark.parametrize(
    ("api", "pod", "expected"),
    [
        ("", "", False),
        (DATA, "volumes: [{name: data, emptyDir: {}}]", False),
        (DATA, "volumes: [{name: data, configMap: {name: a}}]", False),
        (DATA, "volumes: [{name: data, persistentVolumeClaim: {claimName: a}}]", True),
        (DATA, "volumes: [{name: data, hostPath: {path: /a}}]", True),
        (
            "volumeMounts: [{name: data, mountPath: /data, readOnly: true}]",
            "volumes: [{name: data, persistentVolumeClaim: {claimName: a}}]",
            False,
        ),
        ("ports: [{containerPort: 3000, hostPort: 3000}]", "", True),
        ("ports: [{containerPort: 3000}]", "hostNetwork: true", True),
    ],
)
def test_a_group_keeps_data_or_a_port_of_the_node(api: str, pod: str, expected: bool) -> None:
    """One of its containers is enough, and what it only reads doesn't count."""
    workload = candidate_of(shop(api=api, pod=pod)).workload
    front, moved = workload.containers
    assert keeps_data(workload, (moved,)) is expected
    assert keeps_data(workload, (front, moved)) is expected
    assert keeps_data(workload, ()) is False
