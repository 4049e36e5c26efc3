"""Dependents: the policies, budgets and monitors that select a workload's Pods."""

from __future__ import annotations

from typing import Any

import pytest

from service.kube.dependents import (
    SelectorTreatment,
    calico_policy,
    covers_other_workloads,
    objects_mentioning,
    scalers_of,
    selections_in,
    selections_of,
)
from service.kube.workloads import all_workloads
from tests.support.manifests import manifests_of, named, resource_of, workload_named

POD = """---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web, tier: front}}
spec: {containers: [{name: web}]}
"""
OTHER = POD.replace("name: web,", "name: api,").replace("app: web", "app: api")


def thing(kind: str, group: str, spec: str, name: str = "x", namespace: str = "shop") -> str:
    return (
        f"---\napiVersion: {group}/v1\nkind: {kind}\n"
        f"metadata: {{name: {name}, namespace: {namespace}}}\nspec: {spec}\n"
    )


def policy(spec: str, name: str = "x", namespace: str = "shop") -> str:
    return thing("NetworkPolicy", "networking.k8s.io", spec, name, namespace)


SELECTOR = "{matchLabels: {app: web}}"
KINDS = [
    ("NetworkPolicy", "networking.k8s.io", "podSelector", SelectorTreatment.WIDENED),
    ("PodMonitor", "monitoring.coreos.com", "selector", SelectorTreatment.WIDENED),
    ("PodDisruptionBudget", "policy", "selector", SelectorTreatment.DIVIDED),
    ("CiliumNetworkPolicy", "cilium.io", "endpointSelector", SelectorTreatment.BY_HAND),
    ("CiliumClusterwideNetworkPolicy", "cilium.io", "endpointSelector", SelectorTreatment.BY_HAND),
    ("PeerAuthentication", "security.istio.io", "selector", SelectorTreatment.BY_HAND),
    ("AuthorizationPolicy", "security.istio.io", "selector", SelectorTreatment.BY_HAND),
    ("RequestAuthentication", "security.istio.io", "selector", SelectorTreatment.BY_HAND),
    ("Sidecar", "networking.istio.io", "workloadSelector", SelectorTreatment.BY_HAND),
    ("EnvoyFilter", "networking.istio.io", "workloadSelector", SelectorTreatment.BY_HAND),
    ("Server", "policy.linkerd.io", "podSelector", SelectorTreatment.BY_HAND),
]


@pytest.mark.parametrize(("kind", "group", "field", "on_split"), KINDS)
def test_kinds_that_select_pods(
    kind: str, group: str, field: str, on_split: SelectorTreatment
) -> None:
    """By their group and kind; a namesake in another group doesn't."""
    (selection,) = selections_in(resource_of(thing(kind, group, f"{{{field}: {SELECTOR}}}")))
    assert (selection.route, selection.peer) == (("spec", field), False)
    assert selection.selector == {"matchLabels": {"app": "web"}}
    assert selection.on_split is on_split
    assert list(selections_in(resource_of(thing(kind, "x.io", f"{{{field}: {SELECTOR}}}")))) == []


def test_a_plain_map_of_labels_is_a_selector() -> None:
    """Istio has it so in some kinds."""
    text = thing("Sidecar", "networking.istio.io", "{workloadSelector: {labels: {app: web}}}")
    (selection,) = selections_in(resource_of(text))
    assert selection.selector == {"matchLabels": {"app": "web"}}


PEERS = """{podSelector: {}, ingress: [x, {from: [{podSelector: {a: b}}, {ipBlock: {}},
  {namespaceSelector: {}}]}], egress: [{to: [{podSelector: {c: d}, namespaceSelector: {}}]}]}"""


def test_peers_of_a_policy_select_pods_too() -> None:
    """Each with its route; those without a podSelector don't."""
    selections = list(selections_in(resource_of(policy(PEERS))))
    assert [
        (selection.route[1:], selection.selector) for selection in selections if selection.peer
    ] == [
        (("ingress", 1, "from", 0, "podSelector"), {"a": "b"}),
        (("egress", 0, "to", 0, "podSelector"), {"c": "d"}),
    ]
    assert len(selections) == 3
    assert {selection.on_split for selection in selections} == {SelectorTreatment.WIDENED}
    assert {selection.route[0] for selection in selections} == {"spec"}


