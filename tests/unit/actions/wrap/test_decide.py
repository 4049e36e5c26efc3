"""The change that wraps a bare Pod: its text becomes the template of a controller."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from service.actions.context import Candidate
from service.actions.wrap.decide import complete, is_wanted, propose
from service.change import Declined, Proposal
from service.findings import Applicability, OldPods, Stage
from service.refusals import Refusal
from service.yamldoc.operations import Remove
from tests.support.candidates import (
    bare_pod,
    candidate_of,
    data_after,
    resource_of,
    service,
    shop,
)


def wrap(
    files: str | dict[str, str], kind_and_name: str | None = None
) -> tuple[Candidate, Proposal]:
    candidate = candidate_of(files, kind_and_name)
    outcome = propose(candidate, ())
    assert isinstance(outcome, Proposal), outcome
    return candidate, outcome


def wrapped(text: str, stage: Stage = Stage.EXPAND) -> dict[str, Any]:
    """The first Pod of a set as its controller."""
    candidate, proposal = wrap(text)
    return data_after(candidate.resource, proposal.steps, stage)


OWNER = "ownerReferences: [{apiVersion: v1, kind: A, name: a, uid: a}]"


@pytest.mark.parametrize(
    ("text", "expected"),
    [(bare_pod(), True), (bare_pod(metadata=OWNER), False), (shop(), False)],
)
def test_a_pod_without_a_controller_calls_for_one(text: str, expected: bool) -> None:
    """One that something else makes has its owner."""
    assert is_wanted(candidate_of(text)) is expected


def test_a_wrap_is_described() -> None:
    """By whom it is for and what it becomes."""
    _, proposal = wrap(bare_pod())
    assert proposal.action == "wrap"
    assert proposal.title == "give the bare Pod web a Deployment"
    assert proposal.applicability is Applicability.SAFE
    assert proposal.old_pods is OldPods.DELETED_AFTER
    assert (proposal.objects, proposal.moves, proposal.needs) == ((), (), None)
    assert proposal.without_partner is None


@pytest.mark.parametrize(
    ("count", "title"),
    [
        (2, "give the bare Pods web-0, web-1 one Deployment"),
        (5, "give the bare Pods web-0, web-1, web-2, web-3, web-4 one Deployment"),
        (6, "give the bare Pods web-0, web-1, web-2, web-3, web-4, ... one Deployment"),
    ],
)
def test_five_copies_are_named(count: int, title: str) -> None:
    """More would be a long line."""
    _, proposal = wrap("".join(bare_pod(name=f"web-{number}") for number in range(count)))
    assert proposal.title == title
    assert len(proposal.copies) == count - 1


def test_what_is_refused_is_declined() -> None:
    """With its reason."""
    outcome = propose(candidate_of(bare_pod(pod="activeDeadlineSeconds: 5")), ())
    assert isinstance(outcome, Declined)
    assert outcome.refusal is Refusal.DEADLINE


# The text


def test_the_pods_text_becomes_the_template() -> None:
    """All of it in the first stage."""
    assert wrapped(bare_pod(metadata="namespace: a, labels: {app: web, tier: b}")) == {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "a", "labels": {"app": "web", "tier": "b"}},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web", "tier": "b"}},
                "spec": {"containers": [{"name": "web", "image": "acme/web"}]},
            },
        },
    }


def test_a_job_needs_no_labels() -> None:
    """Nor a selector, nor metadata in its template."""
    job = wrapped(bare_pod(metadata="uid: a", pod="restartPolicy: Never"))
    assert (job["apiVersion"], job["kind"]) == ("batch/v1", "Job")
    assert job["spec"] == {
        "backoffLimit": 0,
        "template": {
            "spec": {
                "containers": [{"name": "web", "image": "acme/web"}],
                "restartPolicy": "Never",
            }
        },
    }
    assert job["metadata"] == {"name": "web"}


def test_a_restart_policy_that_has_to_change_is_changed() -> None:
    """In the template."""
    text = bare_pod("livenessProbe: {exec: {command: [a]}}", pod="restartPolicy: Never")
    assert wrapped(text)["spec"]["template"]["spec"]["restartPolicy"] == "Always"


@pytest.mark.parametrize(
    ("metadata", "own", "template"),
    [
        ("uid: a", {"app.kubernetes.io/name": "web"}, {"app.kubernetes.io/name": "web"}),
        (
            "labels: {version: a}",
            {"version": "a", "app.kubernetes.io/name": "web"},
            {"version": "a", "app.kubernetes.io/name": "web"},
        ),
    ],
)
def test_a_label_that_the_pod_gets_is_on_both(
    metadata: str, own: dict[str, str], template: dict[str, str]
) -> None:
    """On the controller as on its Pods."""
    data = wrapped(bare_pod(metadata=metadata))
    assert data["metadata"]["labels"] == own
    assert data["spec"]["template"]["metadata"]["labels"] == template


@pytest.mark.parametrize("metadata", ["namespace: a, finalizers: [b]", "finalizers: [b]"])
def test_new_labels_stand_behind_name_and_namespace(metadata: str) -> None:
    """Where people look for them."""
    keys = list(wrapped(bare_pod(metadata=metadata))["metadata"])
    assert keys.index("labels") == keys.index("finalizers") - 1


# Annotations


@pytest.mark.parametrize(
    ("annotations", "own", "template"),
    [
        ("", None, None),
        ("prometheus.io/port: '80'", None, {"prometheus.io/port": "80"}),
        ("argocd.argoproj.io/sync-wave: '1'", {"argocd.argoproj.io/sync-wave": "1"}, None),
        ("description: a, sidecar.io/b: c", {"description": "a"}, {"sidecar.io/b": "c"}),
        ("kubectl.kubernetes.io/last-applied-configuration: a", None, None),
        (
            "kubectl.kubernetes.io/last-applied-configuration: a, description: b",
            {"description": "b"},
            None,
        ),
        ("cni.projectcalico.org/podIP: a", None, {"cni.projectcalico.org/podIP": "a"}),
    ],
)
def test_annotations_go_to_whoever_reads_them(
    annotations: str, own: object, template: object
) -> None:
    """Tools and people read some on the object, the kubelet and others on the Pod."""
    data = wrapped(bare_pod(metadata=f"labels: {{app: web}}, annotations: {{{annotations}}}"))
    assert data["metadata"].get("annotations") in ((own, {}) if own is None else (own,))
    assert data["spec"]["template"]["metadata"].get("annotations") == template


def test_what_nodes_write_on_a_pod_is_of_the_pod_that_ran() -> None:
    """A live export carries it, and a manifest must not."""
    metadata = "uid: a, labels: {app: web}, annotations: {cni.projectcalico.org/podIP: a, b: c}"
    data = wrapped(bare_pod(metadata=metadata))
    assert "annotations" not in data["metadata"]
    assert data["spec"]["template"]["metadata"]["annotations"] == {"b": "c"}


# Copies


def test_the_controller_of_copies_has_a_name_of_its_own() -> None:
    """And the text of one of them, with what is done inside."""
    text = "".join(
        bare_pod(name=f"web-{number}", pod=f"nodeName: n{number}") for number in range(2)
    )
    data = wrapped(text)
    assert (data["kind"], data["metadata"]["name"]) == ("DaemonSet", "web")
    assert "affinity" in data["spec"]["template"]["spec"]
    assert "nodeName" not in data["spec"]["template"]["spec"]


HEAD = "kind: Kustomization\napiVersion: kustomize.config.k8s.io/v1beta1\n"


@pytest.mark.parametrize(
    ("b", "more", "field", "expected"),
    [
        (bare_pod(name="web-1"), "", "resources", ["a.yaml", "c.yaml"]),
        (bare_pod(name="web-1"), "", "bases", ["a.yaml", "c.yaml"]),
        (bare_pod(name="web-1") + service(), "", "resources", ["a.yaml", "b.yaml", "c.yaml"]),
        (service(), bare_pod(name="web-1"), "resources", ["a.yaml", "b.yaml", "c.yaml"]),
    ],
)
def test_files_that_held_nothing_but_copies_are_no_longer_listed(
    b: str, more: str, field: str, expected: list[str]
) -> None:
    """They are removed; a file with something else in it stays."""
    files = {
        "base/a.yaml": bare_pod(name="web-0") + more,
        "base/b.yaml": b,
        "base/c.yaml": service("other"),
        "base/kustomization.yaml": f"{HEAD}{field}: [a.yaml, ./b.yaml, c.yaml]\n",
    }
    candidate, proposal = wrap(files, "Pod/web-0")
    kustomization = resource_of(candidate, "Kustomization/")
    listed = data_after(kustomization, proposal.steps, Stage.EXPAND)[field]
    assert [entry.removeprefix("./") for entry in listed] == expected


def test_kustomizations_are_left_alone_without_copies() -> None:
    """The Pod's own file is still there."""
    files = {"a.yaml": bare_pod(), "kustomization.yaml": HEAD + "resources: [a.yaml]\n"}
    candidate, proposal = wrap(files)
    assert {step.resource for step in proposal.steps} == {candidate.resource}
    assert not any(isinstance(step.operation, Remove) for step in proposal.steps)


