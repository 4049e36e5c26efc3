"""Whether a workload may be split at all."""

from __future__ import annotations

import dataclasses

import pytest

from service.actions.context import Candidate, Refused
from service.actions.split.eligibility import check_eligible, check_moving
from service.actions.split.pod_fields import POD_FIELDS, Treatment
from service.actions.wrap.decide import propose as propose_wrap
from service.change import Proposal
from service.refusals import Refusal
from tests.support.candidates import bare_pod, candidate_of, refusal_of, shop

OWNER = "ownerReferences: [{apiVersion: v1, kind: Thing, name: a, uid: b}]"


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        (shop(), None),
        (shop(kind="StatefulSet"), None),
        (shop(kind="DaemonSet"), None),
        (shop(kind="CronJob"), None),
        (shop(kind="Job"), Refusal.ANALYSED_ONLY),
        (shop(kind="Job").replace("apps/v1", "batch/v1"), Refusal.JOB),
        (shop().replace("apps/v1", "extensions/v1beta1"), Refusal.ANALYSED_ONLY),
        (shop(metadata=OWNER), Refusal.OWNED),
        (shop(metadata="ownerReferences: []"), None),
        (shop(spec="paused: true"), Refusal.PAUSED),
        (shop(spec="paused: false"), None),
        (
            shop(kind="Rollout", spec="strategy: {canary: {canaryService: a}}"),
            Refusal.ROLLOUT_SERVICE,
        ),
        (
            shop(kind="Rollout", spec="strategy: {blueGreen: {previewService: a}}"),
            Refusal.ROLLOUT_SERVICE,
        ),
        (shop(kind="Rollout", spec="strategy: {canary: {steps: []}}"), None),
        (shop(spec="strategy: {rollingUpdate: {maxSurge: 1}}"), None),
    ],
)
def test_the_controller_must_be_one_that_can_be_divided(text: str, refusal: Refusal | None) -> None:
    """Its template changes, its Pods follow, and its Services are ours to change."""
    assert refusal_of(lambda: check_eligible(candidate_of(text), None)) is refusal


@pytest.mark.parametrize(
    ("metadata", "api", "refusal"),
    [
        ("annotations: {podsplit.dev/ignore: unrelated-containers ours}", "", Refusal.SUPPRESSED),
        ("annotations: {podsplit.dev/ignore: '*'}", "", Refusal.SUPPRESSED),
        ("annotations: {podsplit.dev/ignore: bare-pod}", "", None),
    ],
)
def test_a_workload_may_say_to_ignore_the_rule(
    metadata: str, api: str, refusal: Refusal | None
) -> None:
    """Other rules are other rules."""
    candidate = candidate_of(shop(metadata=metadata, api=api))
    assert refusal_of(lambda: check_eligible(candidate, None)) is refusal


@pytest.mark.parametrize("name", ["front", "api"])
def test_a_container_may_say_so_too(name: str) -> None:
    """By a comment above it, whichever it is."""
    comment = "      # podsplit: ignore[unrelated-containers] ours\n"
    text = (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: shop}\nspec:\n"
        "  selector: {matchLabels: {app: shop}}\n  template:\n"
        "    metadata: {labels: {app: shop}, annotations: {podsplit.dev/roles: 'api=unrelated'}}\n"
        "    spec:\n      containers:\n"
        "      - name: front\n        image: acme/front\n"
        "      - name: api\n        image: acme/api\n"
    )
    line = f"      - name: {name}\n"
    assert refusal_of(lambda: check_eligible(candidate_of(text), None)) is None
    ignored = candidate_of(text.replace(line, comment + line))
    assert refusal_of(lambda: check_eligible(ignored, None)) is Refusal.SUPPRESSED


def test_injected_containers_are_of_a_live_export() -> None:
    """The manifest that it was made from is the one to split."""
    template = "labels: {app: shop}"
    text = shop(others=["name: istio-proxy, image: istio/proxyv2"], template=template)
    assert refusal_of(lambda: check_eligible(candidate_of(text), None)) is None
    marked = text.replace("annotations: {", "annotations: {sidecar.istio.io/status: '{}', ")
    assert refusal_of(lambda: check_eligible(candidate_of(marked), None)) is Refusal.INJECTED


