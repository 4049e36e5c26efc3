"""The signal that sees two processes of one product, or copies of one."""

from __future__ import annotations

import pytest

from service.classification.observation import Claim
from service.classification.signals.image_family import observe
from tests.support.classifying import context_of, seen, text_at, workload


def pod(one: str, other: str) -> str:
    """A workload with two containers."""
    return workload(f"containers: [{{name: web, {one}}}, {{name: hook, {other}}}]")


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
    assert seen(observe, context) == [("image-family.same", Claim.TOGETHER, "web", "hook")]
    [observation] = observe(context)
    assert observation.message == "runs an image of the same repository as hook: one product"
    assert text_at(observation.place) in one


PORT = "ports: [{containerPort: 80}]"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("image: shop/app, args: [a]", "image: shop/other, args: [b]"),
        ("image: shop/app, args: [a]", "image: app, args: [b]"),
        ("image: busybox, args: [a]", "image: busybox, args: [b]"),
        ("image: python, args: [a]", "image: python, args: [b]"),
        ("args: [a]", "args: [b]"),
    ],
)
def test_other_products_and_images_of_anybody_say_nothing(one: str, other: str) -> None:
    """Another repository; a tool or a language; no image at all."""
    assert seen(observe, context_of(pod(one, other))) == []


@pytest.mark.parametrize(
    ("one", "other", "case"),
    [
        (f"image: shop/app:1, {PORT}", "image: shop/app:2, ports: [{containerPort: 81}]", "copies"),
        (f"image: shop/app, {PORT}, args: [--a=b]", f"image: shop/app, {PORT}", "copies"),
        (f"image: shop/app, {PORT}, args: [-c, d]", f"image: shop/app, {PORT}", "copies"),
        (f"image: shop/app, {PORT}, args: [run]", f"image: shop/app, {PORT}", "same"),
        ("image: shop/app:1", "image: shop/app:2", "same"),
        (f"image: shop/app, {PORT}", "image: shop/app, args: [worker]", "worker"),
        (f"image: shop/app, {PORT}", "image: shop/app, command: [celery, -A, shop]", "worker"),
        (f"image: shop/app, {PORT}", "image: shop/app, args: [cron]", "same"),
        ("image: shop/app", "image: shop/app, args: [worker]", "same"),
    ],
)
def test_copies_of_a_server_and_workers_beside_one_are_apart(
    one: str, other: str, case: str
) -> None:
    """Options make no other program of one; what doesn't serve is no copy, nor worker of one."""
    claim = Claim.TOGETHER if case == "same" else Claim.APART
    expected = [(f"image-family.{case}", claim, "web", "hook")]
    assert seen(observe, context_of(pod(one, other))) == expected


def test_who_is_called_a_helper_is_no_copy() -> None:
    """A sentinel runs the image of what it watches."""
    text = workload(f"""
    containers:
    - {{name: redis, image: redis, {PORT}}}
    - {{name: sentinel, image: redis, ports: [{{containerPort: 26379}}]}}
    """)
    assert [case for case, *_ in seen(observe, context_of(text))] == ["image-family.same"]


def test_every_pair_is_looked_at() -> None:
    """What one pair is not another may be."""
    context = context_of(
        workload("""
        containers:
        - {name: t, image: busybox, args: [a]}
        - {name: u, image: busybox, args: [b]}
        - {name: a, image: shop/app}
        - {name: b, image: shop/app}
        - {name: c, image: shop/app, args: [work]}
        """)
    )
    assert [(one, other) for _, _, one, other in seen(observe, context)] == [
        ("a", "b"), ("a", "c"), ("b", "c"),
    ]  # fmt: skip
