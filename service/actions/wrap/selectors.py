"""The labels by which a wrapped Pod's controller selects it: the smallest stable part of its
own, and one more where they don't do.
"""

from __future__ import annotations

from service.actions.context import Candidate, Refused
from service.actions.label_overlaps import find_new_selecting
from service.kube.services import service_selector, services_of
from service.kube.workloads import Workload, pods_with_labels_by_name, workloads_in
from service.refusals import Refusal

_NAME = "app.kubernetes.io/name"
_INSTANCE = "app.kubernetes.io/instance"
_TELLING = (
    _NAME,
    _INSTANCE,
    "app.kubernetes.io/component",
    "app",
    "k8s-app",
    "name",
    "run",
    "component",
    "service",
)
"""Labels that tell which application it is, in the order in which they are taken."""
_SHARED = (
    "tier",
    "role",
    "env",
    "environment",
    "stage",
    "type",
    "track",
    "release-track",
    "rel",
    "team",
    "owner",
    "zone",
    "purpose",
)
"""Labels that many applications have alike: they tell two Pods of one application apart at most."""
_CHANGING = (
    "version",
    "chart",
    "release-revision",
    "pod-template-hash",
    "controller-revision-hash",
    "date",
    "commit",
    "build",
)
"""Labels that change from release to release."""


def choose_selector(
    candidate: Candidate, name: str, copies: tuple[Workload, ...]
) -> tuple[dict[str, str], dict[str, str]]:
    """The selector of a Pod's controller, and the labels that the Pod has to get for it.

    Labels with a prefix are other tools' (a selector can't be changed, and they want to be), those
    of `app.kubernetes.io` apart.

    Args:
        candidate: the Pod.
        name: the controller's name.
        copies: Pods that the controller stands for too.

    Raises:
        Refused: nothing tells its Pods from others.
    """
    labels = candidate.workload.labels
    usable = [key for key in labels if key in _TELLING or ("/" not in key and key not in _CHANGING)]
    telling = [key for key in _TELLING if key in labels] + [
        key for key in usable if key not in (*_TELLING, *_SHARED)
    ]
    added: dict[str, str] = {} if telling else _own_label(candidate, labels, _NAME, name)
    wanted = [
        key
        for link in services_of(candidate.workload, candidate.manifests)
        for key in service_selector(link.service)
    ]
    selector = dict(added)
    if selector and not _selects_others(candidate, selector, copies):
        return selector, added
    for key in dict.fromkeys(
        (
            *(key for key in telling if key in wanted),
            *telling,
            *(key for key in _SHARED if key in labels),
        )
    ):
        selector[key] = labels[key]
        if not _selects_others(candidate, selector, copies):
            return selector, added
    # Which application it is, its labels say; which one of them, this does.
    if _INSTANCE not in labels:
        added |= _own_label(candidate, {**labels, **added}, _INSTANCE, name)
        if not _selects_others(candidate, {**selector, **added}, copies):
            return {**selector, **added}, added
    raise Refused(
        Refusal.SELECTOR_OVERLAP,
        "other Pods of the set have the same labels: give it a label of its own",
    )


def _own_label(candidate: Candidate, labels: dict[str, str], key: str, name: str) -> dict[str, str]:
    """A label for a Pod, by which nobody selects it who didn't before.

    Raises:
        Refused: there is none.
    """
    for value in (name[:63].rstrip("-."), f"{name[:59].rstrip('-.')}-pod"):
        added = {key: value}
        if find_new_selecting(candidate, {**labels, **added}) is None:
            return added
    raise Refused(
        Refusal.SELECTOR_OVERLAP,
        "other objects of the set select by the labels that it would get: give it a label of"
        " its own",
    )


def _selects_others(
    candidate: Candidate, selector: dict[str, str], copies: tuple[Workload, ...]
) -> bool:
    resource, manifests = candidate.resource, candidate.manifests
    own = {resource, *(copy.resource for copy in copies)}
    for kind, name, pods in pods_with_labels_by_name(selector, manifests, resource):
        others = (other for other, _ in pods)
        if (kind, name) == (resource.kind, resource.name):
            # A Pod of its name in another folder is itself, in another environment.
            others = (
                other
                for other in manifests.find_beside(resource)
                for made in workloads_in(other, manifests)
                if selector.items() <= made.labels.items()
            )
        if any(other not in own for other in others):
            return True
    return False