@pytest.mark.parametrize(("step", "refusal"), [(0.0, None), (1e-9, Refusal.LOW_CONFIDENCE)])
def test_the_boundary_may_be_as_unsure_as_was_asked(step: float, refusal: Refusal | None) -> None:
    """Confidence equal to `min_confidence` is enough."""
    candidate = candidate_of(shop(roles=""))
    confidence = candidate.classification.boundary_confidence()
    asked = dataclasses.replace(candidate, min_confidence=confidence + step)
    assert refusal_of(lambda: check_eligible(asked, None)) is refusal


# Fields of the Pod

HELD = sorted(field for field, treatment in POD_FIELDS.items() if treatment is Treatment.HOLDS_BACK)


@pytest.mark.parametrize("field", HELD)
@pytest.mark.parametrize(
    ("value", "refusal"),
    [
        ("'5'", Refusal.POD_FIELD),
        ("true", Refusal.POD_FIELD),
        ("{a: b}", Refusal.POD_FIELD),
        ("[]", None),
        ("{}", None),
        ("null", None),
        ("''", None),
    ],
)
def test_a_field_that_two_pods_cannot_share_holds_back(
    field: str, value: str, refusal: Refusal | None
) -> None:
    """Unless there is nothing in it."""
    candidate = candidate_of(shop(pod=f"{field}: {value}"))
    assert refusal_of(lambda: check_eligible(candidate, None)) is refusal


@pytest.mark.parametrize("field", HELD)
def test_a_field_that_is_switched_off_holds_nothing_back(field: str) -> None:
    """`false` is what the field has by default, where it is a switch."""
    candidate = candidate_of(shop(pod=f"{field}: false"))
    is_switch = field in ("hostIPC", "hostNetwork", "shareProcessNamespace")
    expected = None if is_switch else Refusal.POD_FIELD
    assert refusal_of(lambda: check_eligible(candidate, None)) is expected


@pytest.mark.parametrize(
    ("pod", "refusal"),
    [
        ("priority: 5", None),
        ("hostPID: true", None),
        ("nodeSelector: {a: b}", None),
        ("affinity: {podAntiAffinity: {}}", None),
        ("fieldOfTomorrow: true", Refusal.POD_FIELD),
        ("fieldOfTomorrow: {}", Refusal.POD_FIELD),
    ],
)
def test_other_fields_are_copied_and_unknown_ones_hold_back(
    pod: str, refusal: Refusal | None
) -> None:
    """It can't be told what a field of tomorrow does."""
    candidate = candidate_of(shop(pod=pod))
    assert refusal_of(lambda: check_eligible(candidate, None)) is refusal


# Bare Pods

ROLES = "annotations: {podsplit.dev/roles: 'web=main,api=unrelated'}"
API = "name: api, image: acme/api"


def wrapped(text: str) -> tuple[Candidate, Proposal | None]:
    """A bare Pod, and the change that gives it a controller; None where there is none."""
    candidate = candidate_of(text)
    wrap = propose_wrap(candidate, ())
    return candidate, wrap if isinstance(wrap, Proposal) else None


def pod_of_two(name: str = "web", metadata: str = "labels: {app: web}", pod: str = "") -> str:
    return bare_pod(name=name, metadata=f"{metadata}, {ROLES}", pod=pod, others=[API])


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        (pod_of_two(), None),
        (pod_of_two(pod="restartPolicy: Never"), Refusal.JOB),
        (pod_of_two(pod="activeDeadlineSeconds: 5"), Refusal.WRAP_HELD_BACK),
        (pod_of_two(metadata=OWNER), Refusal.OWNED),
        (pod_of_two(pod="nodeName: a"), Refusal.POD_FIELD),
        (pod_of_two(pod="nodeName: a").replace("kind: Pod", "kind: Pod\nstatus: {}"), None),
    ],
)
def test_a_bare_pod_is_split_with_the_controller_that_it_gets(
    text: str, refusal: Refusal | None
) -> None:
    """A Job ends as a whole; where a live export ran is no wish of its author."""
    candidate, wrap = wrapped(text)
    assert refusal_of(lambda: check_eligible(candidate, wrap)) is refusal


