"""Which controller fits a bare Pod."""

from __future__ import annotations

from dataclasses import dataclass

from service.actions.context import Candidate, Refused
from service.actions.kustomizations import check_wrap
from service.actions.live_exports import unpinned_node_data
from service.actions.wrap.replicas import MergedCopies, merge_copies
from service.actions.wrap.selectors import choose_selector
from service.actions.wrap.server_signs import sign_of_server
from service.assumptions import Assumption, AssumptionCode
from service.change import Controller
from service.classification.knowledge import ImageRole
from service.classification.signals.injected import injected_names
from service.findings import Applicability, OldPods
from service.kube.bare_pods import reason_to_stay_bare
from service.kube.objects import as_mapping, as_mappings, as_text
from service.kube.references import referenced_volume_claims
from service.kube.replicas import copies_of
from service.kube.services import services_of
from service.kube.workloads import Workload, uses_host_port, writes_persistent_data
from service.refusals import Refusal
from service.rules.suppression import suppression_of
from service.yamldoc.operations import Tree


@dataclass(frozen=True, slots=True)
class ControllerChoice:
    """The controller that a Pod gets, and what that means."""

    controller: Controller
    """The controller."""
    applicability: Applicability
    """How far it can be trusted."""
    assumptions: tuple[Assumption, ...]
    """What has to hold."""
    old_pods: OldPods
    """What becomes of the Pod and its copies."""
    copies: tuple[Workload, ...] = ()
    """Other Pods that the controller stands for too."""


def choose_controller(candidate: Candidate) -> ControllerChoice:
    """The controller that fits a bare Pod.

    Raises:
        Refused: none does, or it can't be told.
    """
    _check(candidate)
    policy = as_text(candidate.workload.pod.get("restartPolicy")) or "Always"
    sign = None if policy == "Always" else sign_of_server(candidate)
    if policy != "Always" and sign is None:
        choice = _job(candidate, policy)
    else:
        choice = _server(candidate, policy, sign)
    check_wrap(candidate, choice.controller.kind, choice.controller.name)
    return choice


def _check(candidate: Candidate) -> None:
    workload = candidate.workload
    stays_bare = reason_to_stay_bare(workload)
    if stays_bare is not None:
        raise Refused(*stays_bare)
    suppression = suppression_of("bare-pod", workload)
    if suppression is not None:
        message = f"the manifest says to ignore bare-pod: {suppression.reason or 'no reason given'}"
        raise Refused(Refusal.SUPPRESSED, message)
    if injected_names(workload):
        message = (
            "it holds injected containers, as live exports do: wrap the manifest that it was made"
            " from"
        )
        raise Refused(Refusal.INJECTED, message)
    for container in workload.containers:
        if container.data.get("restartPolicy") not in (None, "Always") or container.data.get(
            "restartPolicyRules"
        ):
            message = (
                f"{container.name} has a restartPolicy of its own, which a controller's Pods can't"
                " have"
            )
            raise Refused(Refusal.CONTAINER_RESTART_POLICY, message)
    if _is_node_agent(candidate):
        message = (
            "it looks like an agent of one node: a DaemonSet would run it on every node; write one"
            " if that is meant"
        )
        raise Refused(Refusal.NODE_AGENT, message)


def _is_node_agent(candidate: Candidate) -> bool:
    pod = candidate.workload.pod
    tolerates_all = any(
        toleration.get("operator") == "Exists" and not toleration.get("key")
        for toleration in as_mappings(pod.get("tolerations"))
    )
    is_on_host = pod.get("hostNetwork") is True or any(
        "hostPath" in as_mapping(volume) for volume in as_mappings(pod.get("volumes"))
    )
    head = candidate.classification.groups[0][0]
    is_helper = candidate.classification.context.image_role(head) is ImageRole.HELPER
    return is_on_host and (tolerates_all or is_helper)


# What runs to an end


