"""Autoscalers follow a workload's groups."""

from __future__ import annotations

from typing import Any

import pytest

from service.actions.split.autoscalers import follow_autoscalers, most_replicas
from service.actions.split.follow_up import FollowUp
from service.assumptions import AssumptionCode
from service.findings import Stage
from service.refusals import Refusal
from tests.support.candidates import (
    bare_pod,
    candidate_of,
    codes_of,
    data_after,
    division_of,
    manifest,
    refusal_of,
    resource_of,
    shop,
    written,
)

TARGET = "{apiVersion: apps/v1, kind: Deployment, name: shop}"
CPU = "{type: Resource, resource: {name: cpu}}"
FRONT = "{type: ContainerResource, containerResource: {container: front, name: cpu}}"
API = "{type: ContainerResource, containerResource: {container: api, name: cpu}}"
EXTERNAL = "{type: External, external: {metric: {name: queue}}}"


def horizontal(
    metrics: str | None = None, spec: str = "", version: str = "v2", target: str = TARGET
) -> str:
    listed = "" if metrics is None else f", metrics: [{metrics}]"
    content = f"spec: {{scaleTargetRef: {target}, maxReplicas: 5{listed}, {spec}}}"
    return manifest(f"autoscaling/{version} HorizontalPodAutoscaler", "shop", content)


def vertical(policies: str | None = None, more: str = "") -> str:
    listed = f"containerPolicies: [{policies}], " if policies is not None else ""
    policy = f", resourcePolicy: {{{listed}{more}}}" if listed or more else ""
    content = f"spec: {{targetRef: {TARGET}{policy}}}"
    return manifest("autoscaling.k8s.io/v1 VerticalPodAutoscaler", "shop", content)


ON_CPU = "{type: cpu, metadata: {value: '60'}}"
ON_FRONT = "{type: cpu, metadata: {value: '60', containerName: front}}"
ON_API = "{type: memory, metadata: {value: '60', containerName: api}}"
ON_QUEUE = "{type: rabbitmq, metadata: {queueName: a}}"


def keda(triggers: str, spec: str = "", target: str = "{name: shop}") -> str:
    content = f"spec: {{scaleTargetRef: {target}, triggers: [{triggers}], {spec}}}"
    return manifest("keda.sh/v1alpha1 ScaledObject", "shop", content)


def followed(scaler: str, text: str = "", **division: Any) -> FollowUp:
    candidate = candidate_of((text or shop()) + scaler)
    return follow_autoscalers(division_of(candidate, **division))


def specs(scaler: str, text: str = "") -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The spec of an autoscaler after all stages, and those of its copies."""
    candidate = candidate_of((text or shop()) + scaler)
    follow_up = follow_autoscalers(division_of(candidate))
    own = data_after(candidate.manifests.resources[-1], follow_up.steps)["spec"]
    return own, [written(new.tree)["spec"] for new in follow_up.objects]


def refusal_for(scaler: str, text: str = "", **division: Any) -> Refusal | None:
    return refusal_of(lambda: followed(scaler, text, **division))


def names_of(metrics: list[dict[str, Any]]) -> list[str]:
    """Of which container each metric, policy or trigger is, or else its type."""
    return [
        metric.get("containerResource", {}).get("container")
        or metric.get("containerName")
        or metric.get("metadata", {}).get("containerName")
        or metric["type"]
        for metric in metrics
    ]


def test_a_workload_without_autoscaler_needs_nothing() -> None:
    """One of another workload isn't its own."""
    other = horizontal(target="{apiVersion: apps/v1, kind: Deployment, name: other}")
    assert followed("") == followed(other) == FollowUp()


@pytest.mark.parametrize("metadata", ["", "namespace: a"])
def test_an_autoscaler_is_in_the_namespace_for_sure(metadata: str) -> None:
    """It is edited and copied."""
    refusal = Refusal.NAMESPACE_UNCLEAR if metadata else None
    assert refusal_for(horizontal(), shop(metadata=metadata)) is refusal


@pytest.mark.parametrize(
    ("kind", "refusal"),
    [
        ("argoproj.io/v1alpha1 Rollout", Refusal.SELECTED_BY),
        ("flagger.app/v1beta1 Canary", Refusal.SELECTED_BY),
        ("acme.com/v1 HorizontalPodAutoscaler", Refusal.SELECTED_BY),
    ],
)
def test_another_kind_that_names_the_workload_is_divided_by_hand(
    kind: str, refusal: Refusal
) -> None:
    """It isn't known what it does with it."""
    scaler = manifest(kind, "other", f"spec: {{targetRef: {TARGET}}}")
    assert refusal_for(scaler) is refusal


