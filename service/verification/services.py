"""Whether Service ports reach the same containers in a stage of a rewrite as before it.

Asked of the objects as they will be sent, by matching labels and ports as the EndpointSlice
controller does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from service.change import WorkloadPlan
from service.classification.knowledge import Catalogue
from service.findings import Stage
from service.kube.containers import Container
from service.kube.objects import ManifestSet, Resource, as_list, as_text
from service.kube.selectors import matches_map
from service.kube.services import service_selector, services_selecting
from service.kube.splits import SPLIT_FROM, is_stopped_by_split, unmarked
from service.kube.workloads import Workload, pods_with_labels
from service.verification.coverage import find_new_objects
from service.verification.endpoints import Endpoint, endpoints_of, listening_container
from service.verification.equality import are_equal_but_for
from service.verification.loopback import replaced_addresses
from service.yamldoc.nodes import Route


@dataclass(frozen=True, slots=True)
class StageTransition:
    """How a workload comes into a stage."""

    plan: WorkloadPlan
    """What is planned for it."""
    catalogue: Catalogue
    """The known images."""
    stage: Stage
    """The stage."""
    previous: Sequence[Workload]
    """The workloads that its containers were in before the stage; their Pods are there until those
    of `successors` are.
    """
    previous_set: ManifestSet
    """The set in the stage before."""
    successors: Sequence[Workload]
    """The workloads that its containers are in in the stage, the old one's own first."""

    @property
    def started_last(self) -> set[str]:
        """The containers that start when the old Pods are gone, as the change says, so that nobody
        reaches them from the stage *switch* on until then.
        """
        return {
            name
            for move in self.plan.moves
            if move.stage is Stage.CONTRACT and self.stage >= Stage.SWITCH
            for name in move.containers
        }


def find_misrouted_services(
    before: ManifestSet, after: ManifestSet, transition: StageTransition
) -> Iterator[str]:
    """The Services that reach others than they did, or that their clients see otherwise.

    Args:
        before: the set as it was sent.
        after: the set in the stage.
        transition: the workload.
    """
    old = transition.plan.workload
    selecting = {
        service
        for successor in transition.successors
        for service in services_selecting(successor.labels, after, successor.resource)
    }
    for origin in services_selecting(old.labels, before, old.resource):
        service = after.find_same(origin)
        if service is None:
            yield f"Service {origin.name} is gone"
            continue
        selecting.discard(service)
        if service is not origin and not are_equal_but_for(
            unmarked(origin), unmarked(service), _routes_of_targets(origin)
        ):
            yield f"Service {service.name} is not what it was, but for whom it leads to"
        if not service_selector(service):
            yield f"Service {service.name} selects no Pods any more"
        yield from _compare_receivers(origin, service, transition)
    there = {
        successor
        for successor in transition.successors
        if before.find_same(successor.resource) is not None
    }
    for service in sorted(selecting, key=lambda service: service.name):
        sent = before.find_same(service)
        if sent is None or sent.annotations.get(SPLIT_FROM) == old.name:
            continue
        if _waits_for_last_stage(sent, before, old):
            yield from _compare_receivers(sent, service, transition)
            continue
        selected = [
            successor
            for successor in transition.successors
            if matches_map(service_selector(service), successor.labels)
        ]
        # What a split made before goes on with its Services.
        if not all(
            successor in there and matches_map(service_selector(sent), successor.labels)
            for successor in selected
        ):
            yield f"Service {service.name} selects Pods that it did not select"
    for new in transition.plan.objects:
        for service in find_new_objects(after, new):
            if service.kind == "Service":
                yield from _check_new_service(service, after, transition)


def _waits_for_last_stage(service: Resource, before: ManifestSet, old: Workload) -> bool:
    """Whether a Service leads to nobody while a split has stopped the workload: it may be meant for
    what the last stage makes.
    """
    if not is_stopped_by_split(old.resource):
        return False
    return not pods_with_labels(service_selector(service), before, service)


def _routes_of_targets(service: Resource) -> frozenset[Route]:
    """Where a Service says whom it leads to."""
    count = len(as_list(service.spec.get("ports")))
    targets = (("spec", "ports", index, "targetPort") for index in range(count))
    return frozenset({("spec", "selector"), *targets})


def _compare_receivers(
    origin: Resource, service: Resource, transition: StageTransition
) -> Iterator[str]:
    """Each port reaches whom it reached, and somebody at every moment: Services change at once,
    Pods one workload after another.
    """
    label = transition.stage.label
    now = _reached(service, transition.successors)
    at_first = _reached(service, transition.previous)
    # Controllers act in no order: new Pods may be there before the Service changes.
    known = transition.previous_set.find_same(origin) or service
    ahead = _reached(known, transition.successors) if known is not service else now
    for was in endpoints_of(origin, transition.plan.workload):
        wanted = listening_container(transition.plan.workload, was, transition.catalogue)
        if wanted is None:
            continue
        title = f"port {was.number} of Service {service.name}"
        serving, problems = _asked(now, was, wanted)
        yield from (f"{title} {problem} in stage {label}" for problem in problems)
        serving_at_first, problems = _asked(at_first, was, wanted)
        yield from (f"{title} {problem} when stage {label} begins" for problem in problems)
        serving_ahead, problems = _asked(ahead, was, wanted)
        yield from (f"{title} {problem} while stage {label} is applied" for problem in problems)
        if wanted.name in transition.started_last:
            continue
        if not serving:
            yield f"{title} reaches nobody in stage {label}"
        elif not (serving & serving_at_first and serving_ahead):
            yield f"{title} reaches nobody while stage {label} is applied"