def _job(candidate: Candidate, policy: str) -> ControllerChoice:
    if copies_of(candidate.workload, candidate.manifests):
        message = (
            "it has copies that run to an end: make one Job with completions of them, or a Job of"
            " each, by hand"
        )
        raise Refused(Refusal.COPIES, message)
    if policy == "Never":
        fields: dict[str, Tree] = {"backoffLimit": 0}
        message = (
            "it runs to an end, once: a Job with backoffLimit 0 runs it at most once, as the Pod"
            " did"
        )
    else:
        fields = {}
        message = (
            "it runs to an end: the Pod was tried again for ever, a Job gives up after six tries"
            " (backoffLimit)"
        )
    controller = Controller(
        api_version="batch/v1",
        kind="Job",
        name=candidate.resource.name,
        selector={},
        labels={},
        fields=fields,
    )
    stated, old_pods = [Assumption(AssumptionCode.JOB_RETRIES, message)], OldPods.DELETED_AFTER
    why = _reason_to_be_alone(candidate.workload)
    if why is not None:
        stated.append(_about_old_pods(why))
        old_pods = OldPods.DELETED_FIRST
    return ControllerChoice(controller, Applicability.REVIEW, tuple(stated), old_pods)


# What serves


def _server(candidate: Candidate, policy: str, sign: str | None) -> ControllerChoice:
    """The controller of a Pod that is restarted always, or is from now on.

    Args:
        candidate: the Pod.
        policy: its `restartPolicy`.
        sign: what shows that it is a server; None if its policy does.
    """
    if "activeDeadlineSeconds" in candidate.workload.pod:
        message = (
            "it is restarted always and given a deadline: no controller does that; remove"
            " activeDeadlineSeconds or make it a Job"
        )
        raise Refused(Refusal.DEADLINE, message)
    assumptions = _about_restarts(candidate, policy, sign)
    restart_policy = None if policy == "Always" else "Always"
    merged = merge_copies(candidate)
    if merged is not None and merged.kind != "Deployment":
        return _of_copies(candidate, merged, assumptions, restart_policy)
    claims = referenced_volume_claims(candidate.workload)
    if claims and _is_datastore(candidate):
        if merged is not None:
            message = (
                f"{merged.others[0].name} and {candidate.workload.name} write to one claim: see"
                " which of them is meant"
            )
            raise Refused(Refusal.COPIES, message)
        return _stateful_set(candidate, assumptions, restart_policy)
    return _deployment(candidate, merged, assumptions, restart_policy)


def _about_restarts(candidate: Candidate, policy: str, sign: str | None) -> tuple[Assumption, ...]:
    if sign is None:
        return ()
    message = (
        f"restartPolicy {policy} becomes Always: {sign} shows that it is a server, which is"
        " restarted when it ends"
    )
    restarted = Assumption(AssumptionCode.RESTARTED_ALWAYS, message)
    if len(candidate.workload.classified_containers) == 1:
        return (restarted,)
    message = (
        "none of its containers is meant to end: each is started again; what should run once is an"
        " init container"
    )
    return (restarted, Assumption(AssumptionCode.NO_CONTAINER_ENDS, message))


def _of_copies(
    candidate: Candidate,
    merged: MergedCopies,
    assumptions: tuple[Assumption, ...],
    restart_policy: str | None,
) -> ControllerChoice:
    """The StatefulSet or DaemonSet that a Pod and its copies become."""
    selector, labels = choose_selector(candidate, merged.name, merged.others)
    controller = Controller(
        api_version="apps/v1",
        kind=merged.kind,
        name=merged.name,
        selector=selector,
        labels=labels,
        fields=_with_selector(merged.fields, selector),
        restart_policy=restart_policy,
        inside=merged.operations,
    )
    return ControllerChoice(
        controller,
        Applicability.REVIEW,
        (*assumptions, *merged.assumptions),
        merged.old_pods,
        merged.others,
    )


