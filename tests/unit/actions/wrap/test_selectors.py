"""The labels by which a wrapped Pod's controller selects it."""

from __future__ import annotations

import pytest

from service.actions.wrap.selectors import choose_selector
from service.kube.replicas import copies_of
from service.refusals import Refusal
from tests.support.candidates import bare_pod, candidate_of, manifest, refusal_of, service

NAME = "app.kubernetes.io/name"
INSTANCE = "app.kubernetes.io/instance"


def chosen(text: str, name: str = "web") -> tuple[dict[str, str], dict[str, str]]:
    """The selector of the first Pod of a set, and the labels that it gets."""
    candidate = candidate_of(text)
    return choose_selector(candidate, name, copies_of(candidate.workload, candidate.manifests))


def pod(labels: str, name: str = "web", metadata: str = "") -> str:
    return bare_pod(name=name, metadata=f"labels: {{{labels}}}, {metadata}")


@pytest.mark.parametrize(
    ("labels", "selector"),
    [
        ("app: web", {"app": "web"}),
        ("tier: a, app: web, version: b", {"app": "web"}),
        ("app: web, app.kubernetes.io/name: a", {NAME: "a"}),
        ("k8s-app: web, app: a", {"app": "a"}),
        ("team-name: a, run: web", {"run": "web"}),
        ("whatever: a", {"whatever": "a"}),
        ("tier: a, whatever: b", {"whatever": "b"}),
    ],
)
def test_the_most_telling_label_is_enough(labels: str, selector: dict[str, str]) -> None:
    """Those that tell an application first, then those of somebody's own."""
    assert chosen(pod(labels)) == (selector, {})


@pytest.mark.parametrize(
    "labels",
    [
        "version: a",
        "chart: a",
        "release-revision: a",
        "pod-template-hash: a",
        "controller-revision-hash: a",
        "date: a",
        "commit: a",
        "build: a",
        "helm.sh/chart: a",
        "acme.com/app: a",
        "tier: web",
        "env: test",
        "",
    ],
)
def test_a_pod_without_a_telling_label_gets_one(labels: str) -> None:
    """Labels that change, are other tools', or that many have alike, tell nothing."""
    assert chosen(pod(labels)) == ({NAME: "web"}, {NAME: "web"})


@pytest.mark.parametrize(("length", "value"), [(63, "a" * 63), (64, "a" * 63), (62, "a" * 62)])
def test_the_value_of_a_new_label_has_at_most_63_characters(length: int, value: str) -> None:
    """A Pod's name may have 253."""
    assert chosen(pod(""), "a" * length) == ({NAME: value}, {NAME: value})


def test_a_new_label_ends_in_a_letter_or_digit() -> None:
    """Cut behind a dash or dot it would not be valid."""
    assert chosen(pod(""), "a" * 61 + ".-b")[1] == {NAME: "a" * 61}


def test_a_new_label_is_one_by_which_nobody_selects() -> None:
    """A Service would lead to the Pod that didn't before."""
    other = service("other", selector=f"{NAME}: web")
    assert chosen(pod("") + other) == ({NAME: "web-pod"}, {NAME: "web-pod"})
    both = other + service("more", selector=f"{NAME}: web-pod")
    assert refusal_of(lambda: chosen(pod("") + both)) is Refusal.SELECTOR_OVERLAP


def test_a_long_second_choice_fits_too() -> None:
    """Four characters go behind it."""
    name = "a" * 63
    other = service("other", selector=f"{NAME}: {name}")
    assert chosen(pod("") + other, name)[1] == {NAME: "a" * 59 + "-pod"}


# Where one label is not enough


@pytest.mark.parametrize(
    ("other", "selector"),
    [
        ("app: web", {"app": "web", "tier": "b"}),
        ("app: web, tier: c", {"app": "web", "tier": "b"}),
        ("app: web, tier: b", {"app": "web", "tier": "b", "role": "a"}),
        ("app: other, tier: b", {"app": "web"}),
    ],
)
def test_the_selector_grows_until_it_selects_no_others(
    other: str, selector: dict[str, str]
) -> None:
    """By labels that tell two Pods of one application apart."""
    text = pod("app: web, role: a, tier: b") + pod(other, "other").replace("acme/web", "acme/x")
    assert chosen(text) == (selector, {})


def test_pods_of_other_namespaces_are_not_selected() -> None:
    """A selector ends at its namespace; a missing one may be any."""
    other = pod("app: web", "other", "namespace: a").replace("acme/web", "acme/x")
    assert chosen(pod("app: web, role: a", metadata="namespace: b") + other)[0] == {"app": "web"}
    assert chosen(pod("app: web, role: a") + other)[0] == {"app": "web", "role": "a"}


def test_copies_are_not_others() -> None:
    """The controller stands for them too."""
    text = "".join(pod("app: web, role: a", f"web-{number}") for number in range(2))
    assert chosen(text) == ({"app": "web"}, {})


def test_a_pod_with_the_labels_of_others_gets_one_more() -> None:
    """It tells it from them."""
    text = pod("app: web") + pod("app: web, role: a", "other").replace("acme/web", "acme/x")
    assert chosen(text) == ({"app": "web", INSTANCE: "web"}, {INSTANCE: "web"})


def test_a_pod_without_a_telling_label_may_need_two_more() -> None:
    """The one that says what it is, others have as well."""
    other = pod(f"tier: a, {NAME}: web", "other").replace("acme/web", "acme/x")
    added = {NAME: "web", INSTANCE: "web"}
    assert chosen(pod("tier: a") + other) == ({"tier": "a", **added}, added)


@pytest.mark.parametrize("name", ["web", "other-name"])
def test_a_pod_that_nothing_tells_from_others_is_left_alone(name: str) -> None:
    """It has an instance label already, which is theirs as well, and keeps it."""
    labels = f"{INSTANCE}: web"
    text = pod(labels) + pod(f"{labels}, role: a", "other").replace("acme/web", "acme/x")
    assert refusal_of(lambda: chosen(text, name)) is Refusal.SELECTOR_OVERLAP


def test_one_more_label_has_to_tell_it_from_others() -> None:
    """Somebody else has that one too."""
    other = pod(f"app: web, {INSTANCE}: web", "other").replace("acme/web", "acme/x")
    assert refusal_of(lambda: chosen(pod("app: web") + other)) is Refusal.SELECTOR_OVERLAP


def test_a_new_label_alone_may_not_be_enough() -> None:
    """A Pod that has it already differs in what many have alike."""
    other = pod(f"{NAME}: web, tier: b", "other").replace("acme/web", "acme/x")
    assert chosen(pod("tier: a") + other) == ({NAME: "web", "tier": "a"}, {NAME: "web"})


@pytest.mark.parametrize(
    ("selector", "expected"),
    [("app: web", {"app": "web"}), ("run: a", {"run": "a"}), ("run: a, app: web", {"app": "web"})],
)
def test_labels_by_which_a_service_selects_come_first(
    selector: str, expected: dict[str, str]
) -> None:
    """They won't change while it is there."""
    text = pod("app: web, run: a") + service(selector=selector)
    assert chosen(text) == (expected, {})


def test_what_else_selects_by_the_new_label_counts_too() -> None:
    """Policies as well as Services."""
    policy = manifest(
        "networking.k8s.io/v1 NetworkPolicy",
        "p",
        f"spec: {{podSelector: {{matchLabels: {{{NAME}: web}}}}}}",
    )
    assert chosen(pod("") + policy)[1] == {NAME: "web-pod"}
