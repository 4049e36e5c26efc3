"""Whether NetworkPolicies let through what was said inside the Pod, and nothing more."""

from __future__ import annotations

import json
from typing import Any

import pytest

from service.verification.policies import find_blocked, find_unneeded_traffic
from tests.support.planning import read
from tests.support.verifying import (
    Manifest,
    bare_pod,
    container,
    containers,
    controller,
    find,
    manifest,
    read_objects,
    successors_in,
)

SHOP = controller("Deployment", "shop", containers("web"), labels={"app": "shop"})
QUEUE = controller(
    "Deployment",
    "shop-queue",
    {"containers": [container("queue", ports=[{"containerPort": 5672, "name": "amqp"}])]},
    labels={"app": "shop-queue", "tier": "back"},
)
OTHER = bare_pod("other", containers("other"), labels={"app": "other", "tier": "back"})


def to(app: str) -> dict[str, Any]:
    """A peer: the Pods of a workload."""
    return {"podSelector": {"matchLabels": {"app": app}}}


INGRESS = {"from": [to("shop")], "ports": [{"port": 5672, "protocol": "TCP"}]}
EGRESS = {"to": [to("shop-queue")], "ports": [{"port": 5672, "protocol": "TCP"}]}
DNS = {"ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]}
IN = {"podSelector": to("shop-queue")["podSelector"], "ingress": [INGRESS]}
OUT = {
    "podSelector": to("shop")["podSelector"],
    "policyTypes": ["Egress"],
    "egress": [EGRESS, DNS],
}


def policy(**spec: Any) -> Manifest:
    """A NetworkPolicy."""
    return manifest("NetworkPolicy", "new", spec)


def excess(**spec: Any) -> list[str]:
    """What a new policy is about besides the traffic between a shop and its queue."""
    inputs = read_objects(SHOP, QUEUE, OTHER, policy(**spec))
    own = successors_in(inputs, ["shop", "shop-queue"])
    return list(find_unneeded_traffic(inputs.manifests, find(inputs, "NetworkPolicy/new"), own))


OTHER_PODS = "NetworkPolicy/new is for other Pods too"
OTHER_DIRECTION = "NetworkPolicy/new limits a direction that it has no rules for"
OTHER_TRAFFIC = "NetworkPolicy/new lets through more than what was spoken inside the Pod"


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param(IN, id="in"),
        pytest.param({**IN, "policyTypes": ["Ingress"]}, id="in, and written so"),
        pytest.param(OUT, id="out, and DNS"),
        pytest.param({**OUT, "egress": [EGRESS]}, id="out"),
        pytest.param({**OUT, "egress": [DNS]}, id="DNS alone"),
        pytest.param(
            {**OUT, "ingress": [INGRESS], "policyTypes": ["Ingress", "Egress"]}, id="in and out"
        ),
    ],
)
def test_a_policy_between_the_groups_is_no_excess(spec: dict[str, Any]) -> None:
    """From one to a port of the other, and to DNS."""
    assert excess(**spec) == []


@pytest.mark.parametrize("selector", [{}, {"matchLabels": {}}, {"matchLabels": {"tier": "back"}}])
def test_a_policy_for_other_pods_is_excess(selector: dict[str, Any]) -> None:
    """For all, or for those that share a label."""
    assert excess(**{**IN, "podSelector": selector}) == [OTHER_PODS]


def test_a_policy_is_not_for_pods_that_it_does_not_see() -> None:
    """A workload of the same name in another overlay is another environment's."""
    elsewhere = controller("Deployment", "shop-queue", containers("a"))
    first = "---\n".join(json.dumps(data) + "\n" for data in (SHOP, QUEUE, policy(**IN)))
    inputs = read(first, json.dumps(elsewhere))
    own = inputs.workloads[:2]
    found = find_unneeded_traffic(inputs.manifests, find(inputs, "NetworkPolicy/new"), own)
    assert list(found) == []


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param({**IN, "policyTypes": ["Ingress", "Egress"]}, id="out without rules"),
        pytest.param({**IN, "policyTypes": ["Egress"]}, id="out, with rules for in"),
        pytest.param({**OUT, "policyTypes": []}, id="in too, as the default is"),
        pytest.param({"podSelector": IN["podSelector"]}, id="no rules at all"),
    ],
)
def test_a_policy_that_limits_more_is_excess(spec: dict[str, Any]) -> None:
    """A direction without rules lets nothing through."""
    assert excess(**spec) == [OTHER_DIRECTION]


