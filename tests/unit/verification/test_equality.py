"""Whether containers and objects are what they were, but for what a rewrite may change."""

from __future__ import annotations

from typing import Any

import pytest

from service.kube.containers import Container
from service.kube.workloads import Workload
from service.options import Options
from service.pipeline import run
from service.verification.equality import (
    are_equal_but_for,
    is_container_preserved,
    is_made_from,
    mounted_volumes,
)
from service.yamldoc.operations import Verbatim
from tests.support.verifying import bare_pod, container, controller, read_objects, workload_of


def made(**fields: Any) -> Container:
    """A container with fields."""
    return workload_of(bare_pod("a", {"containers": [container("web", **fields)]})).containers[0]


# Objects


@pytest.mark.parametrize(
    ("one", "other", "routes", "expected"),
    [
        pytest.param({"a": 1}, {"a": 1}, [], True, id="equal"),
        pytest.param({"a": 1}, {"a": 2}, [], False, id="a value"),
        pytest.param({"a": 1}, {"a": 2}, [("a",)], True, id="a value that may differ"),
        pytest.param({"a": 1}, {"a": 2}, [("b",)], False, id="another one may differ"),
        pytest.param({"a": 1, "b": 1}, {"a": 1, "b": 2}, [], False, id="one value of two"),
        pytest.param({"a": 1}, {}, [], False, id="a key is gone"),
        pytest.param({}, {"a": 1}, [], False, id="a key is new"),
        pytest.param({"a": 1}, {}, [("a",)], True, id="a key that may go"),
        pytest.param({}, {"a": 1}, [("a",)], True, id="a key that may come"),
        pytest.param({"a": {"b": 1}}, {"a": {"b": 2}}, [("a", "b")], True, id="deeper"),
        pytest.param({"a": {"b": 1}}, {"a": {"b": 2}}, [("b",)], False, id="not so deep"),
        pytest.param({"a": {"b": 1}}, {"a": 3}, [("a",)], True, id="all below may differ"),
        pytest.param({"a": {"b": 1}}, {"a": 3}, [("a", "b")], False, id="only one below"),
        pytest.param([1, 2], [1, 3], [(1,)], True, id="an item"),
        pytest.param([1, 2], [1, 3], [(0,)], False, id="another item"),
        pytest.param([1, 2], [1], [(1,)], False, id="an item is gone"),
        pytest.param([1], [1, 2], [(1,)], False, id="an item is new"),
        pytest.param([{"a": 1}], [{"a": 2}], [(0, "a")], True, id="in an item"),
        pytest.param([], {}, [], False, id="another type"),
        pytest.param({}, [], [], False, id="another type, the other way round"),
        pytest.param(1, 2, [()], True, id="the whole"),
    ],
)
def test_objects_are_equal_but_for_some_routes(
    one: Any, other: Any, routes: list[tuple[str | int, ...]], *, expected: bool
) -> None:
    """What stands there may be anything, or nothing; all else is the same."""
    assert are_equal_but_for(one, other, frozenset(routes)) is expected


SOURCE = read_objects(bare_pod("a", {})).documents[0]
TEXT = Verbatim(SOURCE, ())


@pytest.mark.parametrize(
    ("data", "tree", "expected"),
    [
        pytest.param({"a": [1, "b"]}, {"a": [1, "b"]}, True, id="equal"),
        pytest.param({"a": 1}, {"a": 2}, False, id="a value"),
        pytest.param({"a": 1, "b": 1}, {"a": 1}, False, id="a key too many"),
        pytest.param({"a": 1}, {"a": 1, "b": 1}, False, id="a key too few"),
        pytest.param([1, 2], [1, 3], False, id="an item"),
        pytest.param([1, 2], [1], False, id="an item too many"),
        pytest.param([1], [1, 2], False, id="an item too few"),
        pytest.param({"a": {"b": 1}}, {"a": TEXT}, True, id="a text taken over"),
        pytest.param({"a": {"b": 1}, "c": 1}, {"a": TEXT, "c": 2}, False, id="beside a text"),
        pytest.param([{"b": 1}, 2], [TEXT, 2], True, id="a text taken over in a list"),
        pytest.param({}, {"a": TEXT}, False, id="a text that is missing"),
        pytest.param([], {}, False, id="another type"),
        pytest.param({}, [], False, id="another type, the other way round"),
        pytest.param(1, {}, False, id="no mapping"),
    ],
)
def test_data_is_what_a_tree_was_to_become(data: Any, tree: Any, *, expected: bool) -> None:
    """But for text that the tree takes over, which is compared elsewhere."""
    assert is_made_from(data, tree) is expected


