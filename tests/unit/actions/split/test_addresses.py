"""What was reached on localhost is reached by a Service's name."""

from __future__ import annotations

import pytest

from service.actions.split.addresses import AddressChanges, rewire_addresses
from service.actions.split.service_addresses import ServiceAddress
from service.actions.split.uncalled_servers import add_services_for_uncalled_servers
from service.assumptions import AssumptionCode
from service.change import TrafficFlow
from service.findings import Stage
from service.refusals import Refusal
from tests.support.candidates import (
    candidate_of,
    codes_of,
    plan_of,
    refusal_of,
    service,
    shop,
    written,
)

POSTGRES = "image: 'postgres:17', ports: [{containerPort: 5432}]"
QUEUE = "image: 'rabbitmq:4', ports: [{containerPort: 5672}]"


def env(value: str, name: str = "API") -> str:
    return f"env: [{{name: {name}, value: '{value}'}}]"


def rewired(text: str, kind_and_name: str | None = None) -> AddressChanges:
    plan = plan_of(candidate_of(text, kind_and_name))
    return add_services_for_uncalled_servers(plan, rewire_addresses(plan))


def texts(changes: AddressChanges) -> dict[int, list[str]]:
    """What stands in containers afterwards, by their index."""
    return {index: list(values.values()) for index, values in changes.values.items()}


def refusal_for(text: str) -> Refusal | None:
    return refusal_of(lambda: rewired(text, "Deployment/shop"))


def test_changes_say_whether_names_of_services_are_told() -> None:
    """Or Services are made, which may be told later."""
    assert not AddressChanges().are_any
    assert rewired(shop(env("http://localhost:3000")) + service("api", "{port: 3000}")).are_any
    assert rewired(shop(api=POSTGRES)).are_any
    assert not rewired(shop() + service("api", "{port: 3000}")).are_any


# Literal addresses


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("http://localhost:3000", "http://shop-api:3000"),
        ("http://127.0.0.1:3000/a", "http://shop-api:3000/a"),
        ("[::1]:3000", "shop-api:3000"),
        ("localhost:3000,localhost:80", "shop-api:3000,localhost:80"),
        ("localhost:3000,127.0.0.1:3000", "shop-api:3000,shop-api:3000"),
        ("localhost:3000 localhost:3000", "shop-api:3000 shop-api:3000"),
        ("http://localhost:80", None),
        ("http://example.org:3000", None),
    ],
)
def test_an_address_of_the_other_group_is_changed_and_no_other(old: str, new: str | None) -> None:
    """By host and port, wherever it stands in the text."""
    changes = rewired(shop(env(old)))
    assert texts(changes) == ({0: [new]} if new else {})


@pytest.mark.parametrize(
    ("ports", "new"),
    [("{port: 80}", "http://api/a"), ("{port: 81, targetPort: 80}", "http://api:81/a")],
)
def test_a_port_that_the_scheme_tells_is_written_where_the_services_is_another(
    ports: str, new: str
) -> None:
    """Port 80 need not be said."""
    front, api = (f"ports: [{{containerPort: {port}}}]" for port in (8080, 80))
    text = shop(f"{front}, {env('http://localhost/a')}", api) + service("api", ports)
    assert texts(rewired(text)) == {0: [new]}


def test_the_group_that_moves_calls_what_stays_in_the_same_way() -> None:
    """A Service is made for it too."""
    changes = rewired(shop(api=env("http://localhost:80", "WEB")))
    assert texts(changes) == {1: ["http://shop:80"]}
    assert changes.traffic == {TrafficFlow(1, 0, 80)}
    assert changes.addresses == {(0, 80): ServiceAddress("shop", 80)}


def test_args_and_commands_are_changed_too() -> None:
    """Wherever a container is told."""
    changes = rewired(
        shop("command: [run, '--api=http://localhost:3000'], args: ['localhost:3000']")
    )
    assert texts(changes) == {0: ["--api=http://shop-api:3000", "shop-api:3000"]}


def test_a_container_of_the_same_group_goes_on_being_called_on_localhost() -> None:
    """It is in the same Pod."""
    worker = f"name: worker, image: acme/worker, {env('http://localhost:3000')}"
    text = shop(others=[worker], roles="front=main,api=unrelated,worker=sidecar")
    changes = rewired(text)
    assert texts(changes) == {}
    assert changes.traffic == frozenset()


