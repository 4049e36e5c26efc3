"""Keep every Service port leading to the container that it led to, while groups move.

An EndpointSlice lists, for each port with a named `targetPort`, only the Pods that have a port of
that name and protocol; with a number it lists every selected Pod, whether it listens or not. So two
groups must never stand behind one number.

    ports lead to        what is done                                        from stage
    the primary group    nothing, or the selector is narrowed where it       expand
                         would match the new Pods too
    one moved group      the selector goes with that group, whose Pods       switch
                         are there by then
    several groups       ports get names in the template, and a label        expand
                         that all groups carry; a selector that would
                         match new Pods is narrowed until the next;
                         the Service uses them                               switch
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from service.actions.context import Candidate, Refused
from service.actions.split.labels import GroupLabels, check_narrowing
from service.actions.split.plan import SplitPlan
from service.assumptions import Assumption, AssumptionCode
from service.change import Step
from service.classification.signals.own_service import receiving_container
from service.findings import Stage
from service.kube.containers import Container, Port
from service.kube.objects import Resource, as_text, in_same_namespace
from service.kube.selectors import matches_map
from service.kube.services import ServiceLink, ServicePort, service_selector
from service.refusals import Refusal
from service.yamldoc.nodes import Route
from service.yamldoc.operations import AddEntry, AddItem, Operation, SetValue, Tree

SHARED_LABEL = "podsplit.dev/service"
"""The label that all groups carry which stand behind one Service."""
_MAX_PORT_NAME = 15


@dataclass(frozen=True, slots=True)
class ServiceChanges:
    """What the Services ask for."""

    steps: tuple[Step, ...] = ()
    """Operations on the Services."""
    template: Mapping[int, tuple[Operation, ...]] = field(default_factory=dict)
    """By container index: operations on the container where it is, in the expand stage; a moved
    container takes them along.
    """
    shared_label: str | None = None
    """The value of the label that all groups carry; None if no Service needs it."""
    assumptions: tuple[Assumption, ...] = ()
    """What has to hold."""

    def with_step(self, service: Resource, operation: Operation) -> ServiceChanges:
        """These and an operation on a Service."""
        return replace(self, steps=(*self.steps, Step(service, operation)))

    def with_template(self, container: Container, *operations: Operation) -> ServiceChanges:
        """These, with other operations on a container."""
        return replace(self, template={**self.template, container.index: operations})

    def on(self, container: Container) -> tuple[Operation, ...]:
        """The operations on a container."""
        return self.template.get(container.index, ())


def retarget_services(plan: SplitPlan) -> ServiceChanges:
    """What every Service that selects the Pods needs.

    Raises:
        Refused: a Service can't be kept as it was.
    """
    changes, candidate, labels = ServiceChanges(), plan.candidate, plan.labels
    names = _PortNames.of(candidate)
    for link in plan.links:
        if not in_same_namespace(link.service, candidate.resource, strictly=True):
            message = (
                f"the Service {link.service.name} and the workload may or may not share a"
                " namespace: write it on both or neither"
            )
            raise Refused(Refusal.NAMESPACE_UNCLEAR, message)
        receivers = []
        for port in link.ports:
            container = _receiver(candidate, link.service, port)
            changes = _declared(candidate, port, container, changes)
            receivers.append(container)
        groups = {plan.group_of(container) for container in receivers}
        if len(groups) > 1:
            changes = _lead_to_several(plan, link, receivers, changes, names)
        elif groups and groups != {0}:
            (group,) = groups
            changes = _lead_to_moved(plan, link, group, changes)
        else:
            changes = _select_old_workload(link.service, labels, changes, has_ports=bool(groups))
    return changes


def _select_old_workload(
    service: Resource, labels: GroupLabels, changes: ServiceChanges, *, has_ports: bool
) -> ServiceChanges:
    selector = service_selector(service)
    if not any(matches_map(selector, moved) for moved in labels.labels[1:]):
        return changes
    if not has_ports:
        message = (
            f"the Service {service.name} has no ports, so it can't be told which Pods it is for"
        )
        raise Refused(Refusal.SERVICE_WITHOUT_PORTS, message)
    check_narrowing(labels, service)
    return changes.with_step(service, _select_group(service, labels, 0, Stage.EXPAND))


def _lead_to_moved(
    plan: SplitPlan, link: ServiceLink, group: int, changes: ServiceChanges
) -> ServiceChanges:
    service, selector, labels = link.service, service_selector(link.service), plan.labels
    if link.headless and plan.candidate.resource.kind == "StatefulSet":
        message = (
            f"the headless Service {service.name} gives the Pods of the StatefulSet their"
            " names: make another one for what moves"
        )
        raise Refused(Refusal.HEADLESS_SERVICE, message)
    third = [others for number, others in enumerate(labels.labels) if number not in (0, group)]
    if any(matches_map(selector, others) for others in third):
        # Pods of a third group must not stand behind it meanwhile.
        check_narrowing(labels, service)
        route = (*service.route, "spec", "selector")
        for number, stage in ((0, Stage.EXPAND), (group, Stage.SWITCH)):
            narrow = {**selector, labels.key: labels.labels[number][labels.key]}
            changes = changes.with_step(service, SetValue(route, narrow, int(stage)))
        return changes
    return changes.with_step(service, _select_group(service, labels, group, Stage.SWITCH))


def _select_group(service: Resource, labels: GroupLabels, group: int, stage: Stage) -> Operation:
    """Make a Service select one group's Pods only, by the label in which they differ."""
    value = labels.labels[group][labels.key]
    route = (*service.route, "spec", "selector")
    if labels.key in service_selector(service):
        return SetValue((*route, labels.key), value, int(stage))
    return AddEntry(route, labels.key, value, int(stage))