def _deployment(
    candidate: Candidate,
    merged: MergedCopies | None,
    assumptions: tuple[Assumption, ...],
    restart_policy: str | None,
) -> ControllerChoice:
    workload = candidate.workload
    name = merged.name if merged else workload.name
    copies = merged.others if merged else ()
    selector, labels = choose_selector(candidate, name, copies)
    fields = _with_selector(merged.fields if merged else {"replicas": 1}, selector)
    why = _reason_to_be_alone(workload)
    if why is not None:
        fields["strategy"] = {"type": "Recreate"}
        message = (
            f"updates stop the old Pod before the new one starts (strategy Recreate), as {why}"
        )
        replacing = Assumption(AssumptionCode.RECREATE_STRATEGY, message)
        assumptions = (*assumptions, replacing, _about_old_pods(why))
    if not _has_data(workload) and _has_database(candidate):
        message = (
            "the data of its database goes with the old Pod: save it first, and give it a claim"
        )
        assumptions = (*assumptions, Assumption(AssumptionCode.DATA_LEFT_BEHIND, message))
    assumptions = (
        *assumptions,
        *_about_node(candidate),
        *(merged.assumptions if merged else ()),
    )
    controller = Controller(
        api_version="apps/v1",
        kind="Deployment",
        name=name,
        selector=selector,
        labels=labels,
        fields=fields,
        restart_policy=restart_policy,
        inside=merged.operations if merged else (),
    )
    return ControllerChoice(
        controller,
        Applicability.REVIEW if assumptions else Applicability.SAFE,
        assumptions,
        OldPods.DELETED_FIRST if why is not None else OldPods.DELETED_AFTER,
        copies,
    )


def _about_node(candidate: Candidate) -> tuple[Assumption, ...]:
    needed = unpinned_node_data(candidate, candidate.workload.containers)
    if needed is None:
        return ()
    name, path = needed
    message = (
        f"the new Pod runs on the node where the data of {name} is: it uses {path} of its node, and"
        " nothing pins it there"
    )
    return (Assumption(AssumptionCode.DATA_ON_NODE, message),)


def _has_data(workload: Workload) -> bool:
    """Whether a Pod has data that outlives it."""
    return bool(referenced_volume_claims(workload)) or any(
        writes_persistent_data(workload, container) for container in workload.containers
    )


def _reason_to_be_alone(workload: Workload) -> str | None:
    """Why two of a Pod can't run at once; None if they can."""
    if _has_data(workload):
        return "both would write to the same data"
    if any(uses_host_port(workload, container) for container in workload.containers):
        return "a port of the node can be used once"
    return None


def _about_old_pods(why: str) -> Assumption:
    message = f"the old Pod is deleted before the new one starts: {why}"
    return Assumption(AssumptionCode.OLD_PODS_DELETED_FIRST, message)


def _stateful_set(
    candidate: Candidate, assumptions: tuple[Assumption, ...], restart_policy: str | None
) -> ControllerChoice:
    workload = candidate.workload
    selector, labels = choose_selector(candidate, workload.name, ())
    links = services_of(workload, candidate.manifests)
    headless = next((link.service.name for link in links if link.headless), workload.name)
    controller = Controller(
        api_version="apps/v1",
        kind="StatefulSet",
        name=workload.name,
        selector=selector,
        labels=labels,
        fields=_with_selector({"serviceName": headless, "replicas": 1}, selector),
        restart_policy=restart_policy,
    )
    stated = (
        *assumptions,
        Assumption(
            AssumptionCode.OLD_PODS_DELETED_FIRST,
            "the old Pod is deleted before the new one starts: two servers on one data directory"
            " destroy it",
        ),
        Assumption(
            AssumptionCode.SINGLE_REPLICA,
            "one replica keeps the claim by its name; more would need claims of their own",
        ),
    )
    return ControllerChoice(controller, Applicability.REVIEW, stated, OldPods.DELETED_FIRST)


def _with_selector(fields: dict[str, Tree], selector: dict[str, str]) -> dict[str, Tree]:
    """The fields of a controller's spec in their usual order."""
    first = {key: value for key, value in fields.items() if key in ("serviceName", "replicas")}
    rest = {key: value for key, value in fields.items() if key not in first}
    return {**first, "selector": {"matchLabels": selector}, **rest}


def _has_database(candidate: Candidate) -> bool:
    context = candidate.classification.context
    entries = [
        context.catalogue_entry(container) for container in candidate.workload.classified_containers
    ]
    return any(
        entry is not None and entry.stands_alone and entry.category == "datastore"
        for entry in entries
    )


def _is_datastore(candidate: Candidate) -> bool:
    """Whether the application that the Pod is for keeps its data in a claim."""
    context = candidate.classification.context
    claims = referenced_volume_claims(candidate.workload)
    for container in candidate.classification.groups[0]:
        entry = context.catalogue_entry(container)
        if entry is None or entry.category not in ("datastore", "broker"):
            continue
        if any(mount.volume in claims for mount in container.mounts):
            return True
    return False
