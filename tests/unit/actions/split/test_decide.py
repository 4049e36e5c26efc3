"""How a workload is split: what the parts do together, and what is said of it."""

from __future__ import annotations

import pytest

from service.actions.split.decide import complete, is_wanted, propose
from service.assumptions import AssumptionCode
from service.change import Declined, Move, Proposal, TrafficFlow
from service.findings import Applicability, Stage
from service.refusals import Refusal
from tests.support.candidates import (
    bare_pod,
    candidate_of,
    codes_of,
    data_after,
    manifest,
    resource_of,
    service,
    shop,
    split_of,
    written,
)

ROLES = "labels: {app: web}, annotations: {podsplit.dev/roles: 'web=main,api=unrelated'}"
DATA = "volumeMounts: [{name: data, mountPath: /data}]"
CLAIM = "volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]"
BOTH = "{name: http, port: 80}, {name: rest, port: 3000}"


def pod_of_two(pod: str = "") -> str:
    return bare_pod(metadata=ROLES, others=["name: api, image: acme/api"], pod=pod)


def split(text: str, kind_and_name: str | None = None) -> Proposal:
    return split_of(candidate_of(text, kind_and_name))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (shop(), True),
        (shop(roles="front=main,api=sidecar"), False),
        (pod_of_two(), True),
        (pod_of_two().replace("annotations: {", "annotations: {helm.sh/hook: a, "), False),
        (shop(metadata="annotations: {helm.sh/hook: a}"), True),
    ],
)
def test_a_workload_of_several_applications_is_split(text: str, expected: bool) -> None:
    """Unless it is a Pod that has no controller for a reason."""
    assert is_wanted(candidate_of(text)) is expected


def test_a_split_is_described() -> None:
    """By what it does, to whom, and what becomes of whom."""
    proposal = split(shop())
    assert proposal.action == "split"
    assert proposal.title == "give api of Deployment/shop a workload of its own"
    assert proposal.applicability is Applicability.REVIEW
    assert proposal.moves == (Move(("api",), "Deployment", "shop-api", Stage.ADD),)
    assert proposal.controller is None
    assert proposal.needs is None
    assert proposal.template_labels == ()


def test_several_groups_have_workloads_of_their_own() -> None:
    """In the order of the manifest."""
    text = shop(
        others=["name: jobs, image: acme/jobs"], roles="front=main,api=unrelated,jobs=unrelated"
    )
    proposal = split(text)
    assert proposal.title == "give api, jobs of Deployment/shop workloads of their own"
    assert [move.name for move in proposal.moves] == ["shop-api", "shop-jobs"]
    assert [new.title for new in proposal.objects[:2]] == [
        "Deployment/shop-api",
        "Deployment/shop-jobs",
    ]


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        (shop(spec="paused: true"), Refusal.PAUSED),
        (shop(DATA, DATA, pod=CLAIM), Refusal.SHARED_CLAIM),
        (shop("readinessProbe: {tcpSocket: {port: 3000}}"), Refusal.LOCALHOST_IN_PROBE),
        (shop() + service(ports="{port: 9}"), Refusal.UNDECLARED_PORT),
        (shop("env: [{name: A, value: 'localhost:9'}]"), Refusal.LOCALHOST_UNRESOLVED),
        (shop(spec="selector: {}"), Refusal.SELECTOR),
        (pod_of_two("activeDeadlineSeconds: 5"), Refusal.WRAP_HELD_BACK),
    ],
)
def test_what_any_part_refuses_is_declined(text: str, refusal: Refusal) -> None:
    """With its reason."""
    outcome = propose(candidate_of(text), ())
    assert isinstance(outcome, Declined)
    assert outcome.refusal is refusal