def _keep_to_old_pods(service: Resource, labels: GroupLabels) -> Operation:
    """Narrow a Service to the old Pods until it leads to several groups."""
    route = (*service.route, "spec", "selector")
    value = labels.labels[0][labels.key]
    return AddEntry(route, labels.key, value, int(Stage.EXPAND), until=int(Stage.SWITCH))


def _receiver(candidate: Candidate, service: Resource, port: ServicePort) -> Container:
    """The container that a Service's port reaches.

    Raises:
        Refused: it can't be told.
    """
    container = receiving_container(candidate.classification.context, port)
    if container is None:
        message = (
            f"port {port.number} of Service {service.name} leads to {port.target}, which no"
            " container declares: declare it on the container that listens there"
        )
        raise Refused(Refusal.UNDECLARED_PORT, message)
    if port.container is not None and port.container is not container:
        message = (
            f"port {port.target} is declared by {port.container.name}, but"
            f" {container.name} listens on it: declare it there"
        )
        raise Refused(Refusal.PORT_DECLARED_ELSEWHERE, message)
    return container


def _declared(
    candidate: Candidate, port: ServicePort, container: Container, changes: ServiceChanges
) -> ServiceChanges:
    """The changes, with a numeric target port declared by the container that serves it."""
    if port.container is not None or not isinstance(port.target, int):
        return changes
    declaration: dict[str, Tree] = {"containerPort": port.target}
    if port.protocol != "TCP":
        declaration["protocol"] = port.protocol
    message = f"{container.name} listens on port {port.target}, as its image or arguments say"
    stated = Assumption(AssumptionCode.PORT_LISTENED_ON, message)
    changes = replace(changes, assumptions=(*changes.assumptions, stated))
    route, known = candidate.route_to(*container.route), changes.on(container)
    if "ports" in container.data:
        operation = AddItem((*route, "ports"), declaration)
        return (
            changes if operation in known else changes.with_template(container, *known, operation)
        )
    # The first declared port of a container brings the list with it.
    lists = [
        operation
        for operation in known
        if isinstance(operation, AddEntry) and operation.key == "ports"
    ]
    ports = [entry for operation in lists for entry in operation.value]
    ports += [declaration] if declaration not in ports else []
    others = [operation for operation in known if operation not in lists]
    added = AddEntry(route, "ports", ports, after="image")
    return changes.with_template(container, *others, added)


def _lead_to_several(
    plan: SplitPlan,
    link: ServiceLink,
    receivers: list[Container],
    changes: ServiceChanges,
    names: _PortNames,
) -> ServiceChanges:
    """Ports get names, and all groups a label that the Service selects by."""
    service = link.service
    _check_divisible(link)
    for port, container in zip(link.ports, receivers, strict=True):
        if port.declared is None:
            message = (
                f"port {port.number} of Service {service.name} leads to an undeclared port of"
                f" {container.name}: declare it there"
            )
            raise Refused(Refusal.UNDECLARED_PORT, message)
        name = port.declared.name
        if not name:
            name, changes = _named_port(
                plan.candidate, port, container, changes=changes, names=names
            )
        _check_unique(plan, name, container)
        if port.target != name:
            changes = changes.with_step(service, _target_by_name(service, port, name))
    matched = [matches_map(service_selector(service), group) for group in plan.labels.labels]
    if any(matched[1:]) and plan.labels.key not in service_selector(service):
        # New Pods must not stand behind a number before the port has a name.
        check_narrowing(plan.labels, service)
        changes = changes.with_step(service, _keep_to_old_pods(service, plan.labels))
    if all(matched):
        return changes
    shared = changes.shared_label or service.name
    route = (*service.route, "spec", "selector")
    select = SetValue(route, {SHARED_LABEL: shared}, int(Stage.SWITCH))
    return replace(changes.with_step(service, select), shared_label=shared)


