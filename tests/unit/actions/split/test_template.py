"""The workload that a group gets."""

from __future__ import annotations

from typing import Any

import pytest

from service.actions.split.template import GroupWorkload
from service.yamldoc.operations import SetValue, Verbatim
from tests.support.candidates import bare_pod, candidate_of, plan_of, shop, written


def made(
    text: str,
    *,
    replicas: int | None = None,
    keeps_data: bool = False,
) -> dict[str, Any]:
    """The workload of the first group that moves."""
    plan = plan_of(candidate_of(text))
    workload = GroupWorkload(
        plan=plan,
        group=1,
        operations={},
        shared_labels={},
        replicas=replicas,
        keeps_data=keeps_data,
    )
    return written(workload.tree())


def pod_of(text: str) -> dict[str, Any]:
    """The pod spec of the new workload."""
    pod: dict[str, Any] = made(text)["spec"]["template"]["spec"]
    return pod


def test_a_group_gets_its_containers_and_a_selector_of_its_own() -> None:
    """The rest is as it was."""
    assert made(shop(metadata="namespace: a, labels: {app: shop, team: b}")) == {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": "shop-api",
            "namespace": "a",
            "labels": {"app": "shop-api", "team": "b"},
        },
        "spec": {
            "selector": {"matchLabels": {"app": "shop-api"}},
            "template": {
                "metadata": {"labels": {"app": "shop-api"}},
                "spec": {
                    "containers": [
                        {"name": "api", "image": "acme/api", "ports": [{"containerPort": 3000}]}
                    ]
                },
            },
        },
    }


def test_what_is_not_written_is_not_made_up() -> None:
    """Neither namespace nor labels of the object."""
    assert made(shop(metadata="uid: a"))["metadata"] == {"name": "shop-api"}


def test_changed_containers_and_shared_labels_are_in_it() -> None:
    """Each container with what is done to it."""
    candidate = candidate_of(shop())
    plan = plan_of(candidate)
    api = candidate.workload.containers[1]
    image = SetValue(candidate.route_to(*api.route, "image"), "acme/api:2")
    workload = GroupWorkload(
        plan=plan,
        group=1,
        operations={api.index: [image]},
        shared_labels={"podsplit.dev/service": "shop"},
        replicas=None,
        keeps_data=False,
    )
    template = written(workload.tree())["spec"]["template"]
    assert template["metadata"]["labels"] == {"app": "shop-api", "podsplit.dev/service": "shop"}
    assert template["spec"]["containers"][0]["image"] == "acme/api:2"


def test_changed_init_containers_are_in_it_too() -> None:
    """In their own list."""
    pod = "initContainers: [{name: init-front, image: a}, {name: prepare-api, image: a}]"
    candidate = candidate_of(shop(pod=pod))
    init = candidate.workload.containers[3]
    image = SetValue(candidate.route_to(*init.route, "image"), "b")
    workload = GroupWorkload(
        plan=plan_of(candidate),
        group=1,
        operations={init.index: [image]},
        shared_labels={},
        replicas=None,
        keeps_data=False,
    )
    changed = written(workload.tree())["spec"]["template"]["spec"]
    assert changed["initContainers"] == [{"name": "prepare-api", "image": "b"}]
    assert changed["containers"][0]["image"] == "acme/api"


# The object


@pytest.mark.parametrize(
    ("kind", "spec", "replicas", "expected"),
    [
        ("Deployment", "", None, None),
        ("Deployment", "replicas: 3", None, 3),
        ("Deployment", "", 4, 4),
        ("Deployment", "replicas: 3", 4, 3),
        ("Deployment", "replicas: 0", 4, 0),
        ("StatefulSet", "replicas: 3", None, 3),
        ("DaemonSet", "", None, None),
    ],
)
def test_as_many_replicas_as_are_written_or_were_made(
    kind: str, spec: str, replicas: int | None, expected: int | None
) -> None:
    """What is written goes first."""
    assert made(shop(kind=kind, spec=spec), replicas=replicas)["spec"].get("replicas") == expected


@pytest.mark.parametrize(
    ("kind", "spec", "keeps_data", "expected"),
    [
        ("Deployment", "", False, None),
        ("Deployment", "", True, {"type": "Recreate"}),
        ("Deployment", "strategy: {type: Recreate}", False, {"type": "Recreate"}),
        (
            "Deployment",
            "strategy: {rollingUpdate: {maxSurge: 2}}",
            False,
            {"rollingUpdate": {"maxSurge": 2}},
        ),
        ("Deployment", "strategy: {rollingUpdate: {maxSurge: 2}}", True, {"type": "Recreate"}),
        ("Rollout", "strategy: {canary: {}}", False, None),
        ("DeploymentConfig", "strategy: {type: Rolling}", False, None),
        ("DeploymentConfig", "strategy: {type: Recreate}", False, {"type": "Recreate"}),
        ("DaemonSet", "", True, None),
    ],
)
def test_pods_are_replaced_as_before_or_one_at_a_time(
    kind: str, spec: str, keeps_data: bool, expected: object
) -> None:
    """Strategies of other kinds mean nothing to a Deployment."""
    spec_of = made(shop(kind=kind, spec=spec), keeps_data=keeps_data)["spec"]
    assert spec_of.get("strategy") == expected


