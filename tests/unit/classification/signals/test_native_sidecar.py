"""The signal that sees init containers that never end."""

from __future__ import annotations

from service.classification.observation import Claim
from service.classification.signals.native_sidecar import observe
from tests.support.classifying import context_of, seen, text_at, workload


def test_an_init_container_that_restarts_always_helps() -> None:
    """Kubernetes runs it beside the others (KEP-753)."""
    context = context_of(
        workload("""
        containers: [{name: web, image: shop/web}]
        initContainers: [{name: proxy, image: shop/proxy, restartPolicy: Always}]
        """)
    )
    assert seen(observe, context) == [("native-sidecar.declared", Claim.HELPER, "proxy", None)]
    [observation] = observe(context)
    assert text_at(observation.place) == "Always"
    assert observation.message == (
        "it is an init container with restartPolicy: Always, which Kubernetes runs as a sidecar of"
        " the others"
    )
    assert observation.pattern is None


def test_an_init_container_that_ends_is_none() -> None:
    """It is gone before the others start."""
    context = context_of(
        workload("""
        containers: [{name: web, image: shop/web}]
        initContainers:
        - {name: once, image: shop/once}
        - {name: retried, image: shop/retried, restartPolicy: OnFailure}
        """)
    )
    assert seen(observe, context) == []


def test_a_regular_container_is_none_whatever_the_pod_says() -> None:
    """The Pod's own restart policy is that of every container."""
    context = context_of(
        workload("""
        restartPolicy: Always
        containers: [{name: web, image: shop/web}, {name: proxy, image: shop/proxy}]
        """)
    )
    assert seen(observe, context) == []
