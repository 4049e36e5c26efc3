"""Workloads: what is one, its containers and volumes, and which labels it selects."""

from __future__ import annotations

from typing import Any

import pytest

from service.findings import ContainerType
from service.kube.workloads import (
    all_workloads,
    controllers_selecting,
    index_by_rarest_label,
    is_persistent,
    pods_by_label,
    pods_with_labels,
    register_workloads,
    selects,
    uses_host_port,
    workloads_of,
    writes_persistent_data,
)
from service.yamldoc.nodes import Route
from tests.support.manifests import (
    inputs_of,
    manifests_of,
    named,
    resource_of,
    workload_named,
    workload_of,
)

DEPLOYMENT = """---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}, matchExpressions: [{key: tier, operator: Exists}]}
  template:
    metadata: {labels: {app: web, tier: 1}, annotations: {note: x}}
    spec:
      initContainers: [{name: prepare}, {name: proxy, restartPolicy: Always}, {name: wait}]
      ephemeralContainers: [{name: debug, restartPolicy: Always}]
      containers: [{name: front}, {name: back, restartPolicy: Always}]
"""
POD = """---
apiVersion: v1
kind: Pod
metadata: {name: db, labels: {app: db}}
spec: {containers: [{name: db}]}
"""


def test_a_workload_and_its_pod_template() -> None:
    """Labels, annotations and the spec are those of the Pods."""
    workload = workload_of(DEPLOYMENT)
    assert (workload.title, workload.name) == ("Deployment/web", "web")
    assert workload.kind is not None
    assert workload.kind.kind == "Deployment"
    assert workload.pod_route == ("spec", "template", "spec")
    assert workload.labels == {"app": "web", "tier": "1"}
    assert workload.annotations == {"note": "x"}
    assert workload.selector == {"app": "web"}
    assert (workload.bare, workload.is_pod) == (False, False)


def test_a_pod_is_its_own_template() -> None:
    """Without an owner it is bare."""
    pod = workload_of(POD)
    assert (pod.pod_route, pod.labels, pod.selector) == (("spec",), {"app": "db"}, {})
    assert (pod.bare, pod.is_pod) == (True, True)
    owned = workload_of(POD.replace("db, labels", "db, ownerReferences: [{kind: X}], labels"))
    assert (owned.bare, owned.is_pod) == (False, True)


def test_a_plain_selector_is_read_as_labels() -> None:
    """As a ReplicationController has it."""
    text = DEPLOYMENT.replace("apps/v1", "v1").replace(
        "kind: Deployment", "kind: ReplicationController"
    )
    workload = workload_of(
        text.replace("{matchLabels: {app: web}, ", "{app: web, ").replace(
            "matchExpressions: [{key: tier, operator: Exists}]", "tier: 1"
        )
    )
    assert workload.selector == {"app": "web", "tier": "1"}


def test_containers_in_their_order() -> None:
    """Regular ones, init containers, ephemeral ones; sidecars are init containers that stay."""
    workload = workload_of(DEPLOYMENT)
    assert [(container.name, container.type) for container in workload.containers] == [
        ("front", ContainerType.REGULAR),
        ("back", ContainerType.REGULAR),
        ("prepare", ContainerType.INIT),
        ("proxy", ContainerType.NATIVE_SIDECAR),
        ("wait", ContainerType.INIT),
        ("debug", ContainerType.EPHEMERAL),
    ]
    assert [container.index for container in workload.containers] == list(range(6))
    assert workload.containers[3].route == ("spec", "template", "spec", "initContainers", 1)
    assert [container.name for container in workload.classified_containers] == [
        "front",
        "back",
        "proxy",
    ]


def test_volumes_by_name() -> None:
    """Claim templates are among them, and before volumes of their names."""
    text = DEPLOYMENT.replace("kind: Deployment", "kind: StatefulSet") + (
        "      volumes: [{name: conf, configMap: {name: c}}, {name: both, emptyDir: {}}]\n"
        "  volumeClaimTemplates:\n"
        "  - {metadata: {name: data}, spec: {accessModes: [ReadWriteOnce]}}\n"
        "  - {metadata: {name: both}, spec: {}}\n"
    )
    assert workload_of(text).volumes_by_name == {
        "conf": {"name": "conf", "configMap": {"name": "c"}},
        "both": {"volumeClaimTemplate": {}},
        "data": {"volumeClaimTemplate": {"accessModes": ["ReadWriteOnce"]}},
    }
    assert workload_of(POD).volumes_by_name == {}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        *((source, False) for source in ("configMap", "secret", "projected", "downwardAPI")),
        *((source, False) for source in ("emptyDir", "image", "ephemeral")),
        *((source, True) for source in ("persistentVolumeClaim", "hostPath", "nfs", "csi")),
        ("volumeClaimTemplate", True),
        ("name", False),
    ],
)
def test_what_outlives_a_pod(source: str, expected: bool) -> None:
    """What is only read, or goes with the Pod, doesn't."""
    assert is_persistent({"name": "x", source: {}}) is expected