def test_the_node_of_a_pod_that_is_not_wrapped_stays_in_the_way() -> None:
    """Only a wrap takes it out."""
    text = shop(pod="nodeName: a").replace("kind: Deployment", "kind: Deployment\nstatus: {}")
    assert refusal_of(lambda: check_eligible(candidate_of(text), None)) is Refusal.POD_FIELD
    other = pod_of_two(pod="hostname: a").replace("kind: Pod", "kind: Pod\nstatus: {}")
    candidate, wrap = wrapped(other)
    assert refusal_of(lambda: check_eligible(candidate, wrap)) is Refusal.POD_FIELD


def test_copies_that_become_replicas_are_split_with_them() -> None:
    """A Deployment's replicas have no names of their own."""
    candidate, wrap = wrapped(pod_of_two("web-0") + pod_of_two("web-1"))
    assert wrap is not None
    assert wrap.copies
    assert refusal_of(lambda: check_eligible(candidate, wrap)) is None


def test_a_stateful_set_for_one_pod_may_be_split() -> None:
    """What stays keeps its claim."""
    text = bare_pod(
        "image: 'postgres:17', volumeMounts: [{name: data, mountPath: /data}]",
        metadata=f"labels: {{app: web}}, {ROLES}",
        others=[API],
        pod="volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]",
    )
    candidate, wrap = wrapped(text)
    assert wrap is not None
    assert wrap.controller is not None
    assert wrap.controller.kind == "StatefulSet"
    assert refusal_of(lambda: check_eligible(candidate, wrap)) is None


def test_copies_that_become_something_else_are_neither_split_nor_wrapped() -> None:
    """The controller would hold several applications, which a second run would part."""
    texts = [pod_of_two(f"web-{number}", pod=f"nodeName: n{number}") for number in range(2)]
    candidate, wrap = wrapped("".join(texts))
    assert wrap is not None
    with pytest.raises(Refused) as refused:
        check_eligible(candidate, wrap)
    assert refused.value.declined.refusal is Refusal.COPIES
    assert refused.value.declined.withdraws == {"wrap"}


# What moves together

ROLES_OF_THREE = "front=main,api=unrelated,worker=sidecar"
WORKER = "name: worker, image: acme/worker, env: [{name: API, value: 'http://localhost:3000'}]"


def moving(other: str, min_confidence: float) -> tuple[list[str], Refusal | None]:
    """The containers of the group that `api` is in, and whether it may move."""
    candidate = candidate_of(shop(others=[other], roles=ROLES_OF_THREE))
    group = next(group for group in candidate.classification.groups if group[0].name == "api")
    names = [container.name for container in group]
    act = lambda: check_moving(candidate.classification, group, min_confidence)  # noqa: E731
    return names, refusal_of(act)


def test_a_group_of_one_moves() -> None:
    """There is nobody of whom it could be unsure."""
    candidate = candidate_of(shop())
    group = candidate.classification.groups[1]
    assert refusal_of(lambda: check_moving(candidate.classification, group, 1.0)) is None


def test_a_companion_moves_if_it_belongs_there_for_sure() -> None:
    """Confidence equal to `min_confidence` is enough."""
    classification = candidate_of(shop(others=[WORKER], roles=ROLES_OF_THREE)).classification
    confidence = classification.confidence_of_pair(*classification.groups[1])
    assert confidence < 1
    assert moving(WORKER, confidence) == (["api", "worker"], None)
    assert moving(WORKER, confidence + 1e-9) == (["api", "worker"], Refusal.LOW_CONFIDENCE)


def test_a_companion_that_serves_every_group_moves_whatever_the_confidence() -> None:
    """It stays as well."""
    proxy = WORKER.replace("acme/worker", "'istio/proxyv2:1'")
    assert moving(proxy, 1.0) == (["api", "worker"], None)
