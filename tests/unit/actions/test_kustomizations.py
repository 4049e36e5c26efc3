"""Kustomizations that build a workload: what they do to it has to fit what is made of it."""

from __future__ import annotations

import pytest

from service.actions.context import Candidate
from service.actions.kustomizations import PlannedObject, check_split, check_wrap
from service.assumptions import Assumption, AssumptionCode
from service.refusals import Refusal
from tests.support.candidates import (
    bare_pod,
    candidate_of,
    codes_of,
    manifest,
    refusal_of,
    resource_of,
    service,
    shop,
)

HEAD = (
    "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
    "resources: [../base/a.yaml]\n"
)


def built(text: str, kustomization: str, kind_and_name: str | None = None) -> Candidate:
    """A candidate whose file a kustomization builds."""
    files = {"base/a.yaml": text, "prod/kustomization.yaml": HEAD + kustomization}
    return candidate_of(files, kind_and_name)


def patching(target: str, patch: str) -> str:
    """An entry with one patch; an empty target leaves the patch to say whom it is for."""
    listed = f"  target: {{{target}}}\n" if target else ""
    lines = "".join(f"    {line}\n" for line in patch.splitlines())
    return f"patches:\n- patch: |\n{lines}{listed}"


LABEL = "[{op: add, path: /metadata/labels/a, value: b}]"
REPLACED = "replacements: [{path: r.yaml}]\n"
VARIABLES = "vars: [{name: A, objref: {kind: Service, name: a}}]\n"


# A Pod that is wrapped


@pytest.mark.parametrize(
    ("kustomization", "refusal"),
    [
        ("", None),
        ("commonLabels: {team: a}\n", None),
        (patching("kind: Pod, name: web-0", LABEL), Refusal.KUSTOMIZE_PATCH),
        (patching("kind: Pod", LABEL), Refusal.KUSTOMIZE_PATCH),
        (patching("", "{kind: Pod, metadata: {name: web-0}}"), Refusal.KUSTOMIZE_PATCH),
        (patching("kind: Pod, name: other", LABEL), None),
        (patching("kind: Deployment", LABEL), Refusal.KUSTOMIZE_PATCH),
        (patching("kind: Deployment, name: web", LABEL), Refusal.KUSTOMIZE_PATCH),
        (patching("kind: Deployment, name: other", LABEL), None),
        (patching("kind: StatefulSet", LABEL), None),
        (REPLACED, Refusal.KUSTOMIZE_PATCH),
        (VARIABLES, Refusal.KUSTOMIZE_PATCH),
    ],
)
def test_a_patch_is_neither_for_the_pod_nor_by_chance_for_its_controller(
    kustomization: str, refusal: Refusal | None
) -> None:
    """The first would miss the controller, the second would meet it."""
    candidate = built(bare_pod(name="web-0"), kustomization)
    assert refusal_of(lambda: check_wrap(candidate, "Deployment", "web")) is refusal


def test_a_patch_for_a_copy_is_one_for_the_pod() -> None:
    """The controller stands for it too."""
    text = bare_pod(name="web-0") + bare_pod(name="web-1")
    candidate = built(text, patching("kind: Pod, name: web-1", LABEL), "Pod/web-0")
    act = lambda: check_wrap(candidate, "Deployment", "web")  # noqa: E731
    assert refusal_of(act) is Refusal.KUSTOMIZE_PATCH


def test_a_kustomization_that_builds_something_else_does_not_count() -> None:
    """It never sees the Pod."""
    other = HEAD.replace("base/a.yaml", "base/b.yaml") + patching("kind: Pod", LABEL)
    candidate = candidate_of({"base/a.yaml": bare_pod(), "prod/kustomization.yaml": other})
    assert refusal_of(lambda: check_wrap(candidate, "Deployment", "web")) is None


# A workload that is split

PLANNED = (
    PlannedObject("Deployment", "shop-api", frozenset({"api"})),
    PlannedObject("Service", "shop-api", frozenset()),
)


def split(
    kustomization: str, *, touched: str = "", is_addressed: bool = False, text: str = ""
) -> tuple[Assumption, ...]:
    """What holds of a split of `shop` that moves `api` and touches objects."""
    candidate = built(shop() + text, kustomization)
    return check_split(
        candidate,
        "app",
        frozenset({"api"}),
        planned=PLANNED,
        touched=[candidate.resource, *([resource_of(candidate, touched)] if touched else ())],
        is_addressed=is_addressed,
    )