VOLUMES = "volumes: [{name: keep, hostPath: {path: /x}}, {name: lose, emptyDir: {}}]"


@pytest.mark.parametrize(
    ("mounts", "expected"),
    [
        ("[{name: keep}]", True),
        ("[{name: lose}, {name: keep}]", True),
        ("[{name: keep, readOnly: true}]", False),
        ("[{name: keep, readOnly: false}]", True),
        ("[{name: lose}]", False),
        ("[{name: gone}]", False),
        ("[]", False),
    ],
)
def test_a_container_that_writes_persistent_data(mounts: str, expected: bool) -> None:
    """It mounts a volume that outlives the Pod, and not only to read."""
    text = POD.replace("{name: db}]}", f"{{name: db, volumeMounts: {mounts}}}], {VOLUMES}}}")
    workload = workload_of(text)
    assert writes_persistent_data(workload, workload.containers[0]) is expected


@pytest.mark.parametrize(
    ("ports", "host_network", "expected"),
    [
        ("[{containerPort: 80}]", "false", False),
        ("[{containerPort: 80}]", "true", True),
        ("[{containerPort: 80}]", "'true'", False),
        ("[{containerPort: 80}, {containerPort: 81, hostPort: 81}]", "false", True),
        ("[{containerPort: 80, hostPort: 0}]", "false", False),
        ("[]", "true", False),
    ],
)
def test_a_container_that_uses_a_port_of_its_node(
    ports: str, host_network: str, expected: bool
) -> None:
    """By a host port, or on the host's network."""
    text = POD.replace(
        "{name: db}]}", f"{{name: db, ports: {ports}}}], hostNetwork: {host_network}}}"
    )
    workload = workload_of(text)
    assert uses_host_port(workload, workload.containers[0]) is expected


def custom(spec: str) -> str:
    return f"apiVersion: example.com/v1\nkind: Thing\nmetadata: {{name: x}}\nspec: {spec}\n"


TEMPLATE = "{spec: {containers: [{name: a}]}}"
TEMPLATES: list[tuple[str, list[Route]]] = [
    (
        custom(f"{{head: {TEMPLATE}, groups: [{{template: {TEMPLATE}}}, x]}}"),
        [("spec", "head"), ("spec", "groups", 0, "template")],
    ),
    (custom("{t: {spec: {containers: [{image: a}]}}}"), [("spec", "t")]),
    (custom(TEMPLATE), [("spec",)]),
    # A template in a template is part of it.
    (custom("{t: {inner: " + TEMPLATE + ", spec: {containers: [{name: a}]}}}"), [("spec", "t")]),
    # Not containers, or not of a Pod.
    (custom("{t: {spec: {containers: []}}}"), []),
    (custom("{t: {spec: {containers: {name: a}}}}"), []),
    (custom("{t: {spec: {containers: [{name: a}, {size: 1}]}}}"), []),
    (custom("{t: {spec: {containers: [a]}}}"), []),
    (custom("{t: {spec: {containers: [username]}}}"), []),
    (custom(f"{{schema: {TEMPLATE}, status: {TEMPLATE}, openAPIV3Schema: {TEMPLATE}}}"), []),
    # As deep as they are looked for, and one deeper.
    (custom("{a: {b: {c: {d: {e: {f: {g: " + TEMPLATE + "}}}}}}}"), [("spec", *"abcdefg")]),
    (custom("{a: {b: {c: {d: {e: {f: {g: {h: " + TEMPLATE + "}}}}}}}}"), []),
    (custom("{a: [{b: [{c: [{d: " + TEMPLATE + "}]}]}]}"), [("spec", "a", 0, "b", 0, "c", 0, "d")]),
    (custom("{a: [{b: [{c: [{d: [" + TEMPLATE + "]}]}]}]}"), []),
    # A known kind has one, in its own place.
    (POD, [()]),
    (POD.replace("{containers: [{name: db}]}", "{containers: []}"), [()]),
    (POD.replace("{containers: [{name: db}]}", "{t: " + TEMPLATE + "}"), []),
    (POD.replace("{containers: [{name: db}]}", "{containers: x}"), []),
]