@pytest.mark.parametrize(
    "field", ["minReadySeconds", "progressDeadlineSeconds", "revisionHistoryLimit"]
)
@pytest.mark.parametrize(("kind", "is_kept"), [("Deployment", True), ("DaemonSet", False)])
def test_how_a_deployment_rolls_out_is_kept(field: str, kind: str, is_kept: bool) -> None:
    """Where the new workload is one."""
    assert (field in made(shop(kind=kind, spec=f"{field}: 5"))["spec"]) is is_kept


def test_a_daemon_set_keeps_its_update_strategy() -> None:
    """A Deployment has none of that name."""
    spec = "updateStrategy: {type: OnDelete}"
    assert made(shop(kind="DaemonSet", spec=spec))["spec"]["updateStrategy"] == {"type": "OnDelete"}
    assert "updateStrategy" not in made(shop(kind="StatefulSet", spec=spec))["spec"]


def test_a_cron_job_keeps_its_schedule_and_the_settings_of_its_jobs() -> None:
    """It has no selector."""
    text = shop(kind="CronJob", spec="suspend: true", pod="restartPolicy: Never")
    text = text.replace(
        "jobTemplate: {spec: {", "jobTemplate: {metadata: {name: j}, spec: {backoffLimit: 2, "
    )
    spec = made(text)["spec"]
    template = spec["jobTemplate"]["spec"].pop("template")
    assert spec == {
        "suspend": True,
        "schedule": "@daily",
        "jobTemplate": {"metadata": {"name": "j"}, "spec": {"backoffLimit": 2}},
    }
    assert template["metadata"] == {"labels": {"app": "shop-api"}}
    assert [container["name"] for container in template["spec"]["containers"]] == ["api"]


def test_the_selector_asks_for_what_the_old_one_asks_for() -> None:
    """With its own value of the one label in which they differ."""
    text = shop(
        spec="selector: {matchLabels: {app: shop, team: a}}",
        template="labels: {app: shop, team: a, more: b}",
    )
    spec = made(text)["spec"]
    assert spec["selector"] == {"matchLabels": {"app": "shop-api", "team": "a"}}
    labels = {"app": "shop-api", "team": "a", "more": "b"}
    assert spec["template"]["metadata"]["labels"] == labels


# Annotations


@pytest.mark.parametrize(
    ("annotation", "on_object", "on_pods"),
    [
        ("acme.com/team: a", True, True),
        ("podsplit.dev/ignore: bare-pod", False, False),
        ("acme.com/container: api", False, False),
        ("argocd.argoproj.io/tracking-id: a", False, True),
    ],
)
def test_annotations_are_copied_that_hold_for_a_copy(
    annotation: str, on_object: bool, on_pods: bool
) -> None:
    """Of the object and of its Pods."""
    tree = made(shop(metadata=f"annotations: {{{annotation}}}"))
    assert ("annotations" in tree["metadata"]) is on_object
    tree = made(shop().replace("annotations: {", f"annotations: {{{annotation}, "))
    assert ("annotations" in tree["spec"]["template"]["metadata"]) is on_pods


# The Pod


@pytest.mark.parametrize(
    ("pod", "is_kept"),
    [
        ("serviceAccountName: a", True),
        ("nodeSelector: {a: b}", True),
        ("restartPolicy: Always", True),
        ("priority: 5", False),
        ("ephemeralContainers: [{name: a}]", False),
        ("hostNetwork: false", False),
    ],
)
def test_fields_of_the_pod_are_copied_or_left_out(pod: str, is_kept: bool) -> None:
    """By the table of fields."""
    assert (pod.partition(":")[0] in pod_of(shop(pod=pod))) is is_kept


VOLUMES = "volumes: [{name: a, emptyDir: {}}, {name: b, emptyDir: {}}, {name: c, emptyDir: {}}]"


@pytest.mark.parametrize(
    ("api", "expected"),
    [
        ("volumeMounts: [{name: b, mountPath: /b}]", ["b"]),
        ("volumeMounts: [{name: c, mountPath: /c}, {name: a, mountPath: /a}]", ["a", "c"]),
        ("", None),
    ],
)
def test_only_volumes_that_the_group_mounts_go_along(api: str, expected: list[str] | None) -> None:
    """In their order."""
    volumes = pod_of(shop("volumeMounts: [{name: a, mountPath: /a}]", api, pod=VOLUMES)).get(
        "volumes"
    )
    assert (volumes and [volume["name"] for volume in volumes]) == expected


@pytest.mark.parametrize(
    ("name", "expected"), [("prepare-api", ["prepare-api"]), ("prepare-front", None)]
)
def test_only_init_containers_of_the_group_go_along(name: str, expected: list[str] | None) -> None:
    """The key goes where there are none."""
    pod = f"initContainers: [{{name: init-front, image: a}}, {{name: {name}, image: a}}]"
    init = pod_of(shop(pod=pod)).get("initContainers")
    assert (init and [container["name"] for container in init]) == expected


