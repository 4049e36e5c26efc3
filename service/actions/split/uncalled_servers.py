"""Servers that nobody is seen to reach, and what is said through Services already."""

from __future__ import annotations

from dataclasses import replace

from service.actions.context import Refused
from service.actions.split.addresses import AddressChanges
from service.actions.split.plan import SplitPlan
from service.actions.split.service_addresses import check_single, new_service
from service.assumptions import Assumption, AssumptionCode
from service.change import TrafficFlow
from service.classification.listening import container_port_of
from service.classification.signals.own_service import receiving_container
from service.kube.containers import Container
from service.kube.references import service_names_in
from service.refusals import Refusal


def add_services_for_uncalled_servers(plan: SplitPlan, changes: AddressChanges) -> AddressChanges:
    """A server that nobody is seen to reach may be reached on localhost by default: give it a
    Service and say so.

    A store is reached by applications and calls none. An application that stays is left without a
    Service: what comes from elsewhere finds it as it did.

    Raises:
        Refused: a Service can't be made for it.
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
        _check_port(plan, head, ports[0])
        check_single(plan.candidate, head)
        service = new_service(plan, head, ports[0])
        changes = changes.with_service(plan, service)
        flows = {TrafficFlow(plan.group_of(caller), group, ports[0]) for caller in callers}
        changes = replace(changes, possible_traffic=changes.possible_traffic | flows)
        names = [caller.name for caller in callers]
        message = (
            f"nothing shows how {' or '.join(names)} reaches {head.name}: if it uses localhost by"
            f" default, set its address to {service.name}:{ports[0]}"
        )
        changes = changes.with_assumption(Assumption(AssumptionCode.ADDRESS_DEFAULT, message))
        explained |= {head.name, *names}
    names = [application.name for application in applications]
    if len(names) > 1 and not set(names) <= explained:
        message = (
            f"{', '.join(names[:-1])} and {names[-1]} don't call each other on localhost in ways"
            " that the manifests don't show"
        )
        changes = changes.with_assumption(Assumption(AssumptionCode.NO_HIDDEN_LOCALHOST, message))
    return changes


def _check_port(plan: SplitPlan, head: Container, port: int) -> None:
    """A new Service leads to where a known server listens, not to what was declared by mistake.

    Raises:
        Refused: another container declares the port too, it is not one of the image's, and the
            container isn't told to use it.
    """
    context = plan.candidate.classification.context
    entry = context.catalogue_entry(head)
    is_told = context.listening_ports[head.index].get(port) == "told"
    is_clash = any(
        other is not head and other.find_port(port) for other in context.classified_containers
    )
    is_known_elsewhere = entry is not None and bool(entry.ports) and port not in entry.ports
    if entry is not None and is_clash and is_known_elsewhere and not is_told:
        message = (
            f"{head.name} declares port {port}, and its image listens on {entry.ports[0]}: declare"
            " the port that it listens on"
        )
        raise Refused(Refusal.UNDECLARED_PORT, message)


def _has_service(plan: SplitPlan, head: Container) -> bool:
    context = plan.candidate.classification.context
    return any(
        receiving_container(context, port) is head for link in plan.links for port in link.ports
    )


def traffic_through_services(plan: SplitPlan) -> frozenset[TrafficFlow]:
    """What groups say to each other through Services: where there was one Pod, its answer was
    never held up.
    """
    context = plan.candidate.classification.context
    names = frozenset(link.service.name for link in plan.links)
    flows: set[TrafficFlow] = set()
    for container in plan.candidate.workload.containers:
        used = service_names_in(container, names)
        for link in plan.links:
            for port in link.ports if link.service.name in used else ():
                target = receiving_container(context, port)
                number = container_port_of(port)
                if target is not None and isinstance(number, int):
                    group = plan.group_of(target)
                    sources = plan.groups_of(container) - {group}
                    flows |= {TrafficFlow(source, group, number) for source in sources}
    return frozenset(flows)
