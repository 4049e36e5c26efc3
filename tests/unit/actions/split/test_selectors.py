"""What selects a workload's Pods goes on covering its groups."""

from __future__ import annotations

import pytest

from service.actions.split.follow_up import FollowUp
from service.actions.split.selectors import follow_selections
from service.change import TrafficFlow
from service.findings import Stage
from service.refusals import Refusal
from tests.support.candidates import (
    candidate_of,
    data_after,
    division_of,
    manifest,
    refusal_of,
    resource_of,
    shop,
    written,
)

WIDE = shop(template="labels: {app: shop, tier: web}", spec="selector: {matchLabels: {app: shop}}")
POLICY = "networking.k8s.io/v1 NetworkPolicy"
MONITOR = "monitoring.coreos.com/v1 PodMonitor"
BUDGET = "policy/v1 PodDisruptionBudget"


def followed(text: str, **division: object) -> tuple[FollowUp, object]:
    """What the objects of a set need, and the last one's spec after all steps."""
    candidate = candidate_of(text, "Deployment/shop")
    follow_up = follow_selections(division_of(candidate, **division))  # type: ignore[arg-type]
    last = candidate.manifests.resources[-1]
    return follow_up, data_after(last, follow_up.steps)["spec"]


def refusal_for(text: str, **division: object) -> Refusal | None:
    return refusal_of(lambda: followed(text, **division))


def test_without_other_objects_nothing_is_needed() -> None:
    """Most workloads have none."""
    candidate = candidate_of(shop())
    assert follow_selections(division_of(candidate)) == FollowUp()


# What is widened

BOTH = {"key": "app", "operator": "In", "values": ["shop", "shop-api"]}


