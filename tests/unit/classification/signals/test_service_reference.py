"""The signal that sees containers which call each other through a Service."""

from __future__ import annotations

import pytest

from service.classification.observation import Claim
from service.classification.signals.service_reference import observe
from tests.support.classifying import context_of, seen, service, text_at, workload


def pod(web: str) -> str:
    """A workload whose `web` is told something, beside `api`."""
    return workload(f"""
    containers:
    - {{name: web, image: shop/web, ports: [{{containerPort: 8080}}], {web}}}
    - {{name: api, image: shop/api, ports: [{{containerPort: 3000}}]}}
    """)


API = service("shop-api", "[{port: 3000}]")
ENV = "env: [{name: API, value: 'http://shop-api:3000'}]"


@pytest.mark.parametrize(
    "web",
    [
        ENV,
        "env: [{name: API, value: shop-api}]",
        "env: [{name: API, value: shop-api.prod.svc}]",
        "args: ['--api=http://shop-api/v1']",
        "command: [run, 'shop-api:3000']",
    ],
)
def test_the_name_of_a_service_of_a_neighbour_sets_the_two_apart(web: str) -> None:
    """As a host, wherever the container is told of it."""
    context = context_of(pod(web), API)
    assert seen(observe, context) == [("service-reference.dns", Claim.APART, "web", "api")]


def test_the_message_names_the_service() -> None:
    """And the place is the text with the name."""
    [observation] = observe(context_of(pod(ENV), API))
    assert observation.message == (
        "reaches api through the Service shop-api rather than on localhost"
    )
    assert text_at(observation.place) == "'http://shop-api:3000'"


def test_a_service_of_two_ports_of_one_container_is_its_own() -> None:
    """Ports that lead to nobody don't count."""
    context = context_of(
        pod(ENV), service("shop-api", "[{port: 1}, {port: 3000}, {port: 2, targetPort: 3000}]")
    )
    assert seen(observe, context) == [("service-reference.dns", Claim.APART, "web", "api")]


def test_one_service_is_told_of_several() -> None:
    """The others are looked at too."""
    context = context_of(
        pod("env: [{name: A, value: 'http://shop-api:3000'}, {name: B, value: 'http://own'}]"),
        service("own", "[{port: 8080}]"),
        service("more", "[{port: 3000}]"),
        API,
    )
    assert seen(observe, context) == [("service-reference.dns", Claim.APART, "web", "api")]


@pytest.mark.parametrize(
    ("web", "services"),
    [
        (ENV, []),
        (ENV, [service("shop-api", "[{port: 8080}]")]),
        (ENV, [service("shop-api", "[{port: 3000}, {port: 8080}]")]),
        (ENV, [service("shop-api", "[{port: 9}]")]),
        (ENV, [service("shop-api", "[{port: 3000}]", "{app: other}")]),
        (ENV, [service("api", "[{port: 3000}]")]),
        ("env: [{name: API, value: 'a shop-api of ours'}]", [API]),
        ("args: ['/shop-api/v1']", [API]),
        ("tty: true", [API]),
    ],
)
def test_other_services_and_other_words_say_nothing(web: str, services: list[str]) -> None:
    """No Service; its own; one of both containers, of nobody, of other Pods; another name; a word
    that is no host.
    """
    assert seen(observe, context_of(pod(web), *services)) == []
