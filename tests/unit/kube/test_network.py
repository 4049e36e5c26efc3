"""NetworkPolicies: which traffic they limit, and which they allow."""

from __future__ import annotations

import pytest

from service.kube.containers import Port
from service.kube.network import (
    Direction,
    allow_rule,
    allows_dns,
    allows_traffic,
    directions_of,
    policies_isolating,
)
from service.kube.objects import Resource
from tests.support.manifests import manifests_of, named, resource_of


def policy(spec: str, name: str = "x", namespace: str = "shop") -> str:
    return (
        "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n"
        f"metadata: {{name: {name}, namespace: {namespace}}}\nspec: {spec}\n"
    )


def ingress(rule: str) -> Resource:
    return resource_of(policy(f"{{ingress: [{rule}]}}"))


def egress(rule: str) -> Resource:
    return resource_of(policy(f"{{egress: [{rule}]}}"))


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("{policyTypes: [Ingress]}", {"ingress"}),
        ("{policyTypes: [Egress]}", {"egress"}),
        ("{policyTypes: [Ingress, Egress]}", {"ingress", "egress"}),
        ("{policyTypes: [Ingress], egress: [{}]}", {"ingress"}),
        ("{}", {"ingress"}),
        ("{ingress: [{}]}", {"ingress"}),
        ("{egress: [{}]}", {"ingress", "egress"}),
        ("{egress: []}", {"ingress"}),
        ("{policyTypes: [], egress: [{}]}", {"ingress", "egress"}),
        ("{policyTypes: Egress}", {"ingress"}),
    ],
)
def test_the_directions_that_a_policy_limits(spec: str, expected: set[str]) -> None:
    """Those that it names, or those that the API server fills in."""
    assert directions_of(resource_of(policy(spec))) == expected


ISOLATING = (
    policy("{podSelector: {matchLabels: {app: web}}}", "web")
    + policy("{podSelector: {matchLabels: {tier: front, app: web}}}", "both")
    + policy("{podSelector: {}, policyTypes: [Ingress, Egress]}", "all")
    + policy("{policyTypes: [Egress]}", "missing")
    + policy("{podSelector: {matchExpressions: [{key: app, operator: Exists}]}}", "expression")
    + policy("{podSelector: {matchLabels: {app: api}}}", "api")
    + policy("{podSelector: {}}", "elsewhere", "other")
    + policy("{podSelector: {}}", "calico").replace("networking.k8s.io", "projectcalico.org")
    + "---\napiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop}\n"
)


@pytest.mark.parametrize(
    ("direction", "labels", "expected"),
    [
        (
            Direction.INGRESS,
            {"app": "web", "tier": "front"},
            {"web", "both", "all", "expression"},
        ),
        (Direction.INGRESS, {"app": "web"}, {"web", "all", "expression"}),
        (Direction.INGRESS, {}, {"all"}),
        (Direction.EGRESS, {"app": "web", "tier": "front"}, {"all", "missing"}),
    ],
)
def test_the_policies_that_isolate_pods(
    direction: Direction, labels: dict[str, str], expected: set[str]
) -> None:
    """Those of the namespace that select them and limit the direction, each once."""
    manifests = manifests_of(ISOLATING)
    found = policies_isolating(manifests, named(manifests, "Pod/web"), labels, direction)
    assert sorted(isolating.name for isolating in found) == sorted(expected)


def test_of_policies_of_one_name_the_nearest_counts() -> None:
    """As for other objects."""
    pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop}\n"
    manifests = manifests_of({"a/a.yaml": pod + policy("{}"), "b/b.yaml": policy("{}")})
    found = policies_isolating(manifests, named(manifests, "Pod/web"), {}, Direction.INGRESS)
    assert [isolating.path for isolating in found] == ["a/a.yaml"]


WEB = {"app": "web"}
PEERS = [
    ("{}", True),
    ("{from: []}", True),
    ("{from: [{podSelector: {matchLabels: {app: web}}}]}", True),
    ("{from: [{podSelector: {matchLabels: {app: api}}}]}", False),
    ("{from: [{podSelector: {}}]}", True),
    ("{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}", False),
    ("{from: [{ipBlock: {}}, {podSelector: {}}]}", True),
    ("{from: [{namespaceSelector: {}}]}", True),
    ("{from: [{namespaceSelector: {matchLabels: {a: b}}}]}", False),
    ("{from: [{namespaceSelector: {}, podSelector: {matchLabels: {app: web}}}]}", True),
    ("{from: [{namespaceSelector: {}, podSelector: {matchLabels: {app: api}}}]}", False),
    ("{from: [{namespaceSelector: {matchLabels: {a: b}}, podSelector: {}}]}", False),
    ("{to: [{podSelector: {matchLabels: {app: api}}}]}", True),
]


