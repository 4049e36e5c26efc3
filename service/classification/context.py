"""What a signal is given: a Pod, and what the set says about it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from service.classification.knowledge import Catalogue, Entry, ImageRole
from service.classification.listening import (
    PortBasis,
    PortsByContainer,
    container_port_of,
    find_listening_ports,
)
from service.classification.metrics_ports import METRICS_PORTS, is_named_for_metrics
from service.classification.name_words import words_of
from service.classification.node_paths import is_system_path
from service.classification.repurposing import runs_something_else
from service.findings import Location
from service.kube.containers import Container, Mount, base_name, tag_of
from service.kube.objects import LazyLocation, ManifestSet, Resource, as_mapping, as_text, value_at
from service.kube.references import LoopbackReference, loopback_references
from service.kube.services import ServiceLink, routed_backends, services_of
from service.kube.workloads import Workload
from service.lazy import cached_property
from service.yamldoc.nodes import Route

_PROTOCOL_PORTS = {
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
_STORES = frozenset({"datastore", "cache", "broker"})
"""Categories of servers that applications keep data in, and that call none of their neighbours."""
_STORE_NAME = re.compile(r"(?:^|[-_.])(?:db|database|store|storage|queue|broker|mq)\d*(?:$|[-_.])")
"""A container's name that says that it keeps data."""
_WEB_PORTS = (80, 443)
"""Ports of a Service at which web servers are reached, and nobody collects metrics."""


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
        there, and so has no entry.
        """
        return {
            container.index: entry.for_tag(tag_of(container.image))
            if (entry := self.catalogue.match(container.image)) is not None
            and not self.is_repurposed(container)
            else None
            for container in self.workload.containers
        }

    def is_repurposed(self, container: Container) -> bool:
        """Whether a container's image is a server's, and its command starts something else."""
        return container.index in self._repurposed

    @cached_property
    def _repurposed(self) -> frozenset[int]:
        """The containers, by index, of which that is so."""
        return frozenset(
            container.index
            for container in self.workload.containers
            if (entry := self.catalogue.match(container.image)) is not None
            and entry.stands_alone
            and runs_something_else(container, entry)
        )

    def catalogue_entry(self, container: Container) -> Entry | None:
        """What is known of a container's image."""
        return self.entries[container.index]

    def image_role(self, container: Container) -> ImageRole | None:
        """What a container's image is; None if it isn't known."""
        entry = self.catalogue_entry(container)
        return entry.role if entry else None

    def keeps_state(self, container: Container) -> bool:
        """Whether a container keeps state of its own: a database or broker, or a cache that is
        named as a store or has a claim.
        """
        entry = self.catalogue_entry(container)
        if entry is None or entry.role is ImageRole.RUNTIME:
            return self._is_home_made_store(container)
        if not entry.stands_alone:
            return False
        if entry.category == "cache":
            is_named = _STORE_NAME.search(container.name) is not None
            return is_named or self.own_claim(container) is not None
        return entry.category in ("datastore", "broker")

    def _is_home_made_store(self, container: Container) -> bool:
        """Whether a container or its image is named for a store, and it keeps a claim."""
        if self.is_repurposed(container) or self.own_claim(container) is None:
            return False
        names = (container.name, *words_of(container.name), *words_of(base_name(container.image)))
        return any(
            named.stands_alone and named.category in _STORES
            for named in map(self.catalogue.match, names)
            if named is not None
        )

    def own_claim(self, container: Container) -> Mount | None:
        """The mount by which a container may write to a claim, or a folder of its node, that no
        other container mounts; None without one.
        """
        return next((mount for mount in container.mounts if self._is_own_claim(mount)), None)

    def _is_own_claim(self, mount: Mount) -> bool:
        volume = as_mapping(self.workload.volumes_by_name.get(mount.volume))
        path = as_text(value_at(volume, "hostPath", "path"))
        is_claim = "persistentVolumeClaim" in volume or "volumeClaimTemplate" in volume
        is_folder = bool(path) and not is_system_path(path)
        return (is_claim or is_folder) and not mount.read_only and self._mounting[mount.volume] == 1

    @cached_property
    def _mounting(self) -> Counter[str]:
        """How many of the containers that are told apart mount each volume."""
        return _mounts_by_volume(self.classified_containers)

    @cached_property
    def mounting(self) -> Counter[str]:
        """How many containers mount each volume, init containers included."""
        return _mounts_by_volume(self.workload.containers)

    @cached_property
    def variables_by_place(self) -> dict[tuple[Resource, Route, int], LoopbackReference]:
        """The loopback addresses that are the whole value of a variable, by the object and route
        where they stand and the index of the container.
        """
        return {
            (reference.resource, reference.route, reference.container.index): reference
            for reference in reversed(self.references)
            if reference.variable
        }

    def is_store(self, container: Container) -> bool:
        """Whether a container is a store that applications use: a database, cache or broker, which
        opens no connections to its neighbours.
        """
        entry = self.catalogue_entry(container)
        is_known = entry is not None and entry.stands_alone and entry.category in _STORES
        return is_known or self.keeps_state(container)

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
            for container in self.workload.containers
            for reference in loopback_references(self.workload, container, self.manifests)
        )

    @cached_property
    def listening_ports(self) -> PortsByContainer:
        """The TCP ports on which each container listens, with how that is known."""
        return find_listening_ports(self.classified_containers, self.entries, self._repurposed)

    def is_metrics_only(self, port: int, name: str, container: Container) -> bool:
        """Whether a port serves metrics, health or administration rather than the application's
        traffic.

        Args:
            port: its number.
            name: its name, or the names that it goes by; empty if it has none.
            container: who listens there.
        """
        if is_named_for_metrics(name, container.name):
            return True
        entry = self.catalogue_entry(container)
        if entry and port in entry.ports:
            return False
        if entry and port in entry.metrics_ports:
            return True
        return (
            port in METRICS_PORTS
            and not (entry and entry.stands_alone)
            and port not in self._web_ports
        )

    @cached_property
    def _web_ports(self) -> frozenset[int]:
        """The ports of its containers that a Service publishes as a web server's."""
        return frozenset(
            number
            for link in self.services
            for port in link.ports
            if port.number in _WEB_PORTS and isinstance(number := container_port_of(port), int)
        )

    def traffic_ports(self, container: Container) -> dict[int, PortBasis]:
        """The ports on which a container serves its own traffic, with how that is known."""
        names = {port.number: port.name for port in container.ports}
        return {
            port: basis
            for port, basis in self.listening_ports[container.index].items()
            if not self.is_metrics_only(port, names.get(port, ""), container)
        }

    def target_of(self, reference: LoopbackReference) -> Container | None:
        """The other container that a loopback address leads to; None if it leads to the
        container itself or nowhere.
        """
        if reference.listens:
            return None
        port = reference.port
        if port is None:
            return self._default_target(reference)
        listeners = [
            container
            for container in self.classified_containers
            if container is not reference.container
            and port in self.listening_ports[container.index]
        ]
        if not listeners:
            return None
        surest = min(
            listeners, key=lambda container: self.listening_ports[container.index][port].doubt
        )
        own = self.listening_ports.get(reference.container.index, {}).get(port)
        # A container hardly calls itself: that its image may listen there says nothing.
        calls_itself = (
            own is not None
            and own is not PortBasis.DEFAULT
            and own.doubt <= self.listening_ports[surest.index][port].doubt
        )
        return None if calls_itself else surest

    def _default_target(self, reference: LoopbackReference) -> Container | None:
        """The container that a host without a port means: the one store beside the caller, whose
        default port the client's library uses; of several the one that is named.
        """
        stores = [
            container
            for container in self.classified_containers
            if container is not reference.container and self.is_store(container)
        ]
        if len(stores) > 1:
            stores = [store for store in stores if self.is_named_in(reference.variable, store)]
        return stores[0] if len(stores) == 1 else None

    def is_named_in(self, variable: str, container: Container) -> bool:
        """Whether a variable's name holds a word of a container's name, of what it runs, or of
        the protocol that this speaks.
        """
        entry = self.catalogue_entry(container)
        words = set(re.split(r"[-_.]", variable.lower())) - {""}
        names = [
            *(re.split(r"[-_]", entry.id) if entry else ()),
            *re.split(r"[-_]", container.name.lower()),
        ]
        speaks_protocol = (
            entry is not None
            and bool(entry.ports)
            and any(_PROTOCOL_PORTS.get(word) == entry.ports[0] for word in words)
        )
        return speaks_protocol or bool(set(names) & words)

    def location_of(self, container: Container, *steps: str | int) -> Location:
        """A place within a container."""
        return self.workload.resource.location(*container.route, *steps)

    def lazy_location_of(self, container: Container, *steps: str | int) -> LazyLocation:
        """A place within a container, whose text is not looked for yet."""
        return LazyLocation(self.workload.resource, (*container.route, *steps))


def _mounts_by_volume(containers: Iterable[Container]) -> Counter[str]:
    return Counter(
        volume
        for container in containers
        for volume in {mount.volume for mount in container.mounts}
    )
