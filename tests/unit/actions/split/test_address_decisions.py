"""Whose address is it: called, bound, read by a browser, handed to clients, or nobody's."""

from __future__ import annotations

from typing import TypeAlias

import pytest

from service.actions.context import Refused
from service.actions.split.address_decisions import Keep, Rewire, decide_address
from service.actions.split.mentions import find_mentions, texts_of
from service.change import LeftBecause
from service.refusals import Refusal
from tests.support.candidates import candidate_of, manifest, plan_of, shop

Expected: TypeAlias = LeftBecause | Refusal | tuple[str, int]


def decisions(text: str) -> list[Expected]:
    """What becomes of each address: why it stays, why the split doesn't happen, or container and
    port that it is to lead to.
    """
    plan = plan_of(candidate_of(text, "Deployment/shop"))
    workload, manifests = plan.candidate.workload, plan.candidate.manifests
    found: list[Expected] = []
    for container in workload.containers:
        for told in texts_of(workload, container, manifests):
            for mention in find_mentions(told):
                try:
                    decision = decide_address(plan, mention)
                except Refused as refused:
                    found.append(refused.declined.refusal)
                    continue
                match decision:
                    case Keep(because):
                        found.append(because)
                    case Rewire(target, port, sources):
                        assert sources == plan.groups_of(container)
                        found.append((target.name, port))
    return found


def env(name: str, value: str) -> str:
    return f"env: [{{name: {name}, value: '{value}'}}]"


API = ("api", 3000)


@pytest.mark.parametrize(
    ("front", "expected"),
    [
        (env("API", "http://localhost:3000"), API),
        (env("API", "http://localhost:80"), LeftBecause.SAME_POD),
        (env("API", "http://localhost:9999"), Refusal.LOCALHOST_UNRESOLVED),
        (
            "env: [{name: API_HOST, value: localhost}, {name: API_PORT, value: '3000'}]",
            API,
        ),
        (env("API_HOST", "localhost"), Refusal.LOCALHOST_UNRESOLVED),
        (env("OTHER_HOST", "localhost"), Refusal.LOCALHOST_UNRESOLVED),
        ("args: ['--upstream', 'localhost:3000']", API),
        ("args: ['--upstream', localhost]", Refusal.LOCALHOST_UNRESOLVED),
        ("command: [sh, -c, 'curl localhost:3000']", API),
        ("livenessProbe: {exec: {command: [curl, 'localhost:3000']}}", Refusal.LOCALHOST_IN_PROBE),
        ("livenessProbe: {exec: {command: [curl, localhost]}}", LeftBecause.SAME_POD),
        (
            "lifecycle: {preStop: {exec: {command: [curl, 'localhost:3000']}}}",
            Refusal.LOCALHOST_IN_PROBE,
        ),
    ],
)
def test_what_is_called_is_rewired_where_the_listener_goes(front: str, expected: Expected) -> None:
    """Where it can be told who that is; a probe can't call another Pod."""
    assert decisions(shop(front)) == [expected]


@pytest.mark.parametrize(
    ("front", "expected"),
    [
        (env("REACT_APP_API", "http://localhost:3000"), LeftBecause.BROWSER),
        (env("CORS_ORIGIN", "http://localhost:3000"), LeftBecause.BROWSER),
        (env("NO_PROXY", "localhost,127.0.0.1"), LeftBecause.NOT_CALLED),
        (env("KAFKA_ADVERTISED_LISTENERS", "a://localhost:3000"), Refusal.ADVERTISED_ADDRESS),
    ],
)
def test_what_others_use_is_not_rewired(front: str, expected: Expected) -> None:
    """Browsers know no Service's name; clients of a server would look in their own Pod."""
    assert set(decisions(shop(front))) == {expected}