def test_a_companion_that_may_belong_elsewhere_holds_back() -> None:
    """The boundary is sure; who is on which side is not."""
    worker = "name: worker, image: acme/worker, env: [{name: A, value: 'http://localhost:3000'}]"
    roles = "front=main,api=unrelated,worker=sidecar"
    candidate = candidate_of(shop(others=[worker], roles=roles), min_confidence=1.0)
    outcome = propose(candidate, ())
    assert isinstance(outcome, Declined)
    assert outcome.refusal is Refusal.LOW_CONFIDENCE


def test_a_split_is_complete_as_it_is() -> None:
    """Nothing that others propose changes it."""
    proposal = split(shop())
    candidate = candidate_of(shop())
    assert complete(candidate, proposal, (proposal,)) is proposal


# What the parts do together


@pytest.mark.parametrize(
    ("kind", "api_version", "expected"),
    [
        ("StatefulSet", "apps/v1", "Deployment"),
        ("ReplicaSet", "apps/v1", "Deployment"),
        ("DaemonSet", "apps/v1", "DaemonSet"),
        ("CronJob", "batch/v1", "CronJob"),
        ("Rollout", "apps/v1", "Deployment"),
    ],
)
def test_new_workloads_are_of_the_kind_that_fits(
    kind: str, api_version: str, expected: str
) -> None:
    """A Deployment, or what only another one can be."""
    proposal = split(shop(kind=kind, pod="restartPolicy: Never" if kind == "CronJob" else ""))
    tree = written(proposal.objects[0].tree)
    assert (tree["apiVersion"], tree["kind"]) == (api_version, expected)
    assert proposal.moves[0].kind == expected


SCALER = manifest(
    "autoscaling/v2 HorizontalPodAutoscaler",
    "shop",
    "spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: shop}, minReplicas: 3,"
    " maxReplicas: 5, metrics: [{type: External, external: {metric: {name: queue}}}]}",
)


def test_a_group_that_loses_its_autoscaler_keeps_its_pods() -> None:
    """As many as there were at least."""
    proposal = split(shop() + SCALER)
    assert written(proposal.objects[0].tree)["spec"]["replicas"] == 3
    assert AssumptionCode.REPLICAS_AS_WRITTEN in codes_of(proposal.assumptions)


@pytest.mark.parametrize(
    ("api", "pod", "is_scaled"),
    [
        ("", "", True),
        ("image: 'postgres:17'", "", False),
        (DATA, CLAIM, False),
    ],
)
def test_a_group_that_keeps_state_is_not_scaled(api: str, pod: str, is_scaled: bool) -> None:
    """By what it is, or by what it writes."""
    scaler = SCALER.replace("External, external: {metric: {name: queue}}", "Resource").replace(
        "maxReplicas: 5", "maxReplicas: 1"
    )
    titles = [new.title for new in split(shop(api=api, pod=pod) + scaler).objects]
    assert ("HorizontalPodAutoscaler/shop-api" in titles) is is_scaled


POLICY = manifest(
    "networking.k8s.io/v1 NetworkPolicy",
    "p",
    "spec: {podSelector: {matchLabels: {app: shop}}, policyTypes: [Ingress]}",
)


@pytest.mark.parametrize("front", ["", "env: [{name: A, value: 'http://localhost:3000'}]"])
def test_traffic_that_is_seen_or_possible_is_let_through(front: str) -> None:
    """A default in a program's code is traffic too."""
    candidate = candidate_of(shop(front) + POLICY)
    proposal = split_of(candidate)
    policy = data_after(resource_of(candidate, "NetworkPolicy/p"), proposal.steps)
    assert "matchExpressions" in policy["spec"]["podSelector"]
    assert [new.title for new in proposal.objects] == [
        "Deployment/shop-api",
        "Service/shop-api",
        "NetworkPolicy/shop-api-ingress",
    ]
    assert proposal.traffic == {TrafficFlow(0, 1, 3000)}


HEAD = "kind: Kustomization\napiVersion: kustomize.config.k8s.io/v1beta1\nresources: [a.yaml]\n"


