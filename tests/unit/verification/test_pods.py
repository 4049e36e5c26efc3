"""Whether Pods are what they were in all that their containers share.

One file, as the module is one: each section has the tables of one of its functions.
"""

from __future__ import annotations

from typing import Any

import pytest

from service.kube.workloads import Workload
from service.verification.pods import (
    changed_fields,
    has_its_annotations,
    has_its_labels,
    makes_as_many_pods,
    pinned_nodes,
    replaces_pods_alike,
    starts_containers_alike,
)
from tests.support.verifying import (
    bare_pod,
    container,
    containers,
    controller,
    workload_of,
)


def deployment(labels: dict[str, str] | None = None, /, **pod: Any) -> Workload:
    """A Deployment of one container, with fields of its Pods."""
    return workload_of(
        controller("Deployment", "shop", {**containers("web"), **pod}, labels=labels)
    )


def pod_of(**fields: Any) -> Workload:
    """A bare Pod of one container, with fields."""
    return workload_of(bare_pod("shop", {**containers("web"), **fields}))


def changed(
    old: Workload, new: Workload, *, is_moved: bool = False, is_merged: bool = False
) -> list[str]:
    """The fields that are not what they were."""
    return changed_fields(old, new, is_moved=is_moved, is_merged=is_merged)


# Containers and their order

PREPARED = {
    "initContainers": [
        container("fetch"),
        container("proxy", restartPolicy="Always"),
        container("unpack"),
    ],
    "containers": [container("web"), container("queue")],
}


@pytest.mark.parametrize(
    "pod",
    [
        pytest.param(PREPARED, id="all of them"),
        pytest.param(
            {**PREPARED, "containers": [container("queue")]}, id="one container moved away"
        ),
        pytest.param(
            {**PREPARED, "initContainers": [container("fetch"), container("unpack")]},
            id="one init container moved away",
        ),
        pytest.param({"containers": [container("web")]}, id="no init containers any more"),
    ],
)
def test_containers_that_start_as_they_did(pod: dict[str, Any]) -> None:
    """Some of them, in the order that they had, are right."""
    old = workload_of(bare_pod("shop", PREPARED))
    assert starts_containers_alike(old, workload_of(controller("Deployment", "shop", pod)))


@pytest.mark.parametrize(
    "pod",
    [
        pytest.param(
            {**PREPARED, "initContainers": PREPARED["initContainers"][::-1]},
            id="init containers in another order",
        ),
        pytest.param(
            {**PREPARED, "containers": [*PREPARED["containers"], container("web")]},
            id="a container twice",
        ),
        pytest.param(
            {
                "initContainers": [*PREPARED["initContainers"], container("queue")],
                "containers": [container("web")],
            },
            id="a container as init container",
        ),
        pytest.param(
            {
                "initContainers": [container("fetch")],
                "containers": [container("web"), container("queue"), container("unpack")],
            },
            id="an init container as container",
        ),
        pytest.param(
            {**PREPARED, "containers": [*PREPARED["containers"], container("other")]},
            id="a container that there was not",
        ),
    ],
)
def test_containers_that_start_otherwise(pod: dict[str, Any]) -> None:
    """Twice, as another type, in another order, or from nowhere is wrong."""
    old = workload_of(bare_pod("shop", PREPARED))
    assert not starts_containers_alike(old, workload_of(controller("Deployment", "shop", pod)))


# Fields of the PodSpec


def test_equal_pods_have_no_changed_field() -> None:
    """Whatever their fields are."""
    fields = {"serviceAccountName": "shop", "tolerations": [{"key": "edge"}], "hostname": "shop"}
    assert changed(deployment(**fields), deployment(**fields)) == []


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ({"serviceAccountName": "shop"}, {"serviceAccountName": "other"}),
        ({"serviceAccountName": "shop"}, {}),
        ({}, {"serviceAccountName": "shop"}),
    ],
)
@pytest.mark.parametrize("is_moved", [True, False])
def test_a_field_that_differs_is_named(
    was: dict[str, str], now: dict[str, str], *, is_moved: bool
) -> None:
    """Changed, gone or new, in the old workload and in a new one."""
    fields = changed(deployment(**was), deployment(**now), is_moved=is_moved)
    assert fields == ["serviceAccountName"]


