"""Containers: what is read from their fields, with its routes, and images taken apart."""

from __future__ import annotations

from typing import Any

import pytest

from service.findings import ContainerType
from service.kube.containers import as_port, base_name, repository, tag_of, without_password
from tests.support.manifests import container_of

ROUTE = ("spec", "containers", 0)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, None),
        (1, 1),
        (65535, 65535),
        (65536, None),
        (-1, None),
        (True, None),
        (80.0, None),
        (None, None),
        ("80", 80),
        ("00080", 80),
        ("000080", None),
        ("65535", 65535),
        ("65536", None),
        ("0", None),
        ("", None),
        ("-80", None),
        ("http", None),
        ([80], None),
    ],
)
def test_a_port_number_is_from_1_to_65535(value: Any, expected: int | None) -> None:
    """It may be written as a string of up to five digits."""
    assert as_port(value) == expected


def test_a_container_has_a_name_and_an_image() -> None:
    """Or empty strings."""
    container = container_of("{name: web, image: 'nginx:1'}")
    assert (container.name, container.image, container.index) == ("web", "nginx:1", 0)
    assert (container.type, container.route) == (ContainerType.REGULAR, ROUTE)
    empty = container_of("{}")
    assert (empty.name, empty.image, empty.ports, empty.mounts, empty.words) == ("", "", (), (), ())


def test_declared_ports() -> None:
    """TCP unless it is said; what has no valid number is left out, and the routes stay right."""
    container = container_of(
        "{ports: [{containerPort: 80, name: http}, {name: x}, {containerPort: 0}, x,"
        " {containerPort: '53', protocol: UDP, hostPort: 5353}, {containerPort: 1, hostPort: '2'}]}"
    )
    assert [
        (port.number, port.name, port.protocol, port.host_port, port.route[-1])
        for port in container.ports
    ] == [(80, "http", "TCP", None, 0), (53, "", "UDP", 5353, 4), (1, "", "TCP", None, 5)]
    assert container.ports[0].route == (*ROUTE, "ports", 0)


def test_a_declared_port_is_found_by_number_or_name() -> None:
    """With its protocol; of several the first one."""
    container = container_of(
        "{ports: [{containerPort: 53, name: dns, protocol: UDP},"
        " {containerPort: 53, name: dns-tcp}, {containerPort: 53, name: again}]}"
    )
    udp, tcp, _ = container.ports
    assert container.find_port(53) is tcp
    assert container.find_port(53, "UDP") is udp
    assert container.find_port("dns", "UDP") is udp
    assert container.find_port("dns") is None
    assert container.find_port("dns-tcp") is tcp
    assert container.find_port(54) is None
    assert container.find_port(53, "SCTP") is None


def test_mounts_of_volumes_and_devices() -> None:
    """Volumes come first; a device is read and written as a whole."""
    container = container_of(
        "{volumeMounts: [{name: data, mountPath: /data}, {name: conf, mountPath: /c, subPath: a,"
        " readOnly: true}, {name: logs, mountPath: /l, subPathExpr: $(POD), readOnly: 'true'}],"
        " volumeDevices: [{name: disk, devicePath: /dev/xvda}]}"
    )
    assert [
        (mount.volume, mount.path, mount.sub_path, mount.read_only, mount.route[-2:])
        for mount in container.mounts
    ] == [
        ("data", "/data", "", False, ("volumeMounts", 0)),
        ("conf", "/c", "a", True, ("volumeMounts", 1)),
        ("logs", "/l", "$(POD)", False, ("volumeMounts", 2)),
        ("disk", "/dev/xvda", "", False, ("volumeDevices", 0)),
    ]
    assert container.mounts[0].route[:-2] == ROUTE


def test_variables_with_literal_values() -> None:
    """Those that get their value from elsewhere are left out."""
    container = container_of(
        "{env: [{name: A, value: x}, {name: B, valueFrom: {fieldRef: {fieldPath: a}}}, {name: C},"
        " {name: D, value: ''}, {name: E, value: 5}]}"
    )
    assert [(variable.name, variable.value, variable.route) for variable in container.env] == [
        ("A", "x", (*ROUTE, "env", 0, "value")),
        ("D", "", (*ROUTE, "env", 3, "value")),
        ("E", "5", (*ROUTE, "env", 4, "value")),
    ]


WORDS = """{command: [sh, -c], args: [run, 80], env: [{name: A, value: x}],
    readinessProbe: {exec: {command: [check, it]}}, livenessProbe: {httpGet: {port: 80}},
    lifecycle: {preStop: {exec: {command: [stop]}}}}"""


