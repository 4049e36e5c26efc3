"""References to addresses: localhost and a port, wherever a container is told of them, and
Services by DNS name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from service.kube.config_maps import config_values_of, find_config_map
from service.kube.containers import Container, Word, as_port
from service.kube.flags import is_listen_flag
from service.kube.objects import (
    ManifestSet,
    Resource,
    as_mapping,
    as_mappings,
    as_strings,
    as_text,
    value_at,
)
from service.kube.workloads import Workload
from service.yamldoc.nodes import Route

LOOPBACK = re.compile(
    r"(?<![\w.-])(?P<host>(?i:localhost)|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])(?::(?P<port>\d{1,5})\b)?(?![\w.-])"
)
"""A loopback host in a text, with the port after it if there is one."""

LOOPBACK_HOST = re.compile(
    r"(?i:localhost(?:\.localdomain)?\.?|ip6-localhost|ip6-loopback)|127(?:\.\d+){1,3}|\[?::1\]?"
)
"""A loopback host; used with `fullmatch`, for texts that are nothing else."""

HOST_WORDS = ("HOSTNAME", "HOST", "ADDRESS", "ADDR", "SERVER", "ENDPOINT", "URL")
"""The last words of the names of variables that hold a host."""

_HOST_WORD = re.compile(rf"(?i)(?:{'|'.join(HOST_WORDS)}|(?<=_)IP)$")
SCHEME_PORTS = {
    "http": 80,
    "https": 443,
    "ws": 80,
    "wss": 443,
    "postgres": 5432,
    "postgresql": 5432,
    "mysql": 3306,
    "redis": 6379,
    "mongodb": 27017,
    "amqp": 5672,
}
"""Ports by URI scheme (IANA's registries, and those of the databases' own manuals)."""

SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://(?:[^@/\s]*@)?\Z")
"""The scheme of a URI, with what logs in, right before its host."""

LISTENING_WORDS = re.compile(r"(?i)bind|listen|addr|0\.0\.0\.0")
"""Words before a host that show that a server listens there."""
_MAX_CONTEXT = 500
"""Characters before an address that are searched for its scheme and flag; without a limit, long
values would be searched again for each address.
"""
_MAX_REFERENCES = 100
"""Addresses that are looked for in one value."""
_LISTEN_VARIABLE = re.compile(r"(?i)bind|listen")
"""Part of the name of a variable that holds an address to listen on."""
_NOT_CALLED_VARIABLE = re.compile(
    r"(?i)no_?proxy|allow|trust|server_?name|domain|cors|origin|hosts$|whitelist|pod_?(?:ip|name)|node_?name"
)
"""Part of the name of a variable that holds a host which is neither called nor listened on."""
_LISTEN_KEY = re.compile(r"(?i)\b(?:listen|bind|address)[^\s,;:]*[\s:=\"']*\Z")
_LAST_FLAG = re.compile(r"(?<![\w-])--?([A-Za-z][\w.-]*)(?=[= :]\S*\s?\S*\Z)")


@dataclass(frozen=True, slots=True)
class LoopbackReference:
    """A place at which a container is told of an address of its own Pod."""

    container: Container
    """The container that is told."""
    host: str
    """The host: `localhost`, `127.0.0.1` or similar."""
    port: int | None
    """The port; None if none is named."""
    where: str
    """`command`, `args`, `env`, `probe`, `hook` or `ConfigMap <name>`."""
    resource: Resource
    """The object that has the text: that of the workload, or a ConfigMap."""
    route: Route
    """From that object to the text."""
    listens: bool
    """Whether the address seems to be one to listen on, rather than one to call."""
    variable: str = ""
    """The name of the variable, if the address is the whole value of a variable."""


def loopback_references(
    workload: Workload, container: Container, manifests: ManifestSet
) -> Iterator[LoopbackReference]:
    """Every literal loopback address that a container is told of."""
    yield from _in_words(workload, container)
    yield from _in_host_variables(workload, container, manifests)
    for probe in container.probes:
        if probe.host in ("localhost", "127.0.0.1", "::1") and isinstance(probe.port, int):
            yield LoopbackReference(
                container=container,
                host=probe.host,
                port=probe.port,
                where="probe",
                resource=workload.resource,
                route=probe.route,
                listens=False,
            )
    yield from _in_config_maps(workload, container, manifests)


def _in_words(workload: Workload, container: Container) -> Iterator[LoopbackReference]:
    """The addresses in a container's command, arguments, variables, probes and hooks."""
    # A variable such as BIND_ADDRESS is read like a flag of that name.
    variable_flags = {
        variable.route: f"--{variable.name}"
        for variable in container.env
        if _LISTEN_VARIABLE.search(variable.name)
    }
    for word in container.words:
        before = variable_flags.get(word.route) or _flag_before(container, word)
        for address in loopback_addresses(word.text, before):
            yield LoopbackReference(
                container=container,
                host=address.host,
                port=address.port,
                where=word.where,
                resource=workload.resource,
                route=word.route,
                listens=address.listens,
            )


