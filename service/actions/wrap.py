"""Wrap a bare Pod.

Looks for: Pods without a controller that should have one (see the rule `bare-pod`).

Matters because: nobody makes a bare Pod again when its node dies, and every change means deleting it first.

Example:
    apiVersion: v1
    kind: Pod
    metadata:
      name: web
    spec:
      containers:
        - name: web
          image: shop/web:2

Comes out: the same text as the template of a Deployment; of a Job where the Pod ends by itself; of a StatefulSet for a
database with a claim of its own. The name stays; the selector is the smallest stable part of the labels. Copies of one Pod become one
Deployment with replicas; numbered ones with claims of their own a StatefulSet, those on nodes of their own a DaemonSet (see `copies`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from posixpath import normpath

from service.actions.cleaning import cleaning
from service.actions.copies import Fold, fold
from service.actions.customised import check_wrap
from service.actions.overlaps import selects_newly
from service.actions.proposing import Proposal, Refused, Situation, Step
from service.findings import Applicability, Stage
from service.knowledge import ImageRole
from service.kube.bare_pods import why_left_alone
from service.kube.containers import Container
from service.kube.objects import items, mapping, mappings, same_namespace, text
from service.kube.references import referenced_volume_claims
from service.kube.replicas import copies_of
from service.kube.services import selector_of, services_of
from service.kube.workloads import Workload, outlives_pod, pods_with
from service.rules.suppression import suppression_of
from service.signals.injected import injected_names
from service.yamldoc.operations import HOLE, AddEntry, Nest, Operation, Remove, SetValue, Tree, Verbatim

_STABLE_LABELS = (
    "app.kubernetes.io/name",
    "app.kubernetes.io/instance",
    "app.kubernetes.io/component",
    "app",
    "k8s-app",
    "name",
    "run",
    "component",
    "tier",
    "role",
)
"""Labels that people select by, in the order in which they are taken."""
_CHANGING_LABELS = (
    "version",
    "app.kubernetes.io/version",
    "helm.sh/chart",
    "chart",
    "release-revision",
    "pod-template-hash",
    "controller-revision-hash",
    "date",
    "commit",
    "build",
)
"""Labels that change from release to release."""
_OBJECT_ANNOTATIONS = (
    "kubectl.kubernetes.io/last-applied-configuration",
    "argocd.argoproj.io/",
    "fluxcd.io/",
    "kustomize.toolkit.fluxcd.io/",
    "helm.sh/",
    "meta.helm.sh/",
    "config.kubernetes.io/",
    "config.k8s.io/",
    "internal.config.kubernetes.io/",
    "kustomize.config.k8s.io/",
    "podsplit.dev/ignore",
    "reloader.stakater.com/",
    "keel.sh/",
    "kubed.appscode.com/",
    "app.kubernetes.io/",
    "description",
    "note",
)
"""What tools and people read on the object itself; all else is read on the Pod."""


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


def decide(situation: Situation) -> Wrapping:
    """The controller that fits a bare Pod.

    Raises:
        Refused: none does, or it can't be told.
    """
    workload = situation.workload
    _check(situation)
    policy = text(workload.pod.get("restartPolicy")) or "Always"
    if policy != "Always" and not _serves(situation):
        if copies_of(workload, situation.manifests):
            raise Refused("copies", "it has copies that run to an end: make one Job with completions of them, or a Job of each, by hand")
        return _job(policy)
    if "activeDeadlineSeconds" in workload.pod:
        message = "it is restarted always and given a deadline: no controller does that; remove activeDeadlineSeconds or make it a Job"
        raise Refused("deadline", message)
    assumptions = []
    if policy != "Always":
        assumptions.append(
            f"restartPolicy {policy} becomes Always: a Service or a probe shows that it is a server, which is restarted when it ends"
        )
    restarted = None if policy == "Always" else "Always"
    folded = fold(situation)
    name = folded.name if folded else situation.workload.name
    selector, labels = _selector(situation, name, folded.others if folded else ())
    claims = referenced_volume_claims(workload)
    if folded is not None and folded.kind != "Deployment":
        fields = _with_selector(folded.fields, selector)
        return _folded(
            Wrapping("apps/v1", folded.kind, selector, labels, fields, Applicability.REVIEW, tuple(assumptions), restarted), folded
        )
    if claims and _is_datastore(situation):
        if folded is not None:
            raise Refused("copies", f"{folded.others[0].name} and {workload.name} write to one claim: see which of them is meant")
        return _stateful_set(situation, selector, labels, tuple(assumptions), policy)
    data = bool(claims) or _writes_data(workload)
    fields = _with_selector(folded.fields if folded else {"replicas": 1}, selector)
    host_ports = any(port.host_port for each in workload.containers for port in each.ports)
    if data or host_ports:
        fields["strategy"] = {"type": "Recreate"}
        why = "both would write to the same data" if data else "the host port can be used once"
        assumptions.append(f"updates stop the old Pod before the new one starts (strategy Recreate), as {why}")
    if data:
        assumptions.append("the old Pod is deleted before the new one starts: both would write to the same data")
    applicability = Applicability.REVIEW if assumptions else Applicability.SAFE
    wrapping = Wrapping("apps/v1", "Deployment", selector, labels, fields, applicability, tuple(assumptions), restarted)
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


def _writes_data(workload: Workload) -> bool:
    """Whether a container writes to a volume that outlives the Pod."""
    return any(
        not mount.read_only and outlives_pod(mapping(workload.volumes.get(mount.volume)))
        for container in workload.containers
        for mount in container.mounts
    )


def _check(situation: Situation) -> None:
    workload = situation.workload
    left_alone = why_left_alone(workload)
    if left_alone is not None:
        raise Refused(*left_alone)
    suppression = suppression_of("bare-pod", workload)
    if suppression is not None:
        raise Refused("suppressed", f"the manifest says to ignore bare-pod: {suppression.reason or 'no reason given'}")
    check_wrap(situation)
    if injected_names(workload):
        raise Refused("injected", "it holds injected containers, as live exports do: wrap the manifest that it was made from")
    for container in workload.containers:
        if container.data.get("restartPolicy") not in (None, "Always") or container.data.get("restartPolicyRules"):
            raise Refused(
                "container-restart-policy", f"{container.name} has a restartPolicy of its own, which a controller's Pods can't have"
            )
    if _is_node_agent(situation):
        raise Refused(
            "node-agent", "it looks like an agent of one node: a DaemonSet would run it on every node; write one if that is meant"
        )


def _serves(situation: Situation) -> bool:
    """Whether a Pod that may end is a server all the same."""
    if services_of(situation.workload, situation.manifests):
        return True
    for container in situation.workload.members:
        if any(field in container.data for field in ("readinessProbe", "livenessProbe")):
            return True
        entry = situation.classification.context.entry(container)
        if entry is not None and entry.stands_alone and not container.invocation:
            return True
    return False


def _job(policy: str) -> Wrapping:
    fields: dict[str, Tree] = {}
    if policy == "Never":
        fields["backoffLimit"] = 0
        assumptions = ("it runs to an end, once: a Job with backoffLimit 0 runs it at most once, as the Pod did",)
    else:
        assumptions = ("it runs to an end: the Pod was tried again for ever, a Job gives up after six tries (backoffLimit)",)
    return Wrapping("batch/v1", "Job", {}, {}, fields, Applicability.REVIEW, assumptions)


def _stateful_set(
    situation: Situation, selector: dict[str, str], labels: dict[str, str], assumptions: tuple[str, ...], policy: str
) -> Wrapping:
    links = services_of(situation.workload, situation.manifests)
    headless = next((link.service.name for link in links if link.headless), situation.workload.name)
    fields: dict[str, Tree] = {"serviceName": headless, "replicas": 1, "selector": {"matchLabels": selector}}
    stated = (
        *assumptions,
        "the old Pod is deleted before the new one starts: two servers on one data directory destroy it",
        "one replica keeps the claim by its name; more would need claims of their own",
    )
    return Wrapping(
        "apps/v1", "StatefulSet", selector, labels, fields, Applicability.REVIEW, stated, None if policy == "Always" else "Always"
    )


def _is_datastore(situation: Situation) -> bool:
    context = situation.classification.context
    claims = referenced_volume_claims(situation.workload)
    for container in situation.classification.groups[0]:
        entry = context.entry(container)
        if entry and entry.category in ("datastore", "broker") and any(mount.volume in claims for mount in container.mounts):
            return True
    return False


def _is_node_agent(situation: Situation) -> bool:
    pod = situation.workload.pod
    everywhere = any(each.get("operator") == "Exists" and not each.get("key") for each in mappings(pod.get("tolerations")))
    on_host = pod.get("hostNetwork") is True or any("hostPath" in mapping(volume) for volume in mappings(pod.get("volumes")))
    head: Container = situation.classification.groups[0][0]
    known = situation.classification.context.role(head) is ImageRole.HELPER
    return on_host and (everywhere or known)


def _selector(situation: Situation, name: str, copies: tuple[Workload, ...]) -> tuple[dict[str, str], dict[str, str]]:
    """The smallest stable part of the labels that selects no other Pods of the set, and labels that have to be added."""
    workload = situation.workload
    labels = workload.labels
    if not labels:
        own = _own_label(situation, {}, name)
        return own, own
    stable = [key for key in _STABLE_LABELS if key in labels]
    stable += [key for key in labels if key not in stable and key not in _CHANGING_LABELS]
    wanted = _wanted_by_services(situation)
    selector: dict[str, str] = {}
    for key in [*[key for key in stable if key in wanted], *stable]:
        if key in selector:
            continue
        selector[key] = labels[key]
        if not _selects_others(situation, selector, copies):
            return selector, {}
    if "app.kubernetes.io/name" not in labels:
        added = _own_label(situation, labels, name)
        if not _selects_others(situation, {**selector, **added}, copies):
            return {**selector, **added}, added
    raise Refused("selector-overlap", "other Pods of the set have the same labels: give it a label of its own")


def _own_label(situation: Situation, labels: dict[str, str], name: str) -> dict[str, str]:
    """A label for a Pod, by which nobody selects it who didn't before.

    Raises:
        Refused: there is none.
    """
    for value in (name[:63].rstrip("-."), f"{name[:59].rstrip('-.')}-pod"):
        added = {"app.kubernetes.io/name": value}
        if selects_newly(situation, {**labels, **added}) is None:
            return added
    raise Refused("selector-overlap", "other objects of the set select by the labels that it would get: give it a label of its own")


def _wanted_by_services(situation: Situation) -> list[str]:
    return [key for link in services_of(situation.workload, situation.manifests) for key in selector_of(link.service)]


def _selects_others(situation: Situation, selector: dict[str, str], copies: tuple[Workload, ...]) -> bool:
    own = {id(situation.resource), *(id(each.resource) for each in copies)}
    return any(id(other) not in own and same_namespace(other, situation.resource) for other, _ in pods_with(selector, situation.manifests))


def is_for_pods(annotation: str) -> bool:
    """Whether an annotation is read on the Pod, rather than on the object that people and tools apply."""
    return not annotation.startswith(_OBJECT_ANNOTATIONS)


def operations(situation: Situation, wrapping: Wrapping, shared_labels: dict[str, str]) -> list[Operation]:
    """The operations that put a Pod's text into its controller.

    Args:
        situation: the Pod.
        wrapping: what was decided.
        shared_labels: labels that the template gets for Services (see `split`).
    """
    resource = situation.resource
    at = situation.absolute
    stage = int(Stage.EXPAND)
    result: list[Operation] = [
        SetValue(at("apiVersion"), wrapping.api_version, stage),
        SetValue(at("kind"), wrapping.kind, stage),
    ]
    if wrapping.name not in (None, resource.name):
        result.append(SetValue(at("metadata", "name"), wrapping.name, stage))
    result += [*cleaning(situation), *wrapping.inside]
    metadata: dict[str, Tree] = {}
    annotations = [key for key in resource.annotations if is_for_pods(key)]
    if annotations:
        route = at("metadata", "annotations")
        if len(annotations) == len(resource.annotations):
            metadata["annotations"] = Verbatim(resource.document, route)
            result.append(Remove(route, stage))
        else:
            metadata["annotations"] = {key: Verbatim(resource.document, (*route, key)) for key in annotations}
            result += [Remove((*route, key), stage) for key in annotations]
    added = {**wrapping.labels, **shared_labels}
    if resource.labels:
        extra = tuple(AddEntry(at("metadata", "labels"), key, value) for key, value in added.items())
        metadata["labels"] = Verbatim(resource.document, at("metadata", "labels"), extra)
    elif added:
        metadata["labels"] = added
    if wrapping.labels:
        result += _labelled(situation, wrapping.labels)
    template: dict[str, Tree] = {"metadata": metadata} if metadata else {}
    result.append(Nest(at("spec"), {**wrapping.fields, "template": {**template, "spec": HOLE}}, stage))
    if wrapping.restart_policy:
        result.append(SetValue(at("spec", "restartPolicy"), wrapping.restart_policy, stage))
    return result


def _labelled(situation: Situation, labels: dict[str, str]) -> list[Operation]:
    at, stage = situation.absolute, int(Stage.EXPAND)
    if situation.resource.metadata.get("labels") is not None or "labels" in situation.resource.metadata:
        return [AddEntry(at("metadata", "labels"), key, value, stage) for key, value in labels.items()]
    return [AddEntry(at("metadata"), "labels", labels, stage, after="name")]


def propose(situation: Situation, wrapping: Wrapping, shared_labels: dict[str, str]) -> Proposal:
    """The change that wraps a Pod."""
    resource = situation.resource
    names = [resource.name, *(each.name for each in wrapping.copies)]
    title = f"give the bare Pod {resource.name} a {wrapping.kind}"
    if wrapping.copies:
        title = f"give the bare Pods {', '.join(names[:5])}{', ...' if len(names) > 5 else ''} one {wrapping.kind}"
    steps = tuple(Step(resource, operation) for operation in operations(situation, wrapping, shared_labels))
    return Proposal(
        "wrap",
        situation.workload,
        title,
        wrapping.applicability,
        wrapping.assumptions,
        (*steps, *_unlisted(situation, wrapping)),
        becomes=(wrapping.kind, wrapping.name or resource.name),
        copies=wrapping.copies,
    )


def _unlisted(situation: Situation, wrapping: Wrapping) -> list[Step]:
    """Kustomizations don't list files any more in which there was nothing but copies."""
    removed = {id(each.resource) for each in wrapping.copies}
    kept = {each.path for each in situation.manifests.resources if id(each) not in removed} if removed else set()
    gone = {each.resource.path for each in wrapping.copies} - kept
    return [
        Step(kustomization, Remove((*kustomization.route, "resources", index), int(Stage.EXPAND)))
        for kustomization in (situation.manifests.of_kind("Kustomization") if gone else ())
        for index, entry in enumerate(items(kustomization.data.get("resources")))
        if normpath(f"{kustomization.folder}/{entry}") in gone
    ]