def test_endpoints_of_cilium_are_peers() -> None:
    """They are selectors themselves."""
    spec = "{ingress: [{fromEndpoints: [{matchLabels: {a: b}}]}], egress: [{toEndpoints: [{}]}]}"
    text = thing("CiliumNetworkPolicy", "cilium.io", spec)
    own, *peers = selections_in(resource_of(text))
    assert own.selector is None
    assert {peer.route[0] for peer in peers} == {"spec"}
    assert [(peer.route[1:], peer.selector, peer.peer) for peer in peers] == [
        (("ingress", 0, "fromEndpoints", 0), {"matchLabels": {"a": "b"}}, True),
        (("egress", 0, "toEndpoints", 0), {}, True),
    ]


def selecting(text: str, **arguments: Any) -> list[str]:
    """The names of the objects that select the Pod."""
    manifests = manifests_of(POD + text)
    pod = workload_named(manifests, "Pod/web")
    return [selection.resource.name for selection in selections_of(pod, manifests, **arguments)]


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        (SELECTOR, True),
        ("{matchLabels: {app: web, tier: front}}", True),
        ("{matchLabels: {app: web, tier: back}}", False),
        ("{matchLabels: {app: api}}", False),
        ("{matchExpressions: [{key: app, operator: Exists}]}", True),
        ("{matchExpressions: [{key: app, operator: In, values: [api]}]}", False),
        ("{}", False),
        ("", False),
    ],
)
def test_what_selects_the_pods_of_a_workload(selector: str, expected: bool) -> None:
    """By labels or expressions; what selects all Pods is left out."""
    assert selecting(policy(f"{{podSelector: {selector}}}")) == (["x"] if expected else [])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (policy(f"{{podSelector: {SELECTOR}}}", namespace="other"), False),
        (policy(f"{{podSelector: {SELECTOR}}}").replace(", namespace: shop", ""), True),
        (
            thing(
                "CiliumClusterwideNetworkPolicy",
                "cilium.io",
                f"{{endpointSelector: {SELECTOR}}}",
                namespace="other",
            ),
            False,
        ),
        (
            policy(f"{{ingress: [{{from: [{{podSelector: {SELECTOR}}}]}}]}}", namespace="other"),
            False,
        ),
        (
            policy(
                f"{{ingress: [{{from: [{{podSelector: {SELECTOR}, namespaceSelector: {{}}}}]}}]}}"
            ),
            True,
        ),
    ],
)
def test_a_selector_is_for_its_own_namespace(text: str, expected: bool) -> None:
    """A missing one may be any."""
    assert bool(selecting(text)) is expected


def test_a_clusterwide_policy_is_for_all_namespaces() -> None:
    """It has none itself."""
    text = thing("CiliumClusterwideNetworkPolicy", "cilium.io", f"{{endpointSelector: {SELECTOR}}}")
    assert selecting(text.replace(", namespace: shop", "")) == ["x"]


def test_each_selector_is_given_once() -> None:
    """However many labels lead to it; several in one object are several."""
    both = "{matchLabels: {app: web, tier: front}}"
    spec = f"{{podSelector: {both}, ingress: [{{from: [{{podSelector: {both}}}]}}]}}"
    assert selecting(policy(spec)) == ["x", "x"]


def test_labels_may_be_asked_for_that_the_pods_will_have() -> None:
    """Instead of those that they have."""
    text = policy(f"{{podSelector: {SELECTOR}}}", "web") + policy(
        "{podSelector: {matchLabels: {app: api}}}", "api"
    )
    assert selecting(text) == ["web"]
    assert selecting(text, labels={"app": "api"}) == ["api"]
    assert selecting(text, labels={}) == []


