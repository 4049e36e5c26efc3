"""Point what was reached on localhost at a Service.

Only literal addresses in env, args, command and ConfigMaps that nobody else reads are changed, and
only where all of them can be seen.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from service.actions.context import Candidate, Refused
from service.actions.names import join_names
from service.actions.split.autoscalers import most_replicas
from service.actions.split.labels import check_selected_alone
from service.actions.split.plan import SplitPlan
from service.assumptions import Assumption, AssumptionCode
from service.change import NewObject, TrafficFlow
from service.classification.signals.own_service import receiving_container
from service.findings import Role, Stage
from service.kube.containers import Container, base_name
from service.kube.objects import Resource, as_text, in_same_namespace, value_at
from service.kube.references import (
    LoopbackReference,
    loopback_addresses,
    readers_of_config_map,
    service_names_in,
)
from service.kube.replicas import copies_of
from service.refusals import Refusal
from service.yamldoc.nodes import Route
from service.yamldoc.operations import Tree

_STATEFUL = ("datastore", "broker", "cache")
"""Categories of servers of which each replica of a Pod had its own state."""


@dataclass(frozen=True, slots=True)
class ServiceAddress:
    """What a Service is called by."""

    name: str
    """The Service's name."""
    port: int
    """A port of it."""


@dataclass(frozen=True, slots=True)
class ConfigMapValue:
    """A value of a ConfigMap with addresses changed."""

    resource: Resource
    """The ConfigMap."""
    route: Route
    """Where in it."""
    text: str
    """What stands there afterwards; may hold secrets."""
    group: int
    """The group that reads it."""


@dataclass(frozen=True, slots=True)
class AddressChanges:
    """What the groups need to go on talking to each other."""

    values: Mapping[int, Mapping[Route, str]] = field(default_factory=dict)
    """By container index, then by route within the workload's object: the text that stands there
    afterwards.
    """
    config_values: Mapping[tuple[Resource, Route], ConfigMapValue] = field(default_factory=dict)
    """By ConfigMap and route within it."""
    objects: tuple[NewObject, ...] = ()
    """Services that had to be made."""
    assumptions: tuple[Assumption, ...] = ()
    """What has to hold."""
    traffic: frozenset[TrafficFlow] = frozenset()
    """Which group calls which, where that didn't leave the Pod."""
    possible_traffic: frozenset[TrafficFlow] = frozenset()
    """Which group may call which, though nothing shows it."""
    addresses: Mapping[tuple[int, int], ServiceAddress] = field(default_factory=dict)
    """By group and container port: the Service that leads there."""

    @property
    def are_any(self) -> bool:
        """Whether containers are told the names of Services."""
        return bool(self.values or self.config_values or self.objects)

    def with_assumption(self, code: AssumptionCode, message: str) -> AddressChanges:
        """These and an assumption."""
        return replace(self, assumptions=(*self.assumptions, Assumption(code, message)))


def rewire_addresses(plan: SplitPlan) -> AddressChanges:
    """How the groups reach each other once they are apart.

    Raises:
        Refused: somewhere an address can't be seen or can't be changed.
    """
    changes = AddressChanges()
    context = plan.candidate.classification.context
    for reference in context.references:
        target = context.target_of(reference)
        if target is None:
            _check_unknown(plan, reference)
        elif not _groups_of(plan, reference.container) <= _groups_of(plan, target):
            changes = _rewire(plan, reference, target, changes)
    changes = _serve_silent_servers(plan, changes)
    flows = _flows_through_services(plan)
    return replace(changes, traffic=changes.traffic | flows)


def _rewire(
    plan: SplitPlan, reference: LoopbackReference, target: Container, changes: AddressChanges
) -> AddressChanges:
    """The changes with one reference that crosses the boundary."""
    caller = reference.container.name
    callers = _groups_of(plan, reference.container)
    if len(callers) > 1:
        message = (
            f"{caller} helps several groups and calls {target.name} on localhost, which is in one"
            " of them: say with podsplit.dev/roles whom it helps"
        )
        raise Refused(Refusal.LOCALHOST_UNRESOLVED, message)
    _check_changeable(plan, reference, target)
    if reference.port is None and not _is_named_for(plan.candidate, reference, target):
        message = (
            f"{caller} is told a host on localhost without a port, and it can't be told that"
            f" {target.name} is meant"
        )
        raise Refused(Refusal.LOCALHOST_UNRESOLVED, message)
    context = plan.candidate.classification.context
    port = reference.port or next(iter(context.traffic_ports(target)), None)
    if port is None:
        message = f"{caller} reaches {target.name} on localhost, and the port can't be seen"
        raise Refused(Refusal.LOCALHOST_UNRESOLVED, message)
    (source,) = callers
    group = plan.group_of(target)
    if source != group:
        changes = replace(changes, traffic=changes.traffic | {TrafficFlow(source, group, port)})
    if (group, port) not in changes.addresses:
        changes = _with_address(plan, target, port, changes)
    return _changed(reference, changes.addresses[group, port], port, source, changes=changes)


