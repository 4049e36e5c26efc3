"""Which container a port of a Service reaches in a workload's Pods."""

from __future__ import annotations

from typing import Any

import pytest

from service.classification.knowledge import load_catalogue
from service.kube.workloads import Workload
from service.verification.endpoints import Endpoint, endpoints_of, listening_container
from tests.support.verifying import bare_pod, container, manifest, read_objects, workload_of

REACHING = tuple[int, int, int | None, str | None]


def reached(ports: list[Any], *pod: dict[str, Any], **init: Any) -> list[REACHING]:
    """Index, number, target and container's name of what the ports of a Service lead to."""
    workload = workload_of(bare_pod("shop", {"containers": list(pod), **init}))
    service = read_objects(manifest("Service", "shop", {"ports": ports})).manifests.resources[0]
    return [
        (
            endpoint.place,
            endpoint.number,
            endpoint.target,
            endpoint.container.name if endpoint.container else None,
        )
        for endpoint in endpoints_of(service, workload)
    ]


WEB = container("web", ports=[{"containerPort": 8080, "name": "http"}])
QUEUE = container("queue", ports=[{"containerPort": 5672, "name": "amqp"}])
DNS = container("dns", ports=[{"containerPort": 53, "name": "dns", "protocol": "UDP"}])


@pytest.mark.parametrize(
    ("port", "expected"),
    [
        pytest.param({"port": 80, "targetPort": 5672}, (5672, "queue"), id="a number"),
        pytest.param({"port": 80, "targetPort": "5672"}, (5672, "queue"), id="a number as text"),
        pytest.param({"port": 80, "targetPort": "amqp"}, (5672, "queue"), id="a name"),
        pytest.param({"port": 80, "targetPort": 0}, (80, None), id="zero, which is none"),
        pytest.param({"port": 5672}, (5672, "queue"), id="none, so the port itself"),
        pytest.param({"port": 5672, "targetPort": None}, (5672, "queue"), id="null"),
        pytest.param({"port": 80, "targetPort": 81}, (81, None), id="a number of nobody"),
        pytest.param({"port": 80, "targetPort": "mail"}, (None, None), id="a name of nobody"),
        pytest.param(
            {"port": 80, "targetPort": 5672, "protocol": "TCP"}, (5672, "queue"), id="protocol"
        ),
        pytest.param(
            {"port": 80, "targetPort": 5672, "protocol": "UDP"}, (5672, None), id="other protocol"
        ),
        pytest.param(
            {"port": 80, "targetPort": "amqp", "protocol": "UDP"}, (None, None), id="other's name"
        ),
        pytest.param({"port": 53, "targetPort": "dns", "protocol": "UDP"}, (53, "dns"), id="UDP"),
        pytest.param({"port": 53, "targetPort": "dns"}, (None, None), id="a name under UDP"),
    ],
)
def test_a_port_reaches_whoever_declares_its_target(
    port: dict[str, Any], expected: tuple[int | None, str | None]
) -> None:
    """By number or name, with the protocol; a number is reached whoever declares it."""
    assert reached([port], WEB, QUEUE, DNS) == [(0, port["port"], *expected)]


def test_each_port_has_its_place() -> None:
    """What is no port at all keeps its place too."""
    ports = [{"port": 80, "targetPort": "http"}, {"port": "x"}, None, {"port": 5672}]
    assert reached(ports, WEB, QUEUE) == [(0, 80, 8080, "web"), (3, 5672, 5672, "queue")]


def test_the_first_declaration_counts() -> None:
    """Of two with one name the EndpointSlice controller takes the first."""
    other = container("other", ports=[{"containerPort": 9090, "name": "http"}])
    assert reached([{"port": 80, "targetPort": "http"}], WEB, other) == [(0, 80, 8080, "web")]
    assert reached([{"port": 80, "targetPort": "http"}], other, WEB) == [(0, 80, 9090, "other")]


def test_regular_containers_come_before_native_sidecars() -> None:
    """The ports of other init containers are nobody's: those are gone when the Pod is ready."""
    proxy = container("proxy", restartPolicy="Always", ports=[{"containerPort": 1, "name": "http"}])
    setup = container("setup", ports=[{"containerPort": 2, "name": "http"}])
    port = {"port": 80, "targetPort": "http"}
    assert reached([port], WEB, initContainers=[proxy]) == [(0, 80, 8080, "web")]
    assert reached([port], QUEUE, initContainers=[setup, proxy]) == [(0, 80, 1, "proxy")]
    assert reached([port], QUEUE, initContainers=[setup]) == [(0, 80, None, None)]