@pytest.mark.parametrize(
    ("more", "refusal"),
    [
        ("", None),
        ("namePrefix: a-\n", Refusal.KUSTOMIZE_NAME),
        ("commonLabels: {app: a}\n", Refusal.KUSTOMIZE_PATCH),
        (
            "patches: [{target: {kind: Service, name: shop}, patch: 'spec: {type: NodePort}'}]\n",
            Refusal.KUSTOMIZE_PATCH,
        ),
        (
            (
                "patches: [{target: {kind: Deployment, name: shop-api},"
                " patch: 'spec: {template: {spec: {containers: [{name: front}]}}}'}]\n"
            ),
            Refusal.KUSTOMIZE_PATCH,
        ),
        (
            (
                "patches: [{target: {kind: Deployment, name: shop-api},"
                " patch: 'spec: {template: {spec: {containers: [{name: api}]}}}'}]\n"
            ),
            None,
        ),
        (
            (
                "patches: [{target: {kind: Deployment, name: shop},"
                " patch: 'spec: {template: {spec: {containers: [{name: api}]}}}'}]\n"
            ),
            Refusal.KUSTOMIZE_PATCH,
        ),
    ],
)
def test_kustomizations_have_to_fit_all_that_is_changed_and_made(
    more: str, refusal: Refusal | None
) -> None:
    """Services, new workloads, and the old one."""
    files = {"a.yaml": shop() + service(ports=BOTH), "kustomization.yaml": HEAD + more}
    if "namePrefix" in more:
        files["a.yaml"] = shop("env: [{name: A, value: 'http://localhost:3000'}]")
    outcome = propose(candidate_of(files, "Deployment/shop"), ())
    assert (outcome.refusal if isinstance(outcome, Declined) else None) is refusal


def test_what_has_to_hold_of_kustomizations_is_said() -> None:
    """A patch is for what stays alone."""
    patch = "patches: [{target: {kind: Deployment, name: shop}, patch: 'spec: {replicas: 3}'}]\n"
    files = {"a.yaml": shop(), "kustomization.yaml": HEAD + patch}
    stated = split_of(candidate_of(files, "Deployment/shop")).assumptions
    assert AssumptionCode.PATCH_FOR_WHAT_STAYS in codes_of(stated)


def test_what_has_to_hold_is_said_once_and_of_every_part() -> None:
    """In the order of the parts, the stages last."""
    text = (
        shop(kind="ReplicaSet", api="args: ['--port=5000'], ports: []")
        + service("one", "{port: 5000}")
        + service("two", "{port: 5000}")
    )
    assert codes_of(split(text).assumptions) == [
        AssumptionCode.PODS_REPLACED_BY_HAND,
        AssumptionCode.PORT_LISTENED_ON,
        AssumptionCode.NO_HIDDEN_LOCALHOST,
        AssumptionCode.GAP_IF_APPLIED_AT_ONCE,
    ]


# Bare Pods


def test_a_bare_pod_is_split_with_its_wrap() -> None:
    """It makes no sense without."""
    proposal = split(pod_of_two())
    assert proposal.needs == "wrap"
    assert proposal.moves == (Move(("api",), "Deployment", "web-api", Stage.ADD),)


def test_the_wrap_writes_the_shared_label_of_a_bare_pod() -> None:
    """It writes the template; the split names the ports."""
    text = bare_pod(
        "ports: [{containerPort: 80}]",
        metadata=ROLES,
        others=["name: api, image: acme/api, ports: [{containerPort: 3000}]"],
    ) + service("web", BOTH, selector="app: web")
    proposal = split(text, "Pod/web")
    assert proposal.template_labels == (("podsplit.dev/service", "web"),)
    pod = data_after(proposal.workload.resource, proposal.steps, Stage.EXPAND)
    assert pod["metadata"]["labels"] == {"app": "web"}
    assert pod["spec"]["containers"][0]["ports"] == [{"containerPort": 80, "name": "http"}]
