"""The rule that finds Pods without a controller."""

from __future__ import annotations

import pytest

from service.findings import Severity
from service.rules.bare_pod import check
from tests.support.classifying import rule_input, text_of, workload, workloads_found

SPEC = "containers: [{name: web, image: shop/web}]"


def test_a_pod_without_an_owner_is_found() -> None:
    """At its kind."""
    run = rule_input(workload(SPEC, kind="Pod", name="web"))
    [finding] = check(run)
    assert (finding.rule, finding.severity) == ("bare-pod", Severity.WARNING)
    assert finding.workload == "Pod/web"
    assert finding.message == (
        "the Pod web has no controller: it is gone with its node, and has no rollout"
    )
    assert text_of(finding.location, run) == "kind"
    assert finding.related == ()


def test_a_patch_of_a_pod_is_none() -> None:
    """A container without an image is a part of something; no API server accepts it alone."""
    text = workload("containers: [{name: a}]", kind="Pod", name="web")
    assert list(check(rule_input(text))) == []


def test_each_pod_is_found() -> None:
    """One that is left alone doesn't end the search."""
    run = rule_input(
        workload(SPEC, kind="Pod", name="hook", annotations="{helm.sh/hook: test}"),
        workload(SPEC, name="shop"),
        workload(SPEC, kind="Pod", name="a"),
        workload(SPEC, kind="Pod", name="b"),
    )
    assert workloads_found(check(run)) == ["Pod/a", "Pod/b"]


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob"])
def test_controllers_are_none(kind: str) -> None:
    """Their Pods are made again."""
    assert list(check(rule_input(workload(SPEC, kind=kind)))) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("  name: web\n", "  name: web\n  ownerReferences: [{kind: Job, name: j}]\n"),
        ("annotations: {}", "annotations: {kubernetes.io/config.mirror: x}"),
        ("annotations: {}", "annotations: {argocd.argoproj.io/hook: PreSync}"),
        ("  name: web\n", "  generateName: web-\n"),
    ],
)
def test_pods_that_stay_bare_for_a_reason_are_none(old: str, new: str) -> None:
    """Owned, static, started by a tool, or made again under another name each time."""
    text = workload(SPEC, kind="Pod", name="web")
    assert workloads_found(check(rule_input(text))) == ["Pod/web"]
    assert old in text
    assert list(check(rule_input(text.replace(old, new)))) == []
