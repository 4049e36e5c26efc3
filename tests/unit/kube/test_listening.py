"""Ports that containers are told to listen on."""

from __future__ import annotations

import pytest

from service.kube.listening import configured_ports
from tests.support.manifests import container_of


def ports_of(text: str) -> list[int]:
    return list(configured_ports(container_of(text)))


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        ("[-listen=:8080]", [8080]),
        ("[-listen, ':8080']", [8080]),
        ("['-p :8080']", [8080]),
        ("['--port::8080']", [8080]),
        ("[--http.addr=0.0.0.0:8080]", [8080]),
        ("['--addr=[::]:8080']", [8080]),
        ("['--addr=[::1]:8080']", [8080]),
        ("[--listen=http://*:8080/]", [8080]),
        ("[--addr=:65535]", [65535]),
        ("[--addr=:10]", [10]),
        ("[--addr=:8080, --addr=:9090]", [8080, 9090]),
        # On loopback only what is plainly its own.
        ("[--http-addr=localhost:8080]", [8080]),
        ("[--mysqld.address=localhost:3306]", []),
        ("[--mysqld.address=shop-db:3306]", [3306]),
        # Not a port, not alone, or not to listen on.
        ("[--addr=:9]", []),
        ("[--addr=:65536]", []),
        ("[--addr=:808080]", []),
        ("[--addr]", []),
        ("[--addr, --verbose]", []),
        ("[--addr=:8080x]", []),
        ("[--http=http://web:8080/path]", []),
        ("[--upstream=web:8080]", []),
        ("[--config=:8080]", []),
        ("[addr=:8080]", []),
        ("[':8080']", []),
    ],
)
def test_flags_with_an_address(args: str, expected: list[int]) -> None:
    """In one word or in two."""
    assert ports_of(f"{{args: {args}}}") == expected
    assert ports_of(f"{{command: {args}}}") == expected


@pytest.mark.parametrize("args", ["[--port=8080]", "['--port 8080']", "[--listen=8080/]"])
def test_flags_with_a_port_alone(args: str) -> None:
    """Without a colon before it."""
    assert ports_of(f"{{args: {args}}}") == [8080]


def test_flags_that_name_somebody_elses_port() -> None:
    """A server that is called."""
    assert ports_of("{args: [--db-port=5432, --redis-port=6379, '--upstream-port 80']}") == []


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("python -m http.server 8000", [8000]),
        ("python -m SimpleHTTPServer 8000", [8000]),
        ("manage.py runserver 0.0.0.0:8000", [8000]),
        ("manage.py runserver 8000", [8000]),
        ("nc -l 8000", [8000]),
        ("nc -lkp 8000", [8000]),
        ("socat TCP-LISTEN:8000,fork -", [8000]),
        ("app --listen-address=:8000 & app --port 8001", [8000, 8001]),
        ("gunicorn -b 0.0.0.0:8000 app", [8000]),
        ("nc -z localhost 8000", []),
        ("http.server 8", []),
        ("http.server 800000", []),
    ],
)
def test_shell_scripts_that_listen(script: str, expected: list[int]) -> None:
    """By well-known commands and flags."""
    assert ports_of(f"{{command: [sh, -c, '{script}']}}") == expected


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ("[{name: PORT, value: '8080'}]", [8080]),
        ("[{name: port, value: 8080}]", [8080]),
        ("[{name: HTTP_PORT, value: '8080'}]", [8080]),
        ("[{name: APP_PORTS, value: '8080'}]", [8080]),
        ("[{name: SHOP_SERVER_PORT, value: '8080'}]", [8080]),
        ("[{name: LISTENPORT, value: '8080'}]", [8080]),
        ("[{name: DB_PORT, value: '5432'}]", []),
        ("[{name: PORT, value: http}]", []),
        ("[{name: PORTAL, value: '8080'}]", []),
        # A port of another one, whose host is a loopback address.
        ("[{name: APP_PORT, value: '8080'}, {name: APP_HOST, value: localhost}]", []),
        ("[{name: app_url, value: ' 127.0.0.1 '}, {name: APP_PORT, value: '8080'}]", []),
        ("[{name: APP_PORT, value: '8080'}, {name: APP_HOST, value: shop-db}]", [8080]),
        ("[{name: APP_PORT, value: '8080'}, {name: APP_NAME, value: localhost}]", [8080]),
        ("[{name: PORT, value: '8080'}, {name: HOST, value: localhost}]", [8080]),
    ],
)
def test_variables_with_a_port(env: str, expected: list[int]) -> None:
    """With names that mean the container's own port."""
    assert ports_of(f"{{env: {env}}}") == expected


def test_the_first_place_that_says_a_port_is_given() -> None:
    """Words come before variables."""
    container = container_of(
        "{args: [--verbose, --port, '80', 'run --port=80'], env: [{name: PORT, value: '80'},"
        " {name: HTTP_PORT, value: '81'}]}"
    )
    route = ("spec", "containers", 0)
    assert configured_ports(container) == {
        80: (*route, "args", 1),
        81: (*route, "env", 1, "value"),
    }
