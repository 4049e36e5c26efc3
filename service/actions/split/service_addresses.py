"""What a container's port is reached by from another Pod: a Service that is there, or a new one."""

from __future__ import annotations

import re
from dataclasses import dataclass

from service.actions.context import Candidate, Refused
from service.actions.names import join_names
from service.actions.split.autoscalers import most_replicas
from service.actions.split.labels import check_selected_alone
from service.actions.split.plan import SplitPlan
from service.assumptions import Assumption, AssumptionCode
from service.change import NewObject
from service.classification.listening import container_port_of
from service.classification.signals.own_service import receiving_container
from service.findings import Stage
from service.kube.containers import Container, base_name
from service.refusals import Refusal
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


def existing_address(plan: SplitPlan, target: Container, port: int) -> ServiceAddress | None:
    """A Service of the set that leads to a container's port; None if there is none."""
    context = plan.candidate.classification.context
    for link in plan.links:
        for service_port in link.ports:
            number = container_port_of(service_port)
            is_usable = (number, service_port.protocol) == (port, "TCP") and not link.headless
            if is_usable and receiving_container(context, service_port) is target:
                return ServiceAddress(link.service.name, service_port.number)
    return None


def new_service(plan: SplitPlan, target: Container, port: int) -> NewObject:
    """A Service that leads to a container's port.

    Raises:
        Refused: other Pods have its labels too.
    """
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
        after=candidate.resource, tree=tree, kind="Service", name=name, stage=Stage.ADD
    )


def about_variables(candidate: Candidate, service: NewObject) -> Assumption | None:
    """What a new Service means for programs of its name: Pods that start after it get variables
    that are named for it (`SHOP_PORT=tcp://...`), which they may read; None if there are none.
    """
    workload = candidate.workload
    programs = {
        word
        for container in workload.containers
        for word in (container.name, base_name(container.image))
    }
    if service.name not in programs or workload.pod.get("enableServiceLinks") is False:
        return None
    prefix = service.name.upper().replace("-", "_")
    message = (
        f"no program reads {prefix}_PORT or {prefix}_SERVICE_HOST, which Pods are given for the"
        f" new Service {service.name}: or else set enableServiceLinks: false"
    )
    return Assumption(AssumptionCode.SERVICE_VARIABLES, message)


def check_single(candidate: Candidate, target: Container) -> None:
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


def _service_name(name: str) -> str:
    """A DNS-1035 label made from a workload's name: it starts with a letter and has at most 63
    characters.
    """
    cleaned = re.sub(r"[^a-z0-9-]", "-", name.lower())[:63].strip("-")
    return cleaned if cleaned[:1].isalpha() else f"svc-{cleaned}"[:63].rstrip("-")
