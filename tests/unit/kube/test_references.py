"""References to addresses: loopback hosts with their ports, Services by name, and claims."""

from __future__ import annotations

import re

import pytest

from service.kube.references import (
    LOOPBACK_HOST,
    loopback_addresses,
    loopback_references,
    referenced_volume_claims,
    service_names_in,
)
from tests.support.manifests import container_of, manifests_of, named, workload_named, workload_of

ADDRESSES = [
    ("localhost:80", [("localhost", 80)]),
    ("127.0.0.1:80", [("127.0.0.1", 80)]),
    ("127.255.255.255:80", [("127.255.255.255", 80)]),
    ("[::1]:80", [("[::1]", 80)]),
    ("http://localhost/x", [("localhost", 80)]),
    ("https://localhost", [("localhost", 443)]),
    ("postgres://u:p@localhost/db", [("localhost", 5432)]),
    ("postgresql://localhost", [("localhost", 5432)]),
    ("mysql://localhost", [("localhost", 3306)]),
    ("redis://localhost", [("localhost", 6379)]),
    ("mongodb://localhost", [("localhost", 27017)]),
    ("amqp://localhost", [("localhost", 5672)]),
    ("http://localhost:8080", [("localhost", 8080)]),
    ("localhost:80,127.0.0.1:81", [("localhost", 80), ("127.0.0.1", 81)]),
    ("a\nlocalhost:80", [("localhost", 80)]),
    ("x # localhost:80", [("localhost", 80)]),
    ("localhost:65535", [("localhost", 65535)]),
    # No port, no known scheme, or no loopback address.
    ("localhost", []),
    ("ftp://localhost", []),
    ("localhost:0", []),
    ("localhost:65536", []),
    ("localhost:808080", []),
    ("mylocalhost:80", []),
    ("my-localhost:80", []),
    ("localhost.example.com:80", []),
    ("localhosts:80", []),
    ("localhost:80a", []),
    ("128.0.0.1:80", []),
    ("10.127.0.0.1:80", []),
    ("::1:80", []),
    ("shop-web:80", []),
    ("", []),
    # In a comment line.
    ("# localhost:80", []),
    ("a\n  # http://localhost\nb", []),
    ("# c\nlocalhost:80", [("localhost", 80)]),
    ("# localhost:81\nlocalhost:80", [("localhost", 80)]),
]


@pytest.mark.parametrize(("text", "expected"), ADDRESSES)
def test_loopback_addresses_in_a_text(text: str, expected: list[tuple[str, int]]) -> None:
    """With the port that is written, or the one that the scheme means."""
    found = list(loopback_addresses(text))
    assert [(address.host, address.port) for address in found] == expected
    for address in found:
        written = text[address.start : address.end]
        assert written == (f"{address.host}:{address.port}" if address.written else address.host)


@pytest.mark.parametrize(
    ("text", "before", "listens"),
    [
        ("--listen=localhost:80", "", True),
        ("--port localhost:80", "", True),
        ("localhost:80", "--listen", True),
        ("localhost:80", "--server", False),
        ("--upstream=localhost:80", "", False),
        ("--upstream=localhost:80", "--listen", False),
        ("--mysqld.address=localhost:80", "", False),
        ("listen: localhost:80", "", True),
        ("bind_address = localhost:80", "", True),
        ("address: http://localhost:80", "", False),
        ("listen a, b localhost:80", "", False),
        ("http://x listen localhost:80", "", False),
        ("listen: x\nlocalhost:80", "", False),
        ("call localhost:80", "", False),
        ("localhost:80", "", False),
    ],
)
def test_an_address_to_listen_on(text: str, before: str, listens: bool) -> None:
    """By the flag or key right before it."""
    (address,) = loopback_addresses(text, before)
    assert address.listens is listens


def test_only_so_much_of_a_value_is_searched() -> None:
    """A hundred addresses, each with the five hundred characters before it."""
    assert len(list(loopback_addresses("localhost:80 " * 101))) == 100
    within = "http://" + "u" * 492 + "@"
    assert len(within) == 500
    assert len(list(loopback_addresses(within + "localhost"))) == 1
    assert list(loopback_addresses(within.replace("@", "u@") + "localhost")) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("::1", True),
        ("[::1]", True),
        ("localhost:80", False),
    ],
)
def test_a_loopback_host_alone(text: str, expected: bool) -> None:
    """Without a port."""
    assert isinstance(LOOPBACK_HOST.fullmatch(text), re.Match) is expected


CONFIG = """---
apiVersion: v1
kind: ConfigMap
metadata: {name: conf}
data:
  url: http://localhost:8080
  other: http://localhost:9090
  DB_HOST: localhost
  DB_PORT: '5432'
"""


