"""References to addresses: localhost and a port, wherever a container is told of them, and
Services by DNS name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from service.kube.containers import Container, Word, as_port
from service.kube.objects import (
    ManifestSet,
    Resource,
    as_mapping,
    as_mappings,
    as_strings,
    as_text,
    value_at,
)
from service.kube.workloads import Workload, workloads_of
from service.yamldoc.nodes import Route

LOOPBACK = re.compile(
    r"(?<![\w.-])(?P<host>localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])(?::(?P<port>\d{1,5})\b)?(?![\w.-])"
)
"""A loopback host, with the port behind it if there is one."""

LOOPBACK_HOST = re.compile(r"localhost|127\.\d+\.\d+\.\d+|::1|\[::1\]")
"""A loopback host and nothing else."""

_SCHEME_PORTS = {
    "http": 80,
    "https": 443,
    "postgres": 5432,
    "postgresql": 5432,
    "mysql": 3306,
    "redis": 6379,
    "mongodb": 27017,
    "amqp": 5672,
}
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://(?:[^@/\s]*@)?\Z")
_WINDOW = 500
"""Characters before an address that tell what it is for; long values would be read again for
each address otherwise.
"""
_MOST_REFERENCES = 100
"""Addresses that one value is searched for."""
_HOST_WORDS = ("HOSTNAME", "HOST", "ADDRESS", "ADDR", "SERVER", "ENDPOINT", "URL")
_BINDS = re.compile(r"(?i)bind|listen")
_CALLS_NOBODY = re.compile(
    r"(?i)no_?proxy|allow|trust|server_?name|domain|cors|origin|hosts$|whitelist|pod_?(?:ip|name)|node_?name"
)
_LISTEN = re.compile(r"(?i)\b(?:listen|bind|address)[^\s,;:]*[\s:=\"']*\Z")
_LAST_FLAG = re.compile(r"(?<![\w-])--?([A-Za-z][\w.-]*)(?=[= :]\S*\s?\S*\Z)")


@dataclass(frozen=True, slots=True)
class LoopbackReference:
    """A place at which a container is told to talk to its own Pod."""

    container: Container
    """The container that is told."""
    host: str
    """localhost, 127.0.0.1 or the like."""
    port: int | None
    """The port; None where none is named."""
    where: str
    """`command`, `args`, `env`, `probe`, `hook` or `ConfigMap <name>`."""
    resource: Resource
    """The object that says so: the workload's own or a ConfigMap."""
    route: Route
    """Where in that object the text is."""
    listens: bool
    """Whether it reads like an address to listen on rather than one to call."""
    variable: str = ""
    """The variable that holds it, where it is a variable's whole value."""


def loopback_references(
    workload: Workload, container: Container, manifests: ManifestSet
) -> Iterator[LoopbackReference]:
    """Every literal loopback address that a container is told of."""
    resource = workload.resource
    bound = {
        variable.route: f"--{variable.name}"
        for variable in container.env
        if _BINDS.search(variable.name)
    }
    for word in container.words:
        before = bound.get(word.route) or _before(container, word)
        yield from _in_text(word.text, word.where, container, resource, word.route, before=before)
    yield from _host_and_port(workload, container, manifests)
    for probe in container.probes:
        if probe.host in ("localhost", "127.0.0.1", "::1") and isinstance(probe.port, int):
            yield LoopbackReference(
                container, probe.host, probe.port, "probe", resource, probe.route, listens=False
            )
    for config, keys in config_maps_of(workload, container, manifests):
        for key, value in as_strings(config.data.get("data")).items():
            if keys is None or key in keys:
                yield from _in_text(
                    value, f"ConfigMap {config.name}", container, config, ("data", key)
                )


def _before(container: Container, word: Word) -> str:
    """The word before one in command or args, for flags whose value is a word of its own."""
    words = container.invocation
    place = next((index for index, each in enumerate(words) if each.route == word.route), 0)
    return words[place - 1].text if place and words[place - 1].text.startswith("-") else ""


