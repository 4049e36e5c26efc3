"""What was localhost is let through where NetworkPolicies limit traffic."""

from __future__ import annotations

from typing import Any

import pytest

from service.actions.split.follow_up import FollowUp
from service.actions.split.policies import allow_former_localhost
from service.assumptions import AssumptionCode
from service.change import TrafficFlow
from service.findings import Stage
from service.refusals import Refusal
from tests.support.candidates import (
    bare_pod,
    candidate_of,
    codes_of,
    division_of,
    manifest,
    refusal_of,
    shop,
    written,
)

CALL = TrafficFlow(0, 1, 3000)
SELECTOR = "podSelector: {matchLabels: {app: shop}}"
FRONT = {"podSelector": {"matchLabels": {"app": "shop"}}}
API = {"podSelector": {"matchLabels": {"app": "shop-api"}}}
DNS = {"ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]}


def policy(content: str, name: str = "p", metadata: str = "") -> str:
    return manifest(
        "networking.k8s.io/v1 NetworkPolicy", name, f"spec: {{{content}}}", metadata=metadata
    )


INWARDS = policy(f"{SELECTOR}, policyTypes: [Ingress]")
OUTWARDS = policy(f"{SELECTOR}, policyTypes: [Egress]")


def allowed(text: str, *flows: TrafficFlow) -> FollowUp:
    candidate = candidate_of(text, "Deployment/shop")
    return allow_former_localhost(division_of(candidate, traffic=flows or [CALL]))


def rules(follow_up: FollowUp) -> dict[str, Any]:
    """The rules of the new policies, by name."""
    result = {}
    for new in follow_up.objects:
        spec = written(new.tree)["spec"]
        (direction,) = spec["policyTypes"]
        result[new.name] = spec[direction.lower()]
    return result


def rule(side: str, peer: object, *ports: int) -> dict[str, object]:
    return {side: [peer], "ports": [{"protocol": "TCP", "port": port} for port in ports]}


@pytest.mark.parametrize(
    "text",
    [
        shop(),
        shop() + policy("podSelector: {matchLabels: {app: other}}, policyTypes: [Ingress]"),
        shop(metadata="namespace: a") + INWARDS.replace("name: p,", "name: p, namespace: b,"),
    ],
)
def test_pods_that_no_policy_is_for_need_none(text: str) -> None:
    """They are open."""
    assert allowed(text) == FollowUp()


def test_groups_that_say_nothing_need_no_policy() -> None:
    """There was no traffic on localhost."""
    candidate = candidate_of(shop() + INWARDS + OUTWARDS)
    assert allow_former_localhost(division_of(candidate)) == FollowUp()


def test_the_group_that_is_reached_lets_the_caller_in() -> None:
    """By the port of its containers, once its Pods may be there."""
    follow_up = allowed(shop(metadata="namespace: a") + INWARDS.replace("p,", "p, namespace: a,"))
    (new,) = follow_up.objects
    assert (new.kind, new.stage, new.after.title) == (
        "NetworkPolicy",
        Stage.ADD,
        "NetworkPolicy/p",
    )
    assert written(new.tree) == {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "shop-api-ingress", "namespace": "a"},
        "spec": {**API, "policyTypes": ["Ingress"], "ingress": [rule("from", FRONT, 3000)]},
    }
    assert follow_up.assumptions == ()


def test_the_group_that_calls_is_let_out_and_asks_dns() -> None:
    """Localhost needed no name server."""
    follow_up = allowed(shop() + OUTWARDS)
    assert rules(follow_up) == {"shop-egress": [rule("to", API, 3000), DNS]}
    assert codes_of(follow_up.assumptions) == [AssumptionCode.DNS_ALLOWED]


def test_a_new_policy_stands_behind_the_last_of_the_old_ones() -> None:
    """Where people look for it; its namespace is as unwritten as the workload's."""
    other = policy(f"{SELECTOR}, policyTypes: [Ingress]", "q")
    (new,) = allowed(shop() + INWARDS + other).objects
    assert new.after.title == "NetworkPolicy/q"
    assert written(new.tree)["metadata"] == {"name": "shop-api-ingress"}


def test_both_sides_get_a_policy_where_both_are_limited() -> None:
    """In each direction of the traffic that there is."""
    both = policy(f"{SELECTOR}, policyTypes: [Ingress, Egress]")
    assert set(rules(allowed(shop() + both))) == {"shop-egress", "shop-api-ingress"}
    back = TrafficFlow(1, 0, 80)
    assert rules(allowed(shop() + INWARDS, back)) == {"shop-ingress": [rule("from", API, 80)]}


def test_ports_of_one_peer_stand_in_one_rule() -> None:
    """In their order."""
    flows = [TrafficFlow(0, 1, port) for port in (9000, 3000)]
    assert rules(allowed(shop() + INWARDS, *flows)) == {
        "shop-api-ingress": [rule("from", FRONT, 3000, 9000)]
    }