def references(
    container: str, config: str = CONFIG
) -> list[tuple[str, int | None, str, bool, str]]:
    """The references of a container: host, port, where, whether it listens, and the variable."""
    spec = f"{{containers: [{container}]}}"
    manifests = manifests_of(
        f"apiVersion: v1\nkind: Pod\nmetadata: {{name: web}}\nspec: {spec}\n{config}"
    )
    workload = workload_named(manifests, "Pod/web")
    found = list(loopback_references(workload, workload.containers[0], manifests))
    for reference in found:
        assert reference.container is workload.containers[0]
        in_pod = not reference.where.startswith("ConfigMap")
        title = "Pod/web" if in_pod else "ConfigMap/conf"
        assert reference.resource is named(manifests, title)
        assert reference.resource.get(*reference.route) is not None
    return [
        (reference.host, reference.port, reference.where, reference.listens, reference.variable)
        for reference in found
    ]


def variables(*pairs: tuple[str, str]) -> str:
    return (
        "{env: [" + ", ".join(f"{{name: {name}, value: '{value}'}}" for name, value in pairs) + "]}"
    )


@pytest.mark.parametrize(
    ("container", "expected"),
    [
        ("{args: [--db=localhost:80]}", [("localhost", 80, "args", False, "")]),
        ("{command: [--listen, 'localhost:80']}", [("localhost", 80, "command", True, "")]),
        ("{args: [--server, 'localhost:80']}", [("localhost", 80, "args", False, "")]),
        ("{args: [listen, 'localhost:80']}", [("localhost", 80, "args", False, "")]),
        (variables(("URL", "redis://localhost")), [("localhost", 6379, "env", False, "")]),
        (variables(("BIND_ADDR", "localhost:80")), [("localhost", 80, "env", True, "")]),
        (
            "{readinessProbe: {exec: {command: [curl, 'localhost:80']}}}",
            [("localhost", 80, "probe", False, "")],
        ),
        (
            "{lifecycle: {preStop: {exec: {command: [curl, 'localhost:80']}}}}",
            [("localhost", 80, "hook", False, "")],
        ),
        # A probe that names its host; by itself it is for the container's own port.
        (
            "{livenessProbe: {httpGet: {host: 127.0.0.1, port: 80}}}",
            [("127.0.0.1", 80, "probe", False, "")],
        ),
        ("{livenessProbe: {httpGet: {host: '::1', port: 80}}}", [("::1", 80, "probe", False, "")]),
        (
            "{livenessProbe: {httpGet: {host: localhost, port: 80}}}",
            [("localhost", 80, "probe", False, "")],
        ),
        (variables(("ADDRESS", "localhost:80")), [("localhost", 80, "env", False, "")]),
        ("{livenessProbe: {httpGet: {port: 80}}}", []),
        ("{livenessProbe: {httpGet: {host: localhost, port: http}}}", []),
        ("{livenessProbe: {httpGet: {host: web, port: 80}}}", []),
        ("{args: [--db=shop-db:80]}", []),
    ],
)
def test_a_container_is_told_of_its_own_pod(
    container: str, expected: list[tuple[str, int | None, str, bool, str]]
) -> None:
    """By words, variables, probes and hooks."""
    assert references(container) == expected


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([("DB_HOST", "localhost"), ("DB_PORT", "5432")], [(5432, False, "DB_HOST")]),
        ([("DB_PORT", "5432"), ("DB_HOST", " ::1 ")], [(5432, False, "DB_HOST")]),
        ([("db_hostname", "127.0.0.1"), ("DB_TCP_PORT", "1")], [(1, False, "db_hostname")]),
        ([("DB_SERVER", "localhost"), ("OTHER_PORT", "1")], [(None, False, "DB_SERVER")]),
        ([("DB_ADDR", "localhost"), ("DB_PORT", "x")], [(None, False, "DB_ADDR")]),
        ([("DB_URL", "localhost"), ("DB_PORTS", "1")], [(None, False, "DB_URL")]),
        ([("DB", "localhost"), ("DB_PORT", "1"), ("DB_PORT2", "2")], [(1, False, "DB")]),
        ([("DB_PORT", "x"), ("DB_TCP_PORT", "5"), ("DB", "localhost")], [(5, False, "DB")]),
        *(
            ([(f"DB_{word}", "localhost"), ("DB_PORT", "5")], [(5, False, f"DB_{word}")])
            for word in ("HOSTNAME", "HOST", "ADDRESS", "ADDR", "SERVER", "ENDPOINT", "URL")
        ),
        # Where to listen.
        ([("HOST", "localhost"), ("PORT", "80")], [(80, True, "HOST")]),
        ([("BIND_ADDRESS", "localhost")], [(None, True, "BIND_ADDRESS")]),
        ([("LISTEN", "localhost")], [(None, True, "LISTEN")]),
        # Hosts that nobody calls.
        *(
            ([(name, "localhost")], [])
            for name in (
                *("NO_PROXY", "noproxy", "ALLOWED", "TRUSTED_HOST", "SERVER_NAME", "DOMAIN"),
                *("CORS_HOST", "ORIGIN", "MY_HOSTS", "WHITELIST", "POD_IP", "PODNAME", "NODE_NAME"),
            )
        ),
        ([("HOSTS_URL", "localhost")], [(None, False, "HOSTS_URL")]),
        ([("NO_PROXY", "localhost"), ("A", "x"), ("DB", "localhost")], [(None, False, "DB")]),
        ([("DB_HOST", "shop-db"), ("DB_PORT", "5432")], []),
    ],
)
def test_a_host_and_its_port_in_two_variables(
    pairs: list[tuple[str, str]], expected: list[tuple[int | None, bool, str]]
) -> None:
    """The port is that of the variable whose name starts the same."""
    found = references(variables(*pairs))
    assert [(port, listens, name) for _, port, _, listens, name in found] == expected
    assert {where for _, _, where, _, _ in found} <= {"env"}


