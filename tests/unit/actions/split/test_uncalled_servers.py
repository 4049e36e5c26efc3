"""Servers that nobody is seen to reach."""

from __future__ import annotations

import pytest

from service.actions.split.addresses import AddressChanges, rewire_addresses
from service.actions.split.uncalled_servers import (
    add_services_for_uncalled_servers,
    traffic_through_services,
)
from service.assumptions import AssumptionCode
from service.change import TrafficFlow
from service.refusals import Refusal
from tests.support.candidates import (
    candidate_of,
    codes_of,
    plan_of,
    refusal_of,
    service,
    shop,
)

POSTGRES = "image: 'postgres:17', ports: [{containerPort: 5432}]"


def served(text: str) -> AddressChanges:
    plan = plan_of(candidate_of(text, "Deployment/shop"))
    return add_services_for_uncalled_servers(plan, rewire_addresses(plan))


def test_a_server_gets_a_service_and_its_callers_are_told() -> None:
    """They may reach it on localhost by default."""
    changes = served(shop(api=POSTGRES))
    assert [new.name for new in changes.objects] == ["shop-api"]
    assert changes.possible_traffic == {TrafficFlow(0, 1, 5432)}
    assert changes.traffic == frozenset()
    assert codes_of(changes.assumptions) == [AssumptionCode.ADDRESS_DEFAULT]
    (assumption,) = changes.assumptions
    assert assumption.message == (
        "nothing shows how front reaches api: if it uses localhost by default, set its address to"
        " shop-api:5432"
    )


@pytest.mark.parametrize(
    "text",
    [
        shop() + service("api", "{port: 3000}"),
        shop(front="env: [{name: API, value: 'http://localhost:3000'}]"),
        shop(api="ports: []"),
    ],
)
def test_a_server_that_is_reached_or_has_no_port_gets_none_of_its_own(text: str) -> None:
    """But is called no more on localhost in ways that nobody sees."""
    changes = served(text)
    assert changes.possible_traffic == frozenset()
    assert AssumptionCode.ADDRESS_DEFAULT not in codes_of(changes.assumptions)
    assert AssumptionCode.NO_HIDDEN_LOCALHOST in codes_of(changes.assumptions)


@pytest.mark.parametrize(
    ("api", "refusal"),
    [
        ("image: 'postgres:17', ports: [{containerPort: 80}]", Refusal.UNDECLARED_PORT),
        ("image: 'postgres:17', ports: [{containerPort: 81}]", None),
        ("image: acme/api, ports: [{containerPort: 80}]", None),
    ],
)
def test_a_port_that_another_declares_too_is_not_that_of_a_known_server(
    api: str, refusal: Refusal | None
) -> None:
    """Its image listens elsewhere."""
    assert refusal_of(lambda: served(shop(api=api))) is refusal


def test_what_is_said_through_services_is_traffic() -> None:
    """From a group to another, where a container is told the Service's name."""
    told = "env: [{name: API, value: 'http://api:8080'}]"
    services = service("api", "{port: 8080, targetPort: 3000}") + service("front")
    plan = plan_of(candidate_of(shop(told) + services))
    assert traffic_through_services(plan) == {TrafficFlow(0, 1, 3000)}
    init = f"initContainers: [{{name: init-front, image: a, {told}}}]"
    plan = plan_of(candidate_of(shop(pod=init) + services))
    assert traffic_through_services(plan) == {TrafficFlow(0, 1, 3000)}
    own = plan_of(candidate_of(shop(told.replace("api:8080", "front")) + services))
    assert traffic_through_services(own) == frozenset()
    unknown = service("api", "{port: 8080, targetPort: web}")
    assert traffic_through_services(plan_of(candidate_of(shop(told) + unknown))) == frozenset()
