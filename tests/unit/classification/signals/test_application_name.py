"""The signal that sees containers which are called applications."""

from __future__ import annotations

import pytest

from service.classification.observation import Claim
from service.classification.signals.application_name import observe
from tests.support.classifying import context_of, seen, text_at, workload


def pod(name: str, image: str, more: str = "") -> str:
    """A workload with one container, and perhaps more fields of it."""
    return workload(f"containers: [{{name: {name}, image: {image}{more}}}]")


def test_a_word_of_applications_in_the_name_counts() -> None:
    """Once, whatever the image is called."""
    context = context_of(pod("cart-api", "shop/api"))
    assert seen(observe, context) == [
        ("application-name.word", Claim.APPLICATION, "cart-api", None)
    ]
    [observation] = observe(context)
    assert observation.message == "its name has the word 'cart', which people give to applications"
    assert text_at(observation.place) == "cart-api"


def test_a_word_in_the_images_own_name_counts_where_the_name_has_none() -> None:
    """The path before it is a company's or a team's."""
    context = context_of(pod("x", "shop/orders-api:2"))
    [observation] = observe(context)
    assert observation.message == (
        "its image has the word 'orders', which people give to applications"
    )
    assert text_at(observation.place) == "shop/orders-api:2"


def test_the_image_of_a_language_leaves_the_name_to_speak() -> None:
    """It holds somebody's own program."""
    assert seen(observe, context_of(pod("worker", "python:3"))) == [
        ("application-name.word", Claim.APPLICATION, "worker", None)
    ]


@pytest.mark.parametrize(
    ("name", "image"),
    [
        ("x", "shop/y"),
        ("webbing", "shop/apiary"),
        ("x", "web/y"),
        ("api", "mysql"),
        ("api", "fluent-bit"),
        ("api", "busybox"),
    ],
)
def test_other_names_and_known_images_say_nothing(name: str, image: str) -> None:
    """Whole words only, the last part of the path only; a known image says more than a name."""
    assert seen(observe, context_of(pod(name, image))) == []


@pytest.mark.parametrize(("name", "image"), [("api-proxy", "shop/y"), ("api", "shop/log")])
def test_a_word_of_helpers_beside_it_takes_it_back(name: str, image: str) -> None:
    """`api-proxy` is what stands before the API."""
    assert seen(observe, context_of(pod(name, image))) == []


def test_a_servers_image_that_runs_something_else_says_nothing() -> None:
    """Neither the image nor the name tells what its shell does."""
    assert seen(observe, context_of(pod("db", "mysql", ", command: [sleep, '9']"))) == []


def test_those_behind_a_known_image_are_looked_at_too() -> None:
    """It is skipped, and not the rest of the Pod."""
    context = context_of(
        workload("""
        containers:
        - {name: api, image: mysql}
        - {name: api-proxy, image: shop/x}
        - {name: web, image: shop/web}
        """)
    )
    assert seen(observe, context) == [("application-name.word", Claim.APPLICATION, "web", None)]
