"""The signal that sees two applications."""

from __future__ import annotations

from itertools import combinations

import pytest

from service.classification.classify import classify
from service.classification.knowledge import load_catalogue
from service.classification.knowledge.weights import load_weights
from service.classification.observation import Claim
from service.classification.signals.two_applications import observe
from tests.support.classifying import context_of, seen, workload


def pod(*containers: str) -> str:
    """A workload with some containers."""
    return workload("containers: [" + ", ".join(f"{{{item}}}" for item in containers) + "]")


PORT = "ports: [{containerPort: 80}]"


@pytest.mark.parametrize(
    ("one", "other", "cases"),
    [
        (f"name: a, image: x/a, {PORT}", f"name: b, image: x/b, {PORT}", ["both"]),
        (f"name: web, image: x/a, {PORT}", f"name: b, image: x/b, {PORT}", ["both"]),
        ("name: web, image: x/a", "name: api, image: x/b", ["both", "roles"]),
        ("name: c1, image: x/web", "name: c2, image: x/api", ["both", "roles"]),
        ("name: web, image: x/a", "name: ui, image: x/b", ["both"]),
        ("name: web, image: nginx", "name: api, image: python", ["both", "roles"]),
        (f"name: a, image: x/a, {PORT}", "name: b, image: x/b", []),
        (f"name: a, image: x/a, {PORT}", f"name: b, image: x/a, {PORT}", []),
        (f"name: a, image: x/a, {PORT}", f"name: b-proxy, image: x/b, {PORT}", []),
        (f"name: a, image: x/a, {PORT}", f"name: b, image: x/log-shipper, {PORT}", []),
        (f"name: a, image: x/a, {PORT}", f"name: b, image: x/b, args: [proxy], {PORT}", []),
        (f"name: a, image: x/a, {PORT}", f"name: b, image: fluent-bit, {PORT}", []),
        (f"name: a, image: x/a, {PORT}", f"name: b, image: envoyproxy/envoy, {PORT}", []),
        (f"name: a, image: x/a, {PORT}", "name: b, image: redis, ports: [{containerPort: 1}]", []),
        (f"name: a, image: x/a, {PORT}", f"name: b, {PORT}", []),
    ],
)
def test_two_that_look_like_applications_are_apart(one: str, other: str, cases: list[str]) -> None:
    """A port or a word for a part of a product shows it; a helper's word, an image that is made to
    help, one repository or a cache of nobody's own don't.
    """
    context = context_of(pod(one, other), catalogue=load_catalogue())
    names = tuple(container.name for container in context.classified_containers)
    assert seen(observe, context) == [
        (f"two-applications.{case}", Claim.APART, *names) for case in cases
    ]


def test_what_they_do_is_said() -> None:
    """Of both."""
    both, roles = observe(
        context_of(pod("name: web, image: x/a", f"name: api, image: x/b, {PORT}"))
    )
    assert both.message == (
        "is named for a part of a product, as api serves traffic of its own; neither is called a"
        " helper"
    )
    assert roles.message == "is named for a frontend ('web'), and api for a backend ('api')"


FRONTENDS = ("frontend", "web", "ui", "front", "fe", "webapp", "site", "react", "storefront")
BACKENDS = ("backend", "api", "be", "rest", "api-server", "graphql")


def confidence(*containers: str) -> float:
    """How sure it is that they are two."""
    context = context_of(pod(*containers), catalogue=load_catalogue())
    classification = classify(context, load_weights())
    assert len(classification.groups) == 2, containers
    return classification.boundary_confidence()


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("frontend", FRONTENDS)
def test_a_frontend_and_its_backend_are_two_applications(frontend: str, backend: str) -> None:
    """By name or by image, with ports or without, and whoever calls whom."""
    env = "env: [{name: API_URL, value: 'http://localhost:3000'}]"
    ports = "ports: [{containerPort: 80}]", "ports: [{containerPort: 3000}]"
    one, other = f"name: {frontend}, image: x/{frontend}", f"name: {backend}, image: x/{backend}"
    assert confidence(f"{one}, {ports[0]}", f"{other}, {ports[1]}") >= 0.8
    assert confidence(one, other) >= 0.8
    assert confidence(f"{one}, {ports[0]}, {env}", f"{other}, {ports[1]}") >= 0.8
    by_image = f"name: c1, image: x/{frontend}", f"name: c2, image: x/{backend}"
    assert confidence(f"{by_image[0]}, {ports[0]}", f"{by_image[1]}, {ports[1]}") >= 0.8
    in_nginx = f"name: {frontend}, image: 'nginx:1.27', {ports[0]}"
    assert confidence(in_nginx, f"{other}, {ports[1]}") >= 0.8


def test_plain_names_with_ports_are_two_applications() -> None:
    """Nothing says that one helps the other."""
    names = ("one", "two", "shop", "orders", "main", "first")
    for one, other in combinations(names, 2):
        pair = (
            f"name: {one}, image: x/{one}, ports: [{{containerPort: 80}}]",
            f"name: {other}, image: x/{other}, ports: [{{containerPort: 3000}}]",
        )
        assert confidence(*pair) >= 0.8


def test_an_application_and_its_database_are_two() -> None:
    """Whether the application declares a port or not."""
    for store in ("mysql:8", "postgres:17", "mongo:8"):
        database = f"name: store, image: '{store}'"
        assert confidence("name: app, image: x/app", database) >= 0.8
        assert confidence(f"name: app, image: x/app, {PORT}", database) >= 0.8
