"""A workload in one stage of a rewrite, with what selects, reaches and covers its Pods."""

from __future__ import annotations

import copy
import json
import math
from typing import Any

import pytest

from service.change import Controller, Move, TrafficFlow
from service.classification.classify import classify
from service.classification.context import PodContext
from service.classification.knowledge import load_catalogue
from service.classification.knowledge.weights import load_weights
from service.findings import Stage
from service.options import Options
from service.yamldoc.operations import Remove
from tests.support.planning import read
from tests.support.staged import MOVED, OLD, STAYS, problems, problems_of
from tests.support.verifying import (
    Manifest,
    bare_pod,
    container,
    containers,
    controller,
    find,
    manifest,
    new_object,
    read_objects,
    step,
)

# Selectors


def selector(kind: str, name: str, wanted: Any, **labels: str) -> Manifest:
    """A controller with a selector and with labels of its Pods."""
    data = controller(kind, name, containers(name), labels=labels)
    data["spec"]["selector"] = wanted
    return data


NOT_ITS_OWN = (
    "the selector of Deployment/shop-queue doesn't match its own template, or asks for nothing"
)


@pytest.mark.parametrize(
    "wanted",
    [{"matchLabels": {"app": "x"}}, {"matchLabels": {}}, {}, None, {"matchExpressions": []}],
)
def test_a_selector_that_misses_its_own_pods_is_wrong(wanted: Any) -> None:
    """The API server refuses it, or the controller makes Pods without end."""
    moved = copy.deepcopy(MOVED)
    moved["spec"]["selector"] = wanted
    assert ("selectors", NOT_ITS_OWN) in problems(STAYS, moved)


def test_a_selector_may_be_made_of_expressions() -> None:
    """They ask for something too."""
    moved = copy.deepcopy(MOVED)
    expression = {"key": "app", "operator": "In", "values": ["shop-queue"]}
    moved["spec"]["selector"] = {"matchExpressions": [expression]}
    assert problems(STAYS, moved) == []


def test_a_kind_without_a_selector_needs_none() -> None:
    """The API server makes that of a Job."""
    job = controller("CronJob", "shop", containers("web", "queue"), schedule="@daily")
    stays = controller("CronJob", "shop", containers("web"), schedule="@daily")
    moved = controller("CronJob", "shop-queue", containers("queue"), schedule="@daily")
    move = Move(("queue",), "CronJob", "shop-queue", Stage.SWITCH)
    assert problems(stays, moved, before=[job], moves=(move,)) == []


def test_two_successors_that_select_each_others_pods_are_wrong() -> None:
    """Each controller would take the other's Pods for its own."""
    wide = {"matchLabels": {"part": "shop"}}
    before = [
        controller(
            "Deployment", "shop", containers("web", "queue"), labels={"app": "shop", "part": "shop"}
        )
    ]
    before[0]["spec"]["selector"] = wide
    stays = controller(
        "Deployment", "shop", containers("web"), labels={"app": "shop", "part": "shop"}
    )
    stays["spec"]["selector"] = wide
    moved = controller(
        "Deployment",
        "shop-queue",
        containers("queue"),
        labels={"app": "shop-queue", "part": "shop"},
    )
    message = "the selector of Deployment/shop also matches the Pods of Deployment/shop-queue"
    assert problems(stays, moved, before=before) == [("selectors", message)]


def test_another_controller_that_selects_new_pods_is_wrong() -> None:
    """Unless it selected the old ones as well, or can't see them."""
    other = selector("Deployment", "other", {"matchLabels": {"app": "shop-queue"}}, app="other")
    message = "the selector of Deployment/other also matches the Pods of Deployment/shop-queue"
    assert problems(STAYS, MOVED, other, before=[OLD, other]) == [("selectors", message)]
    both = {"matchExpressions": [{"key": "app", "operator": "Exists"}]}
    greedy = selector("Deployment", "other", both, app="other")
    assert problems(STAYS, MOVED, greedy, before=[OLD, greedy]) == []
    elsewhere = copy.deepcopy(other)
    elsewhere["metadata"]["namespace"] = "b"
    here = [
        {**data, "metadata": {**data["metadata"], "namespace": "a"}} for data in (OLD, STAYS, MOVED)
    ]
    found = problems(here[1], here[2], elsewhere, before=[here[0], elsewhere])
    assert found == []