def test_all_words_that_a_container_is_run_with() -> None:
    """Command, arguments, variables, probes and hooks, each with its route."""
    container = container_of(WORDS)
    assert [(word.where, word.text) for word in container.invocation] == [
        ("command", "sh"),
        ("command", "-c"),
        ("args", "run"),
        ("args", "80"),
    ]
    assert container.words[:4] == container.invocation
    assert [(word.where, word.text, word.route[3:]) for word in container.words[4:]] == [
        ("env", "x", ("env", 0, "value")),
        ("probe", "check", ("readinessProbe", "exec", "command", 0)),
        ("probe", "it", ("readinessProbe", "exec", "command", 1)),
        ("hook", "stop", ("lifecycle", "preStop", "exec", "command", 0)),
    ]
    assert container.invocation[3].route == (*ROUTE, "args", 1)
    assert {word.route[:3] for word in container.words} == {ROUTE}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("livenessProbe: {httpGet: {port: 80, path: /}}", ("livenessProbe", 80, "", "httpGet")),
        ("readinessProbe: {tcpSocket: {port: db}}", ("readinessProbe", "db", "", "tcpSocket")),
        ("startupProbe: {grpc: {port: '9000'}}", ("startupProbe", 9000, "", "grpc")),
        (
            "lifecycle: {postStart: {httpGet: {port: 80, host: localhost}}}",
            ("lifecycle.postStart", 80, "localhost", "httpGet"),
        ),
        ("lifecycle: {preStop: {tcpSocket: {}}}", None),
        ("lifecycle: {preStop: {sleep: {seconds: 5}}}", None),
        ("livenessProbe: {exec: {command: [x]}}", None),
        ("livenessProbe: {httpGet: {path: /}}", ("livenessProbe", None, "", "httpGet")),
        ("livenessProbe: {httpGet: {port: 0}}", ("livenessProbe", None, "", "httpGet")),
        ("otherProbe: {httpGet: {port: 80}}", None),
    ],
)
def test_probes_and_hooks_that_call_a_port(
    text: str, expected: tuple[str, int | str | None, str, str] | None
) -> None:
    """Those that run a command or wait call none."""
    probes = container_of(f"{{{text}}}").probes
    assert [(probe.field, probe.port, probe.host, probe.route[-2]) for probe in probes] == (
        [expected] if expected else []
    )
    assert all(probe.route[-1] == "port" and probe.route[:3] == ROUTE for probe in probes)


def test_every_probe_is_found() -> None:
    """Each in its place."""
    get = "{httpGet: {port: 80}}"
    container = container_of(
        f"{{lifecycle: {{postStart: {get}, preStop: {get}}}, livenessProbe: {get},"
        f" readinessProbe: {get}, startupProbe: {get}}}"
    )
    assert [probe.route[3:-2] for probe in container.probes] == [
        ("livenessProbe",),
        ("readinessProbe",),
        ("startupProbe",),
        ("lifecycle", "postStart"),
        ("lifecycle", "preStop"),
    ]


IMAGES = [
    ("nginx", "nginx", "", "nginx"),
    ("nginx:1.27", "nginx", "1.27", "nginx"),
    ("library/nginx:1.27", "library/nginx", "1.27", "nginx"),
    ("docker.io/library/nginx", "library/nginx", "", "nginx"),
    ("localhost/shop/web:1", "shop/web", "1", "web"),
    ("localhost:5000/web", "web", "", "web"),
    ("registry:5000/shop/web:1", "shop/web", "1", "web"),
    ("quay.io/Shop/Web", "shop/web", "", "web"),
    ("shop/localhost/web", "shop/localhost/web", "", "web"),
    ("quay.io/a.b/c.d/web", "a.b/c.d/web", "", "web"),
    ("web@sha256:0123", "web", "", "web"),
    ("quay.io/web:1@sha256:0123", "web", "1", "web"),
    (" web:1 ", "web", "1", "web"),
    ("", "", "", ""),
]


@pytest.mark.parametrize(("image", "path", "tag", "name"), IMAGES)
def test_an_image_is_taken_apart(image: str, path: str, tag: str, name: str) -> None:
    """Into its repository path without the registry, its tag, and its last part."""
    assert (repository(image), tag_of(image), base_name(image)) == (path, tag, name)


DIGEST = "@sha256:" + "0a" * 32


@pytest.mark.parametrize(
    ("image", "shown"),
    [
        ("shop/web:2", "shop/web:2"),
        ("shop/web:2" + DIGEST, "shop/web:2" + DIGEST),
        ("bot:s3cret@registry.example.com/shop/web:2", "***@registry.example.com/shop/web:2"),
        ("https://bot:s3cret@registry.example.com/web", "https://***@registry.example.com/web"),
        ("bot:s3@cret@registry.example.com/web" + DIGEST, "***@registry.example.com/web" + DIGEST),
        ("s3cret@registry.example.com/web", "***@registry.example.com/web"),
    ],
)
def test_a_password_in_an_image_is_masked(image: str, shown: str) -> None:
    """A digest stays."""
    assert without_password(image) == shown
