"""Bare Pods that are copies of each other, and what their names have in common."""

from __future__ import annotations

import pytest

from service.kube.replicas import (
    common_name_stem,
    copies_of,
    identical_pods,
    ordinal_of,
    without_node,
)
from tests.support.manifests import inputs_of, manifests_of, workload_named, workload_of


def pod(name: str, spec: str = "containers: [{name: a, image: x}]", metadata: str = "") -> str:
    return (
        f"---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {name}{metadata}}}\nspec: {{{spec}}}\n"
    )


def copies_in(*pods: str) -> list[list[str]]:
    return [
        [copy.name for copy in copies]
        for copies in identical_pods(inputs_of("".join(pods)).workloads)
    ]


ARGS = "containers: [{{name: a, args: [{}]}}]"


@pytest.mark.parametrize(
    "pods",
    [
        (pod("db-0"), pod("db-1")),
        (pod("db-0"), pod("db-1"), pod("db-17")),
        # Their names may stand in them, and their nodes may differ.
        (
            pod("db-0", "hostname: db-0, " + ARGS.format("--id=db-0")),
            pod("db-1", "hostname: db-1, " + ARGS.format("--id=db-1")),
        ),
        (pod("db-0", "nodeName: n0, containers: []"), pod("db-1", "containers: [], nodeName: n1")),
        (
            pod("db-0", "nodeSelector: {kubernetes.io/hostname: n0}, containers: []"),
            pod("db-1", "nodeSelector: {kubernetes.io/hostname: n1}, containers: []"),
        ),
        (
            pod("db-0", "hostname: x, containers: []", ", labels: {a: b, c: d}"),
            pod("db-1", "containers: [], hostname: x", ", labels: {c: d, a: b}"),
        ),
        (
            pod("db-0", metadata=", annotations: {a: db-0}"),
            pod("db-1", metadata=", annotations: {a: db-1}"),
        ),
    ],
)
def test_pods_that_differ_in_their_numbers_are_copies(pods: tuple[str, ...]) -> None:
    """In the order of the input."""
    assert len(copies_in(*pods)) == 1
    assert copies_in(*pods)[0][:2] == ["db-0", "db-1"]
    assert len(copies_in(*pods)[0]) == len(pods)


@pytest.mark.parametrize(
    "pods",
    [
        (pod("db-0"),),
        (pod("db-a"), pod("db-b")),
        (pod("db-0"), pod("cache-0")),
        (pod("db-0"), pod("db-0")),
        (pod("db-0"), pod("db-1", "containers: [{name: a, image: other}]")),
        (pod("db-0", ARGS.format("--id=0")), pod("db-1", ARGS.format("--id=1"))),
        (pod("db-0", metadata=", labels: {n: '0'}"), pod("db-1", metadata=", labels: {n: '1'}")),
        (pod("db-0"), pod("db-1", metadata=", annotations: {a: b}")),
        (pod("db-0"), pod("db-1", metadata=", namespace: other")),
        (
            pod("db-0", "nodeSelector: {disk: a}, containers: []"),
            pod("db-1", "nodeSelector: {disk: b}, containers: []"),
        ),
        tuple(pod(f"db-{n}", metadata=", ownerReferences: [{kind: X}]") for n in range(2)),
        tuple(pod(f"db-{n}", metadata=", annotations: {helm.sh/hook: test}") for n in range(2)),
        tuple(
            pod(f"db-{n}", "template: {spec: {containers: [{name: a}]}}")
            .replace("v1", "apps/v1")
            .replace("kind: Pod", "kind: Deployment")
            for n in range(2)
        ),
    ],
)
def test_other_pods_are_no_copies(pods: tuple[str, ...]) -> None:
    """They differ in something else, are elsewhere, or are none that get a controller."""
    assert copies_in(*pods) == []


def test_copies_are_in_one_folder() -> None:
    """In any of its files."""
    inputs = inputs_of({"a/0.yaml": pod("db-0"), "a/1.yaml": pod("db-1"), "b/2.yaml": pod("db-2")})
    assert [[copy.name for copy in copies] for copies in identical_pods(inputs.workloads)] == [
        ["db-0", "db-1"]
    ]


def test_groups_of_copies_stand_side_by_side() -> None:
    """Each Pod in one of them."""
    assert copies_in(pod("a-0"), pod("b-0"), pod("a-1"), pod("b-1")) == [
        ["a-0", "a-1"],
        ["b-0", "b-1"],
    ]


def test_the_copies_of_a_pod() -> None:
    """Itself among them; none for a Pod that is alone, or for another kind."""
    manifests = manifests_of(pod("db-0") + pod("db-1") + pod("web"))
    for name in ("db-0", "db-1"):
        copies = copies_of(workload_named(manifests, f"Pod/{name}"), manifests)
        assert [copy.name for copy in copies] == ["db-0", "db-1"]
    assert copies_of(workload_named(manifests, "Pod/web"), manifests) == ()


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("containers: []", ["containers"]),
        ("nodeName: a, containers: []", ["containers"]),
        ("nodeSelector: {kubernetes.io/hostname: a}, containers: []", ["containers"]),
        ("nodeSelector: {}, containers: []", ["containers"]),
        ("nodeSelector: x, containers: []", ["containers"]),
        (
            "nodeSelector: {kubernetes.io/hostname: a, disk: b}, containers: []",
            ["nodeSelector", "containers"],
        ),
    ],
)
def test_a_pod_spec_without_its_node(spec: str, expected: list[str]) -> None:
    """Other labels of nodes stay, and so does the order."""
    workload = workload_of(pod("a", spec))
    result = without_node(workload)
    assert list(result) == expected
    assert result.get("nodeSelector", {"disk": "b"}) == {"disk": "b"}
    assert without_node(workload) == result


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["db-0", "db-1"], "db"),
        (["db0", "db1", "db12"], "db"),
        (["db.0", "db.1"], "db"),
        (["db-0-a", "db-1-a"], "db-a"),
        (["0-db", "1-db"], "db"),
        (["v2-db-0", "v2-db-1"], "v2-db"),
        (["0", "1"], None),
        (["-0", "-1"], None),
        (["db-0-0", "db-1-1"], None),
        (["db-0", "db-0"], None),
        (["db-0", "db"], None),
        (["db"], None),
    ],
)
def test_the_name_that_copies_have_in_common(names: list[str], expected: str | None) -> None:
    """Without the one number in which they differ."""
    assert common_name_stem(names) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("db-0", 0),
        ("db-10", 10),
        ("a-1-2", 2),
        ("db-01", None),
        ("db0", None),
        ("db-", None),
        ("db-0a", None),
        ("0", None),
        ("-0", 0),
    ],
)
def test_the_ordinal_of_a_name(name: str, expected: int | None) -> None:
    """As a StatefulSet gives it, without zeros before it."""
    assert ordinal_of(name) == expected