def test_a_new_selector_that_matches_other_pods_is_wrong() -> None:
    """They would be adopted, or deleted as too many."""
    other = bare_pod("other", containers("other"), labels={"app": "shop-queue"})
    message = "the selector of Deployment/shop-queue also matches the Pods of Pod/other"
    assert problems(STAYS, MOVED, other, before=[OLD, other]) == [("selectors", message)]
    tight = copy.deepcopy(MOVED)
    tight["spec"]["selector"]["matchExpressions"] = [{"key": "x", "operator": "DoesNotExist"}]
    apart = bare_pod("other", containers("other"), labels={"app": "shop-queue", "x": "y"})
    assert problems(STAYS, tight, apart, before=[OLD, apart]) == []


def test_a_selector_may_go_on_matching_what_it_matched() -> None:
    """The mistake was there before."""
    other = bare_pod("other", containers("other"), labels={"app": "shop"})
    assert problems(STAYS, MOVED, other, before=[OLD, other]) == []


def test_a_selector_that_matched_other_pods_only_is_wrong() -> None:
    """The Pods were not those of the workload before."""
    old = selector("ReplicaSet", "shop", {"matchLabels": {"app": "shop"}}, app="shop")
    pod = bare_pod("web", containers("web"))
    sent = read_objects(
        pod, bare_pod("other", containers("other"), labels={"app": "web", "a": "b"})
    )
    now = read_objects(
        controller("Deployment", "web", containers("web"), replicas=1),
        bare_pod("other", containers("other"), labels={"app": "web", "a": "b"}),
        old,
    )
    found = problems_of(
        sent,
        now,
        action="wrap",
        moves=(),
        controller=Controller("apps/v1", "Deployment", "web", {"app": "web"}, {}, {}),
    )
    message = "the selector of Deployment/web also matches the Pods of Pod/other"
    assert ("selectors", message) in found


def test_pods_of_other_environments_are_not_matched() -> None:
    """A workload of the same name in another file is another overlay's."""
    elsewhere = json.dumps(
        controller("Deployment", "shop", containers("x"), labels={"app": "shop-queue"})
    )
    text = "---\n".join(json.dumps(data) + "\n" for data in (STAYS, MOVED))
    sent, now = read(json.dumps(OLD), elsewhere), read(text, elsewhere)
    assert problems_of(sent, now) == []


CHANGED_SELECTOR = ("selectors", "the selector of Deployment/shop has changed, which it can't")


def test_a_changed_selector_is_wrong() -> None:
    """The API server refuses it, even where it matches the same Pods."""
    old = controller(
        "Deployment", "shop", containers("web", "queue"), labels={"app": "shop", "t": "a"}
    )
    stays = controller("Deployment", "shop", containers("web"), labels={"app": "shop", "t": "a"})
    moved = controller(
        "Deployment", "shop-queue", containers("queue"), labels={"app": "shop-queue", "t": "a"}
    )
    assert problems(stays, moved, before=[old]) == []
    narrower = copy.deepcopy(stays)
    narrower["spec"]["selector"] = {"matchLabels": {"app": "shop"}}
    assert problems(narrower, moved, before=[old]) == [CHANGED_SELECTOR]
    gone = copy.deepcopy(stays)
    del gone["spec"]["selector"]
    assert CHANGED_SELECTOR in problems(gone, moved, before=[old])