# Which Service


@pytest.mark.parametrize(
    ("spec", "ports", "address"),
    [
        ("", "{port: 3000}", "api:3000"),
        ("", "{port: 8080, targetPort: 3000}", "api:8080"),
        ("", "{port: 9, targetPort: 80}, {port: 8080, targetPort: 3000}", "api:8080"),
        ("clusterIP: None", "{port: 3000}", "shop-api:3000"),
        ("", "{port: 80}", "shop-api:3000"),
    ],
)
def test_a_service_that_leads_there_is_used(spec: str, ports: str, address: str) -> None:
    """By its own port; one without an address of its own gives no certainty."""
    text = shop(env("http://localhost:3000")) + service("api", ports, spec=spec)
    changes = rewired(text)
    assert texts(changes) == {0: [f"http://{address}"]}
    assert bool(changes.objects) is address.startswith("shop-")


@pytest.mark.parametrize(
    ("api", "ports"),
    [
        ("ports: [{containerPort: 3000, name: rest}]", "{port: 8080, targetPort: rest}"),
        ("ports: [], args: ['--port=3000']", "{port: 8080, targetPort: 3000}"),
    ],
)
def test_a_service_may_lead_there_by_a_name_or_to_what_is_not_declared(
    api: str, ports: str
) -> None:
    """The container listens there all the same."""
    text = shop(env("http://localhost:3000"), api) + service("api", ports)
    assert texts(rewired(text)) == {0: ["http://api:8080"]}


def test_a_service_of_another_protocol_does_not_lead_there() -> None:
    """Addresses that are changed speak TCP."""
    api = "ports: [{containerPort: 3000}, {containerPort: 3000, protocol: UDP}]"
    text = shop(env("http://localhost:3000"), api) + service("api", "{port: 3000, protocol: UDP}")
    assert texts(rewired(text)) == {0: ["http://shop-api:3000"]}


def test_one_service_is_made_for_one_port_however_often_it_is_called() -> None:
    """And another one for another port."""
    variables = ", ".join(
        f"{{name: A{number}, value: 'localhost:{port}'}}"
        for number, port in enumerate((3000, 3000, 3001))
    )
    api = "ports: [{containerPort: 3000}, {containerPort: 3001}]"
    changes = rewired(shop(f"env: [{variables}]", api))
    assert [new.name for new in changes.objects] == ["shop-api", "shop-api-2"]
    assert texts(changes) == {0: ["shop-api:3000", "shop-api:3000", "shop-api-2:3001"]}


def test_a_new_service_leads_to_the_group_alone() -> None:
    """From the stage on in which the group's Pods may be there."""
    (new,) = rewired(shop(env("http://localhost:3000"), metadata="namespace: a")).objects
    assert (new.kind, new.stage) == ("Service", Stage.ADD)
    assert written(new.tree) == {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "shop-api", "namespace": "a", "labels": {"app": "shop-api"}},
        "spec": {"selector": {"app": "shop-api"}, "ports": [{"port": 3000, "targetPort": 3000}]},
    }


def test_a_new_service_has_no_namespace_where_none_is_written() -> None:
    """It is applied where the workload is."""
    (new,) = rewired(shop(env("http://localhost:3000"))).objects
    assert set(written(new.tree)["metadata"]) == {"name", "labels"}


@pytest.mark.parametrize(
    ("taken", "name"),
    [
        ([], "shop-api"),
        (["shop-api"], "shop-api-api"),
        (["shop-api", "shop-api-api"], "shop-api-api-2"),
    ],
)
def test_the_name_of_a_new_service_is_free(taken: list[str], name: str) -> None:
    """One that is there already is for something else."""
    others = "".join(service(other, selector="app: other") for other in taken)
    (new,) = rewired(shop(env("http://localhost:3000")) + others).objects
    assert new.name == name


@pytest.mark.parametrize(
    ("workload", "name"),
    [
        ("shop.v2", "shop-v2-api"),
        ("7shop", "svc-7shop-api"),
        ("a" * 59, "a" * 59 + "-api"),
        ("7" + "a" * 58, "svc-7" + "a" * 58),
        ("7" + "a" * 57, "svc-7" + "a" * 57),
    ],
)
def test_a_new_service_has_a_name_for_dns(workload: str, name: str) -> None:
    """It starts with a letter, has no dots, no dash at its end, and at most 63 characters."""
    (new,) = rewired(shop(env("http://localhost:3000"), name=workload)).objects
    assert new.name == name
    assert len(new.name) <= 63