@dataclass(frozen=True, slots=True)
class Address:
    """A loopback address in a text, with its port written or told by its scheme."""

    start: int
    """Where it starts in the text."""
    end: int
    """Where it ends, its port included."""
    host: str
    """localhost, 127.0.0.1 or the like."""
    port: int
    """The port."""
    written: bool
    """Whether the port is written."""
    listens: bool
    """Whether it reads like an address to listen on rather than one to call."""


def loopback_addresses(value: str, before: str = "") -> Iterator[Address]:
    """The loopback addresses of a text, comment lines left out.

    Args:
        value: the text.
        before: the word in front of it, where that may be a flag.
    """
    if "localhost" not in value and "127." not in value and "[::1]" not in value:
        return
    for match in islice(LOOPBACK.finditer(value), _MOST_REFERENCES):
        start = max(0, match.start() - _WINDOW)
        line = value[max(start, value.rfind("\n", start, match.start()) + 1) : match.start()]
        if line.lstrip().startswith("#"):
            continue
        port = written = as_port(match["port"])
        if port is None:
            scheme = _SCHEME.search(line)
            port = _SCHEME_PORTS.get(scheme[1]) if scheme else None
        if port is not None:
            yield Address(
                match.start(),
                match.end(),
                match["host"],
                port,
                written is not None,
                is_address_to_listen_on(line, before),
            )


def _in_text(
    value: str, where: str, container: Container, resource: Resource, route: Route, before: str = ""
) -> Iterator[LoopbackReference]:
    for each in loopback_addresses(value, before):
        yield LoopbackReference(
            container, each.host, each.port, where, resource, route, each.listens
        )


def is_address_to_listen_on(line: str, before: str) -> bool:
    """Whether an address, behind the text `line` and the word `before`, is one to listen on: by
    the flag or key that it belongs to.
    """
    flags = _LAST_FLAG.findall(f"{before[-_WINDOW:]} {line}")
    if flags:
        return _listens(flags[-1], loopback=True)
    return bool(_LISTEN.search(line)) and "://" not in line


@dataclass(frozen=True, slots=True)
class _Variable:
    """An environment variable with a value that can be seen."""

    name: str
    value: str
    where: str
    resource: Resource
    route: Route


def _variables(
    workload: Workload, container: Container, manifests: ManifestSet
) -> Iterator[_Variable]:
    """The variables of a container: its own, and those from the ConfigMaps of the scope."""
    for variable in container.env:
        yield _Variable(variable.name, variable.value, "env", workload.resource, variable.route)
    for source in as_mappings(container.data.get("envFrom")):
        config = _config_map(as_text(value_at(source, "configMapRef", "name")), workload, manifests)
        for key in as_strings(config.data.get("data")) if config else ():
            yield from _from_config(as_text(source.get("prefix")) + key, config, key)
    for named in as_mappings(container.data.get("env")):
        reference = as_mapping(value_at(named, "valueFrom", "configMapKeyRef"))
        config = _config_map(as_text(reference.get("name")), workload, manifests)
        yield from _from_config(as_text(named.get("name")), config, as_text(reference.get("key")))


def _from_config(name: str, config: Resource | None, key: str) -> Iterator[_Variable]:
    value = as_strings(config.data.get("data")).get(key) if config else None
    if config is not None and value is not None:
        yield _Variable(name, value, f"ConfigMap {config.name}", config, ("data", key))


def _config_map(name: str, workload: Workload, manifests: ManifestSet) -> Resource | None:
    return manifests.find("ConfigMap", name, workload.resource) if name else None


def _host_and_port(
    workload: Workload, container: Container, manifests: ManifestSet
) -> Iterator[LoopbackReference]:
    """`DB_HOST=localhost` with `DB_PORT=5432`, or without a port, where the target's default is
    meant.
    """
    variables = list(_variables(workload, container, manifests))
    ports = {variable.name: as_port(variable.value) for variable in variables}
    for variable in variables:
        if not LOOPBACK_HOST.fullmatch(variable.value.strip()):
            continue
        stem = re.sub(rf"(?i)(?:{'|'.join(_HOST_WORDS)})$", "", variable.name)
        port = next(
            (
                number
                for name, number in ports.items()
                if number
                and name.upper().startswith(stem.upper())
                and name.upper().endswith("PORT")
            ),
            None,
        )
        # HOST alone, and names such as BIND_ADDRESS, say where to listen; SERVER_NAME and
        # ALLOWED_HOSTS call nobody.
        listens = not stem or bool(_BINDS.search(variable.name))
        if not _CALLS_NOBODY.search(variable.name):
            place = (variable.where, variable.resource, variable.route)
            yield LoopbackReference(
                container, variable.value.strip(), port, *place, listens, variable.name
            )