def test_a_selector_that_came_to_match_other_pods_is_wrong() -> None:
    """That it was there before is no excuse."""
    other = bare_pod("other", containers("other"), labels={"t": "a"})
    old = controller(
        "Deployment", "shop", containers("web", "queue"), labels={"app": "shop", "t": "a"}
    )
    wide = controller("Deployment", "shop", containers("web"), labels={"app": "shop", "t": "a"})
    wide["spec"]["selector"] = {"matchLabels": {"t": "a"}}
    found = problems(wide, MOVED, other, before=[old, other])
    message = "the selector of Deployment/shop also matches the Pods of Pod/other"
    assert ("selectors", message) in found


def test_a_kind_that_is_not_known_needs_no_selector() -> None:
    """Nothing is known of how it selects."""
    data = {**controller("Deployment", "shop", containers("web")), "apiVersion": "example.com/v1"}
    del data["spec"]["selector"]
    assert problems(data, before=[data], moves=()) == []


def test_a_pod_has_no_selector_to_keep() -> None:
    """Its controller gets one."""
    one = controller("Deployment", "web", containers("web"), replicas=1)
    becomes = Controller("apps/v1", "Deployment", "web", {"app": "web"}, {}, {})
    before = [bare_pod("web", containers("web"))]
    assert problems(one, before=before, action="wrap", moves=(), controller=becomes) == []


# Services


def test_what_is_wrong_with_services_is_said() -> None:
    """Both of whom they reach and of the addresses that containers are told."""
    web = container("web", args=["amqp://localhost:5672"])
    queue = container("queue", ports=[{"containerPort": 5672}])
    service = manifest("Service", "shop", {"selector": {"app": "shop"}, "ports": [{"port": 5672}]})
    old = controller("Deployment", "shop", {"containers": [web, queue]})
    told = container("web", args=["amqp://broker:5672"])
    stays = controller("Deployment", "shop", {"containers": [told]})
    moved = controller("Deployment", "shop-queue", {"containers": [queue]})
    found = problems(stays, moved, before=[old, service])
    assert found == [
        ("services", "Service shop is gone"),
        (
            "services",
            "Deployment/shop is told of broker, which does not lead where localhost led",
        ),
    ]


def test_services_are_held_against_the_stage_before() -> None:
    """A name that the Pods get in this stage reaches nobody until it is applied."""
    ports = [{"containerPort": 80}]
    old = controller("Deployment", "shop", {"containers": [container("web", ports=ports)]})
    named = controller(
        "Deployment",
        "shop",
        {"containers": [container("web", ports=[{"containerPort": 80, "name": "http"}])]},
    )
    by_number = manifest("Service", "shop", {"selector": {"app": "shop"}, "ports": [{"port": 80}]})
    by_name = copy.deepcopy(by_number)
    by_name["spec"]["ports"][0]["targetPort"] = "http"
    sent, now = read_objects(old, by_number), read_objects(named, by_name)
    found = problems_of(sent, now, moves=(), stage=Stage.SWITCH, previous=sent.workloads)
    assert found == [
        ("services", "port 80 of Service shop reaches nobody while stage switch is applied")
    ]


# Policies


def policy(name: str, app: str, **spec: Any) -> Manifest:
    """A NetworkPolicy for the Pods of a workload."""
    return manifest("NetworkPolicy", name, {"podSelector": {"matchLabels": {"app": app}}, **spec})


CHANGED = "PodMonitor/shop is not what it was, but for the Pods of new workloads"
EXCESS = "NetworkPolicy/new lets through more than what was spoken inside the Pod"
ALLOWED = {
    "from": [{"podSelector": {"matchLabels": {"app": "shop"}}}],
    "ports": [{"port": 5672}],
}


