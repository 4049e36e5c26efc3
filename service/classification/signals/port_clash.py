"""Port clash.

Looks for: two containers that declare the same port and protocol, or are told by flags or variables
to listen on it.

Matters because: the containers of a Pod share one network address: only one of the two can have the
port, and the other fails to start.

Example:
    containers:
      - name: nginx
        image: nginx
        ports: [{containerPort: 80}]
      - name: httpd
        image: httpd
        ports: [{containerPort: 80}]

Comes out: they can't run together: unrelated, and the finding `port-clash`.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from service.classification.context import PodContext
from service.classification.observation import Claim, Observation
from service.findings import ContainerType
from service.kube.containers import Container, Port
from service.kube.objects import LazyLocation


def clashes(context: PodContext) -> Iterator[tuple[Container, Port, Container, Port]]:
    """Pairs of containers of which each declares the same port and protocol, and nobody is known
    to listen on it alone.
    """
    for one, other in combinations(context.classified_containers, 2):
        if ContainerType.NATIVE_SIDECAR in (one.type, other.type):
            continue
        pairs = [
            (a, b)
            for a in one.ports
            for b in other.ports
            if a.number == b.number and a.protocol == b.protocol
        ]
        for mine, theirs in pairs:
            if (
                mine.number in context.listening_ports[one.index]
                and theirs.number in context.listening_ports[other.index]
            ):
                yield one, mine, other, theirs
                break


def _told_clashes(context: PodContext) -> Iterator[tuple[Container, int, Container]]:
    """Pairs of containers that are told, by flag or variable, to listen on a port on which the
    other surely listens too.
    """
    for one, other in combinations(context.classified_containers, 2):
        mine, theirs = context.listening_ports[one.index], context.listening_ports[other.index]
        for port in sorted(set(mine) & set(theirs)):
            if "told" in (mine[port], theirs[port]) and "default" not in (mine[port], theirs[port]):
                yield one, port, other
                break


def observe(context: PodContext) -> Iterator[Observation]:
    """See the module."""
    declared = set()
    for one, mine, other, _ in clashes(context):
        declared.add((one.index, other.index))
        message = (
            f"declares port {mine.number}/{mine.protocol}, as {other.name} does: only one of them"
            " can listen on it"
        )
        yield Observation(
            "port-clash.declared",
            Claim.APART,
            one,
            message,
            LazyLocation(context.workload.resource, mine.route),
            about=other,
        )
    for one, port, other in _told_clashes(context):
        if (one.index, other.index) not in declared:
            message = (
                f"is told to listen on port {port}, on which {other.name} listens too: only one of"
                " them can"
            )
            yield Observation(
                "port-clash.told",
                Claim.APART,
                one,
                message,
                context.within(one, "name"),
                about=other,
            )
