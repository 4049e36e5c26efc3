"""Port clash.

Looks for: two containers that listen on the same port and protocol.

Matters because: the containers of a Pod share one network address: only one of the two can have the port, and the other fails to start.

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

from service.findings import ContainerType
from service.kube.containers import Container, Port
from service.signals.observing import Observation, PodContext, Says


def clashes(context: PodContext) -> Iterator[tuple[Container, Port, Container, Port]]:
    """Pairs of containers of which each declares the same port and protocol, and nobody is known to listen on it alone."""
    for one, other in combinations(context.members, 2):
        if ContainerType.NATIVE_SIDECAR in (one.type, other.type):
            continue
        pairs = [(a, b) for a in one.ports for b in other.ports if a.number == b.number and a.protocol == b.protocol]
        for mine, theirs in pairs:
            if mine.number in context.listening[one.index] and theirs.number in context.listening[other.index]:
                yield one, mine, other, theirs
                break


def observe(context: PodContext) -> Iterator[Observation]:
    """See the module."""
    for one, mine, other, _ in clashes(context):
        message = f"declares port {mine.number}/{mine.protocol}, as {other.name} does: only one of them can listen on it"
        yield Observation(
            "port-clash.declared", Says.APART, one, message, context.place(context.workload.resource, mine.route), about=other
        )