def test_what_is_wrong_with_policies_is_said_with_the_stage() -> None:
    """A monitor that lost the new Pods."""
    monitor = manifest("PodMonitor", "shop", {"selector": {"matchLabels": {"app": "shop"}}})
    message = (
        "PodMonitor/shop doesn't cover the Pods of Deployment/shop-queue, as it did those of"
        " Deployment/shop, in stage {}"
    )
    assert problems(STAYS, MOVED, monitor, before=[OLD, monitor]) == [
        ("policies", message.format("contract"))
    ]
    assert problems(OLD, MOVED, monitor, before=[OLD, monitor], stage=Stage.SWITCH) == [
        ("policies", message.format("switch"))
    ]
    assert problems(OLD, monitor, before=[OLD, monitor], stage=Stage.EXPAND) == []


def test_a_selector_may_be_widened_by_the_names_of_later_workloads() -> None:
    """In the stage before they are there."""
    monitor = manifest("PodMonitor", "shop", {"selector": {"matchLabels": {"app": "shop"}}})
    values = {"key": "app", "operator": "In", "values": ["shop", "shop-queue"]}
    wide = manifest("PodMonitor", "shop", {"selector": {"matchExpressions": [values]}})
    assert problems(OLD, wide, before=[OLD, monitor], stage=Stage.EXPAND) == []
    values["values"] = ["shop", "shop-mail"]
    wide = manifest("PodMonitor", "shop", {"selector": {"matchExpressions": [values]}})
    assert problems(OLD, wide, before=[OLD, monitor], stage=Stage.EXPAND) == [
        (
            "policies",
            f"{CHANGED}, in stage expand",
        )
    ]


def test_a_new_policy_that_lets_in_more_is_wrong() -> None:
    """It is about the traffic between the groups."""
    sent = read_objects(OLD)
    new = new_object(sent.workloads[0].resource, "NetworkPolicy", "new")
    right, wrong = (
        policy("new", "shop-queue", ingress=[rule]) for rule in (ALLOWED, {"ports": [{"port": 1}]})
    )
    assert problems_of(sent, read_objects(STAYS, MOVED, right), objects=(new,)) == []
    assert problems_of(sent, read_objects(STAYS, MOVED, wrong), objects=(new,)) == [
        (
            "policies",
            f"{EXCESS}, in stage contract",
        )
    ]


def scaler(name: str, target: str, kind: str = "HorizontalPodAutoscaler") -> Manifest:
    """An autoscaler of a Deployment."""
    reference = {"apiVersion": "apps/v1", "kind": "Deployment", "name": target}
    return manifest(kind, name, {"scaleTargetRef": reference})


def test_a_new_autoscaler_is_for_one_of_the_workloads() -> None:
    """One made from another autoscaler; other objects need not be."""
    own = scaler("own", "shop")
    sent = read_objects(OLD, own)
    new = new_object(find(sent, "HorizontalPodAutoscaler/own"), "HorizontalPodAutoscaler", "new")
    right, wrong = scaler("new", "shop-queue"), scaler("new", "nobody")
    message = "HorizontalPodAutoscaler/new is for none of the workloads, in stage contract"
    assert problems_of(sent, read_objects(STAYS, MOVED, own, right), objects=(new,)) == []
    assert problems_of(sent, read_objects(STAYS, MOVED, own, wrong), objects=(new,)) == [
        ("policies", message)
    ]
    beside = new_object(sent.workloads[0].resource, "HorizontalPodAutoscaler", "new")
    assert problems_of(sent, read_objects(STAYS, MOVED, own, wrong), objects=(beside,)) == []
    for origin in ("HorizontalPodAutoscaler/own", "Deployment/shop"):
        other = new_object(find(sent, origin), "Deployment", "shop-queue")
        assert problems_of(sent, read_objects(STAYS, MOVED, own), objects=(other,)) == []


