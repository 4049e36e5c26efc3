"""Which controller fits a bare Pod."""

from __future__ import annotations

from dataclasses import dataclass, replace

from service.actions.context import Candidate, Refused
from service.actions.kustomizations import check_wrap
from service.actions.wrap.replicas import Fold, fold
from service.actions.wrap.selectors import choose_selector
from service.classification.knowledge import ImageRole
from service.classification.signals.injected import injected_names
from service.findings import Applicability
from service.kube.bare_pods import reason_to_stay_bare
from service.kube.containers import Container
from service.kube.objects import as_mapping, as_mappings, as_text
from service.kube.references import referenced_volume_claims
from service.kube.replicas import copies_of
from service.kube.services import services_of
from service.kube.workloads import Workload, uses_host_port, writes_persistent_data
from service.rules.suppression import suppression_of
from service.yamldoc.operations import Operation, Tree


@dataclass(frozen=True, slots=True)
class Wrapping:
    """The controller that a Pod gets."""

    api_version: str
    """Its API version."""
    kind: str
    """Its kind."""
    selector: dict[str, str]
    """The labels that it selects by; empty for a Job."""
    labels: dict[str, str]
    """Labels that the Pod didn't have and gets."""
    fields: dict[str, Tree]
    """Other fields of its spec, before the template."""
    applicability: Applicability
    """How far it can be trusted."""
    assumptions: tuple[str, ...]
    """What has to hold."""
    restart_policy: str | None = None
    """A value that `restartPolicy` has to change to."""
    name: str | None = None
    """The controller's name where it isn't the Pod's."""
    copies: tuple[Workload, ...] = ()
    """Other Pods that the controller stands for too."""
    inside: tuple[Operation, ...] = ()
    """What else is done inside the Pod's text."""


def decide(candidate: Candidate) -> Wrapping:
    """The controller that fits a bare Pod.

    Raises:
        Refused: none does, or it can't be told.
    """
    wrapping = _chosen(candidate)
    check_wrap(candidate, wrapping.kind, wrapping.name or candidate.workload.name)
    return wrapping


def _chosen(candidate: Candidate) -> Wrapping:
    workload = candidate.workload
    _check(candidate)
    policy = as_text(workload.pod.get("restartPolicy")) or "Always"
    shown = None if policy == "Always" else _serves(candidate)
    if policy != "Always" and shown is None:
        if copies_of(workload, candidate.manifests):
            raise Refused(
                "copies",
                "it has copies that run to an end: make one Job with completions of them, or a Job"
                " of each, by hand",
            )
        return _job(policy)
    if "activeDeadlineSeconds" in workload.pod:
        message = (
            "it is restarted always and given a deadline: no controller does that; remove"
            " activeDeadlineSeconds or make it a Job"
        )
        raise Refused("deadline", message)
    assumptions = []
    if shown is not None:
        assumptions.append(
            f"restartPolicy {policy} becomes Always: {shown} shows that it is a server, which is"
            " restarted when it ends"
        )
    if shown is not None and len(workload.classified_containers) > 1:
        assumptions.append(
            "none of its containers is meant to end: each is started again; what should run once is"
            " an init container"
        )
    restarted = None if policy == "Always" else "Always"
    folded = fold(candidate)
    name = folded.name if folded else candidate.workload.name
    selector, labels = choose_selector(candidate, name, folded.others if folded else ())
    claims = referenced_volume_claims(workload)
    if folded is not None and folded.kind != "Deployment":
        fields = _with_selector(folded.fields, selector)
        return _folded(
            Wrapping(
                "apps/v1",
                folded.kind,
                selector,
                labels,
                fields,
                Applicability.REVIEW,
                tuple(assumptions),
                restarted,
            ),
            folded,
        )
    if claims and _is_datastore(candidate):
        if folded is not None:
            raise Refused(
                "copies",
                f"{folded.others[0].name} and {workload.name} write to one claim: see which of them"
                " is meant",
            )
        return _stateful_set(candidate, selector, labels, tuple(assumptions), policy)
    data = bool(claims) or any(
        writes_persistent_data(workload, each) for each in workload.containers
    )
    fields = _with_selector(folded.fields if folded else {"replicas": 1}, selector)
    if data or any(uses_host_port(workload, each) for each in workload.containers):
        fields["strategy"] = {"type": "Recreate"}
        why = "both would write to the same data" if data else "a port of the node can be used once"
        assumptions.append(
            f"updates stop the old Pod before the new one starts (strategy Recreate), as {why}"
        )
        assumptions.append(f"the old Pod is deleted before the new one starts: {why}")
    if not data and _loses_data(candidate):
        assumptions.append(
            "the data of its database goes with the old Pod: save it first, and give it a claim"
        )
    applicability = Applicability.REVIEW if assumptions else Applicability.SAFE
    wrapping = Wrapping(
        "apps/v1",
        "Deployment",
        selector,
        labels,
        fields,
        applicability,
        tuple(assumptions),
        restarted,
    )
    return _folded(wrapping, folded) if folded is not None else wrapping