def test_a_new_service_is_for_the_groups_pods_only() -> None:
    """Others that have its labels would be reached too."""
    other = shop(name="other", template="labels: {app: shop-api}").replace(
        "matchLabels: {app: shop}", "matchLabels: {app: shop-api, a: b}"
    )
    text = shop(env("http://localhost:3000")) + other
    assert refusal_for(text) is Refusal.SELECTOR_OVERLAP


@pytest.mark.parametrize(
    ("api", "pod", "is_said"),
    [
        ("image: acme/other", "", False),
        ("image: 'acme/shop-api:1'", "", True),
        ("image: 'acme/shop-api:1'", "enableServiceLinks: true", True),
        ("image: 'acme/shop-api:1'", "enableServiceLinks: false", False),
    ],
)
def test_variables_that_a_new_service_brings_are_said_where_a_program_has_its_name(
    api: str, pod: str, is_said: bool
) -> None:
    """`SHOP_API_PORT` may be a setting of `shop-api`."""
    changes = rewired(shop(env("http://localhost:3000"), api, pod=pod))
    assert (AssumptionCode.SERVICE_VARIABLES in codes_of(changes.assumptions)) is is_said


@pytest.mark.parametrize(
    ("scheme", "port", "is_said"),
    [("https", 3000, True), ("http", 3000, False), ("https", 80, False)],
)
def test_a_certificate_has_to_cover_the_name(scheme: str, port: int, is_said: bool) -> None:
    """It was valid for localhost."""
    value = f"{scheme}://localhost:{port} http://localhost:3000"
    changes = rewired(shop(env(value)))
    assert (AssumptionCode.CERTIFICATE_NAME in codes_of(changes.assumptions)) is is_said


# Host and port apart


def pair(host: str = "localhost", port: str = "'3000'", prefix: str = "API") -> str:
    return f"env: [{{name: {prefix}_HOST, value: {host}}}, {{name: {prefix}_PORT, value: {port}}}]"


def test_a_host_is_changed_alone_where_the_port_stays() -> None:
    """The other variable says it."""
    assert texts(rewired(shop(pair()))) == {0: ["shop-api"]}
    assert texts(rewired(shop(pair("' localhost'")))) == {0: [" shop-api"]}


def test_a_service_with_another_port_asks_for_both_to_change() -> None:
    """That is left to a person."""
    text = shop(pair()) + service("api", "{port: 8080, targetPort: 3000}")
    assert refusal_for(text) is Refusal.LOCALHOST_SPLIT_ADDRESS


@pytest.mark.parametrize(
    ("variable", "refusal"),
    [
        ("DB_HOST", None),
        ("DATABASE_HOST", None),
        ("SQL_HOST", None),
        ("POSTGRES_HOST", None),
        ("API_HOST", None),
        ("UPSTREAM_HOST", Refusal.LOCALHOST_UNRESOLVED),
    ],
)
def test_a_host_without_a_port_is_named_for_whom_it_means(
    variable: str, refusal: Refusal | None
) -> None:
    """Its port is then the one on which the server listens."""
    text = shop(env("localhost", variable), POSTGRES)
    assert refusal_for(text) is refusal
    if refusal is None:
        changes = rewired(text)
        assert texts(changes) == {0: ["shop-api"]}
        assert changes.traffic == {TrafficFlow(0, 1, 5432)}


def test_a_host_that_may_mean_one_of_two_stores_is_unclear() -> None:
    """Though it is known on which ports both listen."""
    text = shop(
        env("localhost", "UPSTREAM_HOST"),
        POSTGRES,
        others=["name: more, image: 'mysql:8'"],
        roles="front=main,api=unrelated,more=unrelated",
    )
    assert refusal_for(text) is Refusal.LOCALHOST_UNRESOLVED


# What can't be told


