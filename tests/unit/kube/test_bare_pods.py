"""Pods that have no controller for a reason."""

from __future__ import annotations

import pytest

from service.kube.bare_pods import is_fragment, reason_to_stay_bare
from service.kube.workloads import Workload
from service.refusals import Refusal
from tests.support.candidates import bare_pod, candidate_of


def pod(text: str, path: str = "pod.yaml") -> Workload:
    """A Pod in a file."""
    return candidate_of({path: text}).workload


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        (bare_pod(), None),
        (bare_pod(metadata="ownerReferences: [{kind: Job, name: a}]"), Refusal.OWNED),
        (bare_pod(metadata="ownerReferences: []"), None),
        (bare_pod(metadata="annotations: {kubernetes.io/config.mirror: a}"), Refusal.STATIC_POD),
        (bare_pod(metadata="annotations: {kubernetes.io/config.source: f}"), Refusal.STATIC_POD),
        (bare_pod(metadata="labels: {tier: control-plane}"), Refusal.STATIC_POD),
        (bare_pod(metadata="labels: {tier: web}"), None),
        (
            bare_pod(pod="volumes: [{name: a, hostPath: {path: /etc/kubernetes/pki}}]"),
            Refusal.STATIC_POD,
        ),
        (bare_pod(pod="volumes: [{name: a, hostPath: {path: /etc/kubernetes2}}]"), None),
        (bare_pod(metadata="namespace: kube-system", pod="hostNetwork: true"), Refusal.STATIC_POD),
        (bare_pod(metadata="namespace: shop", pod="hostNetwork: true"), None),
        (bare_pod(metadata="namespace: kube-system"), None),
        (bare_pod(metadata="annotations: {helm.sh/hook: test}"), Refusal.HOOK),
        (bare_pod(metadata="annotations: {argocd.argoproj.io/hook: Sync}"), Refusal.HOOK),
        (bare_pod().replace("name: web, labels", "labels"), Refusal.NO_NAME),
        (
            bare_pod().replace("name: web, labels", "generateName: w-, labels"),
            Refusal.GENERATE_NAME,
        ),
    ],
)
def test_some_pods_are_bare_for_a_reason(text: str, refusal: Refusal | None) -> None:
    """Each with a reason that says what to do instead."""
    reason = reason_to_stay_bare(pod(text))
    assert (reason and reason[0]) == refusal


@pytest.mark.parametrize(
    ("path", "is_static"),
    [
        ("etc/kubernetes/manifests/a.yaml", True),
        ("roles/kubernetes/files/manifests/a.yaml", True),
        ("manifests/kubernetes/a.yaml", False),
        ("kubernetes/a.yaml", False),
        ("manifests/a.yaml", False),
    ],
)
def test_a_kubelet_starts_what_lies_in_its_folder(path: str, is_static: bool) -> None:
    """A folder `manifests` below one called `kubernetes`."""
    reason = reason_to_stay_bare(pod(bare_pod(), path))
    assert (reason is not None) is is_static


def test_a_container_without_image_is_part_of_something() -> None:
    """No API server takes it."""
    assert is_fragment(pod(bare_pod(others=["name: b"])))
    assert not is_fragment(pod(bare_pod(others=["name: b, image: b"])))