def _target_by_name(service: Resource, port: ServicePort, name: str) -> Operation:
    route = (*service.route, "spec", "ports", port.index)
    if service.get("spec", "ports", port.index, "targetPort") is not None:
        return SetValue((*route, "targetPort"), name, int(Stage.SWITCH))
    return AddEntry(route, "targetPort", name, int(Stage.SWITCH))


def _check_divisible(link: ServiceLink) -> None:
    service = link.service
    if link.headless:
        message = (
            f"the headless Service {service.name} publishes every selected Pod's address,"
            " whatever the port: make one Service a group"
        )
        raise Refused(Refusal.HEADLESS_SERVICE, message)
    for policy in ("externalTrafficPolicy", "internalTrafficPolicy"):
        if as_text(service.spec.get(policy)) == "Local":
            message = (
                f"the Service {service.name} has {policy}: Local, so every node needs all"
                " groups: make one Service a group"
            )
            raise Refused(Refusal.LOCAL_TRAFFIC_POLICY, message)


@dataclass(slots=True)
class _PortNames:
    """The names of the ports of a Pod, those included that are given while its Services are looked
    at.
    """

    taken: set[str]
    """All of them."""
    declarations: Counter[tuple[int, int]]
    """How often a container declares a number, by the container's index and the number."""
    given: dict[Route, str] = field(default_factory=dict)
    """The new ones, by the route of the port."""

    @classmethod
    def of(cls, candidate: Candidate) -> _PortNames:
        """The names that a workload's Pods have."""
        ports = [
            (container.index, port)
            for container in candidate.workload.containers
            for port in container.ports
        ]
        declarations = Counter((index, port.number) for index, port in ports)
        return cls({port.name for _, port in ports}, declarations)

    def give(self, route: Route, name: str) -> None:
        """Note a name that a port gets."""
        self.taken.add(name)
        self.given[route] = name


def _named_port(
    candidate: Candidate,
    port: ServicePort,
    container: Container,
    *,
    changes: ServiceChanges,
    names: _PortNames,
) -> tuple[str, ServiceChanges]:
    """A name for a container port that has none, and the changes that give it to the port.

    Raises:
        Refused: `kubectl apply` would lose it.
    """
    declared = port.declared
    assert declared is not None, "what is not declared was refused"
    if names.declarations[container.index, declared.number] > 1:
        message = (
            f"{container.name} declares {declared.number} under two protocols: client-side"
            " apply loses a name there; name both ports"
        )
        raise Refused(Refusal.TWO_PROTOCOLS, message)
    route = candidate.route_to(*declared.route)
    if route in names.given:
        return names.given[route], changes
    name = next(name for name in _port_names(port, container, declared) if name not in names.taken)
    names.give(route, name)
    known = changes.on(container)
    return name, changes.with_template(container, *known, AddEntry(route, "name", name))


def _port_names(port: ServicePort, container: Container, declared: Port) -> Iterator[str]:
    """Names for a port, the best first: the Service's word for it, the container's name, then with
    the number.
    """
    candidates = [
        port.name,
        container.name,
        f"{container.name[:9]}-{declared.number}",
        f"p-{declared.number}",
        f"port-{declared.number}-x",
    ]
    for candidate in candidates:
        if name := _valid_port_name(candidate):
            yield name


def _valid_port_name(name: str) -> str:
    """A valid port name (IANA service name, RFC 6335): at most 15 of a-z, 0-9 and single dashes,
    with a letter; empty if none is left.
    """
    cleaned = re.sub(r"-{2,}", "-", re.sub(r"[^a-z0-9-]", "-", name.lower()))
    cleaned = cleaned[:_MAX_PORT_NAME].strip("-")
    return cleaned if re.search("[a-z]", cleaned) else ""


def _check_unique(plan: SplitPlan, name: str, container: Container) -> None:
    for other in plan.candidate.workload.classified_containers:
        if plan.group_of(other) == plan.group_of(container):
            continue
        if any(port.name == name for port in other.ports):
            message = (
                f"{container.name} and {other.name} both name a port {name}: rename one, so"
                " that a Service can tell them apart"
            )
            raise Refused(Refusal.PORT_NAME_CLASH, message)
