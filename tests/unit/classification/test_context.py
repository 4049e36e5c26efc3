"""What is known of a Pod and its containers."""

from __future__ import annotations

import pytest

from service.classification.context import PodContext
from service.classification.knowledge import Catalogue, ImageRole, entry_from
from service.classification.listening import PortBasis
from service.kube.references import LoopbackReference
from tests.support.classifying import container_of, context_of, service, text_at, workload

TOLD, DECLARED, DEFAULT = PortBasis.TOLD, PortBasis.DECLARED, PortBasis.DEFAULT


def pod(*containers: str, more: str = "") -> PodContext:
    """A workload with containers, each a name and fields behind a space."""
    lines = [
        f"- {{name: {name}, {fields}}}"
        for name, _, fields in (container.partition(" ") for container in containers)
    ]
    return context_of(workload("\n".join(["containers:", *lines, more])))


def test_an_entry_is_that_of_the_image_and_its_tag() -> None:
    """Also of an init container."""
    php = {"id": "php", "images": ["php"], "role": "runtime", "source": "a"}
    catalogue = Catalogue(
        [entry_from({**php, "ports": [9000], "tags": {"*-apache": [80]}}, "a test")]
    )
    context = context_of(
        workload("""
        containers: [{name: a, image: php:8}, {name: b, image: shop/b}]
        initContainers: [{name: i, image: 'php:8-apache'}]
        """),
        catalogue=catalogue,
    )
    entries = [context.catalogue_entry(item) for item in context.workload.containers]
    assert [item.ports if item else None for item in entries] == [(9000,), None, (80,)]
    assert [context.image_role(item) for item in context.workload.containers] == [
        ImageRole.RUNTIME, None, ImageRole.RUNTIME,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "repurposed"),
    [
        ("image: nginx, command: [sleep, inf]", True),
        ("image: nginx", False),
        ("image: busybox, command: [sleep, inf]", False),
        ("image: fluent-bit, command: [sleep, inf]", False),
        ("image: shop/x, command: [sleep, inf]", False),
    ],
)
def test_a_servers_image_that_runs_something_else_is_no_server(
    fields: str, repurposed: bool
) -> None:
    """It has no entry then; tools, helpers and images of one's own are what they are."""
    context = pod("x " + fields)
    container = container_of(context, "x")
    assert context.is_repurposed(container) is repurposed
    if repurposed:
        assert context.catalogue_entry(container) is None
        assert context.image_role(container) is None


@pytest.mark.parametrize(
    ("container", "keeps_state", "is_store"),
    [
        ("x image: mysql", True, True),
        ("x image: rabbitmq", True, True),
        ("x image: redis", False, True),
        ("job-queue image: redis", True, True),
        ("db2 image: redis", True, True),
        ("store.main image: redis", True, True),
        ("my_mq image: redis", True, True),
        ("dbx image: redis", False, True),
        ("queued image: redis", False, True),
        ("db image: nginx", False, False),
        ("db image: shop/db", False, False),
        ("db image: fluent-bit", False, False),
        ("db image: 'mysql', command: [sh]", False, False),
    ],
)
def test_stores_and_those_that_keep_state(
    container: str, keeps_state: bool, is_store: bool
) -> None:
    """Databases and brokers keep state; a cache does if it is named as a store, by a whole word."""
    context = pod(container)
    [found] = context.classified_containers
    assert context.keeps_state(found) is keeps_state
    assert context.is_store(found) is is_store


def test_a_helper_of_a_stores_category_is_no_store() -> None:
    """It stands alone nowhere."""
    data = {"id": "x", "images": ["x"], "role": "helper", "category": "datastore", "source": "a"}
    context = context_of(
        workload("containers: [{name: db, image: x}]"),
        catalogue=Catalogue([entry_from(data, "a test")]),
    )
    [found] = context.classified_containers
    assert not context.keeps_state(found)
    assert not context.is_store(found)


def test_services_and_routes_are_those_of_the_set() -> None:
    """Of the Services those that select the Pods."""
    context = context_of(
        workload("containers: [{name: a, image: a}]"),
        service("shop", "[{port: 80}]"),
        service("other", "[{port: 80}]", "{app: other}"),
        "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: i}\n"
        "spec: {defaultBackend: {service: {name: shop, port: {number: 80}}}}\n",
    )
    assert [link.service.name for link in context.services] == ["shop"]
    assert context.routed_backends == {("shop", 80)}


def test_references_are_those_of_all_containers() -> None:
    """Init containers are told of addresses too."""
    context = pod(
        "a image: a, args: ['localhost:80']",
        more="initContainers: [{name: i, image: i, args: ['localhost:81']}]",
    )
    assert [(item.container.name, item.port) for item in context.references] == [
        ("a", 80), ("i", 81),
    ]  # fmt: skip


