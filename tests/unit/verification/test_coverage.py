"""Whether policies, budgets, monitors and autoscalers cover the same containers as before.

One file, as the module is one: each section has the tables of one of its functions.
"""

from __future__ import annotations

from typing import Any

import pytest

from service.findings import Stage
from service.verification.coverage import (
    Covered,
    find_lost_coverage,
    find_new_objects,
)
from tests.support.planning import read
from tests.support.verifying import (
    Manifest,
    bare_pod,
    containers,
    controller,
    find,
    manifest,
    new_object,
    read_objects,
    successors_in,
)

OLD = controller("Deployment", "shop", containers("web", "queue"), labels={"app": "shop", "t": "a"})
SHOP = controller("Deployment", "shop", containers("web"), labels={"app": "shop", "t": "a"})
QUEUE = controller(
    "Deployment", "shop-queue", containers("queue"), labels={"app": "shop-queue", "t": "a"}
)
OTHER = bare_pod("other", containers("other"))


def lost(
    before: list[Manifest],
    after: list[Manifest],
    *,
    names: tuple[str, ...] = ("shop", "shop-queue"),
    new_names: tuple[str, ...] = ("shop-queue",),
) -> list[str]:
    """What covers something else once a shop and its queue are apart."""
    sent = read_objects(OLD, *before)
    now = read_objects(SHOP, QUEUE, *after)
    old = sent.workloads[0]
    successors = successors_in(now, names)
    covered = Covered(sent.manifests, now.manifests, old, successors, new_names)
    return list(find_lost_coverage(covered))


# Policies and monitors


def one_of(*apps: str) -> dict[str, Any]:
    """A selector of Pods by the values of a label."""
    return {"matchExpressions": [{"key": "app", "operator": "In", "values": list(apps)}]}


def app(name: str) -> dict[str, Any]:
    """A selector of Pods by one value of a label."""
    return {"matchLabels": {"app": name}}


def monitor(selector: Any, **spec: Any) -> Manifest:
    """What scrapes Pods."""
    return manifest("PodMonitor", "shop", {"selector": selector, **spec})


def database(*peers: dict[str, Any]) -> Manifest:
    """A policy that lets Pods in to a database."""
    sources = [{"podSelector": peer} for peer in peers]
    rule = {"from": sources, "ports": [{"port": 5432}]}
    return manifest("NetworkPolicy", "database", {"podSelector": app("db"), "ingress": [rule]})


CHANGED = "PodMonitor/shop is not what it was, but for the Pods of new workloads"
UNCOVERED = (
    "PodMonitor/shop doesn't cover the Pods of Deployment/shop-queue, as it did those of"
    " Deployment/shop"
)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(monitor(app("shop")), monitor(one_of("shop", "shop-queue")), id="widened"),
        pytest.param(
            monitor(one_of("shop")), monitor(one_of("shop-queue", "shop")), id="widened from one"
        ),
        pytest.param(
            monitor({"matchLabels": {"t": "a"}}), monitor({"matchLabels": {"t": "a"}}), id="common"
        ),
        pytest.param(
            monitor({"matchExpressions": [{"key": "app", "operator": "Exists"}]}),
            monitor({"matchExpressions": [{"key": "app", "operator": "Exists"}]}),
            id="by any value",
        ),
        pytest.param(
            database(app("shop"), app("x")),
            database(one_of("shop", "shop-queue"), app("x")),
            id="a peer",
        ),
        pytest.param(monitor({}), monitor({}, more=1), id="for all Pods, so for no workload"),
        pytest.param(monitor(app("x")), monitor(app("y")), id="for other Pods"),
    ],
)
def test_what_covers_the_same_containers(before: Manifest, after: Manifest) -> None:
    """The Pods of new workloads are taken in, and nothing else is changed."""
    assert lost([before], [after]) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            monitor(app("shop")), monitor(one_of("shop", "shop-queue", "x")), id="other Pods too"
        ),
        pytest.param(
            monitor({"matchLabels": {"app": "shop", "t": "a"}}),
            monitor(one_of("shop", "shop-queue")),
            id="a label less",
        ),
        pytest.param(
            monitor(app("shop")),
            monitor({**one_of("shop", "shop-queue"), "matchLabels": {"t": "a"}}),
            id="a label more",
        ),
        pytest.param(
            monitor(app("shop")),
            monitor(
                {
                    "matchExpressions": [
                        *one_of("shop", "shop-queue")["matchExpressions"],
                        {"key": "t", "operator": "Exists"},
                    ]
                }
            ),
            id="an expression more",
        ),
        pytest.param(
            monitor({"matchLabels": {"t": "a"}, **one_of("shop", "y")}),
            monitor({"matchLabels": {"t": "a"}, **one_of("shop", "shop-queue")}),
            id="a value less",
        ),
        pytest.param(
            monitor(app("shop")),
            monitor(one_of("shop", "shop-queue"), podMetricsEndpoints=[]),
            id="another field",
        ),
    ],
)
def test_what_is_not_only_widened_is_wrong(before: Manifest, after: Manifest) -> None:
    """Even where it covers the Pods that it covered."""
    assert lost([before], [after]) == [CHANGED]


