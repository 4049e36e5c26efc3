"""The signal that sees what the workload is named for."""

from __future__ import annotations

import pytest

from service.classification.observation import Claim
from service.classification.signals.workload_name import observe
from tests.support.classifying import context_of, seen, service, text_at, workload


def pod(*containers: str, name: str = "orders") -> str:
    """A workload with containers, each a name and an image."""
    lines = []
    for number, container in enumerate(containers, 1):
        own_name, image = container.split()
        ports = f"[{{containerPort: 800{number}}}]"
        lines.append(f"- {{name: {own_name}, image: {image}, ports: {ports}}}")
    return workload("\n".join(["containers:", *lines]), name=name)


@pytest.mark.parametrize(
    ("container", "message"),
    [
        ("orders shop/x", "its name is that of the workload"),
        ("x shop/orders:1", "its image is that of the workload"),
    ],
)
def test_a_container_or_image_of_the_workloads_name_is_what_it_is_for(
    container: str, message: str
) -> None:
    """Wherever it stands among the others."""
    context = context_of(pod("cache memcached", container))
    name = container.split(maxsplit=1)[0]
    assert seen(observe, context) == [("workload-name.exact", Claim.HEAD, name, None)]
    [observation] = observe(context)
    assert observation.message == message
    assert text_at(observation.place) == name


@pytest.mark.parametrize(
    ("container", "message"),
    [
        ("orders-2 shop/x", "its name shares words with the name of the workload"),
        ("x shop/orders-server", "its image shares words with the name of the workload"),
    ],
)
def test_a_shared_word_says_less(container: str, message: str) -> None:
    """It may be chance."""
    context = context_of(pod("cache memcached", container, name="orders-app"))
    assert [case for case, *_ in seen(observe, context)] == ["workload-name.words"]
    [observation] = observe(context)
    assert observation.message == message


@pytest.mark.parametrize("word", ["pod", "app", "server", "demo"])
def test_words_that_say_nothing_are_not_shared(word: str) -> None:
    """Any workload may be called so; a name that is the same says so all the same."""
    assert seen(observe, context_of(pod(f"{word}-x shop/{word}", name=f"{word}-y"))) == []
    for container in (f"{word} shop/x", f"x shop/{word}"):
        assert seen(observe, context_of(pod(container, name=word))) == [
            ("workload-name.exact", Claim.HEAD, container.split(" ", 1)[0], None)
        ]


def test_the_only_service_names_it_too() -> None:
    """Where the workload is called otherwise."""
    context = context_of(pod("cart shop/x"), service("cart", "[{port: 9}]"))
    assert seen(observe, context) == [("workload-name.exact", Claim.HEAD, "cart", None)]
    [observation] = observe(context)
    assert observation.message == "its name is that of the Service cart"


def test_each_container_is_told_once() -> None:
    """The workload's own name counts first."""
    context = context_of(pod("orders shop/cart"), service("cart", "[{port: 9}]"))
    [observation] = observe(context)
    assert observation.message == "its name is that of the workload"
    context = context_of(pod("orders shop/x"), service("orders", "[{port: 9}]"))
    [observation] = observe(context)
    assert observation.message == "its name is that of the workload"


@pytest.mark.parametrize("name", ["orders-proxy", "log"])
def test_a_workload_that_is_called_a_helper_says_nothing(name: str) -> None:
    """Its name is that of a helper, which is what the signals on names are for."""
    assert seen(observe, context_of(pod(f"{name} shop/orders", name=name))) == []


def test_a_name_of_nothing_and_missing_names_say_nothing() -> None:
    """A manifest without a name is judged as well."""
    assert seen(observe, context_of(pod("x shop/y"))) == []
    assert seen(observe, context_of(workload("containers: [{image: ''}]", name="''"))) == []


def test_of_several_services_the_one_of_the_workloads_name_leads_to_the_head() -> None:
    """Names of Services count no more than that."""
    context = context_of(
        pod("a shop/x", "cart shop/y"),
        service("orders", "[{port: 8001}, {port: 81, targetPort: 8001}, {port: 9}]"),
        service("cart", "[{port: 8002}]"),
    )
    assert seen(observe, context) == [("workload-name.service", Claim.HEAD, "a", None)]
    [observation] = observe(context)
    assert observation.message == "the Service orders, named as the workload, leads to it"
    assert observation.place.resource.kind == "Service"
    assert text_at(observation.place) == "orders"


def test_a_service_of_the_workloads_name_may_stand_behind_others() -> None:
    """And lead to several containers."""
    context = context_of(
        pod("a shop/x", "b shop/y"),
        service("cart", "[{port: 8002}]"),
        service("orders", "[{port: 8001}, {port: 8002}]"),
    )
    assert seen(observe, context) == [
        ("workload-name.service", Claim.HEAD, "a", None),
        ("workload-name.service", Claim.HEAD, "b", None),
    ]


def test_the_only_service_says_nothing_by_where_it_leads() -> None:
    """It is the whole workload's."""
    context = context_of(pod("a shop/x"), service("orders", "[{port: 8001}]"))
    assert seen(observe, context) == []