class _ReachedWorkload(NamedTuple):
    """A workload whose Pods a Service selects."""

    is_own: bool
    """Whether it is the old workload, or what that became."""
    workload: Workload
    """The workload."""
    endpoints: Mapping[int, Endpoint]
    """What each port of the Service leads to, by the port's place in it."""


def _reached(service: Resource, workloads: Sequence[Workload]) -> list[_ReachedWorkload]:
    """The workloads that a Service selects.

    Args:
        service: the Service.
        workloads: the workloads that have Pods, the old one's own first.
    """
    selector = service_selector(service)
    return [
        _ReachedWorkload(
            place == 0,
            workload,
            {endpoint.place: endpoint for endpoint in endpoints_of(service, workload)},
        )
        for place, workload in enumerate(workloads)
        if matches_map(selector, workload.labels)
    ]


def _asked(
    reached: Sequence[_ReachedWorkload], was: Endpoint, wanted: Container
) -> tuple[set[str], list[str]]:
    """Who serves a port at one moment, and what is wrong with it then.

    Args:
        reached: the workloads that the Service selects then.
        was: what the port led to before the rewrite.
        wanted: the container that answered.

    Returns:
        The workloads that serve it; the old one's own is one all along, whatever it became, and has
        no name here. And the problems.
    """
    serving: set[str] = set()
    problems: list[str] = []
    for selected in reached:
        endpoint = selected.endpoints.get(was.place)
        if endpoint is None:
            problems.append("is gone")
        elif _is_served(endpoint, selected, was, wanted):
            serving.add("" if selected.is_own else selected.workload.title)
        elif endpoint.target is not None:
            title = selected.workload.title
            problems.append(f"reaches Pods of {title}, which don't serve it,")
    return serving, problems


def _is_served(
    endpoint: Endpoint, selected: _ReachedWorkload, was: Endpoint, wanted: Container
) -> bool:
    """Whether the container is reached where it was; at a number that nobody declares whoever
    listens there is.
    """
    if endpoint.target is None or endpoint.target != was.target:
        return False
    if endpoint.container is not None:
        return endpoint.container.name == wanted.name
    return any(
        container.name == wanted.name for container in selected.workload.classified_containers
    )


def _check_new_service(
    service: Resource, after: ManifestSet, transition: StageTransition
) -> Iterator[str]:
    own = {successor.resource for successor in transition.successors}
    selected = pods_with_labels(service_selector(service), after, service)
    # A workload that takes over data is there in the last stage only.
    is_missing = not selected and transition.stage is Stage.CONTRACT
    if is_missing or any(pod not in own for pod, _ in selected):
        yield f"the new Service {service.name} doesn't lead to the new workload alone"


# Addresses


def find_misdirected_addresses(after: ManifestSet, transition: StageTransition) -> Iterator[str]:
    """The addresses told instead of loopback ones that lead to nobody who listened on the loopback
    one.

    Args:
        after: the set in the stage.
        transition: the workload.
    """
    for teller, old, new in _changed_texts(transition):
        for address in replaced_addresses(old, new):
            if address.is_kept:
                continue
            service = after.find("Service", address.host, teller)
            has_lost_port = address.new_port is None and address.port is not None
            if (
                service is None
                or has_lost_port
                or not any(
                    _leads_to(service, successor, address.new_port, address.port)
                    for successor in transition.successors
                )
            ):
                yield (
                    f"{teller.title} is told of {address.host}, which does not lead where localhost"
                    " led"
                )


def _changed_texts(transition: StageTransition) -> Iterator[tuple[Resource, str, str]]:
    """All texts that containers are told and that have changed: who says so, the old text and the
    new one.
    """
    before = transition.plan.workload.containers_by_name
    for successor in transition.successors:
        for container in successor.containers:
            was = before.get(container.name)
            if was is None or _is_told_the_same(was, container):
                continue
            for old, new in zip(was.words, container.words, strict=False):
                if old.text != new.text:
                    yield successor.resource, old.text, new.text
    for config, operation in transition.plan.config_map_values(transition.stage):
        route = operation.route[len(config.route) :]
        yield config, as_text(config.get(*route)), as_text(operation.value)


def _is_told_the_same(one: Container, other: Container) -> bool:
    """Whether two containers are equal but for their ports, which nobody is told of."""
    fields = (one.data.keys() | other.data.keys()) - {"ports"}
    return all(one.data.get(field) == other.data.get(field) for field in fields)


def _leads_to(
    service: Resource, workload: Workload, port: int | None, listening: int | None
) -> bool:
    """Whether a Service leads to a workload's Pods by some port, where one listens as on loopback;
    None stands for any.
    """
    if not matches_map(service_selector(service), workload.labels):
        return False
    return any(
        port in (None, endpoint.number)
        and endpoint.target is not None
        and listening in (None, endpoint.target)
        for endpoint in endpoints_of(service, workload)
    )
