"""The signal that sees containers which call each other on localhost."""

from __future__ import annotations

import pytest

from service.classification.knowledge import load_catalogue
from service.classification.observation import Claim
from service.classification.signals.localhost_reference import observe
from tests.support.classifying import context_of, seen, service, text_at, workload

CONFIG = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {upstream: 'http://localhost:9000'}
"""


def pod(caller: str, *, target: str = "image: shop/app, ports: [{containerPort: 9000}]") -> str:
    """A workload whose `web` is told something, beside `app`."""
    return workload(f"""
    containers:
    - {{name: web, image: nginx, ports: [{{containerPort: 8080}}], {caller}}}
    - {{name: app, {target}}}
    """)


ENV = "env: [{name: UPSTREAM, value: 'http://localhost:9000'}]"


@pytest.mark.parametrize(
    ("caller", "where"),
    [
        (ENV, "on localhost port 9000 (its env)"),
        ("args: ['--upstream=127.0.0.1:9000']", "on 127.0.0.1 port 9000 (its args)"),
        ("command: [run, 'localhost:9000']", "on localhost port 9000 (its command)"),
        (
            "env: [{name: APP_HOST, value: localhost}, {name: APP_PORT, value: '9000'}]",
            "on localhost port 9000 (its env)",
        ),
        (
            "livenessProbe: {exec: {command: [curl, 'http://localhost:9000']}}",
            "on localhost port 9000 (its probe)",
        ),
    ],
)
def test_an_address_on_localhost_ties_the_caller_to_who_listens_there(
    caller: str, where: str
) -> None:
    """Wherever the caller is told of it."""
    context = context_of(pod(caller))
    assert seen(observe, context) == [("localhost-reference.reached", Claim.TOGETHER, "web", "app")]
    [observation] = observe(context)
    assert observation.message == f"reaches app {where}, so they share a network by intent"


def test_the_place_is_the_text_that_says_so() -> None:
    """In the workload, or in the ConfigMap that the container reads."""
    [observation] = observe(context_of(pod(ENV)))
    assert text_at(observation.place) == "'http://localhost:9000'"
    context = context_of(pod("envFrom: [{configMapRef: {name: settings}}]"), CONFIG)
    [observation] = observe(context)
    assert observation.place.resource.kind == "ConfigMap"
    assert text_at(observation.place) == "'http://localhost:9000'"
    assert observation.message.startswith(
        "reaches app on localhost port 9000 (ConfigMap settings), "
    )


def test_a_database_on_localhost_could_be_given_a_service() -> None:
    """With the port that its image has, even where none is named."""
    context = context_of(pod("env: [{name: DB_HOST, value: localhost}]", target="image: mysql"))
    assert seen(observe, context) == [
        ("localhost-reference.separable", Claim.TOGETHER, "web", "app")
    ]
    [observation] = observe(context)
    assert observation.message == (
        "reaches app on localhost (its env), which can be given a Service instead"
    )


BOTH = "[{name: a, port: 8080}, {name: b, port: 9000}]"


def test_two_that_are_both_called_from_outside_could_do_without_localhost() -> None:
    """Each has a Service's port already."""
    context = context_of(pod(ENV), service(ports=BOTH))
    assert seen(observe, context) == [("localhost-reference.served", Claim.TOGETHER, "web", "app")]
    [observation] = observe(context)
    assert observation.message == (
        "reaches app on localhost port 9000 (its env), though each is called from outside by a"
        " Service of its own, which would do as well"
    )


@pytest.mark.parametrize("ports", ["[{port: 8080}]", "[{port: 9000}]"])
def test_one_alone_called_from_outside_doesnt_do(ports: str) -> None:
    """The other one is reached on localhost and nowhere else."""
    assert seen(observe, context_of(pod(ENV), service(ports=ports))) == [
        ("localhost-reference.reached", Claim.TOGETHER, "web", "app")
    ]


