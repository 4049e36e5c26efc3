"""What is told elsewhere than in containers, or can't be seen at all: ConfigMaps, defaults in
programs, and calls by a Service's name.
"""

from __future__ import annotations

from dataclasses import replace

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
    manifest,
    plan_of,
    refusal_of,
    service,
    shop,
)

POSTGRES = "image: 'postgres:17', ports: [{containerPort: 5432}]"


def env(value: str, name: str = "API") -> str:
    return f"env: [{{name: {name}, value: '{value}'}}]"


def rewired(text: str, kind_and_name: str | None = None) -> AddressChanges:
    plan = plan_of(candidate_of(text, kind_and_name))
    changes = add_services_for_uncalled_servers(plan, rewire_addresses(plan))
    return replace(changes, traffic=changes.traffic | traffic_through_services(plan))


def refusal_for(text: str) -> Refusal | None:
    return refusal_of(lambda: rewired(text, "Deployment/shop"))


# ConfigMaps

FROM = "envFrom: [{configMapRef: {name: conf}}]"


def config(content: str = "data: {API: 'http://localhost:3000'}", metadata: str = "") -> str:
    return manifest("v1 ConfigMap", "conf", content, metadata=metadata)


def config_texts(text: str) -> list[tuple[str, int]]:
    """The texts in ConfigMaps afterwards, with the group that reads each."""
    changes = rewired(text, "Deployment/shop")
    return [(value.text, value.group) for value in changes.config_values.values()]


def test_a_config_map_of_one_group_is_changed() -> None:
    """Its reader is told the Service's name."""
    assert config_texts(shop(FROM) + config()) == [("http://shop-api:3000", 0)]
    other = config("data: {WEB: 'http://localhost:80'}")
    assert config_texts(shop(api=FROM) + other) == [("http://shop:80", 1)]


def test_a_changed_config_map_tells_a_services_name() -> None:
    """Though nothing else is changed or made."""
    changes = rewired(shop(FROM) + config() + service("api", "{port: 3000}"), "Deployment/shop")
    assert (changes.values, changes.objects) == ({}, ())
    assert changes.are_any


def test_every_address_of_one_value_is_changed() -> None:
    """A second reference to the same place builds on the first."""
    api = "ports: [{containerPort: 3000}, {containerPort: 3001}]"
    both = config("data: {a: 'localhost:3000 localhost:3001 localhost:3000'}")
    assert config_texts(shop(FROM, api) + both) == [
        ("shop-api:3000 shop-api-2:3001 shop-api:3000", 0)
    ]


def test_an_address_to_listen_on_stays_beside_one_to_call() -> None:
    """What listens there is its own."""
    text = config('data: {a: "listen localhost:3000\\nupstream localhost:3000"}')
    assert config_texts(shop(FROM) + text) == [("listen localhost:3000\nupstream shop-api:3000", 0)]


READER = (
    "---\napiVersion: v1\nkind: Pod\nmetadata: {name: r}\n"
    "spec: {containers: [{name: r, image: a, %s}]}\n"
)


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        (shop(FROM) + config(), None),
        (shop(FROM, FROM) + config(), Refusal.LOCALHOST_IN_CONFIGMAP),
        (shop(FROM) + config() + READER % FROM, Refusal.LOCALHOST_IN_CONFIGMAP),
        (shop(FROM) + config() + READER % "", None),
        (
            shop(FROM) + config("immutable: true, data: {API: 'localhost:3000'}"),
            Refusal.LOCALHOST_IN_CONFIGMAP,
        ),
        (shop(FROM) + config("immutable: false, data: {API: 'localhost:3000'}"), None),
        (shop(FROM) + config(metadata="namespace: a"), Refusal.LOCALHOST_IN_CONFIGMAP),
        (shop(FROM, metadata="namespace: a") + config(metadata="namespace: a"), None),
    ],
)
def test_a_config_map_is_changed_where_nobody_else_reads_it(
    text: str, refusal: Refusal | None
) -> None:
    """And where it surely is this workload's, and may change."""
    assert refusal_for(text) is refusal