def _is_named_for(candidate: Candidate, reference: LoopbackReference, target: Container) -> bool:
    """Whether the variable that holds a host is named for a database, or for what the target
    runs.
    """
    words = set(re.split(r"[-_.]", reference.variable.lower()))
    context = candidate.classification.context
    return bool(words & {"db", "database", "sql"}) or context.is_named_in(
        reference.variable, target
    )


def _groups_of(plan: SplitPlan, container: Container) -> set[int]:
    """The groups that a container goes to: its own, and those that it helps as well."""
    classification = plan.candidate.classification
    verdict = classification.verdict(container)
    numbers = {group[0].name: plan.group_of(group[0]) for group in classification.groups}
    own = plan.partition.group_of.get(container.index, verdict.group)
    helps = verdict.serves if verdict.role in (Role.SIDECAR, Role.INIT) else ()
    return {own, *(numbers[name] for name in helps if name in numbers)}


def _check_unknown(plan: SplitPlan, reference: LoopbackReference) -> None:
    """A port that nobody is known to listen on may be that of a container which is to be elsewhere.

    Raises:
        Refused: it may.
    """
    context = plan.candidate.classification.context
    own = context.listening_ports.get(reference.container.index, {})
    is_own = reference.port is not None and own.get(reference.port, "default") != "default"
    if reference.listens or reference.where in ("probe", "hook") or is_own:
        return
    groups = _groups_of(plan, reference.container)
    away = [
        container
        for container in context.classified_containers
        if not groups <= _groups_of(plan, container)
    ]
    # What a known server listens on is known; another one may listen on more than it declares.
    is_unsure = any(
        not (context.catalogue_entry(container) and context.listening_ports[container.index])
        for container in away
    )
    # Services that are made here speak TCP.
    is_unsure |= any(
        declared.number == reference.port for container in away for declared in container.ports
    )
    if is_unsure or reference.port is None:
        port = f"port {reference.port}" if reference.port else "no port that can be seen"
        message = (
            f"{reference.container.name} calls localhost with {port} ({reference.where}), and it"
            " can't be told who answers: declare the port on the container that listens there"
        )
        raise Refused(Refusal.LOCALHOST_UNRESOLVED, message)


def _check_changeable(plan: SplitPlan, reference: LoopbackReference, target: Container) -> None:
    if reference.resource is not plan.candidate.resource:
        _check_config_map(plan, reference)
    if reference.where in ("probe", "hook"):
        message = (
            f"a {reference.where} of {reference.container.name} calls {target.name} on localhost:"
            " apart it would fail for ever"
        )
        raise Refused(Refusal.LOCALHOST_IN_PROBE, message)
    _check_single(plan.candidate, target)


def _check_config_map(plan: SplitPlan, reference: LoopbackReference) -> None:
    """A ConfigMap is changed where nobody but the group that is told reads it.

    Raises:
        Refused: somebody else does, or it can't be changed.
    """
    config, candidate = reference.resource, plan.candidate
    told = _groups_of(plan, reference.container)
    own = {copy.resource for copy in copies_of(candidate.workload, candidate.manifests)}
    own.add(candidate.resource)
    others = [
        container
        for workload, container in readers_of_config_map(config, candidate.manifests)
        if workload.resource not in own
        or (workload.resource is candidate.resource and _groups_of(plan, container) != told)
    ]
    is_unsure = not in_same_namespace(config, candidate.resource, strictly=True)
    if others or is_unsure or len(told) > 1 or config.data.get("immutable") is True:
        why = (
            f"{others[0].name} reads it too"
            if others
            else "it can't be told to be this workload's alone, or can't be changed"
        )
        message = (
            f"{reference.container.name} is told of localhost by the {reference.where}, and {why}:"
            " put a Service's name there first"
        )
        raise Refused(Refusal.LOCALHOST_IN_CONFIGMAP, message)