def test_changed_fields_are_sorted() -> None:
    """An answer is the same each time."""
    now = deployment(schedulerName="a", dnsPolicy="Default", hostNetwork=True)
    assert changed(deployment(), now) == ["dnsPolicy", "hostNetwork", "schedulerName"]


@pytest.mark.parametrize(
    "field", ["containers", "initContainers", "ephemeralContainers", "volumes"]
)
def test_containers_and_volumes_are_compared_elsewhere(field: str) -> None:
    """One by one, not as fields."""
    assert changed(deployment(**{field: [container("a")]}), deployment()) == []


@pytest.mark.parametrize("field", ["nodeName", "nodeSelector", "affinity", "hostname", "subdomain"])
def test_what_copies_differ_in_is_not_compared_once_they_are_merged(field: str) -> None:
    """Their controller sets it in its own way; one Pod alone keeps it."""
    assert changed(pod_of(**{field: "a"}), deployment(), is_merged=True) == []
    assert changed(pod_of(**{field: "a"}), deployment()) == [field]


def test_merged_pods_keep_all_else() -> None:
    """What the copies had in common, their controller has too."""
    now = deployment(serviceAccountName="b", hostname="b")
    assert changed(pod_of(serviceAccountName="a", hostname="a"), now, is_merged=True) == [
        "serviceAccountName"
    ]


def affinity(value: str | None, operator: str = "In") -> dict[str, Any]:
    """A rule to stay away from Pods with a value of the label `app`."""
    expression = {"key": "app", "operator": operator, "values": [value]}
    term = {"labelSelector": {"matchExpressions": [expression]}, "topologyKey": "zone"}
    return {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}


@pytest.mark.parametrize("field", ["affinity", "topologySpreadConstraints"])
def test_a_selecting_field_may_follow_the_labels(field: str) -> None:
    """The value of a label becomes what the Pods' own label has become."""
    old, labels = deployment(**{field: affinity("shop")}), {"app": "shop-queue"}
    assert changed(old, deployment(labels, **{field: affinity("shop-queue")})) == []
    assert changed(old, deployment(labels, **{field: affinity("shop-web")})) == [field]


@pytest.mark.parametrize(
    "now",
    [
        pytest.param(affinity("shop-queue", "NotIn"), id="another operator"),
        pytest.param(affinity(None), id="no value"),
        pytest.param({}, id="nothing any more"),
        pytest.param({**affinity("shop-queue"), "nodeAffinity": {}}, id="a key too many"),
        pytest.param("shop-queue", id="another type"),
        pytest.param(
            {
                "podAntiAffinity": {
                    "requiredDuringSchedulingIgnoredDuringExecution": affinity("shop-queue")[
                        "podAntiAffinity"
                    ]["requiredDuringSchedulingIgnoredDuringExecution"]
                    * 2
                }
            },
            id="a rule too many",
        ),
    ],
)
def test_a_selecting_field_changes_in_nothing_else(now: Any) -> None:
    """Only values of labels differ."""
    old = deployment(affinity=affinity("shop"))
    assert changed(old, deployment({"app": "shop-queue"}, affinity=now)) == ["affinity"]


@pytest.mark.parametrize(
    ("was", "now", "is_right"),
    [
        pytest.param(["shop", "a"], ["queue", "a"], True, id="one of two"),
        pytest.param(["shop", "a"], ["queue", "b"], False, id="another one too"),
        pytest.param(["a", "b"], "ab", False, id="a list and a text"),
        pytest.param("ab", ["a", "b"], False, id="a text and a list"),
        pytest.param("shop", {}, False, id="a text and a mapping"),
        pytest.param({"a": "shop", "b": "a"}, {"a": "queue", "b": "b"}, False, id="two keys"),
    ],
)
def test_all_parts_of_a_selecting_field_are_compared(was: Any, now: Any, *, is_right: bool) -> None:
    """Each value by itself."""
    old, new = deployment(affinity=was), deployment({"app": "queue"}, affinity=now)
    assert changed(old, new) == ([] if is_right else ["affinity"])


def test_other_fields_do_not_follow_the_labels() -> None:
    """A node is not called otherwise because the Pods are."""
    old, now = deployment(nodeName="shop"), deployment({"app": "queue"}, nodeName="queue")
    assert changed(old, now) == ["nodeName"]


