"""Which objects of a cluster the service is asked about, and in which requests."""

from __future__ import annotations

import json

import pytest

from clients.audit.selection import (
    SYSTEM_NAMESPACES,
    File,
    as_file,
    halves_of,
    is_looked_at,
    requests_of,
)


def item(kind="Pod", name="web", namespace="shop", status=None, **metadata):
    own = {"name": name, "namespace": namespace, **metadata}
    return {"apiVersion": "v1", "kind": kind, "metadata": own, "status": status or {}}


def owned(kind, *, controller=True):
    return {"ownerReferences": [{"kind": kind, "name": "x", "controller": controller}]}


@pytest.mark.parametrize(
    ("looked_at", "own"),
    [
        (True, item()),
        (True, item(status={"phase": "Running"})),
        (True, item("Service", status={"phase": "Failed"})),
        (False, item(status={"phase": "Succeeded"})),
        (False, item(status={"phase": "Failed"})),
        (False, item(namespace="kube-system")),
        (False, item(namespace="")),
        (False, item(deletionTimestamp="2026-01-01T00:00:00Z")),
        (False, item(**owned("ReplicaSet"))),
        (False, item(**owned("Workflow"))),
        (True, item(**owned("Node", controller=False))),
        (False, item("ReplicaSet", **owned("Rollout"))),
        (False, item("Job", **owned("CronJob"))),
        (True, item("Job", **owned("Backup"))),
        (True, item("Deployment", **owned("Shop"))),
    ],
)
def test_what_is_looked_at(looked_at, own):
    """What nobody owns, or only something that isn't read; nothing of the system or of the past."""
    assert is_looked_at(own, SYSTEM_NAMESPACES) is looked_at


def test_what_machines_wrote_is_not_sent():
    """Status, managed fields and what kubectl applied last; what people wrote is."""
    notes = {"kubectl.kubernetes.io/last-applied-configuration": "{}", "team": "a"}
    own = item(uid="u", managedFields=[], resourceVersion="1", annotations=notes, labels={"a": "b"})
    file = as_file(own)

    assert file.path == "shop/pod-web.json"
    assert file.is_workload
    assert json.loads(file.content) == {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": "web",
            "namespace": "shop",
            "uid": "u",
            "annotations": {"team": "a"},
            "labels": {"a": "b"},
        },
    }
    assert own["metadata"]["annotations"] == notes
    assert not as_file(item("Service")).is_workload


def files(namespace, workloads, around=1, size=10):
    own = [File(f"{namespace}/pod-{number}.json", "x" * size, True) for number in range(workloads)]
    return own + [
        File(f"{namespace}/service-{number}.json", "{}", False) for number in range(around)
    ]


AROUND = len('{"apiVersion": "v1", "kind": "List", "items": [{}]}')


def test_namespaces_are_asked_about_as_a_whole():
    """Several in one request, in no more than it may have; none without a workload. What is around
    the workloads comes as one List.
    """
    every = [*files("a", 2), *files("b", 2), *files("c", 0), *files("d", 2)]
    sent = list(requests_of(every, most=2 * AROUND + 45, most_files=100))

    assert [{file.path[0] for file in part} for part in sent] == [{"a", "b"}, {"d"}]
    assert [len(part) for part in sent] == [6, 3]
    assert json.loads(sent[0][0].content) == {"apiVersion": "v1", "kind": "List", "items": [{}]}
    sent = list(requests_of(every, most=10_000, most_files=4))
    assert [{file.path[0] for file in part} for part in sent] == [{"a"}, {"b"}, {"d"}]


@pytest.mark.parametrize(
    ("most", "most_files", "parts"), [(4 * 25, 100, 3), (10_000, 5, 3), (10_000, 100, 1)]
)
def test_a_namespace_that_is_too_large_comes_in_parts(most, most_files, parts):
    """Each workload once, and each time with all that is around it."""
    sent = list(requests_of([*files("a", 10, around=2), *files("b", 1)], most, most_files))

    of_large = [part for part in sent if part[0].path.startswith("a/")]
    assert len(of_large) == parts
    for part in of_large:
        assert part[0].path == "a/around.json"
        assert json.loads(part[0].content)["items"] == [{}, {}]
    workloads = [
        file.path
        for part in of_large
        for file in part
        if file.is_workload and file.path.startswith("a/")
    ]
    assert workloads == [f"a/pod-{number}.json" for number in range(10)]
    assert list(requests_of([], most, most_files)) == []


def test_a_workload_that_is_larger_than_a_request_is_asked_about_alone():
    """The service says what it thinks of it."""
    sent = list(requests_of(files("a", 3, size=100), most=60, most_files=9))

    assert [sum(file.is_workload for file in part) for part in sent] == [1, 1, 1]


def test_what_is_too_large_for_the_service_comes_in_halves():
    """Down to one workload, with what is around it each time."""
    (whole,) = requests_of(files("a", 3), most=10_000, most_files=9)
    halves = halves_of(whole)
    assert halves is not None
    first, second = halves

    assert [file.path for file in first] == ["a/around.json", "a/pod-0.json"]
    assert [file.path for file in second] == ["a/around.json", "a/pod-1.json", "a/pod-2.json"]
    assert halves_of(first) is None