def test_a_selector_is_widened_by_the_names_of_new_workloads() -> None:
    """Those of later stages included, unless Pods had that label already."""
    before = monitor(app("shop"))
    after = monitor(one_of("shop", "shop-queue", "shop-mail"))
    new_names = ("shop-queue", "shop-mail")
    assert lost([before], [after], new_names=new_names) == []
    assert lost([before], [after], new_names=("shop-queue",)) == [CHANGED]
    there = bare_pod("shop-mail", containers("mail"))
    assert lost([before, there], [after, there], new_names=new_names) == [CHANGED]


def test_each_place_of_a_policy_is_looked_at() -> None:
    """A peer that was not the workload's may not become so."""
    message = "NetworkPolicy/database is not what it was, but for the Pods of new workloads"
    after = database(one_of("shop", "shop-queue"), one_of("x", "y"))
    assert lost([database(app("shop"), app("x"))], [after]) == [message]


def test_what_does_not_cover_new_pods_is_wrong() -> None:
    """Nobody would scrape them."""
    assert lost([monitor(app("shop"))], [monitor(app("shop"))]) == [UNCOVERED]


def test_what_selects_nobody_any_more_is_wrong() -> None:
    """A missing selector matches nothing."""
    found = lost([monitor(app("shop"))], [manifest("PodMonitor", "shop")])
    assert found == [
        CHANGED,
        UNCOVERED.replace("Deployment/shop-queue", "Deployment/shop", 1),
        UNCOVERED,
    ]


def test_what_is_gone_covers_nobody() -> None:
    """Each of the workloads has lost it."""
    assert lost([monitor(app("shop"))], []) == [
        UNCOVERED.replace("Deployment/shop-queue", "Deployment/shop", 1),
        UNCOVERED,
    ]


def test_what_is_in_another_namespace_is_another_one() -> None:
    """The object of that name is not the one that there was."""
    moved = monitor(one_of("shop", "shop-queue"))
    moved["metadata"]["namespace"] = "elsewhere"
    assert UNCOVERED in lost([monitor(app("shop"))], [moved])


def test_a_plain_map_of_labels_selects_too() -> None:
    """As Istio writes it."""

    def sidecar(**labels: str) -> Manifest:
        spec = {"workloadSelector": {"labels": labels}}
        return {
            **manifest("Sidecar", "shop", spec),
            "apiVersion": "networking.istio.io/v1",
        }

    assert lost([sidecar(t="a")], [sidecar(t="a")]) == []
    assert lost([sidecar(app="shop")], [sidecar(app="shop")]) == [
        UNCOVERED.replace("PodMonitor", "Sidecar")
    ]


# Budgets


def budget(name: str, selector: Any, **spec: Any) -> Manifest:
    """A budget that asks for one Pod, unless it asks for something else."""
    return manifest(
        "PodDisruptionBudget", name, {"selector": selector, **(spec or {"minAvailable": 1})}
    )


def test_a_budget_for_each_workload_is_right() -> None:
    """One for each that there was."""
    after = [budget("shop", app("shop")), budget("shop-queue", app("shop-queue"))]
    assert lost([budget("shop", app("shop"))], after) == []
    assert lost([], []) == []


def test_a_budget_that_is_missing_is_wrong() -> None:
    """Its Pods might all be evicted at once."""
    assert lost([budget("shop", app("shop"))], [budget("shop", app("shop"))]) == [
        "0 budgets are for the Pods of Deployment/shop-queue, not 1"
    ]


def test_a_budget_too_many_is_wrong() -> None:
    """Pods with two budgets are never evicted."""
    after = [budget("shop", app("shop")), *(budget(f"b-{n}", app("shop-queue")) for n in range(2))]
    assert lost([budget("shop", app("shop"))], after) == [
        "2 budgets are for the Pods of Deployment/shop-queue, not 1"
    ]