@pytest.mark.parametrize(
    "rule",
    [
        pytest.param({"ports": INGRESS["ports"]}, id="from everybody"),
        pytest.param({**INGRESS, "from": []}, id="from an empty list, which is everybody"),
        pytest.param({**INGRESS, "from": [{"podSelector": {}}]}, id="from all Pods"),
        pytest.param({**INGRESS, "from": [to("other")]}, id="from another workload"),
        pytest.param({**INGRESS, "from": [to("shop"), to("other")]}, id="from another one too"),
        pytest.param({**INGRESS, "from": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}, id="addresses"),
        pytest.param(
            {**INGRESS, "from": [{**to("shop"), "namespaceSelector": {}}]}, id="all namespaces"
        ),
        pytest.param({"from": INGRESS["from"]}, id="to every port"),
        pytest.param({**INGRESS, "ports": []}, id="to an empty list, which is every port"),
        pytest.param({**INGRESS, "ports": [{"protocol": "TCP"}]}, id="to every port of TCP"),
        pytest.param({**INGRESS, "ports": [{"port": 5672}, {}]}, id="to a port, and every port"),
        pytest.param(DNS, id="the port of DNS, from everybody"),
    ],
)
def test_a_rule_that_lets_in_more_is_excess(rule: dict[str, Any]) -> None:
    """Whoever it is from, and to whatever port."""
    assert excess(**{**IN, "ingress": [rule]}) == [OTHER_TRAFFIC]
    assert excess(**{**IN, "ingress": [INGRESS, rule]}) == [OTHER_TRAFFIC]


@pytest.mark.parametrize(
    "rule",
    [
        pytest.param({"ports": EGRESS["ports"]}, id="to everybody"),
        pytest.param({**EGRESS, "to": [to("other")]}, id="to another workload"),
        pytest.param({"ports": [*DNS["ports"], {"port": 80}]}, id="to a port besides DNS"),
        pytest.param({"to": [to("other")], **DNS}, id="to DNS in another workload"),
        pytest.param({}, id="to everybody and every port"),
    ],
)
def test_a_rule_that_lets_out_more_is_excess(rule: dict[str, Any]) -> None:
    """Only DNS may be asked of anybody."""
    assert excess(**{**OUT, "egress": [rule]}) == [OTHER_TRAFFIC]


# What is blocked


def blocked(*policies: Manifest, port: int = 5672) -> list[str]:
    """What keeps a shop from its queue."""
    inputs = read_objects(SHOP, QUEUE, OTHER, *policies)
    shop, queue = successors_in(inputs, ["shop", "shop-queue"])
    return list(find_blocked(inputs.manifests, shop, queue, port))


NO_INGRESS = "policies let no ingress from Deployment/shop to port 5672 of Deployment/shop-queue"
NO_EGRESS = "policies let no egress from Deployment/shop to port 5672 of Deployment/shop-queue"
NO_DNS = "policies let Deployment/shop ask no DNS server for Deployment/shop-queue"


def test_without_policies_nothing_is_blocked() -> None:
    """Pods that no policy selects are open."""
    other = policy(podSelector={"matchLabels": {"app": "other"}}, policyTypes=["Ingress", "Egress"])
    assert blocked() == []
    assert blocked(other) == []


def test_policies_that_let_it_through_block_nothing() -> None:
    """On both sides, with DNS, and a port by its name."""
    named = {**INGRESS, "ports": [{"port": "amqp"}]}
    assert blocked(policy(**IN), {**policy(**OUT), "metadata": {"name": "out"}}) == []
    assert blocked(policy(**{**IN, "ingress": [named]})) == []


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        pytest.param({**IN, "ingress": []}, [NO_INGRESS], id="nothing in"),
        pytest.param({**IN, "ingress": [{**INGRESS, "from": [to("x")]}]}, [NO_INGRESS], id="peer"),
        pytest.param(
            {**IN, "ingress": [{**INGRESS, "ports": [{"port": 5671}]}]}, [NO_INGRESS], id="port"
        ),
        pytest.param(
            {**IN, "ingress": [{**INGRESS, "ports": [{"port": "http"}]}]}, [NO_INGRESS], id="name"
        ),
        pytest.param({**OUT, "egress": []}, [NO_EGRESS, NO_DNS], id="nothing out"),
        pytest.param({**OUT, "egress": [DNS]}, [NO_EGRESS], id="DNS only"),
        pytest.param({**OUT, "egress": [EGRESS]}, [NO_DNS], id="no DNS"),
        pytest.param({**OUT, "egress": [{**EGRESS, "to": [to("x")]}, DNS]}, [NO_EGRESS], id="to"),
        pytest.param({**IN, "policyTypes": ["Egress"], "ingress": []}, [], id="of the called"),
        pytest.param({**OUT, "policyTypes": ["Ingress"], "egress": []}, [], id="of the caller"),
    ],
)
def test_policies_that_block(spec: dict[str, Any], expected: list[str]) -> None:
    """Ingress where it is called, egress and DNS where it calls."""
    assert blocked(policy(**spec)) == expected


def test_the_port_is_that_which_is_asked_for() -> None:
    """Another port of the same Pods is another matter."""
    assert blocked(policy(**IN), port=15672) == [NO_INGRESS.replace("5672", "15672")]