@pytest.mark.parametrize("field", ["namePrefix", "nameSuffix"])
@pytest.mark.parametrize("is_addressed", [False, True])
def test_a_changed_name_matters_where_containers_are_told_names(
    field: str, is_addressed: bool
) -> None:
    """Kustomize renames objects and what refers to them, though not addresses in containers."""
    act = lambda: split(f"{field}: prod-\n", is_addressed=is_addressed)  # noqa: E731
    assert refusal_of(act) is (Refusal.KUSTOMIZE_NAME if is_addressed else None)
    unset = f"{field}: ''\n"
    assert refusal_of(lambda: split(unset, is_addressed=is_addressed)) is None


@pytest.mark.parametrize(
    ("kustomization", "refusal"),
    [
        ("commonLabels: {team: a}\n", None),
        ("commonLabels: {app: shop}\n", Refusal.KUSTOMIZE_PATCH),
        ("labels: [{pairs: {team: a}}, {pairs: {app: shop}}]\n", Refusal.KUSTOMIZE_PATCH),
        ("labels: [{pairs: {team: a}}]\n", None),
        ("replicas: [{name: shop, count: 2}]\n", Refusal.KUSTOMIZE_PATCH),
        ("replicas: [{name: shop-api, count: 2}]\n", None),
        (REPLACED, Refusal.KUSTOMIZE_PATCH),
        (VARIABLES, Refusal.KUSTOMIZE_PATCH),
        (
            "configMapGenerator: [{name: a, literals: ['API=http://localhost:3000']}]\n",
            Refusal.LOCALHOST_IN_CONFIGMAP,
        ),
        ("configMapGenerator: [{name: a, literals: ['localhost=no']}]\n", None),
        ("configMapGenerator: [{name: a, literals: [LEVEL=info]}]\n", None),
    ],
)
def test_no_field_labels_counts_or_replaces_what_the_split_makes(
    kustomization: str, refusal: Refusal | None
) -> None:
    """The groups differ in the label `app`."""
    assert refusal_of(lambda: split(kustomization)) is refusal


POLICY = manifest(
    "networking.k8s.io/v1 NetworkPolicy", "p", "spec: {podSelector: {matchLabels: {app: shop}}}"
)
MONITOR = manifest(
    "monitoring.coreos.com/v1 PodMonitor", "p", "spec: {selector: {matchLabels: {app: shop}}}"
)
BUDGET = manifest(
    "policy/v1 PodDisruptionBudget", "p", "spec: {selector: {matchLabels: {app: shop}}}"
)


@pytest.mark.parametrize(
    ("text", "touched", "refusal"),
    [
        (service(), "Service/shop", None),
        (POLICY, "NetworkPolicy/p", Refusal.KUSTOMIZE_PATCH),
        (MONITOR, "PodMonitor/p", Refusal.KUSTOMIZE_PATCH),
        (BUDGET, "PodDisruptionBudget/p", Refusal.KUSTOMIZE_PATCH),
    ],
)
def test_labels_are_not_added_to_selectors_without_match_labels(
    text: str, touched: str, refusal: Refusal | None
) -> None:
    """Those of policies and budgets that match several groups would not get them."""
    added = "commonLabels: {team: a}\n"
    assert refusal_of(lambda: split(added, touched=touched, text=text)) is refusal
    assert refusal_of(lambda: split("", touched=touched, text=text)) is None


def inside(pod: str, template: str = "", spec: str = "") -> str:
    """A partial Deployment `shop`."""
    return (
        f"{{kind: Deployment, metadata: {{name: shop}}, spec: {{{spec} template: {{{template}"
        f" spec: {{{pod}}}}}}}}}"
    )


REPLICAS = "{kind: Deployment, metadata: {name: shop}, spec: {replicas: 3}}"
CRON_JOB = (
    "{{kind: Deployment, metadata: {{name: shop}}, spec:"
    " {{jobTemplate: {{spec: {{template: {{spec: {{containers: [{{name: {}}}]}}}}}}}}}}}}"
)


@pytest.mark.parametrize(
    ("patch", "fits"),
    [
        (REPLICAS, True),
        (inside("containers: [{name: front, image: b}]"), True),
        (inside("initContainers: [{name: front, image: b}]"), True),
        (inside("containers: [{name: api, image: b}]"), False),
        (inside("containers: [{name: front}, {name: api}]"), False),
        (inside("initContainers: [{name: api, image: b}]"), False),
        (inside("volumes: [{name: a}]"), False),
        (inside("nodeSelector: {a: b}"), True),
        (inside("", template="metadata: {labels: {a: b}},"), False),
        (inside("", template="metadata: {annotations: {a: b}},"), True),
        (inside("", spec="selector: {matchLabels: {a: b}},"), False),
        (inside("containers: [{name: front, args: ['http://localhost:3000']}]"), False),
        (CRON_JOB.format("front"), True),
        (CRON_JOB.format("api"), False),
    ],
)
def test_a_patch_of_the_workload_is_not_about_what_moves(patch: str, fits: bool) -> None:
    """It is for what stays alone, which is said."""
    kustomization = patching("", patch)
    if fits:
        assert codes_of(split(kustomization)) == [AssumptionCode.PATCH_FOR_WHAT_STAYS]
    else:
        assert refusal_of(lambda: split(kustomization)) is Refusal.KUSTOMIZE_PATCH