def test_a_budget_that_asks_for_something_else_is_wrong() -> None:
    """It asks for as many Pods as there were."""
    after = [
        budget("shop", app("shop")),
        budget("shop-queue", app("shop-queue"), maxUnavailable=1),
    ]
    assert lost([budget("shop", app("shop"))], after) == [
        "PodDisruptionBudget/shop-queue asks for something else than there was"
    ]


def test_a_budget_for_both_workloads_is_wrong() -> None:
    """One of them may be down while the other counts for it."""
    after = [budget("shop", one_of("shop", "shop-queue"))]
    assert lost([budget("shop", app("shop"))], after) == [
        f"PodDisruptionBudget/shop counts the Pods of Deployment/{name} and others as one"
        for name in ("shop", "shop-queue")
    ]


def test_a_budget_that_several_workloads_had_in_common_stays_so() -> None:
    """It counted the Pods of others before."""
    common = budget("all", {"matchExpressions": [{"key": "app", "operator": "Exists"}]})
    assert lost([common, OTHER], [common, OTHER]) == []
    alone = [
        f"PodDisruptionBudget/all counts the Pods of Deployment/{name} and others as one"
        for name in ("shop", "shop-queue")
    ]
    assert lost([common], [common]) == alone


def test_budgets_are_told_in_the_order_of_their_names() -> None:
    """An answer is the same each time."""
    wrong = [budget(name, app("shop-queue"), maxUnavailable=1) for name in "hcbgafed"]
    right = budget("shop", app("shop"))
    assert [message.split(" ")[0] for message in lost([right], [right, *wrong])[1:]] == [
        f"PodDisruptionBudget/{name}" for name in "abcdefgh"
    ]


# Autoscalers


def cpu(container: str) -> dict[str, Any]:
    """A metric of one container."""
    return {
        "type": "ContainerResource",
        "containerResource": {"name": "cpu", "container": container},
    }


TOTAL = {"type": "Resource", "resource": {"name": "cpu"}}


def scaler(name: str, target: str, *metrics: Any) -> Manifest:
    """An autoscaler of a Deployment."""
    reference = {"apiVersion": "apps/v1", "kind": "Deployment", "name": target}
    return manifest(
        "HorizontalPodAutoscaler", name, {"scaleTargetRef": reference, "metrics": list(metrics)}
    )


def resizer(name: str, target: str, *names: str) -> Manifest:
    """What sets the resources of containers."""
    return manifest(
        "VerticalPodAutoscaler",
        name,
        {
            "targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": target},
            "resourcePolicy": {"containerPolicies": [{"containerName": name} for name in names]},
        },
    )


def keda(name: str, target: str, *names: str) -> Manifest:
    """An autoscaler of KEDA."""
    triggers = [{"type": "cpu", "metadata": {"containerName": name}} for name in names]
    return manifest(
        "ScaledObject", name, {"scaleTargetRef": {"name": target}, "triggers": triggers}
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param([], [], id="none"),
        pytest.param([scaler("a", "shop", TOTAL)], [scaler("a", "shop", TOTAL)], id="as it was"),
        pytest.param(
            [scaler("a", "shop", cpu("web"), cpu("queue"))],
            [scaler("a", "shop", cpu("web")), scaler("b", "shop-queue", cpu("queue"))],
            id="one for each",
        ),
        pytest.param(
            [keda("a", "shop", "web", "queue")],
            [keda("a", "shop", "web"), keda("b", "shop-queue", "queue")],
            id="one of KEDA for each",
        ),
        pytest.param(
            [resizer("a", "shop", "web", "queue", "*")],
            [resizer("a", "shop", "web", "*"), resizer("b", "shop-queue", "queue", "*")],
            id="one that resizes for each",
        ),
        pytest.param(
            [scaler("a", "shop", TOTAL), resizer("b", "shop")],
            [scaler("a", "shop", TOTAL), resizer("b", "shop"), resizer("c", "shop-queue")],
            id="two kinds",
        ),
        pytest.param(
            [scaler("a", "shop", TOTAL), scaler("b", "shop")],
            [scaler("a", "shop", TOTAL), scaler("b", "shop")],
            id="two of one kind, as it was",
        ),
    ],
)
def test_what_scales_as_it_did(before: list[Manifest], after: list[Manifest]) -> None:
    """Each workload by what was said of its containers."""
    assert lost(before, after) == []