def test_listening_ports_leave_out_what_a_repurposed_container_declares() -> None:
    """By the container's index."""
    context = pod(
        "a image: nginx, command: [sleep, inf], ports: [{containerPort: 80}]", "b image: redis"
    )
    assert context.listening_ports == {0: {}, 1: {6379: DEFAULT}}


@pytest.mark.parametrize(
    ("container", "port", "name", "metrics"),
    [
        ("x image: shop/x", 70, "metrics", True),
        ("metrics image: shop/x", 70, "metrics", False),
        ("x image: shop/x", 70, "http", False),
        ("x image: shop/x", 9090, "", True),
        ("x image: fluent-bit", 9090, "", True),
        ("x image: nginx", 9090, "", False),
        ("x image: rabbitmq", 15692, "", True),
        ("x image: rabbitmq", 5672, "", False),
        ("x image: rabbitmq", 5672, "health", True),
        ("x image: rabbitmq", 70, "", False),
    ],
)
def test_a_port_serves_metrics_by_name_by_image_or_by_convention(
    container: str, port: int, name: str, metrics: bool
) -> None:
    """The conventions of exporters don't hold for servers."""
    context = pod(container)
    assert context.is_metrics_only(port, name, context.classified_containers[0]) is metrics


def test_an_image_may_serve_its_traffic_on_a_port_of_exporters() -> None:
    """It is known better then."""
    data = {"id": "x", "images": ["x"], "role": "helper", "ports": [9090], "source": "a"}
    context = context_of(
        workload("containers: [{name: a, image: x}]"),
        catalogue=Catalogue([entry_from(data, "a test")]),
    )
    assert not context.is_metrics_only(9090, "", context.classified_containers[0])


@pytest.mark.parametrize(
    ("ports", "metrics"),
    [
        ("[{port: 80, targetPort: 9090}]", False),
        ("[{port: 443, targetPort: 9090}]", False),
        ("[{port: 80, targetPort: web}]", False),
        ("[{port: 8080, targetPort: 9090}]", True),
        ("[{port: 9090}]", True),
        ("[{port: 80, targetPort: 9091}]", True),
        ("[{port: 80, targetPort: gone}, {port: 81, targetPort: 9090}]", True),
    ],
)
def test_a_port_that_is_published_as_a_web_servers_serves_traffic(
    ports: str, metrics: bool
) -> None:
    """By a Service, on port 80 or 443."""
    context = context_of(
        workload("containers: [{name: a, image: a, ports: [{name: web, containerPort: 9090}]}]"),
        service(ports=ports),
    )
    assert context.is_metrics_only(9090, "", context.classified_containers[0]) is metrics


def test_traffic_ports_are_the_ports_that_are_not_for_metrics() -> None:
    """By the names that the container gives them."""
    context = pod(
        "a image: a, env: [{name: PORT, value: '72'}], ports: [{containerPort: 70},"
        " {name: metrics, containerPort: 71}, {name: admin, containerPort: 72},"
        " {containerPort: 9090}, {containerPort: 73, name: http}]"
    )
    [container] = context.classified_containers
    assert context.traffic_ports(container) == {70: DECLARED, 73: DECLARED}


def reference(context: PodContext, name: str = "web") -> LoopbackReference:
    """The address that a container is told of."""
    [found] = [item for item in context.references if item.container.name == name]
    return found


def target(context: PodContext, name: str = "web") -> str | None:
    """The name of the container that the address leads to."""
    found = context.target_of(reference(context, name))
    return found.name if found else None


WEB = "web image: shop/web, env: [{name: UPSTREAM, value: 'http://localhost:3000'}]"
DECLARES = "image: shop/x, ports: [{containerPort: 3000}]"
IS_TOLD = "image: shop/x, env: [{name: PORT, value: '3000'}]"


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        ([f"a {DECLARES}"], "a"),
        ([f"a {IS_TOLD}"], "a"),
        (["a image: grafana"], "a"),
        (["a image: shop/a", f"b {DECLARES}"], "b"),
        ([f"a {DECLARES}", f"b {DECLARES}"], "a"),
        (["a image: grafana", "b image: grafana, ports: [{containerPort: 3000}]"], "b"),
        (["a image: grafana, ports: [{containerPort: 3000}]", f"b {IS_TOLD}"], "b"),
        (["a image: shop/a"], None),
    ],
)
def test_an_address_leads_to_who_is_surest_to_listen_there(
    others: list[str], expected: str | None
) -> None:
    """Told before declared, declared before by default; of two that are as sure the first."""
    assert target(pod(WEB, *others)) == expected