def test_a_label_that_is_gone_is_not_followed() -> None:
    """The rule would select nobody."""
    old = deployment(affinity=affinity("shop"))
    assert changed(old, deployment({"other": "shop"}, affinity=affinity(None))) == ["affinity"]


@pytest.mark.parametrize("field", ["priority", "overhead"])
def test_what_admission_fills_in_may_go(field: str) -> None:
    """The API server makes it again from the class; another value is refused."""
    assert changed(deployment(**{field: 5}), deployment()) == []
    assert changed(deployment(**{field: 5}), deployment(**{field: 6})) == [field]


@pytest.mark.parametrize("value", [None, False, "", [], {}])
def test_a_field_that_says_nothing_may_go_where_containers_move(value: Any) -> None:
    """A new Pod need not repeat it; the old text keeps it."""
    assert changed(deployment(hostNetwork=value), deployment(), is_moved=True) == []
    if value is not None:
        assert changed(deployment(hostNetwork=value), deployment()) == ["hostNetwork"]
        assert changed(deployment(), deployment(hostNetwork=value), is_moved=True) == [
            "hostNetwork"
        ]


@pytest.mark.parametrize(
    "field", ["automountServiceAccountToken", "enableServiceLinks", "hostUsers"]
)
def test_false_says_something_where_true_is_the_default(field: str) -> None:
    """Pods that didn't get the token of their account would get it."""
    assert changed(deployment(**{field: False}), deployment(), is_moved=True) == [field]


def test_zero_says_something() -> None:
    """Pods that were killed at once would be given 30 seconds."""
    old = deployment(terminationGracePeriodSeconds=0)
    assert changed(old, deployment(), is_moved=True) == ["terminationGracePeriodSeconds"]


def test_the_node_of_a_pod_that_ran_may_go() -> None:
    """The scheduler wrote it into a live export; a person did into a manifest."""
    pod = {**containers("web"), "nodeName": "node-1"}
    live = workload_of({**bare_pod("shop", pod), "status": {"phase": "Running"}})
    assert changed(live, deployment()) == []
    assert changed(live, deployment(nodeName="node-2")) == ["nodeName"]
    assert changed(workload_of(bare_pod("shop", pod)), deployment()) == ["nodeName"]


def test_the_node_of_a_controller_stays() -> None:
    """Even in a live export somebody wrote it into the template."""
    data = controller("Deployment", "shop", {**containers("web"), "nodeName": "node-1"})
    live = workload_of({**data, "status": {}})
    assert changed(live, deployment()) == ["nodeName"]


EDGE = {"key": "edge", "operator": "Exists"}
USUAL = {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "tolerationSeconds": 300}


def test_tolerations_of_every_pod_may_go() -> None:
    """The API server gives them to each Pod again; others stay."""
    old = pod_of(tolerations=[EDGE, USUAL])
    assert changed(old, deployment(tolerations=[EDGE])) == []
    assert changed(pod_of(tolerations=[USUAL]), deployment()) == []
    assert changed(old, deployment(tolerations=[USUAL])) == ["tolerations"]
    assert changed(old, deployment()) == ["tolerations"]
    assert changed(old, deployment(tolerations=[EDGE, {"key": "more"}])) == ["tolerations"]


def test_tolerations_of_a_controller_stay() -> None:
    """Nobody but a person wrote them there."""
    assert changed(deployment(tolerations=[USUAL]), deployment()) == ["tolerations"]


@pytest.mark.parametrize(
    ("old", "now", "expected"),
    [
        (pod_of(restartPolicy="Never"), deployment(restartPolicy="Always"), []),
        (pod_of(restartPolicy="OnFailure"), deployment(), []),
        (pod_of(restartPolicy="Never"), deployment(restartPolicy="OnFailure"), ["restartPolicy"]),
        (pod_of(dnsPolicy="Default"), deployment(), ["dnsPolicy"]),
        (deployment(restartPolicy="Never"), deployment(), ["restartPolicy"]),
    ],
    ids=["written", "left out", "never always", "another field", "of a controller"],
)
def test_a_pod_that_becomes_a_server_is_restarted_always(
    old: Workload, now: Workload, expected: list[str]
) -> None:
    """The API server takes nothing else in the template of a server."""
    assert changed(old, now) == expected


# Labels and annotations


