"""Which groups an init container prepares."""

from __future__ import annotations

import pytest

from service.classification.init_containers import prepared_groups
from service.classification.knowledge import load_catalogue
from tests.support.classifying import container_of, context_of, workload


def prepared(
    init: str, *, web: str = "image: shop/web", sources: str = "emptyDir: {}"
) -> list[str]:
    """The heads of the groups that an init container prepares, in a Pod of three groups."""
    context = context_of(
        workload(f"""
        containers:
        - {{name: web, {web}}}
        - {{name: db, image: shop/db, volumeMounts: [{{name: data, mountPath: /d}}]}}
        - {{name: log, image: shop/log, volumeMounts: [{{name: data, mountPath: /d}}]}}
        - {{name: api, image: shop/api:2, volumeMounts: [{{name: other, mountPath: /o}}]}}
        initContainers: [{{{init}}}]
        volumes:
        - {{name: data, {sources}}}
        - {{name: other, emptyDir: {{}}}}
        """)
    )
    names = [("web",), ("db", "log"), ("api",)]
    groups = tuple(tuple(container_of(context, name) for name in group) for group in names)
    init_container = context.workload.containers[-1]
    numbers = prepared_groups(context, init_container, groups)
    return [names[number][0] for number in numbers]


WRITES = "volumeMounts: [{name: data, mountPath: /x}]"


def test_it_prepares_those_that_mount_what_it_writes() -> None:
    """Whatever its image and name say."""
    assert prepared(f"name: init-api, image: shop/api, {WRITES}") == ["db"]
    both = "volumeMounts: [{name: data, mountPath: /x}, {name: other, mountPath: /o}]"
    assert prepared(f"name: init, image: shop/init, {both}") == ["db", "api"]


def test_what_it_only_reads_it_does_not_prepare() -> None:
    """Its name says more then."""
    mounts = "volumeMounts: [{name: data, mountPath: /x, readOnly: true}]"
    assert prepared(f"name: init-api, image: shop/init, {mounts}") == ["api"]


@pytest.mark.parametrize(
    "source",
    ["configMap: {name: c}", "secret: {secretName: s}", "projected: {}", "downwardAPI: {}"],
)
def test_what_cannot_be_written_it_does_not_prepare(source: str) -> None:
    """Two that read one ConfigMap have nothing to do with each other."""
    assert prepared(f"name: init-api, image: shop/init, {WRITES}", sources=source) == ["api"]


def test_else_it_prepares_those_that_run_its_image() -> None:
    """Whatever the registry and the tag, and whatever its name says."""
    assert prepared("name: init-db, image: r.example/shop/api:1") == ["api"]
    assert prepared("name: x, image: shop/log") == ["db"]


def test_a_missing_image_is_nobodys() -> None:
    """Even where another one is missing too."""
    assert prepared("name: init-db", web="tty: true") == ["db"]


def test_an_image_for_any_command_says_nothing() -> None:
    """Half of all init containers run busybox."""
    assert prepared("name: init-db, image: busybox", web="image: 'docker.io/busybox:1'") == ["db"]
    assert prepared("name: init, image: busybox", web="image: busybox") == ALL


ALL = ["web", "db", "api"]


@pytest.mark.parametrize(
    ("name", "heads"),
    [
        ("init-db", ["db"]),
        ("setup-log", ["db"]),
        ("db-api-migrate", ["db", "api"]),
        ("databases", ALL),
        ("init", ALL),
        ("init-container", ALL),
        ("x", ALL),
    ],
)
def test_else_it_prepares_those_that_share_a_word_with_its_name(
    name: str, heads: list[str]
) -> None:
    """Else it ran before all, and is everybody's."""
    assert prepared(f"name: {name}, image: shop/init") == heads


@pytest.mark.parametrize("word", ["init", "wait", "for", "setup", "prepare", "container"])
def test_words_of_all_init_containers_are_not_shared(word: str) -> None:
    """A container may be called so too."""
    context = context_of(
        workload(f"""
        containers: [{{name: web, image: shop/web}}, {{name: {word}-x, image: shop/x}}]
        initContainers: [{{name: {word}-y, image: shop/y}}]
        """)
    )
    groups = tuple((container,) for container in context.classified_containers)
    assert prepared_groups(context, context.workload.containers[-1], groups) == (0, 1)


# What it waits for or calls


def waiting(init: str, *, web: str = "", api: str = "", services: str = "") -> list[str]:
    """The containers whose groups an init container prepares, beside a database."""
    context = context_of(
        workload(f"""
        containers:
        - {{name: web, image: shop/web, ports: [{{containerPort: 80}}], {web}}}
        - {{name: api, image: shop/api, ports: [{{containerPort: 3000}}], {api}}}
        - {{name: db, image: 'postgres:17', ports: [{{containerPort: 5432}}]}}
        initContainers: [{{{init}}}]
        """)
        + services,
        catalogue=load_catalogue(),
    )
    groups = tuple((container,) for container in context.classified_containers)
    numbers = prepared_groups(context, context.workload.containers[-1], groups)
    return [groups[number][0].name for number in numbers]