# With what others need


def partner(proposal: Proposal, *labels: tuple[str, str]) -> Proposal:
    return dataclasses.replace(proposal, action="split", template_labels=labels)


def test_a_wrap_alone_is_complete() -> None:
    """Others that need no label change nothing."""
    candidate, proposal = wrap(bare_pod())
    assert complete(candidate, proposal, (proposal,)) is proposal
    assert complete(candidate, proposal, (proposal, partner(proposal))) is proposal


@pytest.mark.parametrize("metadata", ["labels: {app: web}", "uid: a"])
def test_a_wrap_writes_the_labels_that_others_need(metadata: str) -> None:
    """In its template alone; without the others it is what it was."""
    candidate, proposal = wrap(bare_pod(metadata=metadata))
    completed = complete(candidate, proposal, (proposal, partner(proposal, ("a", "b"))))
    assert completed.without_partner is proposal
    data = data_after(candidate.resource, completed.steps)
    assert data["spec"]["template"]["metadata"]["labels"]["a"] == "b"
    assert "a" not in data["metadata"]["labels"]
    assert "a" not in data["spec"]["selector"]["matchLabels"]


def test_a_proposal_without_controller_has_no_template() -> None:
    """There is nothing to write labels in."""
    candidate, proposal = wrap(bare_pod())
    bare = dataclasses.replace(proposal, controller=None)
    assert complete(candidate, bare, (partner(proposal, ("a", "b")),)) is bare


def test_copies_stay_removed_when_a_wrap_is_completed() -> None:
    """The completed one does all that the first did."""
    files = {
        "a.yaml": bare_pod(name="web-0"),
        "b.yaml": bare_pod(name="web-1"),
        "kustomization.yaml": HEAD + "resources: [a.yaml, b.yaml]\n",
    }
    candidate, proposal = wrap(files, "Pod/web-0")
    completed = complete(candidate, proposal, (partner(proposal, ("a", "b")),))
    kustomization = resource_of(candidate, "Kustomization/")
    assert data_after(kustomization, completed.steps)["resources"] == ["a.yaml"]
