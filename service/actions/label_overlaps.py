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

    def selecting(labels: dict[str, str]) -> dict[Resource, None]:
        controllers = controllers_selecting(labels, manifests).all
        return dict.fromkeys(
            (
                *services_selecting(labels, manifests).all,
                *(controller.resource for controller in controllers),
            )
        )

    def find() -> list[Resource]:
        known = selecting(before)
        return [resource for resource in selecting(after) if resource not in known]

    key = (frozenset(before.items()), frozenset(after.items()))
    return manifests.compute_for("selecting-anew", key, find)
