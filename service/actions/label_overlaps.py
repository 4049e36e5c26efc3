"""What would select Pods anew if they got other labels, and whom a group's labels would select
besides its own Pods.
"""

from __future__ import annotations

from service.actions.context import Candidate, Refused
from service.actions.split.services import Boundary
from service.kube.dependents import selections_of
from service.kube.objects import Resource, in_same_namespace
from service.kube.replicas import copies_of
from service.kube.services import services_selecting
from service.kube.workloads import controllers_selecting, pods_with_labels


def selects_newly(candidate: Candidate, labels: dict[str, str]) -> Resource | None:
    """An object of the namespace that selects Pods with some labels, and doesn't select the
    workload's Pods as they are.
    """
    manifests, workload = candidate.manifests, candidate.workload

    def selectors(chosen: dict[str, str]) -> list[Resource]:
        return [
            *services_selecting(chosen, manifests),
            *(each.resource for each in controllers_selecting(chosen, manifests)),
            *(each.resource for each in selections_of(workload, manifests, labels=chosen)),
        ]

    before = {id(each) for each in selectors(workload.labels)}
    found = (
        each
        for each in selectors(labels)
        if id(each) not in before and each is not candidate.resource
    )
    return next((each for each in found if in_same_namespace(each, candidate.resource)), None)


def check_alone(candidate: Candidate, boundary: Boundary, group: int, what: str) -> None:
    """A new Service or policy for a group needs labels that no other Pods have: it would lead to
    those, or hold for them.

    Raises:
        Refused: others have them.
    """
    own = {
        id(candidate.resource),
        *(id(each.resource) for each in copies_of(candidate.workload, candidate.manifests)),
    }
    for other, _ in pods_with_labels(boundary.selector(group), candidate.manifests):
        if id(other) not in own and candidate.manifests.can_see(candidate.resource, other):
            message = (
                f"the Pods of {other.title} have all labels that {boundary.names[group]} is told"
                f" by, so {what} for one would be for both"
            )
            raise Refused("selector-overlap", f"{message}: give them labels of their own")