def _in_config_maps(
    workload: Workload, container: Container, manifests: ManifestSet
) -> Iterator[LoopbackReference]:
    """The addresses in the ConfigMaps that a container reads."""
    for config, key, value in config_values_of(workload, container, manifests):
        for address in loopback_addresses(value):
            yield LoopbackReference(
                container=container,
                host=address.host,
                port=address.port,
                where=f"ConfigMap {config.name}",
                resource=config,
                route=("data", key),
                listens=address.listens,
            )


def _flag_before(container: Container, word: Word) -> str:
    """The word before a word of `command` or `args`, if it is a flag; else empty."""
    before = container.words_before.get(word.route, "")
    return before if before.startswith("-") else ""


@dataclass(frozen=True, slots=True)
class Address:
    """A loopback address in a text, with a port that is written or that its scheme implies."""

    start: int
    """Where it starts in the text."""
    end: int
    """Where it ends, its port included."""
    host: str
    """The host: `localhost`, `127.0.0.1` or similar."""
    port: int
    """The port."""
    written: bool
    """Whether the port is written."""
    listens: bool
    """Whether the address seems to be one to listen on, rather than one to call."""


def loopback_addresses(value: str, before: str = "") -> Iterator[Address]:
    """The loopback addresses of a text, but for those in comment lines and those without a port.

    Args:
        value: the text.
        before: the word before it, which may be a flag.
    """
    if not any(mark in value for mark in ("ocalhost", "OCALHOST", "127.", "[::1]")):
        return
    for match in islice(LOOPBACK.finditer(value), _MAX_REFERENCES):
        start = max(0, match.start() - _MAX_CONTEXT)
        line = value[max(start, value.rfind("\n", start, match.start()) + 1) : match.start()]
        if line.lstrip().startswith("#"):
            continue
        port = written = as_port(match["port"])
        if port is None:
            scheme = SCHEME.search(line)
            port = SCHEME_PORTS.get(scheme[1]) if scheme else None
        if port is not None:
            yield Address(
                start=match.start(),
                end=match.end(),
                host=match["host"],
                port=port,
                written=written is not None,
                listens=is_address_to_listen_on(line, before),
            )


def is_address_to_listen_on(line: str, before: str) -> bool:
    """Whether an address is one to listen on, by the flag or key that it belongs to.

    Args:
        line: the text before the address, on its line.
        before: the word before that text.
    """
    flags = _LAST_FLAG.findall(f"{before[-_MAX_CONTEXT:]} {line}")
    if flags:
        return is_listen_flag(flags[-1], is_loopback=True)
    return bool(_LISTEN_KEY.search(line)) and "://" not in line


class _Variable(NamedTuple):
    """An environment variable whose value is in the set."""

    name: str
    value: str
    where: str
    """`env` or `ConfigMap <name>`."""
    resource: Resource
    """The object that has the value."""
    route: Route
    """From that object to the value."""


