"""Keep every Service port leading to the container that it led to, while groups move.

An EndpointSlice lists, for each port with a named `targetPort`, only the Pods that have a port of
that name and protocol; with a number it lists every selected Pod, whether it listens or not. So two
groups must never stand behind one number.

    ports lead to        what is done                                        from stage
    the primary group    nothing, or the selector is narrowed where it       switch
                         would match the new Pods too
    one moved group      the selector goes with that group, once its         contract
                         Pods are there
    several groups       ports get names in the template, and a label        expand
                         that all groups carry;
                         the Service uses them                               switch
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from service.actions.context import Candidate, Refused
from service.change import Step
from service.classification.signals.own_service import receiving_container
from service.findings import Stage
from service.kube.containers import Container, Port
from service.kube.objects import Resource, as_text, in_same_namespace
from service.kube.selectors import matches_map
from service.kube.services import ServiceLink, ServicePort, service_selector
from service.yamldoc.operations import AddEntry, AddItem, Operation, SetValue, Tree

SHARED_LABEL = "podsplit.dev/service"
_MAX_PORT_NAME = 15


@dataclass
class Retargeting:
    """What the Services ask for."""

    steps: list[Step] = field(default_factory=list)
    """Operations on the Services."""
    template: dict[int, list[Operation]] = field(default_factory=dict)
    """By container index: operations on the container where it is, in the expand stage; a moved
    container takes them along.
    """
    shared_label: str | None = None
    """The value of the label that all groups carry; None if no Service needs it."""
    assumptions: list[str] = field(default_factory=list)
    """What has to hold."""


@dataclass(frozen=True, slots=True)
class Boundary:
    """How the groups are told apart afterwards."""

    group_of: dict[int, int]
    """The group of each container, by its index; 0 stays."""
    key: str
    """The label in which the groups differ."""
    labels: tuple[dict[str, str], ...]
    """The labels of each group's Pods."""
    names: tuple[str, ...]
    """The name of each group's workload."""
    asked: tuple[str, ...]
    """The labels that each group's selector asks for, the one in which they differ among them."""

    def selector(self, group: int) -> dict[str, str]:
        """What selects a group's Pods and no others."""
        return {key: self.labels[group][key] for key in self.asked}


def retarget(
    candidate: Candidate, links: tuple[ServiceLink, ...], boundary: Boundary
) -> Retargeting:
    """What every Service that selects the Pods needs.

    Raises:
        Refused: a Service can't be kept as it was.
    """
    result = Retargeting()
    for link in links:
        if not in_same_namespace(link.service, candidate.resource, strictly=True):
            message = (
                f"the Service {link.service.name} and the workload may or may not share a"
                " namespace: write it on both or neither"
            )
            raise Refused("namespace-unclear", message)
        _one(candidate, link, boundary, result)
    return result


def _one(candidate: Candidate, link: ServiceLink, boundary: Boundary, result: Retargeting) -> None:
    service = link.service
    receivers = [_receiver(candidate, service, port, result) for port in link.ports]
    groups = {boundary.group_of[container.index] for container in receivers}
    selector = service_selector(service)
    if len(groups) > 1:
        _several(candidate, link, receivers, boundary, result)
    elif groups == {0} or not groups:
        others = [labels for labels in boundary.labels[1:] if matches_map(selector, labels)]
        if others and not groups:
            raise Refused(
                "service-without-ports",
                f"the Service {service.name} has no ports, so it can't be told which Pods it"
                " is for",
            )
        if others:
            _select(result, service, selector, boundary, 0, Stage.SWITCH)
    else:
        (group,) = groups
        if link.headless and candidate.resource.kind == "StatefulSet":
            message = (
                f"the headless Service {service.name} gives the Pods of the StatefulSet their"
                " names: make another one for what moves"
            )
            raise Refused("headless-service", message)
        third = [
            labels for number, labels in enumerate(boundary.labels) if number not in (0, group)
        ]
        if any(matches_map(selector, labels) for labels in third):
            # Pods of a third group must not stand behind it meanwhile.
            route = (*service.route, "spec", "selector")
            for number, stage in ((0, Stage.SWITCH), (group, Stage.CONTRACT)):
                narrow = {**selector, boundary.key: boundary.labels[number][boundary.key]}
                result.steps.append(Step(service, SetValue(route, narrow, int(stage))))
        elif matches_map(selector, boundary.labels[0]) or not matches_map(
            selector, boundary.labels[group]
        ):
            _select(result, service, selector, boundary, group, Stage.CONTRACT)


def _select(
    result: Retargeting,
    service: Resource,
    selector: dict[str, str],
    boundary: Boundary,
    group: int,
    stage: Stage,
) -> None:
    """Make a Service select one group's Pods only, by the label in which they differ."""
    value = boundary.labels[group][boundary.key]
    route = (*service.route, "spec", "selector")
    if boundary.key in selector:
        result.steps.append(Step(service, SetValue((*route, boundary.key), value, int(stage))))
    else:
        result.steps.append(Step(service, AddEntry(route, boundary.key, value, int(stage))))


