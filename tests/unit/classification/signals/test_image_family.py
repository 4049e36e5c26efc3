"""The signal that sees two processes of one product."""

from __future__ import annotations

import pytest

from service.classification.observation import Claim
from service.classification.signals.image_family import observe
from tests.support.classifying import context_of, seen, text_at, workload


def pod(one: str, other: str) -> str:
    """A workload with two containers."""
    return workload(f"containers: [{{name: web, {one}}}, {{name: worker, {other}}}]")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("image: shop/app:5, args: [serve]", "image: shop/app:5, args: [work]"),
        ("image: shop/app:5", "image: shop/app:6, args: [work]"),
        ("image: r.example/shop/app, command: [a]", "image: shop/app, command: [b]"),
        ("image: nginx, args: [a]", "image: nginx, args: [b]"),
    ],
)
def test_one_repository_with_two_commands_is_one_product(one: str, other: str) -> None:
    """Whatever the registry and the tag."""
    context = context_of(pod(one, other))
    assert seen(observe, context) == [("image-family.same", Claim.TOGETHER, "web", "worker")]
    [observation] = observe(context)
    assert observation.message == "runs an image of the same repository as worker: one product"
    assert text_at(observation.place) in one


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("image: shop/app, args: [a]", "image: shop/other, args: [b]"),
        ("image: shop/app, args: [a]", "image: app, args: [b]"),
        ("image: shop/app, args: [a]", "image: shop/app, args: [a]"),
        ("image: shop/app:1", "image: shop/app:2"),
        ("image: busybox, args: [a]", "image: busybox, args: [b]"),
        ("image: python, args: [a]", "image: python, args: [b]"),
        ("args: [a]", "args: [b]"),
    ],
)
def test_other_products_copies_and_images_of_anybody_say_nothing(one: str, other: str) -> None:
    """Another repository; the same command; a tool or a language; no image at all."""
    assert seen(observe, context_of(pod(one, other))) == []


def test_what_one_pair_is_not_another_may_be() -> None:
    """Every pair is looked at."""
    context = context_of(
        workload("""
        containers:
        - {name: t, image: busybox, args: [a]}
        - {name: u, image: busybox, args: [b]}
        - {name: v, args: [a]}
        - {name: w, args: [b]}
        - {name: a, image: shop/app}
        - {name: b, image: shop/app}
        - {name: c, image: shop/app, args: [work]}
        """)
    )
    assert seen(observe, context) == [
        ("image-family.same", Claim.TOGETHER, "a", "c"),
        ("image-family.same", Claim.TOGETHER, "b", "c"),
    ]
