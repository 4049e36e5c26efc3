"""What would select Pods anew if they got other labels, and whom a group's labels would select
besides its own Pods.
"""

from __future__ import annotations

from service.actions.context import Refused, Situation
from service.actions.split.services import Boundary
from service.kube.objects import Resource, same_namespace
from service.kube.pointers import selections_of
from service.kube.replicas import copies_of
from service.kube.services import selecting
from service.kube.workloads import controllers_selecting, pods_with


def selects_newly(situation: Situation, labels: dict[str, str]) -> Resource | None:
    """An object of the namespace that selects Pods with some labels, and doesn't select the
    workload's Pods as they are.
    """
    manifests, workload = situation.manifests, situation.workload

    def selectors(chosen: dict[str, str]) -> list[Resource]:
        return [
            *selecting(chosen, manifests),
            *(each.resource for each in controllers_selecting(chosen, manifests)),
            *(each.resource for each in selections_of(workload, manifests, labels=chosen)),
        ]

    before = {id(each) for each in selectors(workload.labels)}
    found = (
        each
        for each in selectors(labels)
        if id(each) not in before and each is not situation.resource
    )
    return next((each for each in found if same_namespace(each, situation.resource)), None)


def check_alone(situation: Situation, boundary: Boundary, group: int, what: str) -> None:
    """A new Service or policy for a group needs labels that no other Pods have: it would lead to
    those, or hold for them.

    Raises:
        Refused: others have them.
    """
    own = {
        id(situation.resource),
        *(id(each.resource) for each in copies_of(situation.workload, situation.manifests)),
    }
    for other, _ in pods_with(boundary.selector(group), situation.manifests):
        if id(other) not in own and situation.manifests.sees(situation.resource, other):
            message = (
                f"the Pods of {other.title} have all labels that {boundary.names[group]} is told"
                f" by, so {what} for one would be for both"
            )
            raise Refused("selector-overlap", f"{message}: give them labels of their own")