# Who listens


def listener(target: int | None, *pod: dict[str, Any], **init: Any) -> str | None:
    """The name of the container that answers at a target that nobody declares."""
    workload = workload_of(bare_pod("shop", {"containers": list(pod), **init}))
    found = listening_container(workload, Endpoint(0, 80, target, None), load_catalogue())
    return found.name if found else None


def test_who_declares_a_port_listens_there() -> None:
    """Whatever others are told."""
    workload: Workload = workload_of(
        bare_pod("shop", {"containers": [WEB, container("queue", args=["--port=8080"])]})
    )
    web = workload.containers[0]
    endpoint = Endpoint(0, 80, 8080, web)
    assert listening_container(workload, endpoint, load_catalogue()) is web


def test_nobody_listens_at_a_name_that_nobody_has() -> None:
    """There is no number to look for."""
    assert listener(None, container("a", "postgres:17"), container("b", args=["None"])) is None


@pytest.mark.parametrize(
    "fields",
    [
        {"args": ["--port=5672"]},
        {"args": ["-p", "5672"]},
        {"args": ["listen :5672"]},
        {"args": [":5672"]},
        {"args": ["--listen=:5672"]},
        {"args": ["--listen=0.0.0.0:5672"]},
        {"args": ["--listen=*:5672"]},
        {"args": ["5672/tcp"]},
        {"command": ["serve", "5672"]},
        {"env": [{"name": "PORT", "value": "5672"}]},
        {"livenessProbe": {"tcpSocket": {"port": 5672}}},
    ],
)
def test_who_alone_speaks_of_a_port_listens_there(fields: dict[str, Any]) -> None:
    """Words and probes tell it."""
    assert listener(5672, container("web"), container("queue", **fields)) == "queue"


@pytest.mark.parametrize(
    "fields",
    [
        {"args": ["--port=15672"]},
        {"args": ["--port=56720"]},
        {"args": ["--version=1.5672"]},
        {"args": ["--version=5672.1"]},
        {"args": ["--peer=shop:5672"]},
        {"args": ["--peer=10.0.0.0:5672"]},
        {"args": ["v5672"]},
        {"args": [":56720"]},
        {"livenessProbe": {"tcpSocket": {"port": 5673}}},
        {"livenessProbe": {"tcpSocket": {"port": "amqp"}}},
    ],
)
def test_a_number_that_is_something_else_says_nothing(fields: dict[str, Any]) -> None:
    """Part of a longer one, or the port of somebody else."""
    assert listener(5672, container("web"), container("queue", **fields)) is None


def test_an_image_that_is_known_to_listen_there_does() -> None:
    """Where nobody speaks of the port; metrics count too."""
    assert listener(5672, container("web"), container("queue", "rabbitmq:4")) == "queue"
    assert listener(15692, container("web"), container("queue", "rabbitmq:4")) == "queue"
    assert listener(5673, container("web"), container("queue", "rabbitmq:4")) is None


def test_words_count_for_more_than_images() -> None:
    """Somebody may tell another server to use the port."""
    speaking = container("web", args=["--port=5672"])
    assert listener(5672, speaking, container("queue", "rabbitmq:4")) == "web"


def test_two_who_may_listen_are_none() -> None:
    """Unless the images tell which of them it is."""
    one, other = (container(name, args=["--port=5672"]) for name in ("one", "other"))
    assert listener(5672, one, other) is None
    assert listener(5672, one, {**other, "image": "rabbitmq:4"}) == "other"
    rabbits = [container(name, "rabbitmq:4") for name in ("one", "other")]
    assert listener(5672, *rabbits) is None


def test_init_containers_do_not_listen() -> None:
    """They are gone by then, but for native sidecars."""
    setup = container("setup", "rabbitmq:4", args=["--port=5672"])
    assert listener(5672, container("web"), initContainers=[setup]) is None
    sidecar = {**setup, "restartPolicy": "Always"}
    assert listener(5672, container("web"), initContainers=[sidecar]) == "setup"