@pytest.mark.parametrize(
    ("operation", "fits"),
    [
        ("op: replace, path: /spec/replicas", True),
        ("op: add, path: /spec/template/metadata/annotations/a", True),
        ("op: add, path: /spec/template/spec/containersX", True),
        ("op: add, path: /spec/template/metadata/labels/a", False),
        ("op: replace, path: /spec/template/spec/containers/0/image", False),
        ("op: add, path: /spec/template/spec/initContainers/-", False),
        ("op: remove, path: /spec/template/spec/volumes", False),
        ("op: replace, path: /spec/template/spec, value: {}", False),
        ("op: replace, path: /spec/template, value: {}", False),
        ("op: replace, path: /spec, value: {}", False),
        ("op: replace, path: '', value: {}", False),
        ("op: add, path: /spec/template/spec/nodeName, value: a", True),
        ("op: replace, path: /spec/selector/matchLabels/app", False),
        ("op: replace, path: /spec/jobTemplate/spec/template/spec/containers/0/image", False),
        ("op: copy, path: /spec/replicas, from: /spec/template/spec/containers/0", False),
        ("op: replace, path: /spec/replicas, value: 'http://localhost:1'", False),
    ],
)
def test_operations_on_the_workload_do_not_go_by_places_that_change(
    operation: str, fits: bool
) -> None:
    """Containers are meant by their index, which changes with the containers before."""
    kustomization = patching("kind: Deployment, name: shop", f"[{{{operation}}}]")
    expected = None if fits else Refusal.KUSTOMIZE_PATCH
    assert refusal_of(lambda: split(kustomization)) is expected


def test_a_patch_that_cannot_be_seen_may_be_about_anything() -> None:
    """Its file isn't in the set."""
    kustomization = "patches: [{path: missing.yaml, target: {kind: Deployment, name: shop}}]\n"
    assert refusal_of(lambda: split(kustomization)) is Refusal.KUSTOMIZE_PATCH


@pytest.mark.parametrize(
    ("target", "patch", "refusal"),
    [
        ("kind: Service, name: shop", LABEL, Refusal.KUSTOMIZE_PATCH),
        ("kind: Service, name: other", LABEL, None),
        ("kind: Deployment, name: shop-api", LABEL, Refusal.KUSTOMIZE_PATCH),
        ("kind: Service, name: shop-.*", "{spec: {type: NodePort}}", Refusal.KUSTOMIZE_PATCH),
        ("kind: Deployment, name: shop-api", REPLICAS, None),
        (
            "kind: Deployment, name: shop-api",
            inside("containers: [{name: front}]"),
            Refusal.KUSTOMIZE_PATCH,
        ),
        ("kind: Deployment, name: shop-api", inside("containers: [{name: api}]"), None),
        ("kind: Deployment, name: other", inside("containers: [{name: front}]"), None),
    ],
)
def test_a_patch_of_other_objects_fits_what_is_changed_and_made(
    target: str, patch: str, refusal: Refusal | None
) -> None:
    """By a pattern of names it may be for new objects too."""
    kustomization = patching(target, patch)
    act = lambda: split(kustomization, touched="Service/shop", text=service())  # noqa: E731
    assert refusal_of(act) is refusal


def test_one_kustomization_is_named_once_however_many_patches_it_has() -> None:
    """Two kustomizations are two things to look at."""
    once = patching("", REPLICAS)
    twice = once + once.removeprefix("patches:\n")
    assert codes_of(split(twice)) == [AssumptionCode.PATCH_FOR_WHAT_STAYS]
    files = {
        "base/a.yaml": shop(),
        "prod/kustomization.yaml": HEAD + once,
        "test/kustomization.yaml": HEAD + once,
    }
    candidate = candidate_of(files, "Deployment/shop")
    stated = check_split(
        candidate, "app", frozenset({"api"}), planned=(), touched=(), is_addressed=False
    )
    assert codes_of(stated) == [AssumptionCode.PATCH_FOR_WHAT_STAYS] * 2


def test_without_kustomizations_nothing_has_to_hold() -> None:
    """Most sets have none."""
    candidate = candidate_of(shop())
    stated = check_split(
        candidate, "app", frozenset({"api"}), planned=PLANNED, touched=(), is_addressed=True
    )
    assert stated == ()
