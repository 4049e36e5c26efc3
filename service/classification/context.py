"""What a signal is given, and what it gives."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from service.classification.knowledge import Catalogue, Entry, ImageRole
from service.findings import Location
from service.kube.containers import Container, base_name, tag_of
from service.kube.listening import configured_ports
from service.kube.objects import LazyLocation, ManifestSet
from service.kube.references import LoopbackReference, loopback_references
from service.kube.services import ServiceLink, routed_backends, services_of
from service.kube.workloads import Workload

METRICS_PORTS = frozenset(
    {
        8429,
        9090,
        9091,
        9093,
        9100,
        9102,
        9104,
        9113,
        9114,
        9115,
        9117,
        9121,
        9125,
        9127,
        9150,
        9187,
        9216,
        9253,
        9256,
        9308,
        9404,
        9419,
    }
)
"""Ports that serve metrics by convention (the Prometheus project's list of default port
allocations).
"""


_OTHER_PROGRAMS = re.compile(
    r"(?:^|/)(?:sh|bash|ash|dash|sleep|tail|cat|echo|printf|watch|curl|wget|nc|ping|python3?|perl|true|env)$"
)
"""First words of a command that start something else than the image's own program."""


def runs_something_else(container: Container, entry: Entry) -> bool:
    """Whether a container's command replaces the image's program, without naming it."""
    command = [word.text for word in container.invocation if word.where == "command"]
    if not command:
        words = [word.text for word in container.invocation]
        # Images of servers take a shell as their first argument too: their entry points run what
        # isn't an option.
        command = (
            words if words and words[0] in ("sh", "bash", "/bin/sh", "/bin/bash", "sleep") else []
        )
    if not command or not _OTHER_PROGRAMS.search(command[0]):
        return False
    script = " ".join(word.text for word in container.invocation).lower()
    names = {
        entry.id,
        base_name(container.image),
        *(re.split(r"[-_/*]", image)[0] for image in entry.images),
    }
    daemons = {name + "d" for name in names} | names
    return not any(
        re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w.])", script)
        for name in daemons
        if len(name) > 2
    )


_METRICS_WORDS = frozenset(
    {
        "metric",
        "metrics",
        "prom",
        "prometheus",
        "telemetry",
        "stats",
        "health",
        "healthz",
        "admin",
        "monitor",
        "monitoring",
        "exporter",
        "probe",
        "debug",
    }
)
_PROTOCOLS = {
    "pghost": 5432,
    "postgres": 5432,
    "postgresql": 5432,
    "mysql": 3306,
    "mariadb": 3306,
    "redis": 6379,
    "mongo": 27017,
    "mongodb": 27017,
    "amqp": 5672,
}
"""Words in the names of variables that name a server, with the port that its protocol has by
default (IANA's registry of ports).

`PGHOST` is libpq's own (PostgreSQL's manual, "Environment Variables"); servers of other names speak
the same protocols.
"""
_NO_LETTERS = re.compile(r"[^a-z]+")
_STORE = re.compile(r"(?:^|[-_.])(?:db|database|store|storage|queue|broker|mq)\d*(?:$|[-_.])")