def test_addresses_in_config_maps() -> None:
    """Those of the keys that the container reads, under the names that they have there."""
    place = "ConfigMap conf"
    both = [("localhost", 8080, place, False, ""), ("localhost", 9090, place, False, "")]
    assert references("{envFrom: [{configMapRef: {name: conf}}]}") == [
        ("localhost", 5432, place, False, "DB_HOST"),
        *both,
    ]
    assert (
        references("{envFrom: [{prefix: MY_, configMapRef: {name: conf}}]}")[0][-1] == "MY_DB_HOST"
    )
    one = "{env: [{name: X, valueFrom: {configMapKeyRef: {name: conf, key: KEY}}}]}"
    assert references(one.replace("KEY", "url")) == both[:1]
    assert references(one.replace("KEY", "other")) == both[1:]
    assert references(one.replace("KEY", "DB_HOST")) == [("localhost", None, place, False, "X")]
    assert references(one.replace("KEY", "none")) == []
    assert references(one.replace("conf,", "gone,").replace("KEY", "url")) == []


@pytest.mark.parametrize(
    ("container", "expected"),
    [
        ("{args: ['http://shop-db/x']}", ["shop-db"]),
        ("{args: ['http://u:p@shop-db']}", ["shop-db"]),
        ("{args: ['shop-db:5432']}", ["shop-db"]),
        ("{args: [--db=shop-db.shop.svc]}", ["shop-db"]),
        ("{args: ['a:80,shop-db:80']}", ["shop-db"]),
        (variables(("A", " shop-db ")), ["shop-db"]),
        # A word that isn't an address, or another name.
        ("{args: [shop-db]}", []),
        (variables(("A", "use shop-db")), []),
        ("{args: ['shop-db:5']}", []),
        ("{args: ['http://shop-dbs/']}", []),
        ("{args: ['http://my-shop-db/']}", []),
        ("{args: ['x/shop-db:80']}", []),
        ("{args: ['x.shop-db:80']}", []),
        ("{args: ['http://api.shop-db/']}", []),
        ("{args: ['http://other/']}", []),
    ],
)
def test_services_that_a_container_is_told_of(container: str, expected: list[str]) -> None:
    """By their DNS names, in addresses and as values of variables."""
    assert list(service_names_in(container_of(container), frozenset({"shop-db"}))) == expected


def test_the_first_text_with_a_name_is_given() -> None:
    """For each of the names that are looked for."""
    container = container_of("{args: ['a:80', 'http://b', 'a:81', 'c:80']}")
    route = ("spec", "containers", 0, "args")
    assert service_names_in(container, frozenset({"a", "b"})) == {
        "a": (*route, 0),
        "b": (*route, 1),
    }


def test_the_claims_of_a_workload() -> None:
    """By volume; other volumes have none."""
    workload = workload_of(
        "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers: [{name: a}]\n"
        "  volumes:\n  - {name: data, persistentVolumeClaim: {claimName: disk}}\n"
        "  - {name: other, persistentVolumeClaim: {}}\n  - {name: conf, configMap: {name: c}}\n"
    )
    assert referenced_volume_claims(workload) == {"data": "disk"}