def config_maps_of(
    workload: Workload, container: Container, manifests: ManifestSet
) -> Iterator[tuple[Resource, frozenset[str] | None]]:
    """The ConfigMaps of the scope that a container reads, each with the keys that it reads; None
    for all.
    """
    wanted: dict[str, set[str] | None] = {}
    for source in as_mappings(container.data.get("envFrom")):
        wanted[as_text(value_at(source, "configMapRef", "name"))] = None
    for variable in as_mappings(container.data.get("env")):
        key_reference = as_mapping(value_at(variable, "valueFrom", "configMapKeyRef"))
        _want(wanted, as_text(key_reference.get("name")), [as_text(key_reference.get("key"))])
    for mount in container.mounts:
        volume = as_mapping(workload.volumes.get(mount.volume))
        sources = [
            volume.get("configMap"),
            *(
                source.get("configMap")
                for source in as_mappings(value_at(volume, "projected", "sources"))
            ),
        ]
        for config_source in sources:
            if isinstance(config_source, dict):
                keys = [
                    as_text(item.get("key")) for item in as_mappings(config_source.get("items"))
                ]
                if mount.sub_path and not keys:
                    keys = [mount.sub_path]
                _want(wanted, as_text(config_source.get("name")), keys)
    for name, names in wanted.items():
        config = manifests.find("ConfigMap", name, workload.resource) if name else None
        if config is not None:
            yield config, None if names is None else frozenset(names)


def readers_of_config_map(
    config: Resource, manifests: ManifestSet
) -> list[tuple[Workload, Container]]:
    """The containers of a set that read a ConfigMap, each with its workload."""
    return manifests.compute_once("readers-of-config-maps", _readers).get(id(config), [])


def _readers(manifests: ManifestSet) -> dict[int, list[tuple[Workload, Container]]]:
    found: dict[int, list[tuple[Workload, Container]]] = {}
    for resource in manifests.resources:
        for workload in workloads_of(resource):
            for container in workload.containers:
                for config, _ in config_maps_of(workload, container, manifests):
                    found.setdefault(id(config), []).append((workload, container))
    return found


def _want(wanted: dict[str, set[str] | None], name: str, keys: list[str]) -> None:
    if not keys or wanted.get(name, set()) is None:
        wanted[name] = None
    else:
        wanted[name] = (wanted.get(name) or set()) | set(keys)


_FLAG = re.compile(r"^--?(?P<name>[A-Za-z][\w.-]*)(?:[= :](?P<value>\S+))?$")
_LISTEN_WORDS = frozenset({"port", "ports", "listen", "listening", "bind", "addr", "address", "p"})
_CALL_WORDS = frozenset(
    {
        "server",
        "servers",
        "endpoint",
        "endpoints",
        "upstream",
        "target",
        "backend",
        "peer",
        "peers",
        "remote",
        "etcd",
        "client",
        "db",
        "database",
        "redis",
        "mysql",
        "postgres",
        "to",
        "forward",
        "advertise",
        "join",
        "connect",
    }
)
"""Words of flags that name an address to call rather than one to listen on."""
_OWN_WORDS = frozenset(
    {
        "http", "https", "web", "grpc", "rest", "metrics", "telemetry", "health", "healthz",
        "probe", "ready", "admin", "api",
        "insecure", "secure", "tls", "ssl", "debug", "pprof", "app", "main", "internal",
        "external", "public", "private", "status",
        "management", "webhook", "service", "proxy",
    }
)  # fmt: skip
"""Words of flags that tell which of its own addresses a program means."""
_PORT_OF = re.compile(r"^(?:https?://)?(?:[\w.*-]*|\[[0-9a-f:]*\]):?(?P<port>\d{2,5})/?$")
_SHELL_LISTEN = re.compile(
    r"(?:http\.server|SimpleHTTPServer|runserver(?: \S*?:)?|nc -lk?p?|TCP-LISTEN:"
    r"|--?(?:listen|bind|port|addr)[\w-]*[= ](?:https?://)?(?:[\w.*-]*:)?|-b \S*?:)\s*(\d{2,5})\b"
)
_ENV_PORT = re.compile(
    r"(?i)^(?:(?:[A-Z]+_)?(?:SERVER|HTTP|HTTPS|GRPC|APP|WEB|LISTEN|SERVICE|API|CONTAINER|NODE|FLASK_RUN|UVICORN|ASPNETCORE_HTTP|REST|UI)_?)?PORTS?$"
)


