"""Which objects of a cluster the service is asked about, and in which requests."""

from __future__ import annotations

import json

import pytest

from clients.audit.selection import SYSTEM_NAMESPACES, File, as_file, is_looked_at, requests_of


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
        File(f"{namespace}/service-{number}.json", "y" * size, False) for number in range(around)
    ]


def test_namespaces_are_asked_about_as_a_whole():
    """Several in one request, in no more than it may have; none without a workload."""
    sent = list(
        requests_of([*files("a", 2), *files("b", 2), *files("c", 0), *files("d", 2)], most=65)
    )

    assert [{file.path[0] for file in part} for part in sent] == [{"a", "b"}, {"d"}]
    assert [len(part) for part in sent] == [6, 3]


def test_a_namespace_that_is_too_large_comes_in_parts():
    """Each workload once, and each time with all that is around it."""
    sent = list(requests_of([*files("a", 10, around=2), *files("b", 1)], most=60))

    of_large = [part for part in sent if part[0].path.startswith("a/")]
    assert len(of_large) == 3
    for part in of_large:
        assert [file.path for file in part if not file.is_workload] == [
            "a/service-0.json",
            "a/service-1.json",
        ]
    workloads = [file.path for part in of_large for file in part if file.is_workload]
    assert workloads == [f"a/pod-{number}.json" for number in range(10)]
    assert list(requests_of([], most=60)) == []


def test_a_workload_that_is_larger_than_a_request_is_asked_about_alone():
    """The service says what it thinks of it."""
    sent = list(requests_of(files("a", 3, size=100), most=60))

    assert [sum(file.is_workload for file in part) for part in sent] == [1, 1, 1]