@pytest.mark.parametrize(("text", "templates"), TEMPLATES)
def test_where_an_object_has_pod_templates(text: str, templates: list[Route]) -> None:
    """Kinds that aren't known are searched."""
    workloads = list(workloads_of(resource_of(text)))
    assert [workload.template for workload in workloads] == templates
    assert all((workload.kind is not None) is ("kind: Pod" in text) for workload in workloads)


LABELS = {"app": "web", "tier": "1"}


def with_selector(kind: str, api_version: str, selector: str) -> str:
    return (
        DEPLOYMENT.replace("apps/v1", api_version)
        .replace("kind: Deployment", f"kind: {kind}")
        .replace(
            "{matchLabels: {app: web}, matchExpressions: [{key: tier, operator: Exists}]}", selector
        )
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (DEPLOYMENT, True),
        (with_selector("Deployment", "apps/v1", "{matchLabels: {app: api}}"), False),
        (with_selector("Deployment", "apps/v1", "{}"), False),
        (with_selector("Deployment", "apps/v1", "{matchLabels: {}}"), True),
        (with_selector("ReplicationController", "v1", "{app: web}"), True),
        (with_selector("ReplicationController", "v1", "{app: web, zone: a}"), False),
        (with_selector("Job", "batch/v1", "{matchLabels: {app: web}}"), False),
        (with_selector("Thing", "example.com/v1", "{matchLabels: {app: web}}"), False),
        (POD, False),
    ],
)
def test_which_workloads_select_labels(text: str, expected: bool) -> None:
    """Those with a selector of their own; the API server makes that of a Job."""
    workload = workload_of(text)
    assert selects(workload, LABELS) is expected
    manifests = manifests_of(text)
    assert [found.title for found in controllers_selecting(LABELS, manifests)] == (
        [workload.title] if expected else []
    )


def test_controllers_are_found_by_any_of_their_labels() -> None:
    """Those without labels too, and none twice."""
    manifests = manifests_of(
        DEPLOYMENT
        + DEPLOYMENT.replace("name: web}", "name: other}").replace(
            "{app: web},", "{app: web, tier: '1'},"
        )
        + DEPLOYMENT.replace("name: web}", "name: any}").replace("matchLabels: {app: web}, ", "")
        + DEPLOYMENT.replace("name: web}", "name: api}").replace("{app: web},", "{app: api},")
    )
    found = controllers_selecting(LABELS, manifests)
    assert sorted(workload.name for workload in found) == ["any", "other", "web"]


def test_workloads_of_a_set_are_those_that_were_read() -> None:
    """In the order of the input; nobody looks for them again."""
    inputs = inputs_of(DEPLOYMENT + POD)
    assert all_workloads(inputs.manifests) == inputs.workloads
    assert [workload.name for workload in inputs.workloads] == ["web", "db"]
    register_workloads(inputs.manifests, ())
    assert all_workloads(inputs.manifests) == inputs.workloads


def test_an_index_by_the_rarest_label() -> None:
    """What everybody asks for is of no use to find somebody by."""
    part, one, two = ("part-of", "shop"), ("app", "one"), ("app", "two")
    selectors: list[tuple[str, dict[str, Any]]] = [
        ("a", dict([part, one])),
        ("b", dict([part, two])),
        ("c", dict([part])),
        ("d", {}),
        ("e", dict([two, part])),
    ]
    assert index_by_rarest_label(selectors) == {
        one: ["a"],
        two: ["b", "e"],
        part: ["c"],
        None: ["d"],
    }


def test_pods_are_found_by_their_labels() -> None:
    """All labels of a selector; an empty selector selects none."""
    manifests = manifests_of(DEPLOYMENT + POD)
    web, db = named(manifests, "Deployment/web"), named(manifests, "Pod/db")
    assert pods_with_labels({"app": "web"}, manifests) == [(web, LABELS)]
    assert pods_with_labels(LABELS, manifests) == [(web, LABELS)]
    assert pods_with_labels({"app": "db", "tier": "1"}, manifests) == []
    assert pods_with_labels({"app": "none"}, manifests) == []
    assert pods_with_labels({}, manifests) == []
    found = pods_by_label(manifests)
    labels = [("app", "web"), ("tier", "1"), ("app", "db"), ("app", "none")]
    assert {label: list(found.under([label])) for label in labels if found.count(label)} == {
        ("app", "web"): [(web, LABELS)],
        ("tier", "1"): [(web, LABELS)],
        ("app", "db"): [(db, {"app": "db"})],
    }
    assert workload_named(manifests, "Pod/db").resource is db
