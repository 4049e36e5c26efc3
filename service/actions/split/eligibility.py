"""Whether a workload may be split at all."""

from __future__ import annotations

import re

from service.actions.context import Candidate, Refused
from service.actions.live_exports import is_node_released
from service.actions.split.pod_fields import HARMLESS_VALUES, POD_FIELDS, Treatment
from service.change import Controller, Proposal
from service.classification.classify import Classification
from service.classification.signals.injected import injected_names
from service.kube.containers import Container
from service.kube.kinds import Kind
from service.kube.objects import as_list, as_mapping, as_text
from service.refusals import Refusal
from service.rules.suppression import suppression_above, suppression_of

_RULE = "unrelated-containers"
_SETTLE = "settle it with the annotation podsplit.dev/roles"


def check_eligible(candidate: Candidate, wrap: Proposal | None) -> None:
    """Look for what forbids a split, the split's own details aside.

    Args:
        candidate: the workload.
        wrap: the change that gives it a controller, where it is a bare Pod.

    Raises:
        Refused: with the reason.
    """
    _check_suppression(candidate)
    kind = candidate.workload.kind
    if kind is None:
        resource = candidate.resource
        message = f"workloads of {resource.api_version} {resource.kind} are analysed, not rewritten"
        raise Refused(Refusal.ANALYSED_ONLY, message)
    if injected_names(candidate.workload):
        message = (
            "it holds injected containers, as live exports do: split the manifest that it was made"
            " from"
        )
        raise Refused(Refusal.INJECTED, message)
    if len(candidate.classification.joined(candidate.min_confidence).groups) < 2:
        confidence = candidate.classification.boundary_confidence()
        message = (
            f"confidence {confidence:.2f} is below min_confidence {candidate.min_confidence:.2f}:"
            f" {_SETTLE}"
        )
        raise Refused(Refusal.LOW_CONFIDENCE, message)
    _check_controller(candidate, kind, wrap)
    for field, value in candidate.workload.pod.items():
        # A wrap takes the node's name out of a live export: it says where the Pod ran.
        is_where_it_ran = field == "nodeName" and wrap is not None and is_node_released(candidate)
        is_own_name = field == "hostname" and _is_own_name(candidate, as_text(value))
        if not is_where_it_ran and not is_own_name:
            _check_field(field, value)
    _check_rollout(candidate)


def _is_own_name(candidate: Candidate, hostname: str) -> bool:
    """Whether a host name is the Pod's name, which it has anyway, and no container calls it; or
    that of the workload with one Pod, as it is once the wrap of such a Pod was applied.
    """
    resource = candidate.resource
    if hostname != resource.name or resource.spec.get("replicas", 1) != 1:
        return False
    pattern = re.compile(rf"(?<![\w.-]){re.escape(hostname)}(?![\w.-])")
    return not any(
        pattern.search(word.text)
        for container in candidate.workload.containers
        for word in container.words
    )


def _check_suppression(candidate: Candidate) -> None:
    workload = candidate.workload
    suppressions = (
        suppression_of(_RULE, workload),
        *(
            suppression_above(_RULE, workload, container)
            for container in workload.classified_containers
        ),
    )
    for suppression in suppressions:
        if suppression is not None:
            message = (
                f"the manifest says to ignore {_RULE}: {suppression.reason or 'no reason given'}"
            )
            raise Refused(Refusal.SUPPRESSED, message)


def _check_controller(candidate: Candidate, kind: Kind, wrap: Proposal | None) -> None:
    """See that the workload has, or gets, a controller that can be divided."""
    controller = wrap.controller if wrap is not None else None
    if kind.split_into is None or (controller is not None and controller.kind == "Job"):
        message = (
            "a Job's template is immutable and its containers end together: write a Job for each"
            " application"
        )
        raise Refused(Refusal.JOB, message)
    if wrap is not None and wrap.copies and controller is not None:
        _check_copies(wrap, controller)
    if as_list(candidate.resource.metadata.get("ownerReferences")):
        message = "it has an owner: change the template that its owner makes it from"
        raise Refused(Refusal.OWNED, message)
    if candidate.workload.is_pod and controller is None:
        message = "its Pod can't be given a controller (see there), and a split needs one"
        raise Refused(Refusal.WRAP_HELD_BACK, message)


def _check_copies(wrap: Proposal, controller: Controller) -> None:
    """See that the copies of a Pod become replicas, which can be divided with it."""
    if controller.kind != "Deployment":
        message = (
            f"it holds several applications, and would become a {controller.kind} together with"
            " its copies: divide it by hand first"
        )
        # The controller would hold several applications, which a second run would part.
        raise Refused(Refusal.COPIES, message, withdraws=frozenset({wrap.action}))


def _check_field(field: str, value: object) -> None:
    """See that two Pods can have what one had in a field of the PodSpec."""
    treatment = POD_FIELDS.get(field)
    if treatment is None:
        message = f"the field {field} of its Pod is not known to Podsplit"
        raise Refused(Refusal.POD_FIELD, message)
    is_harmless = value == HARMLESS_VALUES.get(field, ()) or value in ([], {}, None, "")
    if treatment is Treatment.HOLDS_BACK and not is_harmless:
        message = (
            f"its Pod sets {field}, which two Pods can't share as one did: decide which of them"
            " needs it"
        )
        raise Refused(Refusal.POD_FIELD, message)


def _check_rollout(candidate: Candidate) -> None:
    """See that the controller rolls out changes, and leaves Services to us."""
    spec = candidate.resource.spec
    if spec.get("paused") is True:
        message = (
            "it is paused, so its Pods would not get what the Services ask for: resume it first"
        )
        raise Refused(Refusal.PAUSED, message)
    strategy = as_mapping(spec.get("strategy"))
    if any(name.endswith("Service") for part in strategy.values() for name in as_mapping(part)):
        message = (
            "its strategy names Services, whose selectors the Rollout controller writes itself:"
            " divide it by hand"
        )
        raise Refused(Refusal.ROLLOUT_SERVICE, message)


def check_moving(
    classification: Classification, group: tuple[Container, ...], min_confidence: float
) -> None:
    """What would move together has to belong together as surely as it is apart from the rest.

    Args:
        classification: the workload.
        group: a group that would move, its head first.
        min_confidence: in [0, 1].

    Raises:
        Refused: a container of the group may as well belong elsewhere.
    """
    head = group[0]
    for container in group[1:]:
        confidence = classification.confidence_of_pair(head, container)
        serves_all = len(classification.verdict(container).serves) >= len(classification.groups)
        if confidence < min_confidence and not serves_all:
            message = (
                f"{container.name} would move along with {head.name}, to which it belongs with"
                f" confidence {confidence:.2f} only, below min_confidence {min_confidence:.2f}:"
                f" {_SETTLE}"
            )
            raise Refused(Refusal.LOW_CONFIDENCE, message)