@dataclass(frozen=True, eq=False)
class PodContext:
    """A Pod and what its set says about it."""

    workload: Workload
    """The workload."""
    manifests: ManifestSet
    """The set."""
    catalogue: Catalogue
    """The known images."""

    @cached_property
    def classified_containers(self) -> tuple[Container, ...]:
        """The containers that are told apart."""
        return self.workload.classified_containers

    @cached_property
    def entries(self) -> dict[int, Entry | None]:
        """What is known of each container's image, by container index.

        A server's image that is started with a shell or another program's command is no server
        there.
        """
        found = {}
        for each in self.workload.containers:
            entry = self.catalogue.match(each.image)
            found[each.index] = (
                entry.tagged(tag_of(each.image))
                if entry and each.index not in self.repurposed
                else None
            )
        return found

    @cached_property
    def repurposed(self) -> frozenset[int]:
        """The containers, by index, whose image is a server's and whose command starts something
        else.
        """
        found = set()
        for each in self.workload.containers:
            entry = self.catalogue.match(each.image)
            if entry and entry.stands_alone and runs_something_else(each, entry):
                found.add(each.index)
        return frozenset(found)

    def catalogue_entry(self, container: Container) -> Entry | None:
        """What is known of a container's image."""
        return self.entries[container.index]

    def image_role(self, container: Container) -> ImageRole | None:
        """What its image is; None if not known."""
        entry = self.catalogue_entry(container)
        return entry.role if entry else None

    def keeps_state(self, container: Container) -> bool:
        """Whether it keeps state of its own: a database or broker, or a cache that is named as a
        store.
        """
        entry = self.catalogue_entry(container)
        if entry is None or not entry.stands_alone:
            return False
        return entry.category in ("datastore", "broker") or (
            entry.category == "cache" and _STORE.search(container.name) is not None
        )

    def is_store(self, container: Container) -> bool:
        """Whether it is a store that applications use: a database, cache or broker, which opens
        no connections to its neighbours.
        """
        entry = self.catalogue_entry(container)
        return (
            entry is not None
            and entry.stands_alone
            and entry.category in ("datastore", "cache", "broker")
        )

    @cached_property
    def services(self) -> tuple[ServiceLink, ...]:
        """The Services that select its Pods."""
        return services_of(self.workload, self.manifests)

    @cached_property
    def routed_backends(self) -> frozenset[tuple[str, int | str]]:
        """The Services and ports that Ingresses and routes lead to."""
        return routed_backends(self.manifests)

    @cached_property
    def references(self) -> tuple[LoopbackReference, ...]:
        """Every loopback address that one of its containers is told of."""
        return tuple(
            reference
            for each in self.workload.containers
            for reference in loopback_references(self.workload, each, self.manifests)
        )

    @cached_property
    def listening_ports(self) -> dict[int, dict[int, str]]:
        """The TCP ports on which each container listens, with how that is known: `declared`, `told`
        or `default`.

        `podman kube generate` writes every port of the Pod to its first container: what another
        container is told to listen on, or is known to, is taken from those that merely declare it.
        """
        told = {each.index: configured_ports(each) for each in self.classified_containers}
        found: dict[int, dict[int, str]] = {}
        for each in self.classified_containers:
            # A server's image that runs a shell instead declares its ports by habit.
            declared = () if each.index in self.repurposed else each.ports
            ports = {port.number: "declared" for port in declared if port.protocol != "UDP"}
            ports.update(dict.fromkeys(told[each.index], "told"))
            entry = self.catalogue_entry(each)
            if entry and not told[each.index]:
                # Which of its usual ports a server uses is told by the first, its main one, which
                # is often left undeclared.
                defaults = (*entry.ports, *entry.metrics_ports)
                known = {port.number for port in each.ports} & set(defaults)
                for port in defaults[:1] if known else defaults:
                    ports.setdefault(port, "default")
            found[each.index] = ports
        self._settle(found)
        return found

    def _settle(self, found: dict[int, dict[int, str]]) -> None:
        """Leave each port to the container that is surest to listen on it."""
        ports = {port for each in found.values() for port in each}
        for port in ports:
            claims = [index for index, each in found.items() if port in each]
            if len(claims) < 2:
                continue
            sure = [index for index in claims if self._surely(index, port, found)]
            if len(sure) == 1:
                for index in claims:
                    if index != sure[0] and (found[index][port] == "declared") != (
                        found[sure[0]][port] == "declared"
                    ):
                        del found[index][port]

    def _surely(self, index: int, port: int, found: dict[int, dict[int, str]]) -> bool:
        if found[index][port] == "told":
            return True
        entry = self.entries[index]
        return entry is not None and port in (*entry.ports, *entry.metrics_ports)

    def metrics_only(self, port: int, name: str, container: Container) -> bool:
        """Whether a port serves metrics, health or administration rather than the application's
        traffic.
        """
        # A port that is named for its container says nothing of what it serves.
        words = _METRICS_WORDS & set(_NO_LETTERS.split(name.lower()))
        if words and words - set(_NO_LETTERS.split(container.name.lower())):
            return True
        entry = self.catalogue_entry(container)
        if entry and port in entry.ports:
            return False
        if entry and port in entry.metrics_ports:
            return True
        return (
            port in METRICS_PORTS
            and not (entry and entry.stands_alone)
            and port not in self._published
        )

    @cached_property
    def _published(self) -> frozenset[int]:
        """The ports that a Service publishes as a web server's: nobody scrapes there."""
        ports = (port for link in self.services for port in link.ports if port.number in (80, 443))
        return frozenset(
            number
            for port in ports
            if isinstance(number := port.declared.number if port.declared else port.target, int)
        )

    def traffic_ports(self, container: Container) -> dict[int, str]:
        """The ports on which a container serves its own traffic, with how that is known."""
        names = {port.number: port.name for port in container.ports}
        return {
            port: how
            for port, how in self.listening_ports[container.index].items()
            if not self.metrics_only(port, names.get(port, ""), container)
        }

    def target_of(self, reference: LoopbackReference) -> Container | None:
        """The other container that a loopback address leads to; None if it leads to the
        container itself or nowhere.
        """
        if reference.port is None:
            return None if reference.listens else self._default_target(reference)
        port = reference.port
        own = self.listening_ports.get(reference.container.index, {})
        others = [
            each
            for each in self.classified_containers
            if each is not reference.container and port in self.listening_ports[each.index]
        ]
        if not others or reference.listens:
            return None

        # Who is told to listen there is surer than who declares it, and that surer than who would
        # by default.
        def doubt(container: Container) -> int:
            return ("told", "declared", "default").index(
                self.listening_ports[container.index][port]
            )

        best = min(others, key=doubt)
        # A container hardly calls itself: that its image may listen there says nothing.
        itself = own.get(port, "default") != "default" and doubt(reference.container) <= doubt(best)
        return None if itself else best

    def _default_target(self, reference: LoopbackReference) -> Container | None:
        """A host without a port means the one store beside it whose default port the client's
        library uses; of several the one named.
        """
        known = [
            each
            for each in self.classified_containers
            if each is not reference.container and self.is_store(each)
        ]
        named = [each for each in known if self.is_named_in(reference.variable, each)]
        return known[0] if len(known) == 1 else named[0] if len(named) == 1 else None

    def is_named_in(self, variable: str, container: Container) -> bool:
        """Whether a variable's name holds a word of a container's name, of what it runs, or of
        the protocol that this speaks.
        """
        entry = self.catalogue_entry(container)
        words = set(re.split(r"[-_.]", variable.lower())) - {""}
        told = [
            *(re.split(r"[-_]", entry.id) if entry else ()),
            *re.split(r"[-_]", container.name.lower()),
        ]
        spoken = (
            entry is not None
            and bool(entry.ports)
            and any(_PROTOCOLS.get(word) == entry.ports[0] for word in words)
        )
        return spoken or bool(set(told) & words)

    def at(self, container: Container, *steps: str | int, key: bool = False) -> Location:
        """A place within a container."""
        return self.workload.resource.location(*container.route, *steps, key=key)

    def within(self, container: Container, *steps: str | int) -> LazyLocation:
        """The same as a place whose text is not looked for yet."""
        return LazyLocation(self.workload.resource, (*container.route, *steps))