def test_two_containers_of_one_group_may_read_a_config_map() -> None:
    """Both are told the same."""
    key = "{name: LEVEL, valueFrom: {configMapKeyRef: {name: conf, key: level}}}"
    helper = f"name: helper, image: acme/helper, env: [{key}]"
    text = shop(FROM, others=[helper], roles="front=main,api=unrelated,helper=sidecar")
    assert config_texts(text + config()) == [("http://shop-api:3000", 0)]


# What can't be seen


def test_a_server_that_nobody_is_seen_to_reach_gets_a_service() -> None:
    """It may be reached on localhost by default: that is said, and may be traffic."""
    changes = rewired(shop(api=POSTGRES))
    assert [new.name for new in changes.objects] == ["shop-api"]
    assert codes_of(changes.assumptions) == [AssumptionCode.ADDRESS_DEFAULT]
    assert changes.possible_traffic == {TrafficFlow(0, 1, 5432)}
    assert changes.traffic == frozenset()


@pytest.mark.parametrize(
    "text",
    [
        shop(env("postgres://localhost:5432"), POSTGRES),
        shop(api=POSTGRES) + service("db", "{port: 5432}"),
    ],
)
def test_a_server_that_is_reached_needs_no_other_service(text: str) -> None:
    """By an address that is seen, or by a Service."""
    changes = rewired(text)
    assert changes.assumptions == ()
    assert changes.possible_traffic == frozenset()


def test_a_program_without_ports_is_not_reached() -> None:
    """There is nothing that a Service could lead to."""
    changes = rewired(shop(api="ports: []"))
    assert changes.objects == ()
    assert codes_of(changes.assumptions) == [AssumptionCode.NO_HIDDEN_LOCALHOST]


def test_two_applications_may_call_each_other_in_ways_that_are_not_seen() -> None:
    """What stays is found where it was; what moves gets a Service, or has one."""
    changes = rewired(shop() + service("api", "{port: 3000}"))
    assert codes_of(changes.assumptions) == [AssumptionCode.NO_HIDDEN_LOCALHOST]
    assert changes.objects == ()


def test_two_stores_call_nobody() -> None:
    """Nothing is said of them, and nothing made."""
    changes = rewired(shop("image: 'postgres:17'", "image: 'redis:7'"))
    assert changes == AddressChanges()


def test_a_store_that_stays_is_served_where_an_application_moves() -> None:
    """The application called it, and not the other way."""
    changes = rewired(shop(POSTGRES, "ports: []"))
    assert changes.possible_traffic == {TrafficFlow(1, 0, 5432)}
    assert [new.name for new in changes.objects] == ["shop"]


def test_one_assumption_explains_each_application_once() -> None:
    """The default address of the moved one says it of both."""
    changes = rewired(shop())
    assert codes_of(changes.assumptions) == [AssumptionCode.ADDRESS_DEFAULT]


# What goes through Services already


@pytest.mark.parametrize(
    ("front", "ports", "flows"),
    [
        (env("http://api:3000"), "{port: 3000}", {TrafficFlow(0, 1, 3000)}),
        (env("http://api"), "{port: 80, targetPort: 3000}", {TrafficFlow(0, 1, 3000)}),
        (env("http://api"), "{port: 80}", set()),
        (env("http://api"), "{port: 81, targetPort: rest}", {TrafficFlow(0, 1, 3000)}),
        (env("http://api"), "{port: 81, targetPort: none}", set()),
        (env("http://api"), "{port: 9999}", set()),
        (env("http://other"), "{port: 3000}", set()),
        ("", "{port: 3000}", set()),
    ],
)
def test_a_call_by_a_services_name_becomes_traffic_between_groups(
    front: str, ports: str, flows: set[TrafficFlow]
) -> None:
    """From one Pod to itself no policy held it up."""
    api = "ports: [{containerPort: 3000, name: rest}]"
    changes = rewired(shop(front, api) + service("api", ports))
    assert changes.traffic == flows