def test_each_peer_has_a_rule() -> None:
    """Groups are selected apart."""
    text = shop(
        others=["name: jobs, image: acme/jobs"], roles="front=main,api=unrelated,jobs=unrelated"
    )
    flows = [TrafficFlow(0, 1, 3000), TrafficFlow(2, 1, 3000)]
    jobs = {"podSelector": {"matchLabels": {"app": "shop-jobs"}}}
    assert rules(allowed(text + INWARDS, *flows)) == {
        "shop-api-ingress": [rule("from", FRONT, 3000), rule("from", jobs, 3000)]
    }


# What is let through already


@pytest.mark.parametrize(
    ("ingress", "is_open"),
    [
        ("", False),
        ("{}", True),
        ("{from: [{podSelector: {}}]}", True),
        (f"{{from: [{{{SELECTOR}}}]}}", True),
        ("{from: [{podSelector: {matchLabels: {app: other}}}]}", False),
        ("{ports: [{port: 3000}]}", True),
        ("{ports: [{port: rest}]}", True),
        ("{ports: [{port: 80}]}", False),
        ("{ports: [{port: 2999, endPort: 3000}]}", True),
        ("{ports: [{port: 2999, endPort: 2999}]}", False),
        ("{ports: [{port: 3000, protocol: UDP}]}", False),
    ],
)
def test_traffic_that_passes_needs_nothing_new(ingress: str, is_open: bool) -> None:
    """Named ports are those of the group that is reached."""
    text = shop(api="ports: [{containerPort: 3000, name: rest}]")
    limited = policy(f"{SELECTOR}, policyTypes: [Ingress], ingress: [{ingress}]")
    assert (allowed(text + limited) == FollowUp()) is is_open


def test_one_policy_that_lets_through_is_enough() -> None:
    """Policies add up."""
    other = policy(f"{SELECTOR}, policyTypes: [Ingress], ingress: [{{}}]", "q")
    assert allowed(shop() + INWARDS + other) == FollowUp()


@pytest.mark.parametrize(
    ("egress", "expected"),
    [
        ("", [rule("to", API, 3000), DNS]),
        ("{ports: [{port: 53, protocol: UDP}]}", [rule("to", API, 3000)]),
        ("{ports: [{port: 53, protocol: TCP}]}", [rule("to", API, 3000), DNS]),
        ("{to: [{podSelector: {}}]}", [DNS]),
    ],
)
def test_what_is_let_out_already_is_not_said_again(egress: str, expected: list[object]) -> None:
    """Neither DNS nor the peer."""
    limited = policy(f"{SELECTOR}, policyTypes: [Egress], egress: [{egress}]")
    follow_up = allowed(shop() + limited)
    assert rules(follow_up) == {"shop-egress": expected}
    said = [AssumptionCode.DNS_ALLOWED] if DNS in expected else []
    assert codes_of(follow_up.assumptions) == said


def test_all_that_is_let_out_needs_nothing_new() -> None:
    """DNS is part of all."""
    limited = policy(f"{SELECTOR}, policyTypes: [Egress], egress: [{{}}]")
    assert allowed(shop() + limited) == FollowUp()


# What can't be told


@pytest.mark.parametrize(
    ("own", "other", "refusal"),
    [
        ("", "", None),
        ("", "namespace: a", Refusal.NAMESPACE_UNCLEAR),
        ("namespace: a", "", Refusal.NAMESPACE_UNCLEAR),
    ],
)
def test_a_policy_that_may_be_of_another_namespace_is_unclear(
    own: str, other: str, refusal: Refusal | None
) -> None:
    """It can't be told whether anything is limited."""
    text = shop(metadata=own) + policy(f"{SELECTOR}, policyTypes: [Ingress]", metadata=other)
    assert refusal_of(lambda: allowed(text)) is refusal


@pytest.mark.parametrize("value", ["shop", "shop-api"])
@pytest.mark.parametrize("limited", [INWARDS, OUTWARDS])
def test_a_new_policy_is_for_the_groups_alone(value: str, limited: str) -> None:
    """Other Pods with the labels of either would be limited, or let in, too."""
    other = bare_pod(name="other", metadata=f"labels: {{app: {value}, more: a}}")
    assert refusal_of(lambda: allowed(shop() + limited + other)) is Refusal.SELECTOR_OVERLAP


def test_the_name_of_a_new_policy_is_free() -> None:
    """One that is there already is somebody's."""
    other = policy("podSelector: {matchLabels: {app: other}}", "shop-api-ingress")
    assert list(rules(allowed(shop() + INWARDS + other))) == ["shop-api-ingress-2"]
