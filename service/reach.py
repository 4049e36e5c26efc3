"""Whether Service ports reach the same containers in a stage of a rewrite as before it.

Asked of the objects as they will be sent, by matching labels and ports as the EndpointSlice controller does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from service.actions.proposing import Undertaking
from service.classify import Classification
from service.coverage import same_object
from service.findings import Stage
from service.kube.objects import ManifestSet, Resource
from service.kube.selectors import matches_map
from service.kube.services import ServicePort, resolve_ports, selecting, selector_of
from service.kube.workloads import Workload, pods_with
from service.signals.own_service import receiver


def misled(
    before: ManifestSet,
    after: ManifestSet,
    undertaking: Undertaking,
    classification: Classification,
    homes: Sequence[Workload],
    stage: Stage,
) -> Iterator[str]:
    """The Services that reach others than they did.

    Args:
        before: the set as it was sent.
        after: the set in this stage.
        undertaking: what is planned for a workload.
        classification: of that workload as it was.
        homes: the workloads that its containers are in in this stage, the old one's first.
        stage: the stage.
    """
    old = undertaking.workload
    now = {id(each): each for home in homes for each in selecting(home.labels, after) if after.sees(home.resource, each)}
    for origin in selecting(old.labels, before):
        if not before.sees(old.resource, origin):
            continue
        service = same_object(origin, after)
        if service is None:
            yield f"Service {origin.name} is gone"
            continue
        now.pop(id(service), None)
        yield from _old_service(origin, service, old, classification, homes, stage)
    for service in now.values():
        if same_object(service, before):
            yield f"Service {service.name} selects Pods that it did not select"
    for made in undertaking.objects:
        if made.title.startswith("Service/"):
            for service in after.all_named("Service", made.title.partition("/")[2]):
                if service.path == made.home and service.namespace == made.after.namespace:
                    yield from _new_service(service, after, homes, stage)


def _old_service(
    origin: Resource, service: Resource, old: Workload, classification: Classification, homes: Sequence[Workload], stage: Stage
) -> Iterator[str]:
    selector = selector_of(service)
    selected = [(each, {port.index: port for port in resolve_ports(service, each)}) for each in homes if matches_map(selector, each.labels)]
    for was in resolve_ports(origin, old):
        wanted = _receiver_name(classification, was)
        if wanted is None:
            continue
        serving = 0
        for home, ports in selected:
            now = ports.get(was.index)
            if now is None:
                yield f"port {was.number} of Service {service.name} is gone"
            elif now.container is not None and now.container.name == wanted:
                serving += 1
            elif now.container is None and isinstance(now.target, int) and any(each.name == wanted for each in home.members):
                # A number that nobody declares reaches whoever listens there, declared or not.
                serving += 1
            elif now.container is not None or isinstance(now.target, int):
                yield f"port {was.number} of Service {service.name} reaches Pods of {home.title}, which don't serve it"
        if serving == 0:
            yield f"port {was.number} of Service {service.name} reaches nobody in stage {stage.label}"


def _receiver_name(classification: Classification, port: ServicePort) -> str | None:
    """The container that a port of a Service reached before; None if that could not be told."""
    container = port.container or receiver(classification.context, port)
    return container.name if container is not None else None


def _new_service(service: Resource, after: ManifestSet, homes: Sequence[Workload], stage: Stage) -> Iterator[str]:
    own = {id(home.resource) for home in homes}
    selected = [each for each, _ in pods_with(selector_of(service), after) if after.sees(service, each)]
    # A workload that takes over data is there in the last stage only.
    missing = not selected and stage is Stage.CONTRACT
    if missing or any(id(each) not in own for each in selected):
        yield f"the new Service {service.name} doesn't lead to the new workload alone"