def test_the_only_label_may_be_the_one_that_differs() -> None:
    """A moved Pod needs no other."""
    assert has_its_labels(deployment(), deployment({"app": "queue"}), is_moved=True)


@pytest.mark.parametrize(
    ("labels", "is_right", "is_right_when_moved"),
    [
        pytest.param({"app": "shop", "tier": "web"}, True, True, id="equal"),
        pytest.param({"app": "shop", "tier": "web", "more": "x"}, True, True, id="one more"),
        pytest.param({"app": "queue", "tier": "web"}, False, True, id="one differs"),
        pytest.param({"app": "queue", "tier": "queue"}, False, False, id="two differ"),
        pytest.param({"app": "shop"}, False, False, id="one is gone"),
        pytest.param({}, False, False, id="all are gone"),
    ],
)
def test_pods_keep_their_labels(
    labels: dict[str, str], *, is_right: bool, is_right_when_moved: bool
) -> None:
    """Those of new workloads differ in one, which tells them apart."""
    old, now = deployment({"app": "shop", "tier": "web"}), deployment(labels)
    assert has_its_labels(old, now, is_moved=False) is is_right
    assert has_its_labels(old, now, is_moved=True) is is_right_when_moved


def annotated(annotations: dict[str, str]) -> Workload:
    """A Deployment whose Pods have annotations."""
    pod = containers("web", "queue")
    return workload_of(controller("Deployment", "shop", pod, annotations=annotations))


@pytest.mark.parametrize(
    ("was", "now", "is_right", "is_right_when_moved"),
    [
        pytest.param({"team": "a"}, {"team": "a"}, True, True, id="equal"),
        pytest.param({"team": "a"}, {"team": "b"}, False, False, id="another value"),
        pytest.param({}, {"team": "a"}, False, False, id="made up"),
        pytest.param({"team": "a"}, {}, False, False, id="lost"),
        pytest.param(
            {"kubectl.kubernetes.io/default-container": "x"}, {}, False, True, id="of kubectl"
        ),
        pytest.param({"podsplit.dev/roles": "web=main"}, {}, False, True, id="ours"),
        pytest.param({"log.of": "web"}, {}, False, True, id="its value is a container"),
        pytest.param({"log/queue": "x"}, {}, False, True, id="its name ends in a container"),
        pytest.param({"log/other": "x"}, {}, False, False, id="its name ends in something else"),
        pytest.param(
            {"prometheus.io/scrape": "true", "prometheus.io/port": "80"},
            {},
            False,
            True,
            id="a port that is scraped",
        ),
        pytest.param({"prometheus.io/scrape": "true"}, {}, False, False, id="Pods scraped"),
        pytest.param(
            {"podsplit.dev/roles": "web=main", "team": "a"}, {}, False, False, id="one of two lost"
        ),
    ],
)
def test_pods_of_a_controller_keep_their_annotations(
    was: dict[str, str], now: dict[str, str], *, is_right: bool, is_right_when_moved: bool
) -> None:
    """What is about one container need not go with the others."""
    assert has_its_annotations(annotated(was), annotated(now), is_moved=False) is is_right
    assert has_its_annotations(annotated(was), annotated(now), is_moved=True) is is_right_when_moved


def wrapped(on_object: dict[str, str], on_pods: dict[str, str]) -> Workload:
    """A Deployment with annotations of its own, and of its Pods."""
    data = controller("Deployment", "shop", containers("web"), annotations=on_pods)
    data["metadata"]["annotations"] = on_object
    return workload_of(data)


def annotated_pod(annotations: dict[str, str], **fields: Any) -> Workload:
    """A bare Pod with annotations."""
    return workload_of({**bare_pod("shop", containers("web"), annotations=annotations), **fields})


@pytest.mark.parametrize(
    ("on_object", "on_pods", "is_right"),
    [
        pytest.param({"team": "a"}, {}, True, id="on the object"),
        pytest.param({}, {"team": "a"}, True, id="on the Pods"),
        pytest.param({"team": "a"}, {"team": "a"}, True, id="on both"),
        pytest.param({}, {}, False, id="lost"),
        pytest.param({"team": "b"}, {}, False, id="another value"),
        pytest.param({"other": "a"}, {}, False, id="another name"),
    ],
)
def test_an_annotation_of_a_bare_pod_may_stay_on_the_object(
    on_object: dict[str, str], on_pods: dict[str, str], *, is_right: bool
) -> None:
    """Nobody reads it on the Pod, so both places are as good."""
    old = annotated_pod({"team": "a"})
    assert has_its_annotations(old, wrapped(on_object, on_pods), is_moved=False) is is_right


