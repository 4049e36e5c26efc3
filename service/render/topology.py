"""What a workload looks like before and after a rewrite: its containers, the Services that reach
them, and the Ingresses and routes that lead to those.

A rewrite keeps texts, not objects: what is drawn is read anew from them, as a reader would.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TypeAlias

from service.findings import Change, ContainerType, FileStatus, Report
from service.kube.containers import Container, without_password
from service.kube.services import Routing, ServiceLink, routings_to, services_of
from service.kube.workloads import Workload
from service.options import Options
from service.reading import Inputs, read_inputs
from service.render.naming import Naming

_MOST_TEXT = 1_000_000
"""Characters of the files that are read for pictures; larger sets are not drawn."""
_MOST_ENTRIES = 20
"""Ways into a workload that are drawn; an Ingress may have thousands."""
_LEADING = re.compile("Service|Ingress|Route")
"""What files have in them that hold what leads to workloads."""
_Place: TypeAlias = tuple[str, str | None]
"""A folder, and a namespace; None for what names none."""


@dataclass(frozen=True, slots=True)
class Card:
    """What is shown of a container beside its name."""

    image: str
    """The last part of its image, with the tag; a user and a password in it are masked."""
    ports: tuple[str, ...]
    """The ports that it declares: number, and the name if it has one."""
    volumes: tuple[str, ...]
    """The volumes that it mounts."""


@dataclass(frozen=True, slots=True)
class Box:
    """A workload."""

    title: str
    """Kind and name."""
    containers: tuple[str, ...]
    """The names of those that run, in the order of the Pod."""
    cards: tuple[Card, ...]
    """What is shown of each of them."""
    init_containers: tuple[str, ...]
    """The names of those that run before them."""
    arrows: tuple[tuple[str, str, str | None], ...]
    """From a Service, through a port of it, to a container; None where none declares the port, so
    that it reaches whoever listens.
    """
    entries: tuple[tuple[str, str, str, str], ...] = ()
    """From an Ingress or a route of the Gateway API, by a path (empty for all), to a Service and a
    port of it.
    """


@dataclass(frozen=True, slots=True)
class BeforeAndAfter:
    """What becomes of one workload."""

    workload: str
    """What to call it (see `Naming`)."""
    before: tuple[Box, ...]
    """The workload."""
    after: tuple[Box, ...]
    """What is there instead, its own successor first."""


class Topology:
    """The set of a report before and after its rewrite."""

    def __init__(self, report: Report) -> None:
        """Read what changes have to do with: the files that they edit, and those of what leads to
        workloads.
        """
        self._naming = Naming(report)
        rewrite = report.rewrite
        changes = rewrite.changes if rewrite else ()
        edited = {path for change in changes for path in change.edits}
        skipped = {item.path for item in report.skipped if item.document is None}
        old = {
            path: source.text
            for path, source in report.sources.items()
            if path not in skipped and (path in edited or _LEADING.search(source.text))
        }
        new = {
            file.path: file.content
            for file in (rewrite.files if rewrite and changes else ())
            if file.path in old or file.status is FileStatus.ADDED
        }
        fits = sum(map(len, (*old.values(), *new.values()))) <= _MOST_TEXT
        self._before = _Set(old if fits and changes else {})
        self._after = _Set(new if fits else {})

    def drawn(self, changes: Iterable[Change]) -> Iterator[BeforeAndAfter]:
        """What becomes of each workload that changes are of."""
        of_workload: dict[tuple[str, str | None, str], dict[str, None]] = {}
        for change in changes:
            key = (change.location.path, change.namespace, change.workload)
            of_workload.setdefault(key, {}).update(dict.fromkeys(change.creates))
        for (path, namespace, title), made in of_workload.items():
            place = (_folder(path), namespace)
            before = self._before.of_title(place, title)
            # Its own kind may be another one now, its name is the same.
            after = [
                *self._after.of_name(place, title.partition("/")[2]),
                *(box for new in made for box in self._after.of_title(place, new)),
            ]
            if before and after:
                name = self._naming.full(title, path, namespace)
                yield BeforeAndAfter(name, tuple(before), tuple(after))


class _Set:
    """A set of manifests that is looked at workload by workload."""

    def __init__(self, texts: dict[str, str]) -> None:
        self._inputs = read_inputs(
            ((path, text.encode()) for path, text in texts.items()), Options()
        )
        self._workloads: dict[tuple[_Place, str], list[Workload]] = {}
        for workload in self._inputs.workloads:
            place = (_folder(workload.resource.path), workload.resource.namespace)
            for word in (workload.title, f"/{workload.name}"):
                self._workloads.setdefault((place, word), []).append(workload)

    def of_title(self, place: _Place, title: str) -> list[Box]:
        """The workloads of a place with a kind and name."""
        return [_box(item, self._inputs) for item in self._workloads.get((place, title), ())]

    def of_name(self, place: _Place, name: str) -> list[Box]:
        """The workloads of a place with a name, whatever their kind."""
        return self.of_title(place, f"/{name}")


def _card(container: Container) -> Card:
    return Card(
        image=without_password(container.image).rpartition("/")[2],
        ports=tuple(
            f"{port.number} {port.name}".strip() for port in container.ports if port.number
        ),
        volumes=tuple(dict.fromkeys(mount.volume for mount in container.mounts)),
    )


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _box(workload: Workload, inputs: Inputs) -> Box:
    running = (ContainerType.REGULAR, ContainerType.NATIVE_SIDECAR)
    links = services_of(workload, inputs.manifests)
    return Box(
        title=workload.title,
        containers=tuple(item.name for item in workload.containers if item.type in running),
        cards=tuple(_card(item) for item in workload.containers if item.type in running),
        init_containers=tuple(
            item.name for item in workload.containers if item.type is ContainerType.INIT
        ),
        arrows=tuple(
            (link.service.title, str(port.number), port.container.name if port.container else None)
            for link in links
            for port in link.ports
            # A Pod that declares no port of a name is no endpoint; a number reaches any Pod.
            if port.container is not None or isinstance(port.target, int)
        ),
        entries=tuple(
            islice(
                (
                    (routing.resource.title, routing.path, link.service.title, port)
                    for link in links
                    for routing in routings_to(link.service, inputs.manifests)
                    if (port := _entered(routing, link))
                ),
                _MOST_ENTRIES,
            )
        ),
    )


def _entered(routing: Routing, link: ServiceLink) -> str:
    """The number of the port of a Service that something leads to; empty where it has none."""
    wanted = routing.backend[1]
    ports = link.ports if wanted else ()
    return next((str(port.number) for port in ports if wanted in (port.number, port.name)), "")
