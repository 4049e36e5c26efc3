"""What would select Pods anew if they got other labels."""

from __future__ import annotations

from service.actions.context import Candidate
from service.kube.dependents import selections_of
from service.kube.objects import ManifestSet, Resource, in_same_namespace
from service.kube.services import services_selecting
from service.kube.workloads import controllers_selecting


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
) -> list[Resource]:
    """The Services and controllers of a set that select Pods with some labels, and not those with
    others.
    """
    services = [services_selecting(labels, manifests) for labels in (before, after)]
    controllers = [controllers_selecting(labels, manifests) for labels in (before, after)]

    def find() -> list[Resource]:
        known, found = (
            [*own.all, *(controller.resource for controller in others.all)]
            for own, others in zip(services, controllers, strict=True)
        )
        there = set(known)
        return [resource for resource in found if resource not in there]

    are_few = not any(own.is_large for own in services)
    if are_few and not any(own.is_large for own in controllers):
        return find()
    key = (frozenset(before.items()), frozenset(after.items()))
    return manifests.compute_for("selecting-anew", key, find)
