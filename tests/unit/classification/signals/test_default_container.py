"""The signal that reads which container kubectl takes."""

from __future__ import annotations

import pytest

from service.classification.observation import Claim
from service.classification.signals.default_container import observe
from tests.support.classifying import context_of, seen, text_at, workload

SPEC = "containers: [{name: web, image: shop/web}, {name: istio-proxy, image: istio/proxyv2}]"


@pytest.mark.parametrize(
    "annotation",
    ["kubectl.kubernetes.io/default-container", "kubectl.kubernetes.io/default-logs-container"],
)
def test_the_named_container_is_what_people_mean(annotation: str) -> None:
    """Both annotations name it."""
    context = context_of(workload(SPEC, pod_annotations=f"{{{annotation}: web}}"))
    assert seen(observe, context) == [("default-container.named", Claim.HEAD, "web", None)]
    [observation] = observe(context)
    assert observation.scale == 1.0
    assert observation.message == f"the annotation {annotation} names it"
    assert text_at(observation.place) == "web"


def test_it_counts_less_beside_an_injected_container() -> None:
    """A mesh sets the annotation by itself."""
    context = context_of(
        workload(
            SPEC,
            pod_annotations="{kubectl.kubernetes.io/default-container: web,"
            " sidecar.istio.io/status: '{}'}",
        )
    )
    [observation] = observe(context)
    assert observation.scale == 0.3


@pytest.mark.parametrize(
    "annotations", ["{}", "{kubectl.kubernetes.io/default-container: gone}", "{default: web}"]
)
def test_nobody_named_here_says_nothing(annotations: str) -> None:
    """No annotation, another container, another annotation."""
    assert seen(observe, context_of(workload(SPEC, pod_annotations=annotations))) == []


def test_the_workloads_own_annotation_says_nothing() -> None:
    """kubectl reads that of the Pod."""
    context = context_of(
        workload(SPEC, annotations="{kubectl.kubernetes.io/default-container: web}")
    )
    assert seen(observe, context) == []
