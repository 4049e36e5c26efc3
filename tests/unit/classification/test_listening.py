"""On which ports containers listen, and how that is known."""

from __future__ import annotations

import pytest

from service.classification.context import PodContext
from service.classification.listening import PortBasis, container_port_of, find_listening_ports
from tests.support.classifying import context_of, service, workload

TOLD, DECLARED, DEFAULT = PortBasis.TOLD, PortBasis.DECLARED, PortBasis.DEFAULT


def pod(*containers: str) -> PodContext:
    """A workload with containers called `a`, `b` and so on, each with some fields."""
    lines = [f"- {{name: {name}, {item}}}" for name, item in zip("abc", containers, strict=False)]
    return context_of(workload("\n".join(["containers:", *lines])))


def ports(*containers: str) -> list[dict[int, PortBasis]]:
    """The ports on which each of some containers listens."""
    context = pod(*containers)
    found = find_listening_ports(context.classified_containers, context.entries, frozenset())
    return list(found.values())


def test_the_surest_basis_comes_first() -> None:
    """What is told is surer than what is declared, and that than a default; actions go by the
    words for them.
    """
    assert [str(basis) for basis in PortBasis] == ["told", "declared", "default"]
    assert [basis.doubt for basis in (TOLD, DECLARED, DEFAULT)] == [0, 1, 2]


PORT = "env: [{name: PORT, value: '70'}]"


@pytest.mark.parametrize(
    ("container", "expected"),
    [
        ("image: shop/x", {}),
        ("image: shop/x, ports: [{containerPort: 70}]", {70: DECLARED}),
        ("image: shop/x, ports: [{containerPort: 70, protocol: SCTP}]", {70: DECLARED}),
        ("image: shop/x, ports: [{containerPort: 70, protocol: UDP}]", {}),
        (f"image: shop/x, {PORT}", {70: TOLD}),
        (f"image: shop/x, {PORT}, ports: [{{containerPort: 70}}]", {70: TOLD}),
        (f"image: shop/x, {PORT}, ports: [{{containerPort: 71}}]", {71: DECLARED, 70: TOLD}),
        ("image: rabbitmq", {5672: DEFAULT, 15692: DEFAULT}),
        (f"image: rabbitmq, {PORT}", {70: TOLD}),
        ("image: rabbitmq, ports: [{containerPort: 70}]",
         {70: DECLARED, 5672: DEFAULT, 15692: DEFAULT}),
        ("image: rabbitmq, ports: [{containerPort: 5672}]", {5672: DECLARED}),
        ("image: rabbitmq, ports: [{containerPort: 15692}]", {15692: DECLARED, 5672: DEFAULT}),
        ("image: nginx, ports: [{containerPort: 443}]", {443: DECLARED, 80: DEFAULT}),
        ("image: mysqld-exporter", {9104: DEFAULT}),
    ],
)  # fmt: skip
def test_a_port_is_told_declared_or_a_default(
    container: str, expected: dict[int, PortBasis]
) -> None:
    """Defaults count where nothing is told; of an image that declares some of them, the first,
    which is its main one, is added.
    """
    [found] = ports(container)
    assert found == expected
    assert list(found) == list(expected)


def test_what_a_repurposed_container_declares_is_habit() -> None:
    """What it is told counts."""
    context = pod(f"image: nginx, ports: [{{containerPort: 80}}], {PORT}", "image: shop/x")
    found = find_listening_ports(context.classified_containers, {0: None, 1: None}, frozenset({0}))
    assert found == {0: {70: TOLD}, 1: {}}


DECLARES = "image: shop/x, ports: [{containerPort: 3000}]"
IS_TOLD = "image: shop/x, env: [{name: PORT, value: '3000'}]"


@pytest.mark.parametrize("sure", [IS_TOLD, "image: grafana"])
def test_a_port_is_taken_from_those_that_merely_declare_it(sure: str) -> None:
    """By the one that is told to listen there or known to; other ports stay."""
    others = "image: shop/x, ports: [{containerPort: 3000}, {containerPort: 71}]"
    basis = TOLD if sure is IS_TOLD else DEFAULT
    assert ports(others, sure, DECLARES) == [{71: DECLARED}, {3000: basis}, {}]


def test_a_known_image_is_not_sure_of_what_it_merely_declares() -> None:
    """Only of the ports that it is known for."""
    known = "image: grafana, ports: [{containerPort: 70}]"
    assert ports(known, f"image: shop/x, {PORT}") == [{3000: DEFAULT}, {70: TOLD}]


def test_a_declaration_of_a_known_port_takes_it_from_nobody() -> None:
    """The other one may have declared it for a reason too."""
    known = "image: grafana, ports: [{containerPort: 3000}]"
    assert ports(DECLARES, known) == [{3000: DECLARED}, {3000: DECLARED}]
    metrics = "image: rabbitmq, ports: [{containerPort: 15692}]"
    assert ports("image: shop/x, ports: [{containerPort: 15692}]", metrics) == [
        {15692: DECLARED},
        {15692: DECLARED, 5672: DEFAULT},
    ]


def test_two_that_are_sure_of_one_port_take_it_from_nobody() -> None:
    """It can't be told whose it is."""
    assert ports(IS_TOLD, DECLARES, IS_TOLD) == [{3000: TOLD}, {3000: DECLARED}, {3000: TOLD}]
    assert ports(IS_TOLD, "image: grafana") == [{3000: TOLD}, {3000: DEFAULT}]


def test_a_default_for_metrics_takes_its_port_too() -> None:
    """The image is known to listen there."""
    assert ports("image: shop/x, ports: [{containerPort: 9104}]", "image: mysqld-exporter") == [
        {},
        {9104: DEFAULT},
    ]


def test_a_further_default_takes_its_port_from_nobody() -> None:
    """A web server that could listen on 443 hardly does where another one says that it does."""
    declared = "image: shop/x, ports: [{containerPort: 443}]"
    assert ports("image: nginx", declared) == [{80: DEFAULT, 443: DEFAULT}, {443: DECLARED}]


def test_two_that_merely_declare_a_port_both_keep_it() -> None:
    """Nothing tells which of them listens."""
    assert ports(DECLARES, DECLARES) == [{3000: DECLARED}, {3000: DECLARED}]


@pytest.mark.parametrize(
    ("port", "expected"),
    [
        ("{port: 80, targetPort: http}", 8080),
        ("{port: 80, targetPort: 8080}", 8080),
        ("{port: 80, targetPort: 70}", 70),
        ("{port: 80}", 80),
        ("{port: 80, targetPort: gone}", "gone"),
    ],
)
def test_the_container_port_that_a_services_port_leads_to(port: str, expected: int | str) -> None:
    """By number where a container declares it; a name that nobody has stays one."""
    context = context_of(
        workload("containers: [{name: a, image: a, ports: [{name: http, containerPort: 8080}]}]"),
        service(ports=f"[{port}]"),
    )
    [link] = context.services
    assert container_port_of(link.ports[0]) == expected