@pytest.mark.parametrize(
    ("selector", "after"),
    [
        ("matchLabels: {app: shop}", {"matchExpressions": [BOTH]}),
        (
            "matchLabels: {app: shop, tier: web}",
            {"matchLabels": {"tier": "web"}, "matchExpressions": [BOTH]},
        ),
        (
            "matchLabels: {app: shop}, matchExpressions: [{key: tier, operator: Exists}]",
            {"matchExpressions": [{"key": "tier", "operator": "Exists"}, BOTH]},
        ),
        ("matchLabels: {app: shop}, matchExpressions: []", {"matchExpressions": [BOTH]}),
        (
            (
                "matchLabels: {app: shop},"
                " matchExpressions: [{key: tier, operator: In, values: [web]}]"
            ),
            {"matchExpressions": [{"key": "tier", "operator": "In", "values": ["web"]}, BOTH]},
        ),
        (
            (
                "matchLabels: {app: shop},"
                " matchExpressions: [{key: app, operator: NotIn, values: [a]}]"
            ),
            {"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["a"]}, BOTH]},
        ),
        (
            "matchExpressions: [{key: app, operator: In, values: [shop, other]}]",
            {"matchExpressions": [{**BOTH, "values": ["shop", "other", "shop-api"]}]},
        ),
        (
            (
                "matchExpressions: [{key: app, operator: In, values: [shop]},"
                " {key: app, operator: In, values: [shop, shop-api]}]"
            ),
            {"matchExpressions": [BOTH, BOTH]},
        ),
        (
            (
                "matchLabels: {app: shop},"
                " matchExpressions: [{key: app, operator: In, values: [shop]}]"
            ),
            {"matchExpressions": [BOTH, BOTH]},
        ),
        ("matchLabels: {tier: web}", {"matchLabels": {"tier": "web"}}),
        (
            "matchExpressions: [{key: app, operator: In, values: [shop, shop-api]}]",
            {"matchExpressions": [BOTH]},
        ),
    ],
)
@pytest.mark.parametrize(("kind", "field"), [(POLICY, "podSelector"), (MONITOR, "selector")])
def test_a_selector_goes_on_matching_all_groups(
    kind: str, field: str, selector: str, after: object
) -> None:
    """It asks for the values of all where it asked for one."""
    text = WIDE + manifest(kind, "p", f"spec: {{{field}: {{{selector}}}}}")
    follow_up, spec = followed(text)
    assert spec == {field: after}
    assert follow_up.objects == ()


def test_selectors_are_widened_before_the_new_pods_are_there() -> None:
    """They match no others."""
    text = shop() + manifest(POLICY, "p", "spec: {podSelector: {matchLabels: {app: shop}}}")
    candidate = candidate_of(text)
    follow_up = follow_selections(division_of(candidate))
    policy = resource_of(candidate, "NetworkPolicy/p")
    after = data_after(policy, follow_up.steps, Stage.EXPAND)
    assert after["spec"]["podSelector"] == {"matchExpressions": [BOTH]}


def test_every_moved_group_is_matched() -> None:
    """However many there are."""
    text = shop(
        others=["name: jobs, image: acme/jobs"], roles="front=main,api=unrelated,jobs=unrelated"
    ) + manifest(POLICY, "p", "spec: {podSelector: {matchLabels: {app: shop}}}")
    _, spec = followed(text)
    asked = {**BOTH, "values": ["shop", "shop-api", "shop-jobs"]}
    assert spec == {"podSelector": {"matchExpressions": [asked]}}


def test_an_item_of_a_list_is_changed_like_what_stands_alone() -> None:
    """Routes start at its document."""
    selector = "{matchLabels: {app: shop}}"
    items = [
        manifest(POLICY, "p", f"spec: {{podSelector: {selector}}}"),
        manifest(BUDGET, "b", "spec: {selector: {matchLabels: {tier: web}}}"),
    ]
    listed = ", ".join(item.removeprefix("---\n").strip() for item in items)
    text = WIDE + f"---\napiVersion: v1\nkind: List\nitems: [{listed}]\n"
    candidate = candidate_of(text)
    follow_up = follow_selections(division_of(candidate))
    policy = resource_of(candidate, "NetworkPolicy/p")
    changed = data_after(policy, follow_up.steps)
    assert changed["spec"] == {"podSelector": {"matchExpressions": [BOTH]}}
    changed = data_after(resource_of(candidate, "PodDisruptionBudget/b"), follow_up.steps)
    assert changed["spec"] == {"selector": {"matchLabels": {"tier": "web", "app": "shop"}}}
    (copy,) = follow_up.objects
    moved = {"selector": {"matchLabels": {"tier": "web", "app": "shop-api"}}}
    assert written(copy.tree)["spec"] == moved


PEER = "spec: {podSelector: {}, ingress: [{from: [{podSelector: {matchLabels: {app: shop}}%s}]}]}"


def test_a_peer_is_widened_where_it_stands() -> None:
    """The rule is for those who call."""
    _, spec = followed(shop() + manifest(POLICY, "p", PEER % ""))
    peer = {"podSelector": {"matchExpressions": [BOTH]}}
    assert spec == {"podSelector": {}, "ingress": [{"from": [peer]}]}


@pytest.mark.parametrize(
    ("peer", "refusal"),
    [("", Refusal.NAMESPACE_UNCLEAR), (", namespaceSelector: {}", None)],
)
def test_a_peer_may_be_of_other_namespaces(peer: str, refusal: Refusal | None) -> None:
    """Where it says so, the policy's own namespace doesn't matter."""
    policy = manifest(POLICY, "p", PEER % peer, metadata="namespace: a")
    assert refusal_for(shop() + policy) is refusal


def test_a_monitor_of_several_namespaces_is_in_one_itself() -> None:
    """It is edited there."""
    content = "spec: {namespaceSelector: {any: true}, selector: {matchLabels: {app: shop}}}"
    monitor = manifest(MONITOR, "p", content, metadata="namespace: a")
    assert refusal_for(shop() + monitor) is Refusal.NAMESPACE_UNCLEAR


def test_a_selector_that_leaves_the_new_name_out_is_divided_by_hand() -> None:
    """There is no value that could be added."""
    left_out = "{key: app, operator: NotIn, values: [shop-api]}"
    content = f"spec: {{podSelector: {{matchExpressions: [{left_out}]}}}}"
    assert refusal_for(shop() + manifest(POLICY, "p", content)) is Refusal.SELECTED_BY


# What is divided


def budget(selector: str, name: str = "shop") -> str:
    return manifest(BUDGET, name, f"spec: {{minAvailable: 1, selector: {{{selector}}}}}")


ONLY = {"matchLabels": {"app": "shop"}}


@pytest.mark.parametrize(
    ("selector", "stays", "moves"),
    [
        ("matchLabels: {app: shop}", ONLY, {"matchLabels": {"app": "shop-api"}}),
        (
            "matchLabels: {tier: web}",
            {"matchLabels": {"tier": "web", "app": "shop"}},
            {"matchLabels": {"tier": "web", "app": "shop-api"}},
        ),
        (
            "matchExpressions: [{key: tier, operator: Exists}]",
            {
                "matchExpressions": [{"key": "tier", "operator": "Exists"}],
                "matchLabels": {"app": "shop"},
            },
            {
                "matchExpressions": [{"key": "tier", "operator": "Exists"}],
                "matchLabels": {"app": "shop-api"},
            },
        ),
        (
            "matchExpressions: [{key: app, operator: In, values: [shop, shop-api]}]",
            ONLY,
            {"matchLabels": {"app": "shop-api"}},
        ),
        (
            (
                "matchLabels: {tier: web}, matchExpressions: [{key: app, operator: Exists},"
                " {key: tier, operator: Exists}]"
            ),
            {
                "matchLabels": {"tier": "web", "app": "shop"},
                "matchExpressions": [{"key": "tier", "operator": "Exists"}],
            },
            {
                "matchLabels": {"tier": "web", "app": "shop-api"},
                "matchExpressions": [{"key": "tier", "operator": "Exists"}],
            },
        ),
    ],
)
def test_each_group_gets_a_budget_of_its_own(selector: str, stays: object, moves: object) -> None:
    """Two budgets on one Pod block its eviction, and one on two groups counts both."""
    follow_up, spec = followed(WIDE + budget(selector))
    assert spec == {"minAvailable": 1, "selector": stays}
    (copy,) = follow_up.objects
    assert copy.name == "shop-api"
    assert written(copy.tree)["spec"] == {"minAvailable": 1, "selector": moves}


def test_a_budget_is_narrowed_before_the_new_pods_are_there() -> None:
    """Otherwise some Pods would have two budgets for a moment."""
    candidate = candidate_of(WIDE + budget("matchLabels: {tier: web}"))
    follow_up = follow_selections(division_of(candidate))
    resource = resource_of(candidate, "PodDisruptionBudget/shop")
    selectors = [
        data_after(resource, follow_up.steps, stage)["spec"]["selector"]["matchLabels"]
        for stage in Stage
    ]
    assert selectors == [{"tier": "web", "app": "shop"}] * len(Stage)


def test_a_budget_that_does_not_match_the_new_pods_stays_as_it_is() -> None:
    """Only the copy is new."""
    follow_up, _ = followed(shop() + budget("matchLabels: {app: shop}"))
    assert follow_up.steps == ()


@pytest.mark.parametrize("stage", [Stage.ADD, Stage.CONTRACT])
def test_a_copy_is_there_when_its_pods_are(stage: Stage) -> None:
    """A budget without Pods does no harm, though it would be of nothing."""
    follow_up, _ = followed(shop() + budget("matchLabels: {app: shop}"), stage=stage)
    assert [copy.stage for copy in follow_up.objects] == [stage]
    early, _ = followed(shop() + budget("matchLabels: {app: shop}"), stage=Stage.EXPAND)
    assert [copy.stage for copy in early.objects] == [Stage.ADD]


OTHER = shop(name="other", template="labels: {app: other, tier: web}").replace(
    "matchLabels: {app: shop}", "matchLabels: {app: other}"
)


def test_a_budget_of_several_workloads_goes_on_counting_all() -> None:
    """It is widened where it would lose a group, and not divided."""
    follow_up, _ = followed(WIDE + OTHER + budget("matchLabels: {tier: web}"))
    assert follow_up == FollowUp()
    listed = "matchExpressions: [{key: app, operator: In, values: [shop, other]}]"
    follow_up, spec = followed(WIDE + OTHER + budget(listed))
    values = ["shop", "other", "shop-api"]
    assert spec == {
        "minAvailable": 1,
        "selector": {"matchExpressions": [{**BOTH, "values": values}]},
    }
    assert follow_up.objects == ()


@pytest.mark.parametrize(
    "other",
    [
        manifest(
            POLICY, "p", "spec: {podSelector: {matchLabels: {app: shop}}}", metadata="namespace: a"
        ),
        budget("matchLabels: {app: shop}").replace("name: shop,", "name: shop, namespace: a,"),
    ],
)
def test_an_object_of_another_namespace_may_be_of_this_one(other: str) -> None:
    """It is edited, so it has to be sure."""
    assert refusal_for(shop() + other) is Refusal.NAMESPACE_UNCLEAR
    assert refusal_for(shop(metadata="namespace: a") + other) is None


# By hand

AUTHORIZATION = "security.istio.io/v1 AuthorizationPolicy"


@pytest.mark.parametrize(
    ("kind", "content", "refusal"),
    [
        (AUTHORIZATION, "spec: {selector: {matchLabels: {app: shop}}}", Refusal.SELECTED_BY),
        (AUTHORIZATION, "spec: {selector: {matchLabels: {app: other}}}", None),
        (AUTHORIZATION, "spec: {selector: {matchLabels: {tier: web}}}", None),
        (
            "cilium.io/v2 CiliumNetworkPolicy",
            "spec: {endpointSelector: {matchLabels: {app: shop}}}",
            Refusal.SELECTED_BY,
        ),
        (
            "projectcalico.org/v3 NetworkPolicy",
            "spec: {selector: \"app == 'shop'\"}",
            Refusal.SELECTED_BY,
        ),
        ("projectcalico.org/v3 NetworkPolicy", "spec: {selector: \"app == 'other'\"}", None),
    ],
)
def test_security_policies_of_others_are_not_divided(
    kind: str, content: str, refusal: Refusal | None
) -> None:
    """They guard Pods in ways that aren't followed here."""
    assert refusal_for(WIDE + manifest(kind, "p", content)) is refusal


def test_a_security_policy_of_all_groups_matters_where_they_talk() -> None:
    """What was localhost passes it now."""
    text = WIDE + manifest(AUTHORIZATION, "p", "spec: {selector: {matchLabels: {tier: web}}}")
    assert refusal_for(text, traffic=[TrafficFlow(0, 1, 3000)]) is Refusal.SELECTED_BY
