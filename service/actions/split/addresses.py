"""Point what was reached on localhost at a Service.

Only literal addresses in env, args, command and ConfigMaps that nobody else reads are changed, and
only where all of them can be seen.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from service.actions.context import Candidate, Refused
from service.actions.label_overlaps import check_alone
from service.actions.names import joined
from service.actions.split.autoscalers import most_replicas
from service.actions.split.services import Boundary
from service.change import NewObject
from service.classification.signals.own_service import receiving_container
from service.findings import Role, Stage
from service.kube.config_maps import readers_of_config_map
from service.kube.containers import Container, base_name
from service.kube.objects import Resource, as_text, in_same_namespace, value_at
from service.kube.references import LoopbackReference, loopback_addresses, service_names_in
from service.kube.replicas import copies_of
from service.kube.services import ServiceLink
from service.yamldoc.nodes import Route
from service.yamldoc.operations import Tree

_STATEFUL = ("datastore", "broker", "cache")


@dataclass(frozen=True, slots=True)
class Setting:
    """A value of a ConfigMap that is rewired."""

    resource: Resource
    """The ConfigMap."""
    text: str
    """What stands there afterwards; may hold secrets."""
    group: int
    """The group that reads it."""


@dataclass
class Rewiring:
    """What the groups need to go on talking to each other."""

    values: dict[int, list[tuple[Route, str]]] = field(default_factory=dict)
    """By container index: routes within the object with the text that stands there afterwards."""
    settings: dict[tuple[int, Route], Setting] = field(default_factory=dict)
    """By ConfigMap, as its identity, and route within it: what stands there afterwards."""
    objects: list[NewObject] = field(default_factory=list)
    """Services that had to be made."""
    assumptions: list[str] = field(default_factory=list)
    """What has to hold."""
    traffic: set[tuple[int, int, int]] = field(default_factory=set)
    """Which group speaks to which, and on which port of it, where that didn't leave the Pod."""
    guessed: set[tuple[int, int, int]] = field(default_factory=set)
    """Which group may speak to which, though nothing shows it."""


def rewire(candidate: Candidate, links: tuple[ServiceLink, ...], boundary: Boundary) -> Rewiring:
    """How the groups reach each other once they are apart.

    Raises:
        Refused: somewhere an address can't be seen or can't be changed.
    """
    result = Rewiring()
    addresses: dict[tuple[int, int], tuple[str, int]] = {}
    context = candidate.classification.context
    for reference in context.references:
        target = context.target_of(reference)
        if target is None:
            _check_unknown(candidate, reference, boundary)
            continue
        source_groups = _groups_of(candidate, reference.container, boundary)
        if source_groups <= _groups_of(candidate, target, boundary):
            continue
        if len(source_groups) > 1:
            message = (
                f"{reference.container.name} helps several groups and calls {target.name} on"
                " localhost, which is in one of them"
            )
            raise Refused(
                "localhost-unresolved", f"{message}: say with podsplit.dev/roles whom it helps"
            )
        _check_changeable(candidate, reference, target, boundary)
        if reference.port is None and not _named_for(candidate, reference, target):
            message = (
                f"{reference.container.name} is told a host on localhost without a port, and it"
                f" can't be told that {target.name} is meant"
            )
            raise Refused("localhost-unresolved", message)
        port = reference.port or next(iter(context.traffic_ports(target)), None)
        if port is None:
            raise Refused(
                "localhost-unresolved",
                f"{reference.container.name} reaches {target.name} on localhost, and the port can't"
                " be seen",
            )
        key = (boundary.group_of[target.index], port)
        result.traffic |= {(source, *key) for source in source_groups if source != key[0]}
        if key not in addresses:
            addresses[key] = _address(candidate, links, boundary, target, port, result)
        _change(result, reference, addresses[key], port, min(source_groups))
    _serve_silent(candidate, links, boundary, addresses, result)
    _note_calls(candidate, links, boundary, result)
    return result


