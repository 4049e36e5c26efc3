"""Whether a container is left with an address of its own Pod whose listener is elsewhere."""

from __future__ import annotations

from typing import Any

import pytest

from service.change import LeftAddress, LeftBecause, Move
from service.classification.knowledge import load_catalogue
from service.findings import Stage
from service.verification.localhost import find_lost_listeners
from service.yamldoc.nodes import Route
from tests.support.verifying import (
    container,
    controller,
    manifest,
    plan_for,
    read_objects,
    successors_in,
)

QUEUE = container("queue", ports=[{"containerPort": 5672}])
MOVE = Move(("queue",), "Deployment", "shop-queue", Stage.SWITCH)
CONFIG = manifest("ConfigMap", "conf")


def lost(
    web: dict[str, Any] | None = None,
    queue: dict[str, Any] | None = None,
    *,
    data: str = "",
    left: tuple[str, Route] | None = None,
) -> list[str]:
    """What leads nowhere once `queue` is elsewhere.

    Args:
        web: more fields of the container `web`, which stays and listens on port 80.
        queue: more fields of `queue`, which moves and listens on port 5672.
        data: what the ConfigMap `conf` has under the key `app.conf`.
        left: the container and the place of an address that was to stay.
    """
    pods = [
        container("web", **{"ports": [{"containerPort": 80}], **(web or {})}),
        {**QUEUE, **(queue or {})},
    ]
    config = {**CONFIG, "data": {"app.conf": data}}
    (workload,) = read_objects(controller("Deployment", "shop", {"containers": pods})).workloads
    after = read_objects(
        controller("Deployment", "shop", {"containers": pods[:1]}),
        controller("Deployment", "shop-queue", {"containers": pods[1:]}),
        config,
    )
    addresses = (
        (LeftAddress(left[0], workload.resource, left[1], LeftBecause.SAME_POD),)
        if left is not None
        else ()
    )
    plan = plan_for(workload, moves=(MOVE,), left_addresses=addresses)
    successors = successors_in(after, ("shop", "shop-queue"))
    return list(find_lost_listeners(plan, successors, after.manifests, load_catalogue()))


def env(name: str, value: str) -> dict[str, Any]:
    return {"env": [{"name": name, "value": value}]}


@pytest.mark.parametrize(
    ("web", "is_lost"),
    [
        (env("DB_ADDR", "localhost:5672"), True),
        (env("REACT_APP_DB", "http://localhost:5672"), False),
        ({"livenessProbe": {"exec": {"command": ["curl", "localhost:5672"]}}}, False),
        ({"args": ["--queue", "localhost:5672"]}, True),
    ],
)
def test_a_port_that_both_declare_is_nobodys(web: dict[str, Any], *, is_lost: bool) -> None:
    """Only one of them listened there, and it may be the one that is elsewhere."""
    ports = [{"containerPort": 80}, {"containerPort": 5672}]
    assert bool(lost({**web, "ports": ports}, left=("web", ("env", 0, "value")))) is is_lost


@pytest.mark.parametrize(
    ("web", "is_lost"),
    [
        ({}, False),
        (env("QUEUE", "amqp://queue:5672"), False),
        (env("QUEUE", "amqp://localhost:5672"), True),
        (env("QUEUE", "amqp://127.1:5672"), True),
        (env("QUEUE", "amqp://[::1]:5672"), True),
        (env("QUEUE", "http%3A%2F%2Flocalhost%3A5672"), True),
        ({"args": ["--queue", "localhost", "--port", "5672"]}, True),
        (env("SELF", "http://localhost:80"), False),
        (env("OTHER", "localhost:9999"), True),
        (env("REACT_APP_QUEUE", "http://localhost:5672"), False),
        (env("BIND_ADDR", "127.0.0.1:9999"), False),
        (env("BIND_ADDR", "127.0.0.1:5672"), True),
        ({"command": ["sh", "-c", "# localhost:5672"]}, False),
        ({"livenessProbe": {"exec": {"command": ["curl", "localhost:5672"]}}}, True),
    ],
)
def test_an_address_needs_a_listener_or_a_reason(web: dict[str, Any], is_lost: bool) -> None:
    """In every spelling and every place."""
    assert bool(lost(web)) is is_lost


def test_what_moves_is_looked_at_too() -> None:
    """It may call what stays."""
    (message,) = lost(queue=env("WEB", "http://localhost:80"))
    assert message == (
        "queue of Deployment/shop-queue is still told of its own Pod (env), where nobody listens"
        " any more"
    )


READS = {
    "volumeMounts": [{"name": "c", "mountPath": "/etc/app"}],
    "envFrom": [{"configMapRef": {"name": "conf"}}],
}


@pytest.mark.parametrize(
    ("data", "is_lost"),
    [
        ("queue: localhost:5672", True),
        ("# queue: localhost:5672", False),
        ("self: localhost:80", False),
        ("server_name localhost;", False),
    ],
)
def test_config_maps_are_read_as_well(data: str, is_lost: bool) -> None:
    """By those that read them."""
    assert bool(lost(READS, data=data)) is is_lost
    assert lost(data=data) == []


def test_what_was_to_stay_may_where_its_listener_is_not_known_to_be_elsewhere() -> None:
    """The plan has to have listed it, wherever in the new workload its container is."""
    unknown = env("OTHER", "localhost:9999")
    place: Route = ("env", 0, "value")
    assert lost(unknown, left=("web", place)) == []
    assert lost(unknown, left=("queue", place)) != []
    assert lost(queue=unknown, left=("queue", place)) == []
    assert lost(env("OTHER", "localhost:5672"), left=("web", place)) != []