def _check_single(candidate: Candidate, target: Container) -> None:
    """A Service in front of several databases would lead each request to another one.

    Raises:
        Refused: the target keeps state, and there are several of it.
    """
    entry = candidate.classification.context.catalogue_entry(target)
    if entry is None or entry.category not in _STATEFUL:
        return
    replicas = most_replicas(candidate)
    if replicas > 1:
        message = (
            f"each of up to {replicas} replicas has a {target.name} of its own on localhost: decide"
            " first which data is kept"
        )
        raise Refused(Refusal.REPLICATED_DATASTORE, message)


# Services


def _with_address(
    plan: SplitPlan, target: Container, port: int, changes: AddressChanges
) -> AddressChanges:
    """The changes with a Service that leads to a container's port: one that is there, or a new
    one.
    """
    address = _existing_address(plan, target, port)
    if address is None:
        service = _new_service(plan, target, port)
        changes = _with_service(plan, service, changes)
        address = ServiceAddress(service.name, port)
    return replace(changes, addresses={**changes.addresses, (plan.group_of(target), port): address})


def _existing_address(plan: SplitPlan, target: Container, port: int) -> ServiceAddress | None:
    context = plan.candidate.classification.context
    for link in plan.links:
        for service_port in link.ports:
            declared = service_port.declared
            number = declared.number if declared else service_port.target
            leads_there = receiving_container(context, service_port) is target
            is_usable = (number, service_port.protocol) == (port, "TCP") and not link.headless
            if is_usable and leads_there:
                return ServiceAddress(link.service.name, service_port.number)
    return None


def _new_service(plan: SplitPlan, target: Container, port: int) -> NewObject:
    candidate, labels = plan.candidate, plan.labels
    group = plan.group_of(target)
    check_selected_alone(candidate, labels, group, "a Service")
    wanted = _service_name(labels.names[group])
    if candidate.names.is_taken("Service", wanted):
        wanted = _service_name(join_names(labels.names[group], target.name))
    name = candidate.names.give("Service", wanted, candidate.resource)
    metadata: dict[str, Tree] = {"name": name}
    if candidate.resource.namespace is not None:
        metadata["namespace"] = candidate.resource.namespace
    metadata["labels"] = {labels.key: labels.labels[group][labels.key]}
    tree: Tree = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata,
        "spec": {
            "selector": labels.selector(group),
            "ports": [{"port": port, "targetPort": port}],
        },
    }
    return NewObject(
        after=candidate.resource, tree=tree, kind="Service", name=name, stage=Stage.SWITCH
    )


def _with_service(plan: SplitPlan, service: NewObject, changes: AddressChanges) -> AddressChanges:
    """The changes with a new Service. Pods that start after it get variables that are named for it
    (`SHOP_PORT=tcp://...`), which programs of that name may read.
    """
    changes = replace(changes, objects=(*changes.objects, service))
    workload = plan.candidate.workload
    programs = {
        word
        for container in workload.containers
        for word in (container.name, base_name(container.image))
    }
    if service.name not in programs or workload.pod.get("enableServiceLinks") is False:
        return changes
    prefix = service.name.upper().replace("-", "_")
    return changes.with_assumption(
        AssumptionCode.SERVICE_VARIABLES,
        f"no program reads {prefix}_PORT or {prefix}_SERVICE_HOST, which Pods are given for the"
        f" new Service {service.name}: or else set enableServiceLinks: false",
    )


def _service_name(name: str) -> str:
    """A DNS-1035 label made from a workload's name: it starts with a letter and has at most 63
    characters.
    """
    cleaned = re.sub(r"[^a-z0-9-]", "-", name.lower())[:63].strip("-")
    return cleaned if cleaned[:1].isalpha() else f"svc-{cleaned}"[:63].rstrip("-")


# Texts


def _changed(
    reference: LoopbackReference,
    address: ServiceAddress,
    port: int,
    reader: int,
    *,
    changes: AddressChanges,
) -> AddressChanges:
    """The changes with one reference that names a Service.

    Args:
        reference: the reference.
        address: the Service's.
        port: the port on loopback.
        reader: the group that reads the reference.
        changes: what is changed already.

    Raises:
        Refused: the text can't be changed.
    """
    caller, index = reference.container.name, reference.container.index
    in_container = reference.where in ("env", "command", "args")
    old = as_text(value_at(reference.resource.data, *reference.route))
    values = changes.values.get(index, {})
    key = (reference.resource, reference.route)
    is_changed = reference.route in values if in_container else key in changes.config_values
    if is_changed:
        old = values[reference.route] if in_container else changes.config_values[key].text
    new = _readdressed(old, reference, address, port)
    if new == old and is_changed:
        # The address stands in the text several times, and was changed everywhere at once.
        return changes
    if f"https://{reference.host}:{port}" in old:
        changes = changes.with_assumption(
            AssumptionCode.CERTIFICATE_NAME,
            f"the certificate that {caller} is shown is valid for {address.name}, too, as it was"
            " for localhost",
        )
    if new == old:
        message = f"{caller} reaches a neighbour on localhost, and the text can't be changed"
        raise Refused(Refusal.LOCALHOST_UNRESOLVED, message)
    if in_container:
        # The latest change of a value stands last: edits are made in this order.
        rest = {route: text for route, text in values.items() if route != reference.route}
        values = {**rest, reference.route: new}
        return replace(changes, values={**changes.values, index: values})
    setting = ConfigMapValue(reference.resource, reference.route, new, reader)
    return replace(changes, config_values={**changes.config_values, key: setting})


