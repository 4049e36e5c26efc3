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
from service.classification.listening import PortBasis
from service.classification.observation import Claim, Observation
from service.findings import ContainerType
from service.kube.containers import Container, Port
from service.kube.objects import LazyLocation


def declared_clashes(context: PodContext) -> Iterator[tuple[Container, Port, Container, Port]]:
    """Yields each two containers that declare the same port and protocol, with the two
    declarations, where neither is known not to listen there. Native sidecars are left out.
    """
    for one, other in combinations(context.classified_containers, 2):
        if ContainerType.NATIVE_SIDECAR in (one.type, other.type):
            continue
        listening = context.listening_ports
        clash = next(
            (
                (one_port, other_port)
                for one_port in one.ports
                for other_port in other.ports
                if one_port.number == other_port.number
                and one_port.protocol == other_port.protocol
                and one_port.number in listening[one.index]
                and one_port.number in listening[other.index]
            ),
            None,
        )
        if clash is not None:
            one_port, other_port = clash
            yield one, one_port, other, other_port


def _configured_port_clashes(context: PodContext) -> Iterator[tuple[Container, int, Container]]:
    """Yields each two containers that listen on the same port, with the lowest such port: one of
    them is told to by a flag or a variable, the other is told or declares it.
    """
    for one, other in combinations(context.classified_containers, 2):
        ports = context.listening_ports[one.index]
        other_ports = context.listening_ports[other.index]
        for port in sorted(ports.keys() & other_ports.keys()):
            bases = {ports[port], other_ports[port]}
            if PortBasis.TOLD in bases and PortBasis.DEFAULT not in bases:
                yield one, port, other
                break


def observe(context: PodContext) -> Iterator[Observation]:
    """Yields APART for each two containers of which only one can have a port that both declare, or
    else that one of them is told to listen on.
    """
    declared = set()
    for one, port, other, _ in declared_clashes(context):
        declared.add((one, other))
        yield Observation(
            case="port-clash.declared",
            claim=Claim.APART,
            subject=one,
            message=f"declares port {port.number}/{port.protocol}, as {other.name} does: only one"
            " of them can listen on it",
            place=LazyLocation(context.workload.resource, port.route),
            other=other,
        )
    for one, number, other in _configured_port_clashes(context):
        if (one, other) not in declared:
            yield Observation(
                case="port-clash.told",
                claim=Claim.APART,
                subject=one,
                message=f"is told to listen on port {number}, on which {other.name} listens too:"
                " only one of them can",
                place=context.lazy_location_of(one, "name"),
                other=other,
            )