@pytest.mark.parametrize(
    ("other", "selector", "expected"),
    [
        ("", "{matchLabels: {tier: front}}", False),
        (OTHER, "{matchLabels: {tier: front}}", True),
        (OTHER, SELECTOR, False),
        (OTHER, "{}", True),
        (
            OTHER.replace("namespace: shop", "namespace: other"),
            "{matchLabels: {tier: front}}",
            False,
        ),
    ],
)
def test_whether_a_selector_covers_other_workloads(
    other: str, selector: str, expected: bool
) -> None:
    """Those of its namespace."""
    manifests = manifests_of(POD + other + policy(f"{{podSelector: {selector}}}"))
    (selection,) = selections_in(named(manifests, "NetworkPolicy/x"))
    pod = workload_named(manifests, "Pod/web")
    assert covers_other_workloads(selection, pod, manifests) is expected


ANYWHERE = OTHER.replace("namespace: shop", "namespace: a")
FRONT = "{matchLabels: {tier: front}}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (policy(f"{{podSelector: {FRONT}}}", namespace="a"), True),
        (policy(f"{{podSelector: {FRONT}}}", namespace="b"), False),
        (policy(f"{{ingress: [{{from: [{{podSelector: {FRONT}}}]}}]}}", namespace="b"), False),
        (
            policy(
                f"{{ingress: [{{from: [{{podSelector: {FRONT}, namespaceSelector: {{}}}}]}}]}}",
                namespace="b",
            ),
            True,
        ),
        (
            thing(
                "CiliumClusterwideNetworkPolicy",
                "cilium.io",
                f"{{endpointSelector: {FRONT}}}",
                namespace="b",
            ),
            True,
        ),
        (
            thing(
                "CiliumNetworkPolicy", "cilium.io", f"{{endpointSelector: {FRONT}}}", namespace="b"
            ),
            False,
        ),
    ],
)
def test_other_workloads_are_covered_in_the_namespaces_of_the_selector(
    text: str, expected: bool
) -> None:
    """Its own, or all where it says so; the workload itself may be in any."""
    manifests = manifests_of(POD.replace("namespace: shop, ", "") + ANYWHERE + text)
    *_, selection = [found for resource in manifests.resources for found in selections_in(resource)]
    pod = workload_named(manifests, "Pod/web")
    assert covers_other_workloads(selection, pod, manifests) is expected


def test_what_a_workload_does_not_see_does_not_count() -> None:
    """Another file has the same names: those in the folder are meant."""
    scaler = thing(
        "HorizontalPodAutoscaler", "autoscaling", "{scaleTargetRef: {kind: Pod, name: web}}"
    )
    rule = policy(f"{{podSelector: {FRONT}}}")
    near = OTHER.replace("tier: front", "tier: back") + scaler + rule
    manifests = manifests_of(
        {"a/pod.yaml": POD, "a/near.yaml": near, "b/far.yaml": OTHER + scaler + rule}
    )
    (pod,) = [workload for workload in all_workloads(manifests) if workload.name == "web"]
    (selection,) = selections_of(pod, manifests)
    assert selection.resource.path == "a/near.yaml"
    assert not covers_other_workloads(selection, pod, manifests)
    assert [scaler.path for scaler in scalers_of(pod, manifests)] == ["a/near.yaml"]


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("app == 'web'", True),
        ("tier in {'front', 'back'}", True),
        ("has(app)", False),
        ("app == 'api'", False),
        ("my-app == 'web'", False),
        ("app.x == 'web'", False),
        ("app == 'web-shop'", False),
        ("app != 'web-1'", True),
        ("app not in {'api'}", True),
        ("app ends with 'b'", True),
        ("app starts with 'x' && zone == 'a'", True),
        ("zone != 'a'", False),
        ("app == 'api' && tier == 'web'", True),
        ("app in {'web'}", True),
        ("all()", False),
    ],
)
@pytest.mark.parametrize(
    ("kind", "group", "named"),
    [
        ("NetworkPolicy", "projectcalico.org", "a"),
        ("GlobalNetworkPolicy", "crd.projectcalico.org", "a"),
        ("NetworkPolicy", "networking.k8s.io", None),
    ],
)
def test_calico_policies_are_searched_for_labels(
    selector: str, expected: bool, kind: str, group: str, named: str | None
) -> None:
    """Key and value have to be there as whole words."""
    spec = f'{{selector: "{selector}", types: [Ingress]}}'
    manifests = manifests_of(POD + thing(kind, group, spec, "a"))
    found = calico_policy(workload_named(manifests, "Pod/web"), manifests)
    assert (found.name if found else None) == (named if expected else None)