def _readdressed(old: str, reference: LoopbackReference, address: ServiceAddress, port: int) -> str:
    """A text in which one loopback address is that of a Service; other hosts and ports stay, and
    so do addresses to listen on.

    Raises:
        Refused: the port stands elsewhere, and would have to change too.
    """
    if old.strip() == reference.host:
        if address.port != port:
            message = (
                f"{reference.container.name} is told host and port in two variables, and the"
                f" Service {address.name} has another port: change both"
            )
            raise Refused(Refusal.LOCALHOST_SPLIT_ADDRESS, message)
        return old.replace(reference.host, address.name)
    new, position = "", 0
    for found in loopback_addresses(old):
        if (found.host, found.port) == (reference.host, port) and not found.listens:
            has_port = found.written or address.port != port
            new += old[position : found.start]
            new += f"{address.name}:{address.port}" if has_port else address.name
            position = found.end
    return new + old[position:]


# What can't be seen


def _serve_silent_servers(plan: SplitPlan, changes: AddressChanges) -> AddressChanges:
    """A server that nobody is seen to reach may be reached on localhost by default: give it a
    Service and say so.

    A store is reached by applications and calls none. An application that stays is left without a
    Service: what comes from elsewhere finds it as it did.
    """
    context = plan.candidate.classification.context
    heads = [group[0] for group in plan.candidate.classification.groups]
    applications = [head for head in heads if not context.is_store(head)]
    reached = {group for group, _ in changes.addresses}
    explained: set[str] = set()
    for head in heads:
        group = plan.group_of(head)
        callers = [application for application in applications if application is not head]
        ports = list(context.traffic_ports(head))
        stays = group == 0 and head in applications
        if stays or not callers or not ports or group in reached or _has_service(plan, head):
            continue
        _check_single(plan.candidate, head)
        service = _new_service(plan, head, ports[0])
        changes = _with_service(plan, service, changes)
        flows = {TrafficFlow(plan.group_of(caller), group, ports[0]) for caller in callers}
        changes = replace(changes, possible_traffic=changes.possible_traffic | flows)
        names = [caller.name for caller in callers]
        changes = changes.with_assumption(
            AssumptionCode.ADDRESS_DEFAULT,
            f"nothing shows how {' or '.join(names)} reaches {head.name}: if it uses localhost by"
            f" default, set its address to {service.name}:{ports[0]}",
        )
        explained |= {head.name, *names}
    names = [application.name for application in applications]
    if len(names) > 1 and not set(names) <= explained:
        changes = changes.with_assumption(
            AssumptionCode.NO_HIDDEN_LOCALHOST,
            f"{', '.join(names[:-1])} and {names[-1]} don't call each other on localhost in ways"
            " that the manifests don't show",
        )
    return changes


def _has_service(plan: SplitPlan, head: Container) -> bool:
    context = plan.candidate.classification.context
    return any(
        receiving_container(context, port) is head for link in plan.links for port in link.ports
    )


def _flows_through_services(plan: SplitPlan) -> frozenset[TrafficFlow]:
    """What groups say to each other through Services: where there was one Pod, its answer was
    never held up.
    """
    context = plan.candidate.classification.context
    names = frozenset(link.service.name for link in plan.links)
    flows = set()
    for container in context.classified_containers:
        used = service_names_in(container, names)
        for link in plan.links:
            for port in link.ports if link.service.name in used else ():
                target = receiving_container(context, port)
                number = port.declared.number if port.declared else port.target
                if target is not None and isinstance(number, int):
                    source, group = plan.group_of(container), plan.group_of(target)
                    if source != group:
                        flows.add(TrafficFlow(source, group, number))
    return frozenset(flows)
