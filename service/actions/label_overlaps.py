"""What would select Pods anew if they got other labels."""

from __future__ import annotations

from service.actions.context import Candidate
from service.kube.dependents import selections_of
from service.kube.objects import Resource, in_same_namespace
from service.kube.services import services_selecting
from service.kube.workloads import controllers_selecting


def find_new_selecting(candidate: Candidate, labels: dict[str, str]) -> Resource | None:
    """An object of the namespace that selects Pods with some labels, and doesn't select the
    workload's Pods as they are; None if there is none.
    """
    manifests, workload = candidate.manifests, candidate.workload

    def selecting(chosen: dict[str, str]) -> list[Resource]:
        return [
            *services_selecting(chosen, manifests),
            *(controller.resource for controller in controllers_selecting(chosen, manifests)),
            *(
                selection.resource
                for selection in selections_of(workload, manifests, labels=chosen)
            ),
        ]

    before = {candidate.resource, *selecting(workload.labels)}
    new = (resource for resource in selecting(labels) if resource not in before)
    return next(
        (resource for resource in new if in_same_namespace(resource, candidate.resource)), None
    )