def test_traffic_that_policies_block_is_wrong_in_the_end() -> None:
    """While the containers are in one Pod still, nothing is lost."""
    closed = policy("closed", "shop-queue", policyTypes=["Ingress"])
    traffic = frozenset({TrafficFlow(0, 1, 5672)})
    message = (
        "policies let no ingress from Deployment/shop to port 5672 of Deployment/shop-queue, in"
        " stage contract"
    )
    assert problems(STAYS, MOVED, closed, traffic=traffic) == [("policies", message)]
    assert problems(STAYS, MOVED, closed) == []
    assert problems(STAYS, MOVED, traffic=traffic) == []
    assert problems(OLD, MOVED, closed, traffic=traffic, stage=Stage.SWITCH) == []
    back = frozenset({TrafficFlow(1, 0, 80)})
    assert problems(STAYS, MOVED, closed, traffic=back) == []


# What is left to do

TWO = {
    "containers": [
        container("web", "nginx:1.27", ports=[{"containerPort": 80}]),
        container("queue", "rabbitmq:4", ports=[{"containerPort": 5672}]),
    ]
}


def test_a_workload_that_still_holds_several_applications_is_not_settled() -> None:
    """Once all stages are applied, and if a split was planned."""
    two = controller("Deployment", "shop", TWO)
    sent, now = read_objects(two), read_objects(two)
    unsettled = [("settled", "Deployment/shop still holds several applications")]
    parts: dict[str, Any] = {"moves": ()}
    assert problems_of(sent, now, **parts) == unsettled
    assert problems_of(sent, now, stage=Stage.SWITCH, **parts) == []
    assert problems_of(sent, now, action="wrap", **parts) == []


def test_what_can_not_be_told_apart_is_settled() -> None:
    """A boundary counts from the wanted confidence on, that of the workload's folder."""
    two = controller("Deployment", "shop", TWO)
    inputs = read_objects(two)
    context = PodContext(inputs.workloads[0], inputs.manifests, load_catalogue())
    sure = classify(context, load_weights()).boundary_confidence()
    assert 0 < sure < 1
    above = math.nextafter(sure, 1)
    unsettled = [("settled", "Deployment/shop still holds several applications")]
    parts: dict[str, Any] = {"moves": ()}

    def found(options: Options) -> list[tuple[str, str]]:
        return problems_of(inputs, read_objects(two), options=options, **parts)

    assert found(Options(min_confidence=sure)) == unsettled
    assert found(Options(min_confidence=above)) == []
    folder = (("", Options(min_confidence=above)),)
    assert found(Options(min_confidence=sure, folders=folder)) == []


def test_each_of_the_new_workloads_has_to_be_settled() -> None:
    """Not only the old one."""
    pod = {"containers": [container("front"), *TWO["containers"]]}
    old = controller("Deployment", "shop", pod)
    sent = read_objects(old)
    move = Move(("web", "queue"), "Deployment", "shop-web", Stage.SWITCH)
    resource = sent.workloads[0].resource
    steps = [
        step(resource, Remove(("spec", "template", "spec", "containers", place)))
        for place in (1, 2)
    ]
    now = read_objects(
        controller("Deployment", "shop", {"containers": [container("front")]}),
        controller("Deployment", "shop-web", TWO),
    )
    assert problems_of(sent, now, moves=(move,), steps=tuple(steps)) == [
        ("settled", "Deployment/shop-web still holds several applications")
    ]


def test_a_pod_that_is_still_bare_is_not_settled() -> None:
    """If it was to be wrapped, and has no reason to stay so."""
    pod = bare_pod("web", containers("web"))
    parts: dict[str, Any] = {"moves": ()}
    unsettled = [("settled", "Pod/web is still a bare Pod")]

    def found(data: Manifest, action: str) -> list[tuple[str, str]]:
        return [
            problem
            for problem in problems_of(
                read_objects(data), read_objects(data), action=action, **parts
            )
            if problem[0] == "settled"
        ]

    assert found(pod, "wrap") == unsettled
    assert found(pod, "split") == []
    hook = bare_pod("web", containers("web"), annotations={"helm.sh/hook": "test"})
    assert found(hook, "wrap") == []
    assert found(controller("Deployment", "web", containers("web")), "wrap") == []