def configured_ports(container: Container) -> dict[int, Route]:
    """The ports that a container is told to listen on, by flags or variables such as `PORT`,
    with the place that says so.
    """
    found: dict[int, Route] = {}
    words = container.invocation
    for place, word in enumerate(words):
        flag = _FLAG.match(word.text)
        if flag:
            value = flag["value"] or (words[place + 1].text if place + 1 < len(words) else "")
            port = _PORT_OF.match(value)
            if port and _listens(flag["name"], loopback=bool(LOOPBACK.search(value))):
                _note(found, port["port"], word.route)
        for match in _SHELL_LISTEN.finditer(word.text):
            _note(found, match[1], word.route)
    local = {
        variable.name.upper()
        for variable in container.env
        if LOOPBACK_HOST.fullmatch(variable.value.strip())
    }
    for variable in container.env:
        stem = re.sub(r"(?i)PORTS?$", "", variable.name).upper()
        # APP_PORT beside APP_HOST=localhost is where somebody else listens; HOST=localhost alone is
        # its own address.
        called = bool(stem) and any(f"{stem}{word}" in local for word in _HOST_WORDS)
        if _ENV_PORT.match(variable.name) and not called:
            _note(found, variable.value, variable.route)
    return found


def _listens(flag: str, *, loopback: bool) -> bool:
    """Whether a flag names an address or port to listen on; on loopback, `--mysqld.address`
    names one to call.
    """
    words = set(re.split(r"[._-]+", flag.lower()))
    if words & {"listen", "bind"}:
        return True
    others = words - _LISTEN_WORDS - _OWN_WORDS
    return bool(words & _LISTEN_WORDS) and not words & _CALL_WORDS and not (loopback and others)


def _note(found: dict[int, Route], value: str, route: Route) -> None:
    port = as_port(value)
    if port is not None:
        found.setdefault(port, route)


_HOST = re.compile(
    r"(?:(?P<scheme>://(?:[^@/\s]*@)?)|(?<![\w./@-]))(?P<host>[a-z][a-z0-9-]*(?:\.[a-z0-9-]+)*)(?P<port>:\d{2,5})?(?![\w-])"
)
"""A host: behind a scheme, or at the start of a word; parts of paths are none."""


def service_names_in(container: Container, names: frozenset[str]) -> dict[str, Route]:
    """The Services, of those named, whose DNS name stands in a container's words as a host: in
    an address, or as a variable's value.
    """
    found: dict[str, Route] = {}
    for word in container.words:
        for match in _HOST.finditer(word.text):
            address = match["scheme"] or match["port"] or "." in match["host"]
            if address or (word.where == "env" and match["host"] == word.text.strip()):
                name = match["host"].split(".", 1)[0]
                if name in names:
                    found.setdefault(name, word.route)
    return found


def referenced_volume_claims(workload: Workload) -> dict[str, str]:
    """The claims that a workload's volumes use, by volume."""
    return {
        name: as_text(value_at(volume, "persistentVolumeClaim", "claimName"))
        for name, volume in workload.volumes.items()
        if value_at(volume, "persistentVolumeClaim", "claimName") is not None
    }