def _variables(
    workload: Workload, container: Container, manifests: ManifestSet
) -> Iterator[_Variable]:
    """The variables of a container: those with literal values, and those from ConfigMaps."""
    for variable in container.env:
        yield _Variable(
            name=variable.name,
            value=variable.value,
            where="env",
            resource=workload.resource,
            route=variable.route,
        )
    for source in as_mappings(container.data.get("envFrom")):
        name = as_text(value_at(source, "configMapRef", "name"))
        config = find_config_map(name, workload, manifests)
        for key in as_strings(config.data.get("data")) if config else ():
            yield from _from_config_map(as_text(source.get("prefix")) + key, config, key)
    for entry in as_mappings(container.data.get("env")):
        reference = as_mapping(value_at(entry, "valueFrom", "configMapKeyRef"))
        config = find_config_map(as_text(reference.get("name")), workload, manifests)
        key = as_text(reference.get("key"))
        yield from _from_config_map(as_text(entry.get("name")), config, key)


def _from_config_map(name: str, config: Resource | None, key: str) -> Iterator[_Variable]:
    """The variable of a name whose value is that of a key, if the ConfigMap has the key."""
    values = as_mapping(config.data.get("data")) if config else {}
    if config is not None and key in values:
        yield _Variable(
            name=name,
            value=as_text(values[key]),
            where=f"ConfigMap {config.name}",
            resource=config,
            route=("data", key),
        )


def _in_host_variables(
    workload: Workload, container: Container, manifests: ManifestSet
) -> Iterator[LoopbackReference]:
    """The variables that are a loopback host, with the port of the variable for it: `DB_HOST` with
    `DB_PORT`. Without such a variable the port is None.
    """
    variables = list(_variables(workload, container, manifests))
    values = {variable.name: variable.value for variable in variables}
    for variable in variables:
        if not LOOPBACK_HOST.fullmatch(variable.value.strip()):
            continue
        if _NOT_CALLED_VARIABLE.search(variable.name):
            continue
        stem = _HOST_WORD.sub("", variable.name)
        yield LoopbackReference(
            container=container,
            host=variable.value.strip(),
            port=next(iter(ports_beside(variable.name, values)), None),
            where=variable.where,
            resource=variable.resource,
            route=variable.route,
            # HOST alone, and names such as BIND_ADDRESS, say where to listen.
            listens=not stem or bool(_LISTEN_VARIABLE.search(variable.name)),
            variable=variable.name,
        )


def ports_beside(name: str, values: Mapping[str, str]) -> list[int]:
    """The ports in the variables for the port of a host that a variable holds: `DB_PORT` beside
    `DB_HOST`.

    Args:
        name: the variable that holds the host.
        values: all variables, by name.
    """
    stem = _HOST_WORD.sub("", name).upper()
    return [
        port
        for other, value in values.items()
        if other.upper().startswith(stem)
        and other.upper().endswith("PORT")
        and (port := as_port(value)) is not None
    ]


_HOST = re.compile(
    r"(?:(?P<scheme>://(?:[^@/\s]*@)?)|(?<![\w./@-]))(?P<host>[a-z][a-z0-9-]*(?:\.[a-z0-9-]+)*)(?P<port>:\d{2,5})?(?![\w-])"
)
"""A host: after a scheme, or at the start of a word; a part of a path is none."""


def service_names_in(container: Container, names: frozenset[str]) -> dict[str, Route]:
    """The Services whose DNS names a container is told of: in an address, or as the whole value of
    a variable.

    Args:
        container: the container.
        names: the names of the Services to look for.

    Returns:
        The names, each with the route to the first text that has it.
    """
    found: dict[str, Route] = {}
    for word in container.words:
        for match in _HOST.finditer(word.text):
            is_address = match["scheme"] or match["port"] or "." in match["host"]
            is_value = word.where == "env" and match["host"] == word.text.strip()
            name = match["host"].split(".", 1)[0]
            if name in names and (is_address or is_value):
                found.setdefault(name, word.route)
    return found


def referenced_volume_claims(workload: Workload) -> dict[str, str]:
    """The names of the claims that a workload's volumes use, by volume."""
    return {
        name: as_text(value_at(volume, "persistentVolumeClaim", "claimName"))
        for name, volume in workload.volumes_by_name.items()
        if value_at(volume, "persistentVolumeClaim", "claimName") is not None
    }