def _named_for(candidate: Candidate, reference: LoopbackReference, target: Container) -> bool:
    """Whether the variable that holds a host is named for a database, or for what the target
    runs.
    """
    words = set(re.split(r"[-_.]", reference.variable.lower()))
    return bool(words & {"db", "database", "sql"}) or candidate.classification.context.is_named_in(
        reference.variable, target
    )


def _groups_of(candidate: Candidate, container: Container, boundary: Boundary) -> set[int]:
    """The groups that a container goes to: its own, and those that it helps as well."""
    verdict = candidate.classification.verdict(container)
    numbers = {
        group[0].name: boundary.group_of[group[0].index]
        for group in candidate.classification.groups
    }
    own = boundary.group_of.get(container.index, verdict.group)
    helps = verdict.serves if verdict.role in (Role.SIDECAR, Role.INIT) else ()
    return {own, *(numbers[name] for name in helps if name in numbers)}


def _check_unknown(candidate: Candidate, reference: LoopbackReference, boundary: Boundary) -> None:
    """A port that nobody is known to listen on may be that of a container which is to be elsewhere.

    Raises:
        Refused: it may.
    """
    context = candidate.classification.context
    own = context.listening_ports.get(reference.container.index, {})
    itself = reference.port is not None and own.get(reference.port, "default") != "default"
    if reference.listens or reference.where in ("probe", "hook") or itself:
        return
    groups = _groups_of(candidate, reference.container, boundary)
    away = [
        each
        for each in context.classified_containers
        if not groups <= _groups_of(candidate, each, boundary)
    ]
    # What a known server listens on is known; another one may listen on more than it declares.
    unsure = any(
        not (context.catalogue_entry(each) and context.listening_ports[each.index]) for each in away
    )
    # Services that are made here speak TCP.
    unsure |= any(declared.number == reference.port for each in away for declared in each.ports)
    if unsure or reference.port is None:
        port = f"port {reference.port}" if reference.port else "no port that can be seen"
        message = (
            f"{reference.container.name} calls localhost with {port} ({reference.where}), and it"
            " can't be told who answers: declare the port on the container that listens there"
        )
        raise Refused("localhost-unresolved", message)


def _check_changeable(
    candidate: Candidate, reference: LoopbackReference, target: Container, boundary: Boundary
) -> None:
    name = reference.container.name
    if reference.resource is not candidate.resource:
        _check_config_map(candidate, reference, boundary)
    if reference.where in ("probe", "hook"):
        raise Refused(
            "localhost-in-probe",
            f"a {reference.where} of {name} calls {target.name} on localhost: apart it would fail"
            " for ever",
        )
    entry = candidate.classification.context.catalogue_entry(target)
    if entry is not None and entry.category in _STATEFUL:
        _check_single(candidate, target)


def _check_config_map(
    candidate: Candidate, reference: LoopbackReference, boundary: Boundary
) -> None:
    """A ConfigMap is changed where nobody but the group that is told reads it.

    Raises:
        Refused: somebody else does, or it can't be changed.
    """
    config = reference.resource
    told = _groups_of(candidate, reference.container, boundary)
    own = {id(each.resource) for each in copies_of(candidate.workload, candidate.manifests)} | {
        id(candidate.resource)
    }
    others = [
        container
        for workload, container in readers_of_config_map(config, candidate.manifests)
        if id(workload.resource) not in own
        or (
            workload.resource is candidate.resource
            and _groups_of(candidate, container, boundary) != told
        )
    ]
    unsure = not in_same_namespace(config, candidate.resource, strictly=True)
    if others or unsure or len(told) > 1 or config.data.get("immutable") is True:
        why = (
            f"{others[0].name} reads it too"
            if others
            else "it can't be told to be this workload's alone, or can't be changed"
        )
        message = (
            f"{reference.container.name} is told of localhost by the {reference.where}, and {why}:"
            " put a Service's name there first"
        )
        raise Refused("localhost-in-configmap", message)


