"""Whether Service ports reach the same containers in a stage of a rewrite as before it.

Asked of the objects as they will be sent, by matching labels and ports as the EndpointSlice
controller does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from service.change import WorkloadPlan
from service.classification.knowledge import Catalogue
from service.findings import Stage
from service.kube.containers import Container
from service.kube.objects import ManifestSet, Resource, as_list, as_text
from service.kube.selectors import matches_map
from service.kube.services import service_selector, services_selecting
from service.kube.workloads import Workload, pods_with_labels
from service.verification.coverage import find_new_objects, find_same_object
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
    successors: Sequence[Workload]
    """The workloads that its containers are in in the stage, the old one's own first."""

    @property
    def started_last(self) -> set[str]:
        """The containers that start when the old Pods are gone, as the change says, so that nobody
        reaches them in between.
        """
        return {
            name
            for move in self.plan.moves
            if move.stage is self.stage is Stage.CONTRACT
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
        for service in services_selecting(successor.labels, after)
        if after.can_see(successor.resource, service)
    }
    for origin in services_selecting(old.labels, before):
        if not before.can_see(old.resource, origin):
            continue
        service = find_same_object(origin, after)
        if service is None:
            yield f"Service {origin.name} is gone"
            continue
        selecting.discard(service)
        if not are_equal_but_for(origin.data, service.data, _routes_of_targets(origin)):
            yield f"Service {service.name} is not what it was, but for whom it leads to"
        yield from _compare_receivers(origin, service, transition)
    for service in sorted(selecting, key=lambda service: service.name):
        if find_same_object(service, before):
            yield f"Service {service.name} selects Pods that it did not select"
    for new in transition.plan.objects:
        for service in find_new_objects(after, new):
            if service.kind == "Service":
                yield from _check_new_service(service, after, transition)


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
    moments = (
        (f"in stage {label}", transition.successors),
        (f"when stage {label} begins", transition.previous),
    )
    for was in endpoints_of(origin, transition.plan.workload):
        wanted = listening_container(transition.plan.workload, was, transition.catalogue)
        if wanted is None:
            continue
        title = f"port {was.number} of Service {service.name}"
        serving: list[set[str]] = []
        for when, workloads in moments:
            reached = _Reached(service, was, wanted, workloads)
            yield from (f"{title} {problem} {when}" for problem in reached.problems())
            serving.append(reached.serving())
        if not serving[0]:
            yield f"{title} reaches nobody in stage {label}"
        elif not serving[0] & serving[1] and wanted.name not in transition.started_last:
            yield f"{title} reaches nobody while stage {label} is applied"


@dataclass(frozen=True, slots=True)
class _Reached:
    """What one port of a Service reaches at one moment."""

    service: Resource
    """The Service as it is then."""
    was: Endpoint
    """What the port led to before the rewrite."""
    wanted: Container
    """The container that answered."""
    workloads: Sequence[Workload]
    """The workloads that have Pods, the old one's own first."""

    def _endpoints(self) -> Iterator[tuple[int, Workload, Endpoint | None]]:
        selector = service_selector(self.service)
        for place, workload in enumerate(self.workloads):
            if matches_map(selector, workload.labels):
                endpoints = endpoints_of(self.service, workload)
                same = (endpoint for endpoint in endpoints if endpoint.index == self.was.index)
                yield place, workload, next(same, None)

    def problems(self) -> Iterator[str]:
        """What is wrong."""
        for _, workload, endpoint in self._endpoints():
            if endpoint is None:
                yield "is gone"
            elif not self._is_served(endpoint, workload) and endpoint.target is not None:
                yield f"reaches Pods of {workload.title}, which don't serve it,"

    def serving(self) -> set[str]:
        """The workloads that serve the port; the first is one all along, whatever it became."""
        return {
            workload.title if place else ""
            for place, workload, endpoint in self._endpoints()
            if endpoint is not None and self._is_served(endpoint, workload)
        }

    def _is_served(self, endpoint: Endpoint, workload: Workload) -> bool:
        """Whether the container is reached where it was; at a number that nobody declares whoever
        listens there is.
        """
        if endpoint.target != self.was.target:
            return False
        if endpoint.container is not None:
            return endpoint.container.name == self.wanted.name
        return any(
            container.name == self.wanted.name for container in workload.classified_containers
        )


def _check_new_service(
    service: Resource, after: ManifestSet, transition: StageTransition
) -> Iterator[str]:
    own = {successor.resource for successor in transition.successors}
    selected = [
        pod
        for pod, _ in pods_with_labels(service_selector(service), after)
        if after.can_see(service, pod)
    ]
    # A workload that takes over data is there in the last stage only.
    is_missing = not selected and transition.stage is Stage.CONTRACT
    if is_missing or any(pod not in own for pod in selected):
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
        for loopback, address in replaced_addresses(old, new):
            if address == loopback:
                continue
            service = after.find("Service", address.host, teller)
            has_lost_port = address.port is None and loopback.port is not None
            if (
                service is None
                or has_lost_port
                or not any(
                    _leads_to(service, successor, address.port, loopback.port)
                    for successor in transition.successors
                )
            ):
                yield (
                    f"{teller.title} is told of {address.host}, which does not lead where"
                    " localhost led"
                )


def _changed_texts(transition: StageTransition) -> Iterator[tuple[Resource, str, str]]:
    """All texts that containers are told and that have changed: who says so, the old text and the
    new one.
    """
    before = {container.name: container for container in transition.plan.workload.containers}
    for successor in transition.successors:
        for container in successor.containers:
            was = before.get(container.name)
            if was is None or was.data == container.data:
                continue
            for old, new in zip(was.words, container.words, strict=False):
                if old.text != new.text:
                    yield successor.resource, old.text, new.text
    for config, operation in transition.plan.config_map_values(transition.stage):
        route = operation.route[len(config.route) :]
        yield config, as_text(config.get(*route)), as_text(operation.value)


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