def test_a_database_is_separable_whoever_is_called_from_outside() -> None:
    """That counts first."""
    context = context_of(
        pod("env: [{name: U, value: 'localhost:3306'}]", target="image: mysql"),
        service(ports="[{name: a, port: 8080}, {name: b, port: 3306}]"),
    )
    assert seen(observe, context) == [
        ("localhost-reference.separable", Claim.TOGETHER, "web", "app")
    ]


def test_each_pair_is_told_once() -> None:
    """With the first address that leads there; the other way round is another pair."""
    context = context_of(
        pod(
            "args: ['--a=localhost:9000', '--b=localhost:9000']",
            target="image: shop/app, ports: [{containerPort: 9000}],"
            " args: ['--c=localhost:8080', '--d=localhost:8080']",
        )
    )
    assert seen(observe, context) == [
        ("localhost-reference.reached", Claim.TOGETHER, "web", "app"),
        ("localhost-reference.reached", Claim.TOGETHER, "app", "web"),
    ]
    assert text_at(next(observe(context)).place) == "'--a=localhost:9000'"


@pytest.mark.parametrize(
    "caller",
    [
        "env: [{name: UPSTREAM, value: 'http://localhost:9001'}]",
        "env: [{name: UPSTREAM, value: 'http://localhost:8080'}]",
        "env: [{name: UPSTREAM, value: 'http://app:9000'}]",
        "args: ['--listen=localhost:9000']",
        "env: [{name: A, value: x}]",
    ],
)
def test_an_address_that_leads_to_nobody_else_here_says_nothing(caller: str) -> None:
    """A port of nobody's, its own port, a Service, an address to listen on."""
    assert seen(observe, context_of(pod(caller))) == []


def test_what_an_init_container_is_told_says_nothing() -> None:
    """It is gone when the others run; those behind it are looked at all the same."""
    context = context_of(
        workload("""
        containers:
        - {name: web, image: shop/web}
        - {name: app, image: shop/app, ports: [{containerPort: 9000}]}
        initContainers:
        - {name: wait, image: shop/wait, args: ['localhost:9000']}
        - {name: gate, image: shop/gate, restartPolicy: Always, args: ['--to=localhost:9000']}
        """)
    )
    assert seen(observe, context) == [
        ("localhost-reference.reached", Claim.TOGETHER, "gate", "app")
    ]


def test_two_applications_can_call_each_other_by_a_service() -> None:
    """A web server in front of one hands on what it is asked for; a helper helps."""
    text = pod(ENV).replace("image: nginx", "image: shop/web")
    assert seen(observe, context_of(text)) == [
        ("localhost-reference.applications", Claim.TOGETHER, "web", "app")
    ]
    helper = text.replace("name: web", "name: web-proxy")
    assert [case for case, *_ in seen(observe, context_of(helper))] == [
        "localhost-reference.reached"
    ]


def test_a_client_that_calls_all_addresses_reaches_its_own_pod() -> None:
    """Unless it listens there itself."""
    calls = "args: ['--target=0.0.0.0:9000']"
    assert [case for case, *_ in seen(observe, context_of(pod(calls)))] == [
        "localhost-reference.reached"
    ]
    listens = "args: ['--listen=0.0.0.0:9000']"
    assert seen(observe, context_of(pod(listens))) == []


def test_what_a_known_helper_calls_is_what_the_workload_is_for() -> None:
    """Of two helpers as well."""
    text = workload("""
    containers:
    - {name: r, image: jimmidyson/configmap-reload, args: ['--webhook-url=http://127.0.0.1:9115/']}
    - {name: prober, image: prom/blackbox-exporter, ports: [{containerPort: 9115}]}
    """)
    context = context_of(text, catalogue=load_catalogue())
    heads = [item for item in observe(context) if item.claim is Claim.HEAD]
    assert [(item.case, item.subject.name) for item in heads] == [
        ("localhost-reference.helped", "prober")
    ]