def _check_single(candidate: Candidate, target: Container) -> None:
    """A Service in front of several databases would lead each request to another one.

    Raises:
        Refused: there are several.
    """
    replicas = most_replicas(candidate)
    if replicas > 1:
        message = (
            f"each of up to {replicas} replicas has a {target.name} of its own on localhost: decide"
            " first which data is kept"
        )
        raise Refused("replicated-datastore", message)


def _address(
    candidate: Candidate,
    links: tuple[ServiceLink, ...],
    boundary: Boundary,
    target: Container,
    port: int,
    result: Rewiring,
) -> tuple[str, int]:
    """Name and port of a Service that leads to a container's port: one that is there, or a new
    one.
    """
    context = candidate.classification.context
    for link in links:
        for each in link.ports:
            number = each.declared.number if each.declared else each.target
            if (
                (number, each.protocol) == (port, "TCP")
                and receiving_container(context, each) is target
                and not link.headless
            ):
                return link.service.name, each.number
    group = boundary.group_of[target.index]
    made = _service(candidate, boundary, group, [port], target)
    result.objects.append(made)
    _note_variables(candidate, made, result)
    return made.name, port


def _service(
    candidate: Candidate, boundary: Boundary, group: int, ports: list[int], target: Container
) -> NewObject:
    check_alone(candidate, boundary, group, "a Service")
    wanted = _service_name(boundary.names[group])
    if candidate.names.taken("Service", wanted):
        wanted = _service_name(joined(boundary.names[group], target.name))
    name = candidate.names.give("Service", wanted, candidate.resource)
    labels = {boundary.key: boundary.labels[group][boundary.key]}
    metadata: dict[str, Tree] = {"name": name}
    if candidate.resource.namespace is not None:
        metadata["namespace"] = candidate.resource.namespace
    metadata["labels"] = labels
    declared = {each.number: each.name for each in target.ports}
    entries = [
        (
            {"name": declared.get(port) or f"port-{port}", "port": port, "targetPort": port}
            if len(ports) > 1
            else {"port": port, "targetPort": port}
        )
        for port in ports
    ]
    tree: Tree = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata,
        "spec": {"selector": boundary.selector(group), "ports": entries},
    }
    return NewObject(candidate.resource, tree, f"Service/{name}", Stage.SWITCH)


def _note_variables(candidate: Candidate, made: NewObject, result: Rewiring) -> None:
    """Pods that start after a Service get variables that are named for it
    (`SHOP_PORT=tcp://...`), which programs of that name may read.
    """
    programs = {
        word
        for each in candidate.workload.containers
        for word in (each.name, base_name(each.image))
    }
    if made.name in programs and candidate.workload.pod.get("enableServiceLinks") is not False:
        prefix = made.name.upper().replace("-", "_")
        result.assumptions.append(
            f"no program reads {prefix}_PORT or {prefix}_SERVICE_HOST, which Pods are given for the"
            f" new Service {made.name}: or else set enableServiceLinks: false"
        )


def _service_name(name: str) -> str:
    """A DNS-1035 label made from a workload's name: it starts with a letter and has at most 63
    characters.
    """
    cleaned = re.sub(r"[^a-z0-9-]", "-", name.lower())[:63].strip("-")
    return cleaned if cleaned[:1].isalpha() else f"svc-{cleaned}"[:63]