def test_selectors_of_calico_may_be_deep() -> None:
    """In any field of that name; other texts are none."""
    spec = "{ingress: [{source: {podSelector: \"app == 'web'\"}}], order: \"tier == 'front'\"}"
    manifests = manifests_of(POD + thing("NetworkPolicy", "projectcalico.org", spec))
    pod = workload_named(manifests, "Pod/web")
    assert calico_policy(pod, manifests) is not None
    spec = "{selector: {}, order: \"app == 'web'\"}"
    manifests = manifests_of(POD + thing("NetworkPolicy", "projectcalico.org", spec))
    assert calico_policy(workload_named(manifests, "Pod/web"), manifests) is None


DEPLOYMENT = """---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop, labels: {own: label}}
spec:
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web}]}}
"""


MENTIONS = [
    # Any other kind asks for Pods by a map of labels or a selector, wherever it is.
    (thing("A", "b", "{selector: {app: web}}"), True),
    (thing("A", "b", "{deep: [{podSelector: {app: web}}]}"), True),
    (thing("A", "b", "{podLabels: {app: web}}"), True),
    (thing("A", "b", "{x: {matchLabels: {app: web}}}"), True),
    (
        thing("A", "b", "{x: {matchExpressions: [{key: app, operator: In, values: [a, web]}]}}"),
        True,
    ),
    (thing("A", "b", "{selector: {app: api}}"), False),
    (thing("A", "b", "{selector: {web: app}}"), False),
    (thing("A", "b", "{x: {app: web}}"), False),
    (thing("A", "b", "{app: web}"), False),
    (thing("A", "b", "{x: {key: app, others: [web]}}"), False),
    (thing("A", "b", "{x: {key: app, values: {web: a}}}"), False),
    (thing("A", "b", "{selector: {inner: {app: web}}}"), False),
    (thing("A", "b", "{selector: [{app: web}]}"), False),
    (thing("A", "b", "{x: {key: app, values: web}}"), False),
    (thing("A", "b", "{x: {values: [web]}}"), False),
    # A controller asks by matchLabels in its template, not by its own labels and selector.
    (DEPLOYMENT, False),
    (
        DEPLOYMENT.replace("{containers", "{affinity: {x: {matchLabels: {app: web}}}, containers"),
        True,
    ),
    (DEPLOYMENT.replace("{containers", "{nodeSelector: {app: web}, containers"), False),
    # Kinds whose selectors are followed, and Services.
    (policy("{podSelector: {matchLabels: {app: web}}}"), False),
    (thing("PodDisruptionBudget", "policy", "{selector: {matchLabels: {app: web}}}"), False),
    (
        "---\napiVersion: v1\nkind: Service\nmetadata: {name: x}\nspec: {selector: {app: web}}\n",
        False,
    ),
    (thing("Sidecar", "networking.istio.io", "{workloadSelector: {labels: {app: web}}}"), True),
]


@pytest.mark.parametrize(("text", "expected"), MENTIONS)
def test_what_mentions_a_label(text: str, expected: bool) -> None:
    """Once for each object."""
    manifests = manifests_of(text)
    (resource,) = manifests.resources
    found = objects_mentioning(manifests, "app", "web")
    assert found == ([resource] if expected else [])


def test_all_objects_that_mention_a_label_are_found() -> None:
    """Whatever else is before them."""
    service = (
        "---\napiVersion: v1\nkind: Service\nmetadata: {name: x}\nspec: {selector: {app: web}}\n"
    )
    text = thing("A", "b", "{selector: {app: web, other: label}}", "first")
    manifests = manifests_of(service + text + thing("A", "b", "{selector: {app: web}}", "z"))
    assert [resource.name for resource in objects_mentioning(manifests, "app", "web")] == [
        "first",
        "z",
    ]
    assert [resource.name for resource in objects_mentioning(manifests, "other", "label")] == [
        "first"
    ]
    assert objects_mentioning(manifests, "app", "none") == []
