"""The signal that knows containers which something else put into the Pod."""

from __future__ import annotations

import pytest

from service.classification.observation import Claim
from service.classification.signals.injected import injected_names, observe
from service.findings import Pattern
from tests.support.classifying import context_of, seen, text_at, workload


def pod(names: str, annotation: str, value: str = "x") -> str:
    """A workload with containers of some names, and an annotation on its template."""
    containers = "".join(f"- {{name: {name}, image: shop/{name}}}\n" for name in names.split())
    return workload(f"containers:\n{containers}", pod_annotations=f"{{{annotation}: '{value}'}}")


@pytest.mark.parametrize(
    ("name", "annotation", "pattern"),
    [
        ("istio-proxy", "sidecar.istio.io/status", Pattern.MESH),
        ("linkerd-proxy", "linkerd.io/proxy-version", Pattern.MESH),
        ("daprd", "dapr.io/enabled", Pattern.MESH),
        ("vault-agent", "vault.hashicorp.com/agent-inject-status", Pattern.SECRETS),
        ("consul-dataplane", "consul.hashicorp.com/connect-inject-status", Pattern.MESH),
        ("envoy-sidecar", "consul.hashicorp.com/connect-inject-status", Pattern.MESH),
        ("kuma-sidecar", "kuma.io/sidecar-injected", Pattern.MESH),
    ],
)
def test_a_name_with_its_injectors_annotation_is_injected(
    name: str, annotation: str, pattern: Pattern
) -> None:
    """The two together are the injector's mark."""
    context = context_of(pod(f"web {name}", annotation))
    assert seen(observe, context) == [("injected.marked", Claim.HELPER, name, None)]
    [observation] = observe(context)
    assert observation.pattern is pattern
    assert observation.message == f"the annotation {annotation} says that it was injected"
    assert text_at(observation.place) == name


@pytest.mark.parametrize(
    "status",
    [
        '{"containers": ["gate"]}',
        '{"initContainers": ["gate"]}',
        '{"containers": ["gone"], "initContainers": ["gate", 7, ["x"]]}',
    ],
)
def test_what_istio_lists_is_injected_whatever_its_name(status: str) -> None:
    """Names that are not in the Pod, and what is no name, are left out."""
    context = context_of(pod("web gate", "sidecar.istio.io/status", status))
    assert injected_names(context.workload) == {"gate": ("sidecar.istio.io/status", Pattern.MESH)}


def test_a_regular_container_without_its_annotation_was_written_by_hand() -> None:
    """The name alone is no mark."""
    assert seen(observe, context_of(pod("web istio-proxy", "linkerd.io/proxy-version"))) == []


@pytest.mark.parametrize(
    "status",
    ["", "no JSON", "[]", '"text"', "7", '{"containers": 7}', '{"containers": null}', "[" * 9999],
)
def test_a_status_that_cannot_be_read_lists_nothing(status: str) -> None:
    """The annotation may hold anything."""
    assert seen(observe, context_of(pod("web gate", "sidecar.istio.io/status", status))) == []


def test_an_annotation_on_the_workload_counts_too() -> None:
    """Injectors read some of theirs there."""
    context = context_of(
        workload(
            "containers: [{name: web, image: shop/web}, {name: daprd, image: shop/daprd}]",
            annotations="{dapr.io/enabled: 'true'}",
        )
    )
    assert seen(observe, context) == [("injected.marked", Claim.HELPER, "daprd", None)]


def test_an_injected_init_container_is_known_and_not_classified() -> None:
    """A Pod with one is not rewritten either."""
    context = context_of(
        workload(
            """
            containers: [{name: web, image: shop/web}]
            initContainers: [{name: istio-init, image: istio/proxyv2}]
            """,
            pod_annotations='{sidecar.istio.io/status: \'{"initContainers": ["istio-init"]}\'}',
        )
    )
    assert list(injected_names(context.workload)) == ["istio-init"]
    assert seen(observe, context) == []