def _with_selector(fields: dict[str, Tree], selector: dict[str, str]) -> dict[str, Tree]:
    """The fields of a controller's spec in their usual order."""
    first = {key: value for key, value in fields.items() if key in ("serviceName", "replicas")}
    rest = {key: value for key, value in fields.items() if key not in first}
    return {**first, "selector": {"matchLabels": selector}, **rest}


def _folded(wrapping: Wrapping, folded: Fold) -> Wrapping:
    return replace(
        wrapping,
        applicability=Applicability.REVIEW,
        assumptions=(*wrapping.assumptions, *folded.assumptions),
        name=folded.name,
        copies=folded.others,
        inside=folded.operations,
    )


def _check(candidate: Candidate) -> None:
    workload = candidate.workload
    left_alone = reason_to_stay_bare(workload)
    if left_alone is not None:
        raise Refused(*left_alone)
    suppression = suppression_of("bare-pod", workload)
    if suppression is not None:
        raise Refused(
            "suppressed",
            f"the manifest says to ignore bare-pod: {suppression.reason or 'no reason given'}",
        )
    if injected_names(workload):
        raise Refused(
            "injected",
            "it holds injected containers, as live exports do: wrap the manifest that it was made"
            " from",
        )
    for container in workload.containers:
        if container.data.get("restartPolicy") not in (None, "Always") or container.data.get(
            "restartPolicyRules"
        ):
            raise Refused(
                "container-restart-policy",
                f"{container.name} has a restartPolicy of its own, which a controller's Pods can't"
                " have",
            )
    if _is_node_agent(candidate):
        raise Refused(
            "node-agent",
            "it looks like an agent of one node: a DaemonSet would run it on every node; write one"
            " if that is meant",
        )


def _loses_data(candidate: Candidate) -> bool:
    """Whether a database has no volume to keep its data in."""
    context = candidate.classification.context
    entries = [context.catalogue_entry(each) for each in candidate.workload.classified_containers]
    return any(
        entry is not None and entry.stands_alone and entry.category == "datastore"
        for entry in entries
    )


def _serves(candidate: Candidate) -> str | None:
    """What shows that a Pod that may end is a server all the same; None if nothing does."""
    if services_of(candidate.workload, candidate.manifests):
        return "a Service"
    for container in candidate.workload.classified_containers:
        if any(field in container.data for field in ("readinessProbe", "livenessProbe")):
            return f"the probe of {container.name}"
        entry = candidate.classification.context.catalogue_entry(container)
        if entry is not None and entry.stands_alone and not container.invocation:
            return f"the image of {container.name}"
    return None


def _job(policy: str) -> Wrapping:
    fields: dict[str, Tree] = {}
    if policy == "Never":
        fields["backoffLimit"] = 0
        assumptions = (
            (
                "it runs to an end, once: a Job with backoffLimit 0 runs it at most once, as the"
                " Pod did"
            ),
        )
    else:
        assumptions = (
            (
                "it runs to an end: the Pod was tried again for ever, a Job gives up after six"
                " tries (backoffLimit)"
            ),
        )
    return Wrapping("batch/v1", "Job", {}, {}, fields, Applicability.REVIEW, assumptions)


def _stateful_set(
    candidate: Candidate,
    selector: dict[str, str],
    labels: dict[str, str],
    assumptions: tuple[str, ...],
    policy: str,
) -> Wrapping:
    links = services_of(candidate.workload, candidate.manifests)
    headless = next((link.service.name for link in links if link.headless), candidate.workload.name)
    fields: dict[str, Tree] = {
        "serviceName": headless,
        "replicas": 1,
        "selector": {"matchLabels": selector},
    }
    stated = (
        *assumptions,
        (
            "the old Pod is deleted before the new one starts: two servers on one data directory"
            " destroy it"
        ),
        "one replica keeps the claim by its name; more would need claims of their own",
    )
    return Wrapping(
        "apps/v1",
        "StatefulSet",
        selector,
        labels,
        fields,
        Applicability.REVIEW,
        stated,
        None if policy == "Always" else "Always",
    )


def _is_datastore(candidate: Candidate) -> bool:
    context = candidate.classification.context
    claims = referenced_volume_claims(candidate.workload)
    for container in candidate.classification.groups[0]:
        entry = context.catalogue_entry(container)
        if (
            entry
            and entry.category in ("datastore", "broker")
            and any(mount.volume in claims for mount in container.mounts)
        ):
            return True
    return False


def _is_node_agent(candidate: Candidate) -> bool:
    pod = candidate.workload.pod
    everywhere = any(
        each.get("operator") == "Exists" and not each.get("key")
        for each in as_mappings(pod.get("tolerations"))
    )
    on_host = pod.get("hostNetwork") is True or any(
        "hostPath" in as_mapping(volume) for volume in as_mappings(pod.get("volumes"))
    )
    head: Container = candidate.classification.groups[0][0]
    known = candidate.classification.context.image_role(head) is ImageRole.HELPER
    return on_host and (everywhere or known)