# HorizontalPodAutoscaler


@pytest.mark.parametrize(
    ("metrics", "stays", "copied"),
    [
        (CPU, ["Resource"], ["Resource"]),
        (f"{CPU}, {FRONT}", ["Resource", "front"], ["Resource"]),
        (f"{CPU}, {API}", ["Resource"], ["Resource", "api"]),
        (f"{FRONT}, {API}", ["front"], ["api"]),
        (f"{CPU}, {EXTERNAL}", ["Resource", "External"], ["Resource"]),
        (f"{EXTERNAL}, {API}", ["External"], ["api"]),
    ],
)
def test_metrics_go_with_their_containers(
    metrics: str, stays: list[str], copied: list[str]
) -> None:
    """Those of all containers are for both; those of queues and the like stay."""
    own, (copy,) = specs(horizontal(metrics))
    assert names_of(own["metrics"]) == stays
    assert names_of(copy["metrics"]) == copied
    assert copy["scaleTargetRef"] == {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "name": "shop-api",
    }
    assert own["scaleTargetRef"]["name"] == "shop"


def test_an_autoscaler_without_metrics_goes_by_cpu() -> None:
    """As the API server fills in: each group has one."""
    own, (copy,) = specs(horizontal())
    assert "metrics" not in own
    assert copy == {**own, "scaleTargetRef": {**own["scaleTargetRef"], "name": "shop-api"}}


@pytest.mark.parametrize("metrics", [API, f"{API}, {API}"])
def test_an_autoscaler_that_goes_by_what_moves_alone_is_for_the_new_workload(metrics: str) -> None:
    """Nothing would be left that scales the old one."""
    assert refusal_for(horizontal(metrics)) is Refusal.SELECTED_BY


@pytest.mark.parametrize(
    ("metrics", "version", "refusal"),
    [
        (CPU, "v2", None),
        (CPU, "v2beta2", Refusal.SELECTED_BY),
        (None, "v2beta2", None),
        (None, "v1", None),
    ],
)
def test_metrics_are_read_in_the_version_that_clusters_serve(
    metrics: str | None, version: str, refusal: Refusal | None
) -> None:
    """Others had other fields."""
    assert refusal_for(horizontal(metrics, version=version)) is refusal


@pytest.mark.parametrize(
    ("metrics", "codes"),
    [
        (None, [AssumptionCode.SCALED_FIRST, AssumptionCode.TARGETS_STILL_FIT]),
        (CPU, [AssumptionCode.SCALED_FIRST, AssumptionCode.TARGETS_STILL_FIT]),
        (
            f"{CPU}, {EXTERNAL}",
            [
                AssumptionCode.SCALED_FIRST,
                AssumptionCode.EXTERNAL_METRICS,
                AssumptionCode.TARGETS_STILL_FIT,
            ],
        ),
        (EXTERNAL, [AssumptionCode.REPLICAS_AS_WRITTEN, AssumptionCode.EXTERNAL_METRICS]),
        (FRONT, [AssumptionCode.REPLICAS_AS_WRITTEN, AssumptionCode.TARGETS_STILL_FIT]),
    ],
)
def test_what_has_to_hold_of_metrics(metrics: str | None, codes: list[AssumptionCode]) -> None:
    """Averages are over fewer containers, and a queue is meant for one workload."""
    assert codes_of(followed(horizontal(metrics)).assumptions) == codes


@pytest.mark.parametrize(
    ("spec", "replicas"), [("minReplicas: 3", 3), ("minReplicas: 0", 1), ("", 1)]
)
def test_a_group_without_a_metric_keeps_as_many_pods_as_the_autoscaler_made_at_least(
    spec: str, replicas: int
) -> None:
    """One where it doesn't say."""
    follow_up = followed(horizontal(EXTERNAL, spec))
    assert follow_up.replicas == {1: replicas}
    assert follow_up.objects == ()


def test_a_group_that_keeps_state_is_not_scaled() -> None:
    """Several databases are not one larger database."""
    follow_up = followed(horizontal(CPU), keeps_state=True)
    assert follow_up.objects == ()
    assert follow_up.replicas == {}
    assert AssumptionCode.STATE_NOT_SCALED in codes_of(follow_up.assumptions)