def _receiver(
    candidate: Candidate, service: Resource, port: ServicePort, result: Retargeting
) -> Container:
    """The container that a Service's port reaches, declared if it wasn't.

    Raises:
        Refused: it can't be told.
    """
    container = receiving_container(candidate.classification.context, port)
    if container is None:
        message = (
            f"port {port.number} of Service {service.name} leads to {port.target}, which no"
            " container declares: declare it on the container that listens there"
        )
        raise Refused("undeclared-port", message)
    if port.container is not None and port.container is not container:
        message = (
            f"port {port.target} is declared by {port.container.name}, but {container.name} listens"
            " on it: declare it there"
        )
        raise Refused("port-declared-elsewhere", message)
    if port.container is None and isinstance(port.target, int):
        _declare(
            candidate,
            container,
            {"containerPort": port.target}
            | ({"protocol": port.protocol} if port.protocol != "TCP" else {}),
            result,
        )
        result.assumptions.append(
            f"{container.name} listens on port {port.target}, as its image or arguments say"
        )
    return container


def _declare(
    candidate: Candidate, container: Container, declared: dict[str, Tree], result: Retargeting
) -> None:
    """Declare a port that is served; the first one of a container brings the list with it."""
    route = candidate.absolute(*container.route)
    known = result.template.setdefault(container.index, [])
    if "ports" in container.data:
        operation: Operation = AddItem((*route, "ports"), declared)
        known += [operation] if operation not in known else []
        return
    lists = [each for each in known if isinstance(each, AddEntry) and each.key == "ports"]
    ports = [*(port for each in lists for port in each.value)]
    ports += [declared] if declared not in ports else []
    known[:] = [each for each in known if each not in lists]
    known.append(AddEntry(route, "ports", ports, after="image"))


def _several(
    candidate: Candidate,
    link: ServiceLink,
    receivers: list[Container],
    boundary: Boundary,
    result: Retargeting,
) -> None:
    service = link.service
    _check_divisible(link)
    for port, container in zip(link.ports, receivers, strict=True):
        if port.declared is None:
            message = (
                f"port {port.number} of Service {service.name} leads to an undeclared port of"
                f" {container.name}: declare it there"
            )
            raise Refused("undeclared-port", message)
        name = port.declared.name or _name_port(candidate, port, container, result)
        _check_unique(candidate, name, container, boundary)
        if port.target != name:
            route = (*service.route, "spec", "ports", port.index)
            written = service.get("spec", "ports", port.index, "targetPort") is not None
            operation = (
                SetValue((*route, "targetPort"), name, int(Stage.SWITCH))
                if written
                else AddEntry(route, "targetPort", name, int(Stage.SWITCH))
            )
            result.steps.append(Step(service, operation))
    if not all(matches_map(service_selector(service), labels) for labels in boundary.labels):
        result.shared_label = result.shared_label or service.name
        route = (*service.route, "spec", "selector")
        result.steps.append(
            Step(service, SetValue(route, {SHARED_LABEL: result.shared_label}, int(Stage.SWITCH)))
        )


def _check_divisible(link: ServiceLink) -> None:
    service = link.service
    if link.headless:
        message = (
            f"the headless Service {service.name} publishes every selected Pod's address, whatever"
            " the port: make one Service a group"
        )
        raise Refused("headless-service", message)
    for policy in ("externalTrafficPolicy", "internalTrafficPolicy"):
        if as_text(service.spec.get(policy)) == "Local":
            message = (
                f"the Service {service.name} has {policy}: Local, so every node needs all groups:"
                " make one Service a group"
            )
            raise Refused("local-traffic-policy", message)


def _name_port(
    candidate: Candidate, port: ServicePort, container: Container, result: Retargeting
) -> str:
    """Give a container port a name.

    Raises:
        Refused: `kubectl apply` would lose it.
    """
    declared = port.declared
    assert declared is not None
    if len([each for each in container.ports if each.number == declared.number]) > 1:
        message = (
            f"{container.name} declares {declared.number} under two protocols: client-side apply"
            " loses a name there; name both ports"
        )
        raise Refused("two-protocols", message)
    route = candidate.absolute(*declared.route)
    for operation in result.template.get(container.index, []):
        if isinstance(operation, AddEntry) and operation.route == route and operation.key == "name":
            return str(operation.value)
    taken = {each.name for other in candidate.workload.containers for each in other.ports}
    taken |= {
        str(each.value)
        for known in result.template.values()
        for each in known
        if isinstance(each, AddEntry) and each.key == "name"
    }
    name = next(each for each in _port_names(port, container, declared) if each not in taken)
    result.template.setdefault(container.index, []).append(AddEntry(route, "name", name))
    return name


def _port_names(port: ServicePort, container: Container, declared: Port) -> list[str]:
    """Names for a port, the best first: the Service's word for it, the container's name, then
    with the number.
    """
    candidates = [
        port.name,
        container.name,
        f"{container.name[:9]}-{declared.number}",
        f"p-{declared.number}",
        f"port-{declared.number}-x",
    ]
    return [name for each in candidates if (name := _valid_port_name(each))]


def _valid_port_name(name: str) -> str:
    """A valid port name (IANA service name, RFC 6335): at most 15 of a-z, 0-9 and single dashes,
    with a letter; empty if none is left.
    """
    cleaned = re.sub(r"-{2,}", "-", re.sub(r"[^a-z0-9-]", "-", name.lower()))[
        :_MAX_PORT_NAME
    ].strip("-")
    return cleaned if re.search("[a-z]", cleaned) else ""


def _check_unique(
    candidate: Candidate, name: str, container: Container, boundary: Boundary
) -> None:
    for other in candidate.workload.classified_containers:
        if boundary.group_of[other.index] != boundary.group_of[container.index] and any(
            port.name == name for port in other.ports
        ):
            message = (
                f"{container.name} and {other.name} both name a port {name}: rename one, so that a"
                " Service can tell them apart"
            )
            raise Refused("port-name-clash", message)