TERM = "{topologyKey: a, labelSelector: {%s}}"
AFFINITY = "affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [%s]}}"


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("matchLabels: {app: shop}", {"matchLabels": {"app": "shop-api"}}),
        ("matchLabels: {app: other}", {"matchLabels": {"app": "other"}}),
        ("matchLabels: {other: shop}", {"matchLabels": {"other": "shop"}}),
        (
            "matchExpressions: [{key: app, operator: In, values: [shop, other]}]",
            {
                "matchExpressions": [
                    {"key": "app", "operator": "In", "values": ["shop-api", "other"]}
                ]
            },
        ),
        (
            "matchExpressions: [{key: other, operator: In, values: [shop]}]",
            {"matchExpressions": [{"key": "other", "operator": "In", "values": ["shop"]}]},
        ),
        (
            "matchExpressions: [{key: app, operator: Exists}]",
            {"matchExpressions": [{"key": "app", "operator": "Exists"}]},
        ),
    ],
)
def test_affinity_to_the_own_pods_is_to_the_new_ones(selector: str, expected: object) -> None:
    """Affinity to others stays what it is; so does spreading."""
    pod = pod_of(shop(pod=AFFINITY % (TERM % selector)))
    (term,) = pod["affinity"]["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    assert term["labelSelector"] == expected
    (spread,) = pod_of(shop(pod=f"topologySpreadConstraints: [{TERM % selector}]"))[
        "topologySpreadConstraints"
    ]
    assert spread["labelSelector"] == expected


def test_what_does_not_change_keeps_its_text() -> None:
    """With the comments in it."""
    plan = plan_of(candidate_of(shop(pod=AFFINITY % (TERM % "matchLabels: {app: other}"))))
    workload = GroupWorkload(
        plan=plan, group=1, operations={}, shared_labels={}, replicas=None, keeps_data=False
    )
    pod = workload.tree()["spec"]["template"]["spec"]
    assert isinstance(pod["affinity"], Verbatim)


# What was a bare Pod


def bare(
    metadata: str = "labels: {app: web}", annotations: str = "", pod: str = ""
) -> dict[str, Any]:
    roles = "podsplit.dev/roles: 'web=main,api=unrelated'"
    return made(
        bare_pod(
            metadata=f"{metadata}, annotations: {{{roles}, {annotations}}}",
            others=["name: api, image: acme/api"],
            pod=pod,
        )
    )


def test_a_group_of_a_bare_pod_gets_what_its_controller_gets() -> None:
    """One replica, and the selector."""
    tree = bare()
    assert tree["metadata"] == {"name": "web-api", "labels": {"app": "web-api"}}
    assert tree["spec"]["replicas"] == 1
    assert tree["spec"]["selector"] == {"matchLabels": {"app": "web-api"}}


@pytest.mark.parametrize(
    ("metadata", "labels"),
    [
        ("uid: a", {"app.kubernetes.io/name": "web-api"}),
        ("labels: {version: a}", {"version": "a", "app.kubernetes.io/name": "web-api"}),
    ],
)
def test_a_label_that_the_pod_gets_is_on_the_object_too(
    metadata: str, labels: dict[str, str]
) -> None:
    """As it is on the controller of what stays."""
    tree = bare(metadata)
    assert tree["metadata"]["labels"] == labels
    assert tree["spec"]["template"]["metadata"]["labels"] == labels


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        ("acme.com/team: a", {"acme.com/team": "a"}),
        ("argocd.argoproj.io/sync-wave: '1'", None),
        ("acme.com/container: api", None),
        ("cni.projectcalico.org/podIP: a", None),
    ],
)
def test_annotations_of_a_pod_are_divided_between_template_and_object(
    annotation: str, expected: dict[str, str] | None
) -> None:
    """What tools read on the object isn't for the Pods; the nodes' own notes are of one Pod."""
    tree = bare("uid: a", annotation)
    assert tree["spec"]["template"]["metadata"].get("annotations") == expected
    assert "annotations" not in tree["metadata"]


@pytest.mark.parametrize("policy", ["Never", "OnFailure"])
def test_a_restart_policy_that_has_to_change_is_what_the_wrap_writes(policy: str) -> None:
    """A Deployment may have one only, and what goes on from the stages has that to copy."""
    roles = "annotations: {podsplit.dev/roles: 'web=main,api=unrelated'}"
    text = bare_pod(
        "readinessProbe: {exec: {command: [a]}}",
        metadata=f"labels: {{app: web}}, {roles}",
        others=["name: api, image: acme/api"],
        pod=f"restartPolicy: {policy}, serviceAccountName: a",
    )
    pod = made(text)["spec"]["template"]["spec"]
    assert pod["restartPolicy"] == "Always"
    assert pod["serviceAccountName"] == "a"