STORE = """---
apiVersion: v1
kind: Service
metadata: {name: store}
spec: {selector: {app: shop}, ports: [{port: 5432}]}
"""
OTHERS = ["web", "api"]


@pytest.mark.parametrize(
    "init",
    [
        "name: wait-for-db, image: busybox",
        "name: wait-for-postgres, image: busybox",
        "name: check-db-ready, image: busybox",
        "name: migrate-db, image: shop/migrate",
        "name: first, image: busybox, args: ['until nc -z localhost 5432; do sleep 1; done']",
        "name: first, image: busybox, env: [{name: DB, value: 'postgres://localhost:5432/a'}]",
        "name: first, image: busybox, env: [{name: DB, value: 'postgres://store:5432/a'}]",
        "name: first, image: busybox, env: [{name: DB_HOST, value: store}]",
        "name: first, image: busybox, args: [nslookup store]",
        "name: first, image: busybox, args: ['getent hosts store.default.svc']",
        "name: first, image: busybox, args: ['pg_isready -q -h db']",
        "name: first, image: 'postgres:16', args: ['psql -h store']",
        "name: init-db, image: shop/init, args: ['wait-for-it.sh store:5432']",
    ],
)
def test_it_does_not_go_with_what_it_waits_for_or_calls(init: str) -> None:
    """Whatever its name, and its image: there it would wait for itself."""
    assert waiting(init, services=STORE) == OTHERS


@pytest.mark.parametrize(
    "init",
    [
        "name: sysctl-for-db, image: busybox, args: ['sysctl -w vm.max_map_count=262144']",
        "name: check-db, image: busybox, args: ['sysctl -w net.core.somaxconn=1024']",
        "name: tune-api, image: busybox, args: ['echo never > /sys/kernel/mm/x']",
        "name: init-api, image: 'postgres:16', args: ['iptables -t nat -A OUTPUT']",
    ],
)
def test_what_sets_up_the_node_or_the_network_is_everybodys(init: str) -> None:
    """Whatever it is called: each Pod is on a node of its own."""
    assert waiting(init) == ["web", "api", "db"]


@pytest.mark.parametrize(
    ("init", "heads"),
    [
        ("name: permissions-for-db, image: busybox, args: ['chown -R 999 /data']", ["db"]),
        ("name: check-db, image: busybox", ["web", "api"]),
        ("name: first, image: 'postgres:16', args: ['pg_isready -h legacy']", ["web", "api", "db"]),
        ("name: migrate-api, image: shop/migrate", ["api"]),
        ("name: migrate, image: shop/api, args: ['--db=store:5432']", ["api"]),
        ("name: first, image: busybox, args: [store]", ["web", "api", "db"]),
        ("name: first, image: busybox, args: ['nc -z restore 1']", ["web", "api", "db"]),
    ],
)
def test_what_is_no_call_says_nothing(init: str, heads: list[str]) -> None:
    """A word may be anything; what it prepares needs the database itself."""
    assert waiting(init, services=STORE) == heads


def test_it_goes_with_those_that_call_the_same() -> None:
    """They need what it waits for."""
    env = "env: [{name: DB, value: 'postgres://store:5432/a'}]"
    assert waiting("name: wait-for-db, image: busybox", api=env, services=STORE) == ["api"]


@pytest.mark.parametrize(
    ("init", "api", "heads"),
    [
        ("nc -z rabbitmq 5672", "rabbitmq", ["api"]),
        ("nc -z rabbitmq 5672", "amqp://u:p@rabbitmq.shop.svc:5672/a", ["api"]),
        ("nc -z rabbitmq 5672", "rabbit", ["web", "api", "db"]),
        ("nc -z true 5672", "true", ["web", "api", "db"]),
    ],
)
def test_it_goes_with_those_that_are_told_of_a_host_elsewhere(
    init: str, api: str, heads: list[str]
) -> None:
    """What it waits for need not be in the Pod."""
    told = f"env: [{{name: QUEUE, value: '{api}'}}]"
    assert waiting(f"name: first, image: busybox, args: ['{init}']", api=told) == heads


def test_a_port_tells_whom_of_a_services_it_waits_for() -> None:
    """One Service may lead to several containers."""
    both = STORE.replace("[{port: 5432}]", "[{name: a, port: 5432}, {name: b, port: 80}]")
    wait = "name: first, image: busybox, args: ['nc -z store {}']"
    assert waiting(wait.format(80), services=both) == ["api", "db"]
    assert waiting(wait.format(5432), services=both) == OTHERS
    assert waiting("name: first, image: busybox, args: ['nslookup store']", services=both) == [
        "api"
    ]


def test_one_that_calls_all_goes_with_none() -> None:
    """It would wait for itself in each."""
    assert waiting("name: wait-for-web-api-db, image: busybox") == []


def test_without_groups_it_prepares_none() -> None:
    """A Pod may be written without containers."""
    text = "{containers: [], initContainers: [{name: init, image: shop/init}]}"
    context = context_of(workload(text))
    assert prepared_groups(context, context.workload.containers[0], ()) == ()