@pytest.mark.parametrize(
    ("front", "api", "refusal"),
    [
        (env("http://localhost:9999"), "", Refusal.LOCALHOST_UNRESOLVED),
        (env("http://localhost:80"), "", None),
        (env("http://localhost:9999"), QUEUE, None),
        (
            env("http://localhost:9999"),
            "image: 'busybox:1', ports: []",
            Refusal.LOCALHOST_UNRESOLVED,
        ),
        (env("http://localhost:5672"), QUEUE.replace("5672}", "5672, protocol: UDP}"), None),
        ("livenessProbe: {exec: {command: [curl, 'http://localhost:9999']}}", "", None),
        ("lifecycle: {preStop: {exec: {command: [a, 'http://localhost:9999']}}}", "", None),
    ],
)
def test_a_port_that_nobody_is_known_to_listen_on_may_be_the_other_groups(
    front: str, api: str, refusal: Refusal | None
) -> None:
    """Not if that one's ports are all known, and not if it is its own."""
    assert refusal_for(shop(front, api)) is refusal


def test_a_port_that_the_other_group_declares_for_another_protocol_is_unsure() -> None:
    """The Services that are made speak TCP."""
    udp = "image: acme/api, ports: [{containerPort: 3000}, {containerPort: 5353, protocol: UDP}]"
    assert refusal_for(shop(env("localhost:5353"), udp)) is Refusal.LOCALHOST_UNRESOLVED
    known = QUEUE.replace("5672}", "5672}, {containerPort: 5353, protocol: UDP}")
    assert refusal_for(shop(env("localhost:5353"), known)) is Refusal.LOCALHOST_UNRESOLVED
    assert refusal_for(shop(env("localhost:5354"), known)) is None


@pytest.mark.parametrize(
    ("front", "refusal"),
    [
        (
            "livenessProbe: {exec: {command: [curl, 'http://localhost:3000']}}",
            Refusal.LOCALHOST_IN_PROBE,
        ),
        # The kubelet's own localhost is the node's, now as before.
        ("livenessProbe: {httpGet: {host: localhost, port: 3000}}", None),
        (
            "lifecycle: {postStart: {exec: {command: [curl, 'http://localhost:3000']}}}",
            Refusal.LOCALHOST_IN_PROBE,
        ),
        ("livenessProbe: {exec: {command: [curl, 'http://localhost:80']}}", None),
    ],
)
def test_a_probe_of_the_other_group_is_not_changed(front: str, refusal: Refusal | None) -> None:
    """Apart it would fail for ever, or say nothing of its own container."""
    assert refusal_for(shop(front)) is refusal


def test_a_helper_of_both_groups_that_calls_one_of_them_is_unclear() -> None:
    """In the other one's Pod it would have to call a Service."""
    proxy = f"name: proxy, image: 'istio/proxyv2:1', {env('http://localhost:3000')}"
    text = shop(others=[proxy], roles="front=main,api=unrelated,proxy=sidecar")
    assert refusal_for(text) is Refusal.LOCALHOST_UNRESOLVED


def test_an_init_container_calls_from_the_group_that_it_prepares() -> None:
    """It runs in that one's Pod."""
    pod = f"initContainers: [{{name: prepare-front, image: busybox, {env('localhost:3000')}}}]"
    changes = rewired(shop(pod=pod))
    assert texts(changes) == {2: ["shop-api:3000"]}
    assert changes.traffic == {TrafficFlow(0, 1, 3000)}


# Several of what keeps state

CALLS = env("localhost:5672")


@pytest.mark.parametrize(
    ("spec", "api", "refusal"),
    [
        ("replicas: 1", QUEUE, None),
        ("replicas: 2", QUEUE, Refusal.REPLICATED_DATASTORE),
        ("replicas: 2", "ports: [{containerPort: 5672}]", None),
        ("replicas: 2", QUEUE.replace("rabbitmq:4", "nginx:1"), None),
    ],
)
@pytest.mark.parametrize("front", [CALLS, ""])
def test_a_service_before_several_databases_would_lead_to_any(
    front: str, spec: str, api: str, refusal: Refusal | None
) -> None:
    """Each replica had its own on localhost, whether a call is seen or not."""
    if "acme" not in api and "image" not in api and not front:
        return
    assert refusal_for(shop(front, api, spec=spec)) is refusal


@pytest.mark.parametrize("image", ["redis:7", "postgres:17", "rabbitmq:4"])
def test_caches_count_as_well_as_databases_and_brokers(image: str) -> None:
    """Each replica's is its own."""
    api = f"image: '{image}', ports: [{{containerPort: 5672}}]"
    text = shop(CALLS, api, spec="replicas: 2")
    assert refusal_for(text) is Refusal.REPLICATED_DATASTORE
