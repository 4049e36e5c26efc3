"""Whether Service ports reach the same containers in a stage of a rewrite as before it.

Asked of the objects as they will be sent, by matching labels and ports as the EndpointSlice
controller does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from service.change import Undertaking
from service.classification.classify import Classification
from service.classification.signals.own_service import receiving_container
from service.findings import Stage
from service.kube.containers import as_port
from service.kube.objects import ManifestSet, Resource, as_list, as_text
from service.kube.selectors import matches_map
from service.kube.services import ServicePort, resolve_ports, service_selector, services_selecting
from service.kube.workloads import Workload, pods_with_labels
from service.verification.coverage import made_in, same_object
from service.verification.equality import rewired, same_but
from service.yamldoc.nodes import Route


@dataclass(frozen=True, slots=True)
class Passage:
    """How a workload comes into a stage."""

    undertaking: Undertaking
    """What is planned for it."""
    classification: Classification
    """What was decided about it."""
    stage: Stage
    """The stage."""
    running: Sequence[Workload]
    """The workloads that its containers were in before the stage; their Pods are there until
    those of `homes` are.
    """
    homes: Sequence[Workload]
    """The workloads that its containers are in in the stage, the old one's first."""

    @property
    def late(self) -> set[str]:
        """The containers that start when the old Pods are gone, as the change says, so that
        nobody reaches them in between.
        """
        moves = self.undertaking.moves
        return {
            name
            for move in moves
            if move.stage is self.stage is Stage.CONTRACT
            for name in move.containers
        }


def misled(before: ManifestSet, after: ManifestSet, passage: Passage) -> Iterator[str]:
    """The Services that reach others than they did, or that their clients see otherwise.

    Args:
        before: the set as it was sent.
        after: the set in the stage.
        passage: the workload.
    """
    old, homes = passage.undertaking.workload, passage.homes
    now = {
        id(each): each
        for home in homes
        for each in services_selecting(home.labels, after)
        if after.can_see(home.resource, each)
    }
    for origin in services_selecting(old.labels, before):
        if not before.can_see(old.resource, origin):
            continue
        service = same_object(origin, after)
        if service is None:
            yield f"Service {origin.name} is gone"
            continue
        now.pop(id(service), None)
        if not same_but(origin.data, service.data, _own_fields(origin)):
            yield f"Service {service.name} is not what it was, but for whom it leads to"
        yield from _old_service(origin, service, passage)
    for service in now.values():
        if same_object(service, before):
            yield f"Service {service.name} selects Pods that it did not select"
    for made in passage.undertaking.objects:
        for there in made_in(after, made):
            if there.kind == "Service":
                yield from _new_service(there, after, passage)


def astray(after: ManifestSet, passage: Passage) -> Iterator[str]:
    """The addresses told instead of loopback ones that lead to nobody who listened on the loopback
    one.

    Args:
        after: the set in the stage.
        passage: the workload.
    """
    for teller, old, new in _told(passage):
        for loopback, address in rewired(old, new):
            host, _, port = address.partition(":")
            if address == loopback:
                continue
            service = after.find("Service", host, teller)
            listening = as_port(loopback.rpartition(":")[2])
            if service is None or not any(
                _leads(service, home, as_port(port), listening) for home in passage.homes
            ):
                yield f"{teller.title} is told of {host}, which does not lead where localhost led"


def _told(passage: Passage) -> Iterator[tuple[Resource, str, str]]:
    """All texts that containers are told and that have changed: who says so, the old text and
    the new one.
    """
    before = {each.name: each for each in passage.undertaking.workload.containers}
    for home in passage.homes:
        for container in home.containers:
            if (was := before.get(container.name)) is not None and was.data != container.data:
                for old, new in zip(was.words, container.words, strict=False):
                    if old.text != new.text:
                        yield home.resource, old.text, new.text
    for config, operation in passage.undertaking.settings(passage.stage):
        route = operation.route[len(config.route) :]
        yield config, as_text(config.get(*route)), as_text(operation.value)


def _leads(service: Resource, home: Workload, port: int | None, listening: int | None) -> bool:
    """Whether a Service leads to a workload's Pods by some port, where one listens as on
    loopback; None stands for any.
    """
    if not matches_map(service_selector(service), home.labels):
        return False
    for each in resolve_ports(service, home):
        reached = each.declared.number if each.declared else each.target
        if (
            port in (None, each.number)
            and isinstance(reached, int)
            and listening in (None, reached)
        ):
            return True
    return False


def _own_fields(service: Resource) -> frozenset[Route]:
    """Where a Service says whom it leads to."""
    ports = range(len(as_list(service.spec.get("ports"))))
    return frozenset(
        {("spec", "selector"), *(("spec", "ports", index, "targetPort") for index in ports)}
    )


def _old_service(origin: Resource, service: Resource, passage: Passage) -> Iterator[str]:
    """Each port reaches whom it reached, and somebody at every moment: Services change at once,
    Pods one workload after another.
    """
    selector, label = service_selector(service), passage.stage.label
    moments = [
        (
            when,
            [
                (place, each, _ports(service, each))
                for place, each in enumerate(some)
                if matches_map(selector, each.labels)
            ],
        )
        for when, some in (
            (f"in stage {label}", passage.homes),
            (f"when stage {label} begins", passage.running),
        )
    ]
    for was in resolve_ports(origin, passage.undertaking.workload):
        wanted = _receiver_name(passage.classification, was)
        if wanted is None:
            continue
        title = f"port {was.number} of Service {service.name}"
        serving: list[set[str]] = []
        for when, selected in moments:
            serving.append(set())
            for place, home, ports in selected:
                now = ports.get(was.index)
                if now is None:
                    yield f"{title} is gone {when}"
                elif _serves(now, home, was, wanted):
                    # The first is one workload all along, whatever it became.
                    serving[-1].add(home.title if place else "")
                elif now.container is not None or isinstance(now.target, int):
                    yield f"{title} reaches Pods of {home.title}, which don't serve it, {when}"
        if not serving[0]:
            yield f"{title} reaches nobody in stage {label}"
        elif not serving[0] & serving[1] and wanted not in passage.late:
            yield f"{title} reaches nobody while stage {label} is applied"


def _ports(service: Resource, home: Workload) -> dict[int, ServicePort]:
    return {port.index: port for port in resolve_ports(service, home)}


def _serves(port: ServicePort, home: Workload, was: ServicePort, wanted: str) -> bool:
    """Whether a port reaches a container where it did; a number that nobody declares reaches
    whoever listens there.
    """
    number = was.declared.number if was.declared else was.target
    if port.container is not None:
        return (
            port.container.name == wanted
            and port.declared is not None
            and number in (port.declared.number, port.target)
        )
    return port.target == number and any(each.name == wanted for each in home.classified_containers)


def _receiver_name(classification: Classification, port: ServicePort) -> str | None:
    """The container that a port of a Service reached before; None if that could not be told."""
    container = port.container or receiving_container(classification.context, port)
    return container.name if container is not None else None


def _new_service(service: Resource, after: ManifestSet, passage: Passage) -> Iterator[str]:
    own = {id(home.resource) for home in passage.homes}
    selected = [
        each
        for each, _ in pods_with_labels(service_selector(service), after)
        if after.can_see(service, each)
    ]
    # A workload that takes over data is there in the last stage only.
    missing = not selected and passage.stage is Stage.CONTRACT
    if missing or any(id(each) not in own for each in selected):
        yield f"the new Service {service.name} doesn't lead to the new workload alone"
