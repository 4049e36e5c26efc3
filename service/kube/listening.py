"""Ports that a container is told to listen on, by its flags and variables."""

from __future__ import annotations

import re
from collections.abc import Iterator

from service.kube.containers import Container, as_port
from service.kube.flags import is_listen_flag
from service.kube.references import HOST_WORDS, LOOPBACK, LOOPBACK_HOST
from service.yamldoc.nodes import Route

_FLAG = re.compile(r"^--?(?P<name>[A-Za-z][\w.-]*)(?:[= :](?P<value>\S+))?$")
_PORT_OF_ADDRESS = re.compile(
    r"^(?:https?://)?(?:(?:[\w.*-]*|\[[0-9a-f:]*\]):)?(?P<port>\d{2,5})/?$"
)
_SHELL_LISTEN = re.compile(
    r"(?:http\.server|SimpleHTTPServer|runserver(?: \S*?:)?|nc -lk?p?|TCP-LISTEN:"
    r"|(?<![\w-])--?(?:listen|bind|port|addr)[\w-]*[= ](?:https?://)?(?:[\w.*-]*:)?|-b \S*?:)"
    r"\s*(\d{2,5})\b"
)
"""A command in a shell script that listens, and its port."""
_PORT_VARIABLE = re.compile(
    r"(?i)^(?:(?:[A-Z]+_)?(?:SERVER|HTTP|HTTPS|GRPC|APP|WEB|LISTEN|SERVICE|API|CONTAINER|NODE|FLASK_RUN|UVICORN|ASPNETCORE_HTTP|REST|UI)_?)?PORTS?$"
)


def configured_ports(container: Container) -> dict[int, Route]:
    """The ports that a container is told to listen on, by flags or by variables such as `PORT`,
    each with the route to the first place that says so.
    """
    found: dict[int, Route] = {}
    for text, route in (*_ports_in_words(container), *_ports_in_variables(container)):
        port = as_port(text)
        if port is not None:
            found.setdefault(port, route)
    return found


def _ports_in_words(container: Container) -> Iterator[tuple[str, Route]]:
    """The ports in `command` and `args`, each with the route of its word."""
    words = container.invocation
    for index, word in enumerate(words):
        flag = _FLAG.match(word.text)
        if flag:
            value = flag["value"] or (words[index + 1].text if index + 1 < len(words) else "")
            address = _PORT_OF_ADDRESS.match(value)
            is_loopback = bool(LOOPBACK.search(value))
            if address and is_listen_flag(flag["name"], is_loopback=is_loopback):
                yield address["port"], word.route
        for match in _SHELL_LISTEN.finditer(word.text):
            yield match[1], word.route


def _ports_in_variables(container: Container) -> Iterator[tuple[str, Route]]:
    """The values of variables such as `PORT`, each with its route."""
    loopback_hosts = {
        variable.name.upper()
        for variable in container.env
        if LOOPBACK_HOST.fullmatch(variable.value.strip())
    }
    for variable in container.env:
        stem = re.sub(r"(?i)PORTS?$", "", variable.name).upper()
        # APP_PORT beside APP_HOST=localhost is a port to call; PORT beside HOST=localhost is its
        # own.
        is_called = bool(stem) and any(f"{stem}{word}" in loopback_hosts for word in HOST_WORDS)
        if _PORT_VARIABLE.match(variable.name) and not is_called:
            yield variable.value, variable.route