@pytest.mark.parametrize(
    ("caller", "other", "expected"),
    [
        ("image: shop/web, ports: [{containerPort: 3000}]", DECLARES, None),
        ("image: shop/web, env: [{name: PORT, value: '3000'}]", IS_TOLD, None),
        ("image: grafana, ports: [{containerPort: 3000}]", IS_TOLD, "x"),
        ("image: grafana, ports: [{containerPort: 3000}]", "image: grafana", None),
        ("image: grafana", "image: grafana", "x"),
        ("image: shop/web, ports: [{containerPort: 3000}]", "image: shop/x", None),
    ],
)
def test_a_container_that_is_as_sure_to_listen_there_is_told_of_itself(
    caller: str, other: str, expected: str | None
) -> None:
    """That its image may listen there says nothing: a container hardly calls itself."""
    context = pod(f"web {caller}, args: ['--to=http://localhost:3000']", f"x {other}")
    assert target(context) == expected


def test_an_address_to_listen_on_leads_nowhere() -> None:
    """With a port or without one."""
    context = pod("web image: a, args: ['--listen=localhost:3000']", f"x {DECLARES}")
    assert reference(context).listens
    assert target(context) is None
    context = pod("web image: a, env: [{name: BIND_HOST, value: localhost}]", "x image: mysql")
    assert reference(context).listens
    assert target(context) is None


def test_an_init_containers_address_leads_to_who_listens_there() -> None:
    """It listens nowhere itself."""
    context = pod(
        f"x {DECLARES}", more="initContainers: [{name: i, image: i, args: ['localhost:3000']}]"
    )
    assert target(context, "i") == "x"


HOST = "web image: shop/web, env: [{name: %s, value: localhost}]"


@pytest.mark.parametrize(
    ("variable", "others", "expected"),
    [
        ("DB_HOST", ["a image: mysql"], "a"),
        ("X_HOST", ["a image: redis"], "a"),
        ("MYSQL_HOST", ["a image: redis", "b image: mysql"], "b"),
        ("X_HOST", ["a image: redis", "b image: mysql"], None),
        ("MYSQL_HOST", ["a image: mysql", "b image: mysql"], None),
        ("GRAFANA_HOST", ["a image: grafana"], None),
        ("A_HOST", [f"a {DECLARES}"], None),
        ("DB_HOST", ["a image: shop/a"], None),
    ],
)
def test_a_host_without_a_port_means_the_one_store_beside_it(
    variable: str, others: list[str], expected: str | None
) -> None:
    """Of several the one that the variable names."""
    assert target(pod(HOST % variable, *others)) == expected


def test_a_store_that_is_told_of_localhost_does_not_mean_itself() -> None:
    """But the other one."""
    context = pod("web image: redis, env: [{name: X_HOST, value: localhost}]", "b image: mysql")
    assert target(context) == "b"


@pytest.mark.parametrize(
    ("variable", "container", "named"),
    [
        ("ORDERS_DB", "orders image: shop/x", True),
        ("ORDERS_DB", "x-orders image: shop/x", True),
        ("orders.url", "orders image: shop/x", True),
        ("ORDERSDB", "orders image: shop/x", False),
        ("CART_DB", "orders image: shop/x", False),
        ("MYSQL_HOST", "x image: mysql", True),
        ("MARIADB_HOST", "x image: mysql", True),
        ("POSTGRES_HOST", "x image: mysql", False),
        ("REDIS_HOST", "x image: redis", True),
        ("REDIS_HOST", "x image: shop/redis-like", False),
        ("MYSQLD_URL", "x image: mysqld-exporter", True),
        ("MYSQL_URL", "x image: haproxy", False),
        ("HOST", "x image: haproxy", False),
        ("A_", "x- image: shop/x", False),
    ],
)
def test_a_variable_names_a_container_by_name_by_image_or_by_protocol(
    variable: str, container: str, named: bool
) -> None:
    """By whole words; servers of other names speak the same protocols."""
    context = pod(container)
    assert context.is_named_in(variable, context.classified_containers[0]) is named


@pytest.mark.parametrize(
    ("word", "port"),
    [
        ("PGHOST", 5432), ("POSTGRES", 5432), ("POSTGRESQL", 5432), ("MYSQL", 3306),
        ("MARIADB", 3306), ("REDIS", 6379), ("MONGO", 27017), ("MONGODB", 27017), ("AMQP", 5672),
    ],
)  # fmt: skip
def test_protocols_are_known_by_the_port_of_the_image(word: str, port: int) -> None:
    """By its main port alone."""
    for ports, named in (([port, 1], True), ([1, port], False)):
        data = {"id": "s", "images": ["s"], "role": "either", "ports": ports, "source": "a"}
        context = context_of(
            workload("containers: [{name: a, image: s}]"),
            catalogue=Catalogue([entry_from(data, "a test")]),
        )
        assert context.is_named_in(f"{word}_X", context.classified_containers[0]) is named


def test_places_are_within_the_container() -> None:
    """At once, or when somebody asks."""
    context = pod("a image: a", "b image: shop/b")
    container = container_of(context, "b")
    lazy = context.lazy_location_of(container, "image")
    assert text_at(lazy) == "shop/b"
    assert context.location_of(container, "image") == lazy.location()
    assert text_at(context.lazy_location_of(container)) == "{name: b, image: shop/b}"
