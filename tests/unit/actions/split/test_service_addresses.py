"""What a container's port is reached by from another Pod."""

from __future__ import annotations

import pytest

from service.actions.split.service_addresses import (
    ServiceAddress,
    about_variables,
    check_single,
    existing_address,
    new_service,
)
from service.findings import Stage
from service.refusals import Refusal
from tests.support.candidates import candidate_of, plan_of, refusal_of, service, shop, written

POSTGRES = "image: 'postgres:17', ports: [{containerPort: 5432}]"


@pytest.mark.parametrize(
    ("services", "expected"),
    [
        ("", None),
        (service("api", "{port: 3000}"), ServiceAddress("api", 3000)),
        (service("api", "{port: 80, targetPort: 3000}"), ServiceAddress("api", 80)),
        (service("api", "{port: 3000, protocol: UDP}"), None),
        (service("api", "{port: 3000}", spec="clusterIP: None"), None),
        (service("front", "{port: 80}"), None),
        (service("other", "{port: 3000}", selector="app: other"), None),
    ],
)
def test_a_service_that_leads_there_is_used(services: str, expected: ServiceAddress | None) -> None:
    """One with an address of its own, over TCP."""
    plan = plan_of(candidate_of(shop() + services, "Deployment/shop"))
    api = plan.candidate.workload.containers[1]
    assert existing_address(plan, api, 3000) == expected


def test_a_new_service_selects_the_group() -> None:
    """In its namespace, and before anybody is led there."""
    plan = plan_of(candidate_of(shop(metadata="namespace: a, labels: {app: shop}")))
    made = new_service(plan, plan.candidate.workload.containers[1], 3000)
    assert (made.kind, made.name, made.stage) == ("Service", "shop-api", Stage.ADD)
    assert written(made.tree) == {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "shop-api", "namespace": "a", "labels": {"app": "shop-api"}},
        "spec": {
            "selector": {"app": "shop-api"},
            "ports": [{"port": 3000, "targetPort": 3000}],
        },
    }


def test_a_name_that_is_taken_gets_that_of_the_container_behind_it() -> None:
    """So that it says what it leads to."""
    text = shop() + service("shop-api", "{port: 1}", selector="app: other")
    plan = plan_of(candidate_of(text, "Deployment/shop"))
    assert new_service(plan, plan.candidate.workload.containers[1], 3000).name == "shop-api-api"


@pytest.mark.parametrize(
    ("api", "pod", "is_said"),
    [
        ("image: acme/shop-api", "", True),
        ("", "", False),
        ("image: acme/shop-api", "enableServiceLinks: false", False),
    ],
)
def test_variables_for_a_program_of_the_services_name_are_said(
    api: str, pod: str, is_said: bool
) -> None:
    """SHOP_API_PORT may be read by a program called shop-api."""
    plan = plan_of(candidate_of(shop(api=api, pod=pod)))
    made = new_service(plan, plan.candidate.workload.containers[1], 3000)
    assert (about_variables(plan.candidate, made) is not None) is is_said


@pytest.mark.parametrize(
    ("spec", "api", "refusal"),
    [
        ("replicas: 1", POSTGRES, None),
        ("replicas: 2", POSTGRES, Refusal.REPLICATED_DATASTORE),
        ("replicas: 2", "", None),
    ],
)
def test_a_store_of_several_replicas_is_not_put_behind_a_service(
    spec: str, api: str, refusal: Refusal | None
) -> None:
    """Each request would find another one's data."""
    candidate = candidate_of(shop(api=api, spec=spec))
    container = candidate.workload.containers[1]
    assert refusal_of(lambda: check_single(candidate, container)) is refusal
