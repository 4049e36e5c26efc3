"""What would select Pods anew if they got other labels."""

from __future__ import annotations

from collections.abc import Iterator

from service.actions.context import Candidate
from service.kube.dependents import selections_of
from service.kube.objects import ManifestSet, Resource, in_same_namespace
from service.kube.selectors import matches_map
from service.kube.services import is_service, service_selector, services_asking_for
from service.kube.workloads import controllers_asking_for, selects


def find_new_selecting(candidate: Candidate, labels: dict[str, str]) -> Resource | None:
    """An object of the namespace that selects Pods with some labels, and doesn't select the
    workload's Pods as they are; None if there is none.
    """
    manifests, workload = candidate.manifests, candidate.workload
    known = {
        candidate.resource,
        *(selection.resource for selection in selections_of(workload, manifests)),
    }
    new = [
        *_selecting_anew(workload.labels, labels, manifests),
        *(selection.resource for selection in selections_of(workload, manifests, labels=labels)),
    ]
    return next(
        (
            resource
            for resource in new
            if resource not in known and in_same_namespace(resource, candidate.resource)
        ),
        None,
    )


def _selecting_anew(
    before: dict[str, str], after: dict[str, str], manifests: ManifestSet
) -> Iterator[Resource]:
    """The Services and controllers of a set that select Pods with some labels, and not those with
    others.
    """
    # Whatever does so asks for one of these, or by an expression.
    new = [label for label in after.items() if label not in before.items()]
    for service in services_asking_for(manifests).under(new):
        selector = service_selector(service)
        is_new = matches_map(selector, after) and not matches_map(selector, before)
        if is_service(service) and is_new:
            yield service
    for controller in controllers_asking_for(manifests).under((*new, None)):
        if selects(controller, after) and not selects(controller, before):
            yield controller.resource