@pytest.mark.parametrize("kind", ["DaemonSet", "CronJob"])
def test_kinds_without_replicas_are_not_scaled(kind: str) -> None:
    """An autoscaler on one does nothing."""
    scaler = horizontal(CPU, target=f"{{apiVersion: a/v1, kind: {kind}, name: shop}}")
    follow_up = followed(scaler, shop(kind=kind))
    assert follow_up.objects == ()
    assert codes_of(follow_up.assumptions) == [AssumptionCode.TARGETS_STILL_FIT]


@pytest.mark.parametrize(
    ("kind", "target", "expected"),
    [
        (
            "StatefulSet",
            "{apiVersion: apps/v1, kind: StatefulSet, name: shop}",
            {"apiVersion": "apps/v1", "kind": "Deployment", "name": "shop-api"},
        ),
        (
            "Rollout",
            "{apiVersion: argoproj.io/v1alpha1, kind: Rollout, name: shop}",
            {"apiVersion": "apps/v1", "kind": "Deployment", "name": "shop-api"},
        ),
        ("Deployment", "{name: shop}", {"name": "shop-api"}),
        (
            "Deployment",
            "{kind: Deployment, name: shop}",
            {"kind": "Deployment", "name": "shop-api"},
        ),
    ],
)
def test_a_copy_names_the_kind_of_the_new_workload(
    kind: str, target: str, expected: dict[str, str]
) -> None:
    """Where the old one is of another."""
    _, (copy,) = specs(horizontal(CPU, target=target), shop(kind=kind))
    assert copy["scaleTargetRef"] == expected


@pytest.mark.parametrize(
    ("stage", "expected"),
    [
        (Stage.EXPAND, Stage.ADD),
        (Stage.ADD, Stage.ADD),
        (Stage.CONTRACT, Stage.CONTRACT),
    ],
)
def test_a_copy_is_there_when_its_workload_is(stage: Stage, expected: Stage) -> None:
    """Not before: it would scale nothing."""
    (copy,) = followed(horizontal(CPU), stage=stage).objects
    assert (copy.name, copy.stage) == ("shop-api", expected)


def test_metrics_of_moved_containers_stay_until_these_are_gone() -> None:
    """An autoscaler whose metric is of nobody does nothing."""
    candidate = candidate_of(shop() + horizontal(f"{CPU}, {API}"))
    follow_up = follow_autoscalers(division_of(candidate))
    scaler = resource_of(candidate, "HorizontalPodAutoscaler/shop")
    counts = [len(data_after(scaler, follow_up.steps, stage)["spec"]["metrics"]) for stage in Stage]
    assert counts == [2, 2, 2, 1]


# VerticalPodAutoscaler


@pytest.mark.parametrize(
    ("policies", "more", "stays", "copied"),
    [
        (None, "", None, None),
        ("{containerName: front}, {containerName: api}", "", ["front"], ["api"]),
        ("{containerName: '*'}, {containerName: api}", "", ["*"], ["*", "api"]),
        ("{containerName: api}", "", None, ["api"]),
        ("{containerName: front}", "", ["front"], None),
        ("{containerName: api}", "other: a", {"other": "a"}, ["api"]),
    ],
)
def test_policies_go_with_their_containers(
    policies: str | None, more: str, stays: object, copied: object
) -> None:
    """A policy for all is for all; an empty list is no policy."""
    own, (copy,) = specs(vertical(policies, more))

    def listed(spec: dict[str, Any]) -> object:
        policy = spec.get("resourcePolicy")
        if policy is None or "containerPolicies" not in policy:
            return policy
        return names_of(policy["containerPolicies"])

    assert (listed(own), listed(copy)) == (stays, copied)
    assert copy["targetRef"]["name"] == "shop-api"


def test_a_vertical_autoscaler_makes_no_pods() -> None:
    """Nothing has to be scaled before."""
    follow_up = followed(vertical(), keeps_state=True)
    assert follow_up.assumptions == ()
    assert len(follow_up.objects) == 1


# ScaledObject


@pytest.mark.parametrize(
    ("triggers", "stays", "copied"),
    [
        (ON_CPU, ["cpu"], ["cpu"]),
        (f"{ON_CPU}, {ON_API}", ["cpu"], ["cpu", "api"]),
        (f"{ON_FRONT}, {ON_API}", ["front"], ["api"]),
        (f"{ON_CPU}, {ON_QUEUE}", ["cpu", "rabbitmq"], ["cpu"]),
    ],
)
def test_triggers_on_usage_go_with_their_containers(
    triggers: str, stays: list[str], copied: list[str]
) -> None:
    """All others stay."""
    own, (copy,) = specs(keda(triggers))
    assert names_of(own["triggers"]) == stays
    assert names_of(copy["triggers"]) == copied
    assert copy["scaleTargetRef"] == {"name": "shop-api"}