def _change(
    result: Rewiring, reference: LoopbackReference, address: tuple[str, int], port: int, reader: int
) -> None:
    name, number = address
    values = result.values.setdefault(reference.container.index, [])
    key = (id(reference.resource), reference.route)
    own = reference.where in ("env", "command", "args")
    old = as_text(value_at(reference.resource.data, *reference.route))
    if own:
        old = next((text_ for each, text_ in values if each == reference.route), old)
    elif key in result.settings:
        old = result.settings[key].text
    if old.strip() == reference.host:
        if number != port:
            message = (
                f"{reference.container.name} is told host and port in two variables, and the"
                f" Service {name} has another port: change both"
            )
            raise Refused("localhost-split-address", message)
        new = old.replace(reference.host, name)
    else:
        new = _readdressed(old, reference, port, name, number)
    if new == old and key in result.settings:
        return
    if f"https://{reference.host}:{port}" in old:
        result.assumptions.append(
            f"the certificate that {reference.container.name} is shown is valid for {name}, too, as"
            " it was for localhost"
        )
    if new == old:
        raise Refused(
            "localhost-unresolved",
            f"{reference.container.name} reaches a neighbour on localhost, and the text can't be"
            " changed",
        )
    if own:
        values[:] = [(each, text_) for each, text_ in values if each != reference.route]
        values.append((reference.route, new))
    else:
        result.settings[key] = Setting(reference.resource, new, reader)


def _readdressed(old: str, reference: LoopbackReference, port: int, name: str, number: int) -> str:
    """A text in which one loopback address is that of a Service; other hosts and ports stay, and
    so do addresses to listen on.
    """
    new, position = "", 0
    for each in loopback_addresses(old):
        if (each.host, each.port) == (reference.host, port) and not each.listens:
            new += old[position : each.start] + (
                f"{name}:{number}" if each.written or number != port else name
            )
            position = each.end
    return new + old[position:]


def _serve_silent(
    candidate: Candidate,
    links: tuple[ServiceLink, ...],
    boundary: Boundary,
    addresses: dict[tuple[int, int], tuple[str, int]],
    result: Rewiring,
) -> None:
    """A server that nobody is seen to reach may be reached on localhost by default: give it a
    Service and say so.

    A store is reached by applications and calls none. An application that stays is left without a
    Service: what comes from elsewhere finds it as it did.
    """
    context = candidate.classification.context
    heads = [members[0] for members in candidate.classification.groups]
    silent: list[tuple[str, list[str]]] = []
    applications = [head for head in heads if not context.is_store(head)]
    for head in heads:
        number = boundary.group_of[head.index]
        callers = [each.name for each in applications if each is not head]
        ports = list(context.traffic_ports(head))
        served = any(
            receiving_container(context, port) is head for link in links for port in link.ports
        )
        staying = number == 0 and head in applications
        if (
            staying
            or not callers
            or not ports
            or served
            or any(known == number for known, _ in addresses)
        ):
            continue
        entry = context.catalogue_entry(head)
        if entry is not None and entry.category in _STATEFUL:
            _check_single(candidate, head)
        made = _service(candidate, boundary, number, ports[:1], head)
        silent.append((head.name, callers))
        result.objects.append(made)
        _note_variables(candidate, made, result)
        result.guessed |= {
            (boundary.group_of[each.index], number, ports[0])
            for each in applications
            if each is not head
        }
        address = f"{made.name}:{ports[0]}"
        result.assumptions.append(
            f"nothing shows how {' or '.join(callers)} reaches {head.name}: if it uses localhost by"
            f" default, set its address to {address}"
        )
    names = [each.name for each in applications]
    said = {name for server, callers in silent for name in (server, *callers)}
    if len(applications) > 1 and not set(names) <= said:
        result.assumptions.append(
            f"{', '.join(names[:-1])} and {names[-1]} don't call each other on localhost in ways"
            " that the manifests don't show"
        )


def _note_calls(
    candidate: Candidate, links: tuple[ServiceLink, ...], boundary: Boundary, result: Rewiring
) -> None:
    """What groups say to each other through Services: where there was one Pod, its answer was
    never held up.
    """
    context = candidate.classification.context
    names = frozenset(link.service.name for link in links)
    for container in context.classified_containers:
        used = service_names_in(container, names)
        for link in links:
            for port in link.ports if link.service.name in used else ():
                target = receiving_container(context, port)
                number = port.declared.number if port.declared else port.target
                if target is not None and isinstance(number, int):
                    pair = (boundary.group_of[container.index], boundary.group_of[target.index])
                    result.traffic |= {(*pair, number)} if pair[0] != pair[1] else set()
