"""What would select Pods anew if they got other labels."""

from __future__ import annotations

from service.actions.proposing import Situation
from service.kube.objects import Resource, same_namespace
from service.kube.pointers import selections_of
from service.kube.services import selecting
from service.kube.workloads import controllers_selecting


def selects_newly(situation: Situation, labels: dict[str, str]) -> Resource | None:
    """An object of the namespace that selects Pods with some labels, and doesn't select the workload's Pods as they are."""
    manifests, workload = situation.manifests, situation.workload

    def selectors(chosen: dict[str, str]) -> list[Resource]:
        return [
            *selecting(chosen, manifests),
            *(each.resource for each in controllers_selecting(chosen, manifests)),
            *(each.resource for each in selections_of(workload, manifests, labels=chosen)),
        ]

    before = {id(each) for each in selectors(workload.labels)}
    found = (each for each in selectors(labels) if id(each) not in before and each is not situation.resource)
    return next((each for each in found if same_namespace(each, situation.resource)), None)