# Containers


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param({}, {}, id="equal"),
        pytest.param(
            {"ports": [{"containerPort": 80, "name": "http"}]},
            {"ports": [{"containerPort": 80, "name": "http"}]},
            id="a port that had a name",
        ),
        pytest.param(
            {"args": ["--db=localhost:1", "-v"]}, {"args": ["--db=shop:1", "-v"]}, id="args"
        ),
        pytest.param({"command": ["localhost"]}, {"command": ["shop"]}, id="command"),
        pytest.param(
            {"env": [{"name": "DB", "value": "localhost:1"}]},
            {"env": [{"name": "DB", "value": "shop:1"}]},
            id="a variable",
        ),
        pytest.param(
            {"ports": [{"containerPort": 80}]},
            {"ports": [{"containerPort": 80, "name": "http"}]},
            id="a port that got a name",
        ),
        pytest.param(
            {"ports": [{"containerPort": 80}]},
            {"ports": [{"containerPort": 80}, {"containerPort": 81}]},
            id="a port behind",
        ),
        pytest.param({}, {"ports": [{"containerPort": 81}]}, id="a first port"),
        pytest.param(
            {"volumeMounts": [{"name": "a", "mountPath": "/a"}]},
            {"volumeMounts": [{"name": "b", "mountPath": "/a"}]},
            id="a volume of another name",
        ),
        pytest.param(
            {"volumeDevices": [{"name": "a", "devicePath": "/a"}]},
            {"volumeDevices": [{"name": "b", "devicePath": "/a"}]},
            id="a device of another name",
        ),
        pytest.param(
            {"volumeMounts": [{"name": "kube-api-access-x", "mountPath": "/t"}]},
            {},
            id="the token, which the API server mounts again",
        ),
    ],
)
def test_what_a_rewrite_may_change_in_a_container(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    """Addresses, names of ports, ports behind the others, names of volumes."""
    assert is_container_preserved(made(**one), made(**other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param({"image": "a"}, {"image": "b"}, id="image"),
        pytest.param({"resources": {}}, {}, id="a field is gone"),
        pytest.param({}, {"resources": {}}, id="a field is new"),
        pytest.param({"args": ["-v", "a"]}, {"args": ["-v", "b"]}, id="a word"),
        pytest.param({"command": ["a"]}, {"command": ["b"]}, id="a word of the command"),
        pytest.param({"args": ["a"]}, {"args": ["a", "b"]}, id="a word too many"),
        pytest.param({"args": ["a", "b"]}, {"args": ["a"]}, id="a word too few"),
        pytest.param({"args": ["80"]}, {"args": [80]}, id="a number"),
        pytest.param({"args": ["80"]}, {"args": [{"a": "80"}]}, id="a mapping"),
        pytest.param({"args": [{"a": "80"}]}, {"args": ["80"]}, id="no mapping any more"),
        pytest.param(
            {"args": ["localhost:1", "a"]}, {"args": ["shop:1", "b"]}, id="a word beside an address"
        ),
        pytest.param(
            {"env": [{"name": "A", "value": "x"}]},
            {"env": [{"name": "A", "value": "y"}]},
            id="a value",
        ),
        pytest.param(
            {"env": [{"name": "A", "value": "localhost"}]},
            {"env": [{"name": "B", "value": "shop"}]},
            id="the name of a variable",
        ),
        pytest.param(
            {"env": [{"name": "A", "value": "x"}]}, {"env": [{"name": "A"}]}, id="no value any more"
        ),
        pytest.param(
            {"env": [{"name": "A", "valueFrom": {"secretKeyRef": {"key": "a"}}}]},
            {"env": [{"name": "A", "valueFrom": {"secretKeyRef": {"key": "b"}}}]},
            id="the key of a secret",
        ),
        pytest.param(
            {"ports": [{"containerPort": 80}]}, {"ports": [{"containerPort": 81}]}, id="a port"
        ),
        pytest.param(
            {"ports": [{"containerPort": 80, "name": "a"}]},
            {"ports": [{"containerPort": 80, "name": "b"}]},
            id="the name of a port",
        ),
        pytest.param(
            {"ports": [{"containerPort": 80, "name": "a"}]},
            {"ports": [{"containerPort": 80}]},
            id="the name of a port is gone",
        ),
        pytest.param(
            {"ports": [{"containerPort": 80}]},
            {"ports": [{"containerPort": 80, "name": "a", "hostPort": 80}]},
            id="a port of the node",
        ),
        pytest.param(
            {"ports": [{"containerPort": 80}, {"containerPort": 81}]},
            {"ports": [{"containerPort": 80}]},
            id="a port is gone",
        ),
        pytest.param(
            {"ports": [{"containerPort": 80}]},
            {"ports": [{"containerPort": 81}, {"containerPort": 80}]},
            id="a port in front",
        ),
        pytest.param(
            {"volumeMounts": [{"name": "a", "mountPath": "/a"}]},
            {"volumeMounts": [{"name": "a", "mountPath": "/b"}]},
            id="the path of a mount",
        ),
        pytest.param(
            {"volumeMounts": [{"name": "a", "mountPath": "/a"}]}, {}, id="a mount is gone"
        ),
        pytest.param(
            {"volumeMounts": [{"name": "a", "mountPath": "/a"}]},
            {"volumeMounts": [{"name": "a", "mountPath": "/a", "readOnly": True}]},
            id="a mount that is read only",
        ),
        pytest.param(
            {"volumeDevices": [{"name": "a", "devicePath": "/a"}]},
            {"volumeDevices": [{"name": "a", "devicePath": "/b"}]},
            id="the path of a device",
        ),
    ],
)
def test_what_a_rewrite_may_not_change_in_a_container(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    """All else stays as it was."""
    assert not is_container_preserved(made(**one), made(**other))


# Volumes

MOUNTING = container("web", volumeMounts=[{"name": "data", "mountPath": "/data"}])
CLAIM = {"name": "data", "persistentVolumeClaim": {"claimName": "data-db-0"}}


def mounted(workload: Workload, pod: Workload) -> list[tuple[str, Any]]:
    """What the first container of a workload finds."""
    return mounted_volumes(workload, workload.containers[0], pod)


def test_a_volume_is_what_it_is_made_of() -> None:
    """Its name says nothing."""
    pod = workload_of(bare_pod("db-0", {"containers": [MOUNTING], "volumes": [CLAIM]}))
    assert mounted(pod, pod) == [("/data", {"persistentVolumeClaim": {"claimName": "data-db-0"}})]


def test_a_volume_that_is_missing_is_nothing() -> None:
    """The API server refuses such a Pod."""
    pod = workload_of(bare_pod("db-0", {"containers": [MOUNTING]}))
    assert mounted(pod, pod) == [("/data", None)]


def test_the_token_of_the_account_is_left_out() -> None:
    """The API server mounts it in every Pod."""
    token = {"name": "kube-api-access-x", "mountPath": "/token"}
    mounting = container("web", volumeMounts=[token, *MOUNTING["volumeMounts"]])
    pod = workload_of(bare_pod("db-0", {"containers": [mounting]}))
    assert mounted(pod, pod) == [("/data", None)]


STATEFUL = workload_of(
    controller(
        "StatefulSet",
        "db",
        {"containers": [MOUNTING]},
        volumeClaimTemplates=[{"metadata": {"name": "data"}, "spec": {}}],
    )
)


def test_a_stateful_set_claims_what_a_pod_of_its_names_had() -> None:
    """Its claims are named for the template and the Pod."""
    pod = workload_of(bare_pod("db-0", {"containers": [MOUNTING], "volumes": [CLAIM]}))
    assert mounted(STATEFUL, pod) == mounted(pod, pod)
    other = workload_of(bare_pod("db-1", {"containers": [MOUNTING], "volumes": [CLAIM]}))
    assert mounted(STATEFUL, other) != mounted(other, other)


def test_claim_templates_of_a_stateful_set_are_compared_as_such() -> None:
    """It was one before, so no Pod's name is asked for."""
    ((path, source),) = mounted(STATEFUL, STATEFUL)
    assert path == "/data"
    assert "persistentVolumeClaim" not in source


@pytest.mark.parametrize(
    "fields",
    [
        "image: 1.0",
        "image: y",
        "image: a, workingDir: 5",
        "image: a, ports: [{containerPort: 80, name: 5}]",
        "image: a, imagePullPolicy: yes",
        "image: a, volumeMounts: [{name: v, mountPath: 7}]",
        "image: a, env: [{name: 5, value: 6}]",
        "image: a, command: [1, true]",
        "image: a, readinessProbe: {httpGet: {path: 5, port: 80}}",
        "image: a, lifecycle: {preStop: {exec: {command: [5]}}}",
        "image: a, terminationMessagePath: 0x10",
        "image: a, envFrom: [{prefix: 5}]",
    ],
)
def test_what_is_quoted_is_what_it_was(fields: str) -> None:
    """The API server takes strings where these numbers and words stand, whatever the field."""
    text = (
        "apiVersion: v1\nkind: Pod\nmetadata: {name: b}\n"
        f"spec: {{containers: [{{name: x, {fields}}}], volumes: [{{name: v, emptyDir: {{}}}}]}}\n"
    )
    report = run([("a.yaml", text.encode())], Options(), rewrite=True)
    assert report.rewrite is not None
    assert [change.action for change in report.rewrite.changes] == ["wrap"]
    assert report.rewrite.held_back == ()