@pytest.mark.parametrize(
    "annotation",
    [
        "prometheus.io/scrape",
        "sidecar.istio.io/inject",
        "traffic.sidecar.istio.io/excludeInboundPorts",
        "proxy.istio.io/config",
        "linkerd.io/inject",
        "config.linkerd.io/skip-outbound-ports",
        "consul.hashicorp.com/connect-inject",
        "vault.hashicorp.com/agent-inject",
        "dapr.io/enabled",
        "container.apparmor.security.beta.kubernetes.io/web",
        "cluster-autoscaler.kubernetes.io/safe-to-evict",
        "k8s.v1.cni.cncf.io/networks",
        "io.kubernetes.cri-o.userns-mode",
        "kubernetes.io/ingress-bandwidth",
        "kubernetes.io/egress-bandwidth",
        "kubectl.kubernetes.io/default-container",
        "ad.datadoghq.com/web.checks",
        "co.elastic.logs/enabled",
        "fluentbit.io/parser",
        "backup.velero.io/backup-volumes",
    ],
)
def test_an_annotation_that_the_cluster_reads_goes_with_the_pods(annotation: str) -> None:
    """On the Deployment nobody would see it."""
    said = {annotation: "x"}
    old = annotated_pod(said)
    assert has_its_annotations(old, wrapped({}, said), is_moved=False)
    assert not has_its_annotations(old, wrapped(said, {}), is_moved=False)


def test_an_annotation_that_the_cluster_reads_goes_with_moved_pods_too() -> None:
    """Each workload's Pods are read."""
    said = {"linkerd.io/inject": "enabled"}
    assert has_its_annotations(annotated_pod(said), wrapped({}, said), is_moved=True)
    assert not has_its_annotations(annotated_pod(said), wrapped(said, {}), is_moved=True)


def test_an_annotation_on_the_object_is_not_asked_of_new_workloads() -> None:
    """It is on the one that the Pod became."""
    assert has_its_annotations(annotated_pod({"team": "a"}), wrapped({}, {}), is_moved=True)


def test_what_a_machine_wrote_on_a_pod_that_ran_may_go() -> None:
    """It is of the Pod that ran; in a manifest that a person wrote it is theirs."""
    annotation = {"cni.projectcalico.org/podIP": "10.0.0.1"}
    now = wrapped({}, {})
    assert has_its_annotations(annotated_pod(annotation, status={}), now, is_moved=False)
    assert not has_its_annotations(annotated_pod(annotation), now, is_moved=False)
    data = controller("Deployment", "shop", containers("web"), annotations=annotation)
    assert not has_its_annotations(workload_of({**data, "status": {}}), now, is_moved=False)


# Nodes


def required(kind: str, key: str, operator: str, *values: str) -> dict[str, Any]:
    """A term of node affinity."""
    term = {kind: [{"key": key, "operator": operator, "values": list(values)}]}
    return {
        "affinity": {
            "nodeAffinity": {
                "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}
            }
        }
    }


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param({}, [], id="none"),
        pytest.param({"nodeName": "a"}, ["a"], id="name"),
        pytest.param({"nodeSelector": {"kubernetes.io/hostname": "a"}}, ["a"], id="selector"),
        pytest.param({"nodeSelector": {"zone": "a"}}, [], id="another label"),
        pytest.param(required("matchFields", "metadata.name", "In", "b", "a"), ["a", "b"], id="in"),
        pytest.param(
            required("matchExpressions", "kubernetes.io/hostname", "In", "a"), ["a"], id="label"
        ),
        pytest.param(
            required("matchExpressions", "kubernetes.io/hostname", "NotIn", "a"), [], id="not in"
        ),
        pytest.param(required("matchExpressions", "zone", "In", "a"), [], id="zones"),
        pytest.param(
            {"nodeName": "b", **required("matchFields", "metadata.name", "In", "a")},
            ["a", "b"],
            id="name and affinity",
        ),
    ],
)
def test_nodes_that_pods_are_pinned_to(fields: dict[str, Any], expected: list[str]) -> None:
    """Wherever a PodSpec may say it, sorted."""
    assert pinned_nodes(pod_of(**fields)) == expected