BY_SOMETHING_NEW = "by what nothing scaled Deployment/shop by"
NOT_SCALED = "HorizontalPodAutoscaler/a doesn't scale Deployment/shop any more"


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param([scaler("a", "shop")], [], [NOT_SCALED], id="gone"),
        pytest.param(
            [scaler("a", "shop")], [scaler("a", "shop-queue")], [NOT_SCALED], id="of another"
        ),
        pytest.param([scaler("a", "shop")], [scaler("b", "shop")], [NOT_SCALED], id="renamed"),
        pytest.param(
            [scaler("a", "shop", cpu("queue"))],
            [scaler("a", "shop", cpu("queue"))],
            ["HorizontalPodAutoscaler/a is about queue, which Deployment/shop doesn't have"],
            id="a metric of a container that is elsewhere",
        ),
        pytest.param(
            [keda("a", "shop", "queue")],
            [keda("a", "shop", "queue")],
            ["ScaledObject/a is about queue, which Deployment/shop doesn't have"],
            id="a trigger of a container that is elsewhere",
        ),
        pytest.param(
            [resizer("a", "shop", "web", "queue")],
            [resizer("a", "shop", "web", "queue")],
            ["VerticalPodAutoscaler/a is about queue, which Deployment/shop doesn't have"],
            id="a policy of a container that is elsewhere",
        ),
        pytest.param(
            [scaler("a", "shop")],
            [scaler("a", "shop", TOTAL)],
            [f"HorizontalPodAutoscaler/a scales Deployment/shop {BY_SOMETHING_NEW}"],
            id="a metric that there was not",
        ),
        pytest.param(
            [scaler("a", "shop", TOTAL)],
            [scaler("a", "shop", TOTAL), scaler("b", "shop-queue", cpu("queue"))],
            [f"HorizontalPodAutoscaler/b scales Deployment/shop-queue {BY_SOMETHING_NEW}"],
            id="a metric that there was not, of a new workload",
        ),
        pytest.param(
            [scaler("a", "shop")],
            [scaler("a", "shop"), scaler("b", "shop-queue"), scaler("c", "shop-queue")],
            ["Deployment/shop-queue is scaled twice"],
            id="two for a new workload",
        ),
        pytest.param(
            [scaler("a", "shop")],
            [scaler("a", "shop"), scaler("b", "shop")],
            ["Deployment/shop is scaled twice"],
            id="two for the old workload",
        ),
    ],
)
def test_what_scales_otherwise(
    before: list[Manifest], after: list[Manifest], expected: list[str]
) -> None:
    """Not at all, by something else, or twice."""
    assert lost(before, after) == expected


# Finding objects again

ALONE = manifest("Service", "shop", {})


@pytest.mark.parametrize(
    ("other", "is_same"),
    [
        pytest.param(ALONE, True, id="equal"),
        pytest.param(manifest("Service", "shop", {"ports": []}), True, id="saying otherwise"),
        pytest.param(manifest("Service", "mall", {}), False, id="of another name"),
        pytest.param(manifest("ConfigMap", "shop", {}), False, id="of another kind"),
        pytest.param(manifest("Service", "shop", {}, namespace="a"), False, id="in a namespace"),
    ],
)
def test_an_object_is_found_again_by_name(other: Manifest, *, is_same: bool) -> None:
    """By kind, name, file and namespace."""
    (origin,) = read_objects(ALONE).manifests.resources
    now = read_objects(other)
    assert now.manifests.find_same(origin) is (now.manifests.resources[0] if is_same else None)


def test_an_object_is_found_again_in_its_own_file() -> None:
    """Overlays have objects of one name each."""
    text = "apiVersion: v1\nkind: Service\nmetadata: {name: shop}\n"
    first, second = read(text, text).manifests.resources
    manifests = read(text, text).manifests
    assert manifests.find_same(first) is manifests.resources[0]
    assert manifests.find_same(second) is manifests.resources[1]
    assert read(text).manifests.find_same(second) is None


def test_new_objects_are_found_where_they_were_to_be() -> None:
    """By kind, name, file and namespace; all of them, though there should be one."""
    (origin,) = read_objects(ALONE).manifests.resources
    inputs = read_objects(
        *[manifest("Service", "new", {})] * 2,
        manifest("Service", "new", {}, namespace="a"),
        manifest("ConfigMap", "new"),
        manifest("Service", "other"),
    )
    new = new_object(origin, "Service", "new", Stage.SWITCH)
    assert find_new_objects(inputs.manifests, new) == list(inputs.manifests.resources[:2])
    elsewhere = new_object(origin, "Service", "new", Stage.SWITCH, path="new.yaml")
    assert find_new_objects(inputs.manifests, elsewhere) == []
    found = find_new_objects(inputs.manifests, new_object(find(inputs, "ConfigMap/new"), "X", "y"))
    assert found == []
