"""Whether a workload may be split at all; how is decided in `split`."""

from __future__ import annotations

from service.actions.context import Candidate, Refused
from service.actions.wrap.controllers import Wrapping
from service.classification.classify import Classification
from service.classification.signals.injected import injected_names
from service.kube.containers import Container
from service.kube.live_exports import is_live
from service.kube.objects import as_list, as_mapping
from service.kube.pod_fields import HARMLESS_VALUES, POD_FIELDS, Fate
from service.rules.suppression import suppression_above, suppression_of


def check(candidate: Candidate, min_confidence: float, wrapping: Wrapping | None) -> None:
    """Look for what forbids a split, the split's own details aside.

    Raises:
        Refused: with the reason.
    """
    workload, classification = candidate.workload, candidate.classification
    confidence = classification.boundary_confidence()
    rule = "unrelated-containers"
    suppressions = (
        suppression_of(rule, workload),
        *(suppression_above(rule, workload, each) for each in workload.classified_containers),
    )
    suppression = next((each for each in suppressions if each is not None), None)
    if suppression is not None:
        raise Refused(
            "suppressed",
            "the manifest says to ignore unrelated-containers:"
            f" {suppression.reason or 'no reason given'}",
        )
    if workload.kind is None:
        raise Refused(
            "analysed-only",
            f"workloads of {candidate.resource.api_version} {candidate.resource.kind} are analysed,"
            " not rewritten",
        )
    if injected_names(workload):
        raise Refused(
            "injected",
            "it holds injected containers, as live exports do: split the manifest that it was made"
            " from",
        )
    if confidence < min_confidence:
        message = (
            f"the boundary is sure to {confidence:.2f}, less than {min_confidence:.2f}: settle it"
            " with the annotation podsplit.dev/roles"
        )
        raise Refused("low-confidence", message)
    if workload.kind.split_into is None or (wrapping is not None and wrapping.kind == "Job"):
        raise Refused(
            "job",
            "a Job's template is immutable and its containers end together: write a Job for each"
            " application",
        )
    if wrapping is not None and wrapping.copies and wrapping.kind != "Deployment":
        message = (
            f"it holds several applications, and would become a {wrapping.kind} together with its"
            " copies: divide it by hand first"
        )
        raise Refused("copies", message)
    if as_list(candidate.resource.metadata.get("ownerReferences")):
        raise Refused("owned", "it has an owner: change the template that its owner makes it from")
    if workload.is_pod and wrapping is None:
        raise Refused(
            "wrap-held-back",
            "its Pod can't be given a controller (see there), and a split needs one",
        )
    for field, value in workload.pod.items():
        if field == "nodeName" and wrapping is not None and is_live(candidate.resource):
            continue  # The wrap takes it out: it says where the Pod ran.
        fate = POD_FIELDS.get(field)
        if fate is None:
            raise Refused("pod-field", f"the field {field} of its Pod is not known to Podsplit")
        if (
            fate is Fate.HOLDS_BACK
            and value != HARMLESS_VALUES.get(field, ())
            and value not in ([], {}, None, "")
        ):
            raise Refused(
                "pod-field",
                f"its Pod sets {field}, which two Pods can't share as one did: decide which of them"
                " needs it",
            )
    if candidate.resource.spec.get("paused") is True:
        raise Refused(
            "paused",
            "it is paused, so its Pods would not get what the Services ask for: resume it first",
        )
    strategy = as_mapping(candidate.resource.spec.get("strategy"))
    if any(name.endswith("Service") for part in strategy.values() for name in as_mapping(part)):
        message = (
            "its strategy names Services, whose selectors the Rollout controller writes itself:"
            " divide it by hand"
        )
        raise Refused("rollout-service", message)


def check_moving(
    classification: Classification, group: tuple[Container, ...], min_confidence: float
) -> None:
    """What would move together has to belong together as surely as it is apart from the rest.

    Raises:
        Refused: a container of a group that moves may as well belong elsewhere.
    """
    for each in group[1:]:
        sure = classification.confidence_of_pair(group[0], each)
        if sure < min_confidence and len(classification.verdict(each).serves) < len(
            classification.groups
        ):
            message = (
                f"{each.name} would move along with {group[0].name}, to which it belongs with"
                f" {sure:.2f} only"
            )
            raise Refused(
                "low-confidence", f"{message}: settle it with the annotation podsplit.dev/roles"
            )