@pytest.mark.parametrize(
    ("triggers", "codes"),
    [
        (ON_CPU, [AssumptionCode.SCALED_FIRST]),
        (f"{ON_CPU}, {ON_QUEUE}", [AssumptionCode.SCALED_FIRST, AssumptionCode.EXTERNAL_METRICS]),
        (ON_QUEUE, [AssumptionCode.REPLICAS_AS_WRITTEN, AssumptionCode.EXTERNAL_METRICS]),
        (ON_FRONT, [AssumptionCode.REPLICAS_AS_WRITTEN]),
    ],
)
def test_what_has_to_hold_of_triggers(triggers: str, codes: list[AssumptionCode]) -> None:
    """Queues are meant for the workload that stays."""
    assert codes_of(followed(keda(triggers)).assumptions) == codes


@pytest.mark.parametrize(
    ("spec", "least", "replicas"),
    [
        ("", 1, 1),
        ("minReplicaCount: 0", 1, 1),
        ("minReplicaCount: 2", 2, 2),
        ("idleReplicaCount: 0, minReplicaCount: 2", 2, 2),
        ("idleReplicaCount: 0", 1, 1),
    ],
)
def test_what_goes_by_usage_is_never_scaled_to_zero(spec: str, least: int, replicas: int) -> None:
    """KEDA refuses that, as nothing would be used then."""
    own, (copy,) = specs(keda(ON_CPU, spec))
    assert copy["minReplicaCount"] == least
    assert "idleReplicaCount" not in copy
    assert ("idleReplicaCount" in own) is ("idle" in spec)
    assert followed(keda(ON_QUEUE, spec)).replicas == {1: replicas}


FROM_ENV = "{type: rabbitmq, metadata: {hostFromEnv: HOST}}"


@pytest.mark.parametrize(
    ("scaler", "refusal"),
    [
        (keda(ON_API), Refusal.SELECTED_BY),
        (keda(f"{ON_API}, {ON_CPU}"), None),
        (keda(ON_CPU, "advanced: {scalingModifiers: {formula: a}}"), Refusal.SELECTED_BY),
        (keda(ON_CPU, "fallback: {replicas: 3}"), Refusal.SELECTED_BY),
        (keda(FROM_ENV), None),
        (keda(FROM_ENV, target="{name: shop, envSourceContainerName: api}"), Refusal.SELECTED_BY),
        (keda(FROM_ENV, target="{name: shop, envSourceContainerName: front}"), None),
    ],
)
def test_some_scaled_objects_are_divided_by_hand(scaler: str, refusal: Refusal | None) -> None:
    """Those that read from what moves, or are about all triggers together."""
    assert refusal_for(scaler) is refusal


def test_variables_are_read_from_the_first_container() -> None:
    """That one has to stay."""
    text = shop(roles="api=main,front=unrelated")
    assert refusal_for(keda(FROM_ENV), text) is Refusal.SELECTED_BY
    assert refusal_for(keda(ON_CPU), text) is None


@pytest.mark.parametrize(
    ("stage", "refusal"), [(Stage.SWITCH, None), (Stage.CONTRACT, Refusal.SELECTED_BY)]
)
def test_what_is_scaled_to_zero_for_data_to_move_is_not_keda_s(
    stage: Stage, refusal: Refusal | None
) -> None:
    """KEDA scales it up again."""
    assert refusal_for(keda(ON_CPU), stage=stage) is refusal


# How many Pods there may be


@pytest.mark.parametrize(
    ("text", "number"),
    [
        (shop(), 1),
        (shop(spec="replicas: 3"), 3),
        (shop(spec="replicas: 0"), 1),
        (shop(spec="replicas: '3'"), 1),
        (shop() + horizontal(), 5),
        (shop(spec="replicas: 7") + horizontal(), 7),
        (shop() + keda(ON_CPU), 100),
        (shop() + keda(ON_CPU, "maxReplicaCount: 4"), 4),
        (shop() + vertical(), 1),
        (bare_pod(name="web-0") + bare_pod(name="web-1"), 2),
        (bare_pod(), 1),
    ],
)
def test_the_most_pods_are_those_that_anything_makes(text: str, number: int) -> None:
    """Replicas, copies, or an autoscaler; KEDA makes a hundred where it doesn't say."""
    assert most_replicas(candidate_of(text)) == number