@pytest.mark.parametrize(
    ("front", "expected"),
    [
        (env("BIND_ADDR", "127.0.0.1:80"), Refusal.LOOPBACK_SERVER),
        ("args: [--listen=127.0.0.1:80]", Refusal.LOOPBACK_SERVER),
        ("args: [--bind, localhost]", Refusal.LOOPBACK_SERVER),
        (env("HOST", "localhost"), Refusal.LOOPBACK_SERVER),
        (env("HOST", "0.0.0.0"), LeftBecause.LISTENS),
        ("args: ['--addr=0.0.0.0:80']", LeftBecause.LISTENS),
        ("args: ['0.0.0.0:80']", LeftBecause.LISTENS),
        ("args: ['http://0.0.0.0:3000']", Refusal.LOCALHOST_UNRESOLVED),
        (env("API_URL", "0.0.0.0"), Refusal.LOCALHOST_UNRESOLVED),
    ],
)
def test_where_a_server_listens_is_kept(front: str, expected: Expected) -> None:
    """At all addresses; at loopback alone, others would reach it no more."""
    assert decisions(shop(front)) == [expected]


READS = "envFrom: [{configMapRef: {name: conf}}]"


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ("data: {API: 'http://localhost:3000'}", [API]),
        ("immutable: true, data: {API: 'http://localhost:3000'}", [Refusal.LOCALHOST_IN_CONFIGMAP]),
        ("data: {TEXT: 'upstream localhost'}", [Refusal.LOCALHOST_IN_CONFIGMAP]),
        ("data: {TEXT: 'server_name localhost;'}", [LeftBecause.NOT_CALLED]),
        ("data: {TEXT: 'bind 127.0.0.1'}", [Refusal.LOOPBACK_SERVER]),
        ("data: {TEXT: 'bind 127.0.0.1:9999'}", [Refusal.LOOPBACK_SERVER]),
    ],
)
def test_config_maps_are_changed_where_that_harms_nobody(
    config: str, expected: list[Expected]
) -> None:
    """Its own workload's alone, and not immutable."""
    assert decisions(shop(READS) + manifest("v1 ConfigMap", "conf", config)) == expected


def test_a_config_map_that_others_read_is_not_changed() -> None:
    """A container of the other group, or another workload."""
    config = manifest("v1 ConfigMap", "conf", "data: {API: 'http://localhost:3000'}")
    assert decisions(shop(READS, READS) + config)[0] is Refusal.LOCALHOST_IN_CONFIGMAP
    other = shop(READS, name="other", template="labels: {app: other}")
    assert decisions(shop(READS) + other + config) == [Refusal.LOCALHOST_IN_CONFIGMAP]


def test_a_password_beside_it_makes_a_host_one_to_log_in_at() -> None:
    """Nobody needs one to listen."""
    login = "env: [{name: HOST, value: localhost}, {name: PASSWORD, value: x}]"
    postgres = "image: 'postgres:17', ports: [{containerPort: 5432}]"
    assert decisions(shop(login, postgres)) == [Refusal.LOCALHOST_UNRESOLVED]


def test_what_helps_several_groups_calls_nobody_in_one_of_them() -> None:
    """It can't be told whose that is."""
    words = "['--to=localhost:3000', '--web=localhost:80']"
    helper = f"{{name: reloader, image: a, restartPolicy: Always, args: {words}}}"
    found = decisions(shop(pod=f"initContainers: [{helper}]"))
    assert found == [Refusal.LOCALHOST_UNRESOLVED, Refusal.LOCALHOST_UNRESOLVED]


@pytest.mark.parametrize(
    ("spec", "expected"),
    [("replicas: 1", ("api", 5432)), ("replicas: 2", Refusal.REPLICATED_DATASTORE)],
)
def test_a_store_of_one_replica_alone_gets_callers_from_elsewhere(
    spec: str, expected: Expected
) -> None:
    """Several have each their own data."""
    postgres = "image: 'postgres:17', ports: [{containerPort: 5432}]"
    text = shop(env("DB", "postgres://localhost/a"), postgres, spec=spec)
    assert decisions(text) == [expected]