# How many, and how they are replaced


def counted(kind: str, replicas: int | None) -> Workload:
    """A controller with a number of replicas, or none written."""
    fields: dict[str, Any] = {} if replicas is None else {"replicas": replicas}
    return workload_of(controller(kind, "shop", containers("web"), **fields))


@pytest.mark.parametrize(
    ("was", "now", "is_right", "is_right_when_moved"),
    [
        (2, 2, True, True),
        (2, 3, False, False),
        (2, None, False, False),
        (None, None, True, True),
        (None, 2, False, True),
    ],
)
def test_a_controller_keeps_its_number(
    was: int | None, now: int | None, *, is_right: bool, is_right_when_moved: bool
) -> None:
    """What moves away from an autoscaler, which has no number, gets one of its own."""
    old, new = counted("Deployment", was), counted("Deployment", now)
    assert makes_as_many_pods(old, new, 1, is_moved=False) is is_right
    assert makes_as_many_pods(old, new, 1, is_moved=True) is is_right_when_moved


@pytest.mark.parametrize(
    ("kind", "replicas", "count", "is_right"),
    [
        ("Deployment", 1, 1, True),
        ("Deployment", None, 1, True),
        ("Deployment", 2, 1, False),
        ("Deployment", 0, 1, False),
        ("Deployment", 2, 2, True),
        ("Deployment", None, 2, False),
        ("Deployment", 1, 2, False),
        ("DaemonSet", None, 2, True),
        ("DaemonSet", None, 1, True),
        ("Job", None, 1, True),
    ],
)
def test_a_controller_makes_as_many_pods_as_it_stands_for(
    kind: str, replicas: int | None, count: int, *, is_right: bool
) -> None:
    """One where nothing is written; one on each node for a DaemonSet."""
    assert makes_as_many_pods(pod_of(), counted(kind, replicas), count, is_moved=False) is is_right


def test_a_cron_job_keeps_its_times() -> None:
    """All but the template of its Jobs is what it was."""
    old = workload_of(controller("CronJob", "shop", containers("web", "db"), schedule="@daily"))
    same = workload_of(controller("CronJob", "shop", containers("web"), schedule="@daily"))
    later = workload_of(controller("CronJob", "shop", containers("web"), schedule="@weekly"))
    assert makes_as_many_pods(old, same, 1, is_moved=True)
    assert not makes_as_many_pods(old, later, 1, is_moved=True)


def stopped(kind: str, mark: str, **spec: Any) -> Workload:
    """A workload that a split has stopped."""
    data = controller(kind, "shop", containers("web", "db"), **spec)
    data["metadata"]["annotations"] = {"podsplit.dev/after-split": mark}
    return workload_of(data)


@pytest.mark.parametrize(
    ("mark", "now", "is_right"),
    [
        ("replicas=3", 3, True),
        ("replicas=3", 2, False),
        ("replicas=3", 0, False),
        ("replicas=3", None, False),
        ("replicas=none", None, True),
        ("replicas=none", 0, False),
        ("whatever", 3, False),
    ],
)
def test_what_was_stopped_gets_its_own_number_back(
    mark: str, now: int | None, *, is_right: bool
) -> None:
    """The one that it had before."""
    old, new = stopped("Deployment", mark, replicas=0), counted("Deployment", now)
    assert makes_as_many_pods(old, new, 1, is_moved=False) is is_right


def test_a_stopped_cron_job_gets_its_times_back() -> None:
    """It is suspended no longer, or was all the time."""
    old = stopped("CronJob", "suspend=none", schedule="@daily", suspend=True)
    cases: list[tuple[dict[str, Any], bool]] = [
        ({}, True),
        ({"suspend": True}, False),
        ({"suspend": False}, False),
    ]
    for fields, is_right in cases:
        new = controller("CronJob", "shop", containers("web"), schedule="@daily", **fields)
        assert makes_as_many_pods(old, workload_of(new), 1, is_moved=False) is is_right