@pytest.mark.parametrize(("rule", "expected"), PEERS)
def test_whom_a_rule_lets_in(rule: str, expected: bool) -> None:
    """Without peers everybody; other namespaces only if all of them are meant."""
    assert allows_traffic([ingress(rule)], Direction.INGRESS, WEB, 80, ()) is expected
    mirrored = rule.replace("from:", "xx:").replace("to:", "from:").replace("xx:", "to:")
    assert allows_traffic([egress(mirrored)], Direction.EGRESS, WEB, 80, ()) is expected


PORTS = [
    ("{ports: []}", True),
    ("{ports: [{port: 80}]}", True),
    ("{ports: [{port: 81}]}", False),
    ("{ports: [{port: 81}, {port: 80}]}", True),
    ("{ports: [{port: 80, protocol: TCP}]}", True),
    ("{ports: [{port: 80, protocol: UDP}]}", False),
    ("{ports: [{protocol: TCP}]}", True),
    ("{ports: [{protocol: UDP}]}", False),
    ("{ports: [{}]}", True),
    ("{ports: [{port: 79, endPort: 81}]}", True),
    ("{ports: [{port: 80, endPort: 80}]}", True),
    ("{ports: [{port: 70, endPort: 80}]}", True),
    ("{ports: [{port: 70, endPort: 79}]}", False),
    ("{ports: [{port: 81, endPort: 90}]}", False),
    ("{ports: [{port: http}]}", True),
    ("{ports: [{port: other}]}", False),
    ("{ports: [{port: none}]}", False),
]


def declared(number: int, name: str) -> Port:
    return Port(number=number, name=name, protocol="TCP", host_port=None, route=())


@pytest.mark.parametrize(("rule", "expected"), PORTS)
def test_which_port_a_rule_allows(rule: str, expected: bool) -> None:
    """By number, by a range with both of its ends, or by the name that the container gives it."""
    ports = (declared(80, "http"), declared(81, "other"))
    assert allows_traffic([ingress(rule)], Direction.INGRESS, WEB, 80, ports) is expected


def test_traffic_has_a_protocol() -> None:
    """A rule allows TCP unless it says another one."""
    rule = ingress("{ports: [{port: 53, protocol: UDP}]}")
    assert allows_traffic([rule], Direction.INGRESS, WEB, 53, (), "UDP")
    assert not allows_traffic(
        [ingress("{ports: [{port: 53}]}")], Direction.INGRESS, WEB, 53, (), "UDP"
    )


def test_one_rule_of_one_policy_is_enough() -> None:
    """But peer and port have to be in the same rule, and of the direction that is asked."""
    closed = resource_of(policy("{ingress: []}"))
    mixed = ingress("{from: [{podSelector: {}}], ports: [{port: 81}]}, {from: [{ipBlock: {}}]}")
    opened = ingress("{ports: [{port: 81}]}, {ports: [{port: 80}]}")
    assert not allows_traffic([closed, mixed], Direction.INGRESS, WEB, 80, ())
    assert allows_traffic([closed, mixed, opened], Direction.INGRESS, WEB, 80, ())
    assert not allows_traffic([opened], Direction.EGRESS, WEB, 80, ())
    assert not allows_traffic([], Direction.INGRESS, WEB, 80, ())


DNS = [
    ("{}", True),
    ("{ports: [{port: 53, protocol: UDP}]}", True),
    ("{ports: [{port: 53}]}", False),
    ("{ports: [{port: 54, protocol: UDP}]}", False),
    ("{to: [{namespaceSelector: {}}]}", True),
    ("{to: [{namespaceSelector: {matchLabels: {a: b}}, podSelector: {}}]}", True),
    ("{to: [{podSelector: {}}]}", False),
    ("{to: [{podSelector: {}}, {ipBlock: {}}]}", True),
    ("{to: [{podSelector: {}}], ports: [{port: 53, protocol: UDP}]}", False),
]


@pytest.mark.parametrize(("rule", "expected"), DNS)
def test_whether_dns_is_allowed(rule: str, expected: bool) -> None:
    """Over UDP, to another namespace."""
    assert allows_dns([egress(rule)]) is expected
    assert allows_dns([egress("{to: [{podSelector: {}}]}"), egress(rule)]) is expected
    assert not allows_dns([ingress(rule)])


@pytest.mark.parametrize(
    ("direction", "field"), [(Direction.INGRESS, "from"), (Direction.EGRESS, "to")]
)
def test_a_rule_that_allows_pods_at_ports(direction: Direction, field: str) -> None:
    """It does what it says, and no more."""
    assert allow_rule(direction, WEB, [80, 81]) == {
        field: [{"podSelector": {"matchLabels": {"app": "web"}}}],
        "ports": [{"protocol": "TCP", "port": 80}, {"protocol": "TCP", "port": 81}],
    }