def test_a_strategy_that_was_for_what_moved_goes() -> None:
    """Only where the mark says that the wrap wrote it."""
    for mark, is_right in (("replicas=1,strategy=none", True), ("replicas=1", False)):
        old = stopped("Deployment", mark, replicas=0, strategy={"type": "Recreate"})
        assert replaces_pods_alike(old, counted("Deployment", 1), is_moved=False) is is_right


def test_what_keeps_data_is_replaced_in_place_whatever_a_mark_says() -> None:
    """Two servers on one data directory destroy it."""
    old = stopped("Deployment", "strategy=none", strategy={"type": "Recreate"})
    assert not replaces_pods_alike(old, replaced(**WRITING), is_moved=False)
    assert replaces_pods_alike(old, replaced(strategy=RECREATE, **WRITING), is_moved=False)


def replaced(kind: str = "Deployment", strategy: Any = None, **pod: Any) -> Workload:
    """A controller with a strategy."""
    fields = {} if strategy is None else {"strategy": strategy}
    return workload_of(controller(kind, "shop", {**containers("web"), **pod}, **fields))


RECREATE = {"type": "Recreate"}
ROLLING = {"type": "RollingUpdate"}
WRITING: dict[str, Any] = {
    "containers": [container("web", volumeMounts=[{"name": "data", "mountPath": "/data"}])],
    "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}],
}
READING = {
    "containers": [
        container("web", volumeMounts=[{"name": "data", "mountPath": "/data", "readOnly": True}])
    ],
    "volumes": WRITING["volumes"],
}
ON_NODE = {"containers": [container("web", ports=[{"containerPort": 80, "hostPort": 80}])]}


@pytest.mark.parametrize(
    ("was", "now", "is_right"),
    [
        (None, None, True),
        (ROLLING, ROLLING, True),
        (RECREATE, RECREATE, True),
        (ROLLING, None, False),
        (RECREATE, ROLLING, False),
        (None, RECREATE, False),
    ],
)
def test_a_deployment_keeps_its_strategy(was: Any, now: Any, *, is_right: bool) -> None:
    """It replaces its Pods as it did, whatever they write."""
    assert (
        replaces_pods_alike(replaced("Deployment", was), replaced(strategy=now), is_moved=False)
        is is_right
    )
    old, new = replaced("Deployment", was, **WRITING), replaced("Deployment", now, **WRITING)
    assert replaces_pods_alike(old, new, is_moved=False) is is_right


@pytest.mark.parametrize("old", [pod_of(), replaced("ReplicaSet"), replaced("StatefulSet")])
@pytest.mark.parametrize("is_moved", [True, False])
@pytest.mark.parametrize(
    ("pod", "must_be_alone"), [(WRITING, True), (ON_NODE, True), (READING, False), ({}, False)]
)
def test_a_new_deployment_never_runs_two_pods_on_the_same_data(
    old: Workload, pod: dict[str, Any], *, is_moved: bool, must_be_alone: bool
) -> None:
    """The old Pod goes first where it writes data that stays, or holds a port of the node."""
    recreated, rolled = replaced("Deployment", RECREATE, **pod), replaced("Deployment", None, **pod)
    assert replaces_pods_alike(old, recreated, is_moved=is_moved)
    assert replaces_pods_alike(old, rolled, is_moved=is_moved) is not must_be_alone


def test_one_container_that_writes_is_enough() -> None:
    """The other ones of its Pod are stopped with it."""
    both = {**WRITING, "containers": [*WRITING["containers"], container("log")]}
    assert not replaces_pods_alike(pod_of(), replaced(**both), is_moved=False)


def test_what_moves_from_a_deployment_is_recreated_where_it_has_to_be() -> None:
    """The strategy Recreate goes along, and comes with data."""
    assert replaces_pods_alike(replaced(), replaced(), is_moved=True)
    assert not replaces_pods_alike(replaced(), replaced(**WRITING), is_moved=True)
    recreated = replaced(strategy=RECREATE)
    assert replaces_pods_alike(recreated, replaced(strategy=RECREATE), is_moved=True)
    assert not replaces_pods_alike(recreated, replaced(), is_moved=True)
    assert not replaces_pods_alike(recreated, replaced(strategy=ROLLING), is_moved=True)


def test_other_kinds_have_no_such_strategy() -> None:
    """A StatefulSet starts a Pod only when the old one of that name is gone."""
    assert replaces_pods_alike(pod_of(), replaced("StatefulSet", **WRITING), is_moved=False)
