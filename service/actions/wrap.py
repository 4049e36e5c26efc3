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
database with a claim of its own. The name stays; the selector is the smallest stable part of the labels.
"""

from __future__ import annotations

from dataclasses import dataclass

from service.actions.proposing import Proposal, Refused, Situation, Step
from service.findings import Applicability, Stage
from service.knowledge import ImageRole
from service.kube.bare_pods import why_left_alone
from service.kube.containers import Container
from service.kube.objects import ManifestSet, mapping, mappings, same_namespace, text
from service.kube.references import referenced_volume_claims
from service.kube.replicas import alike
from service.kube.selectors import matches_map
from service.kube.services import selector_of, services_of
from service.kube.workloads import Workload, outlives_pod, pods_by_label, workloads_of
from service.rules.suppression import suppression_of
from service.signals.injected import injected_names
from service.yamldoc.nodes import Route
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
_MACHINE_WRITTEN = (
    "uid",
    "resourceVersion",
    "creationTimestamp",
    "generation",
    "selfLink",
    "managedFields",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
)
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


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


def decide(situation: Situation) -> Wrapping:
    """The controller that fits a bare Pod.

    Raises:
        Refused: none does, or it can't be told.
    """
    workload = situation.workload
    _check(situation)
    policy = text(workload.pod.get("restartPolicy")) or "Always"
    if policy != "Always" and not _serves(situation):
        return _job(policy)
    if "activeDeadlineSeconds" in workload.pod:
        message = "it is restarted always and given a deadline: no controller does that; remove activeDeadlineSeconds or make it a Job"
        raise Refused("deadline", message)
    selector, labels = _selector(situation)
    claims = referenced_volume_claims(workload)
    assumptions = []
    if policy != "Always":
        assumptions.append(
            f"restartPolicy {policy} becomes Always: a Service or a probe shows that it is a server, which is restarted when it ends"
        )
    if claims and _is_datastore(situation):
        return _stateful_set(situation, selector, labels, tuple(assumptions), policy)
    data = bool(claims) or _writes_data(workload)
    fields: dict[str, Tree] = {"replicas": 1, "selector": {"matchLabels": selector}}
    host_ports = any(port.host_port for each in workload.containers for port in each.ports)
    if data or host_ports:
        fields["strategy"] = {"type": "Recreate"}
        why = "both would write to the same data" if data else "the host port can be used once"
        assumptions.append(f"updates stop the old Pod before the new one starts (strategy Recreate), as {why}")
    if data:
        assumptions.append("the old Pod is deleted before the new one starts: both would write to the same data")
    applicability = Applicability.REVIEW if assumptions else Applicability.SAFE
    return Wrapping(
        "apps/v1", "Deployment", selector, labels, fields, applicability, tuple(assumptions), None if policy == "Always" else "Always"
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
    if injected_names(workload):
        raise Refused("injected", "it holds injected containers, as live exports do: wrap the manifest that it was made from")
    copies = situation.manifests.derived("copies", _copies).get(id(workload.resource))
    if copies is not None:
        names = ", ".join(each.name for each in copies[:5]) + (", ..." if len(copies) > 5 else "")
        raise Refused("copies", f"{names} are copies of one Pod: keep one of them and give it replicas: {len(copies)}")
    for container in workload.containers:
        if container.data.get("restartPolicy") not in (None, "Always") or container.data.get("restartPolicyRules"):
            raise Refused(
                "container-restart-policy", f"{container.name} has a restartPolicy of its own, which a controller's Pods can't have"
            )
    if _is_node_agent(situation):
        raise Refused(
            "node-agent", "it looks like an agent of one node: a DaemonSet would run it on every node; write one if that is meant"
        )


def _copies(manifests: ManifestSet) -> dict[int, tuple[Workload, ...]]:
    """For each Pod that has copies, by the object's identity, all of them."""
    pods = (workload for each in manifests.of_kind("Pod") for workload in workloads_of(each))
    return {id(each.resource): copies for copies in alike(pods) for each in copies}


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


def _selector(situation: Situation) -> tuple[dict[str, str], dict[str, str]]:
    """The smallest stable part of the labels that selects no other Pods of the set, and labels that have to be added."""
    workload = situation.workload
    labels = workload.labels
    if not labels:
        own = {"app.kubernetes.io/name": workload.name[:63].rstrip("-.")}
        return own, own
    stable = [key for key in _STABLE_LABELS if key in labels]
    stable += [key for key in labels if key not in stable and key not in _CHANGING_LABELS]
    wanted = _wanted_by_services(situation)
    selector: dict[str, str] = {}
    for key in [*[key for key in stable if key in wanted], *stable]:
        if key in selector:
            continue
        selector[key] = labels[key]
        if not _selects_others(situation, selector):
            return selector, {}
    if "app.kubernetes.io/name" not in labels:
        added = {"app.kubernetes.io/name": workload.name[:63].rstrip("-.")}
        if not _selects_others(situation, {**selector, **added}):
            return {**selector, **added}, added
    raise Refused("selector-overlap", "other Pods of the set have the same labels: give it a label of its own")


def _wanted_by_services(situation: Situation) -> list[str]:
    return [key for link in services_of(situation.workload, situation.manifests) for key in selector_of(link.service)]


def _selects_others(situation: Situation, selector: dict[str, str]) -> bool:
    return any(
        other is not situation.resource and same_namespace(other, situation.resource)
        for other, labels in pods_by_label(situation.manifests).get(next(iter(selector.items())), ())
        if matches_map(selector, labels)
    )


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
    result += _cleaning(situation)
    metadata: dict[str, Tree] = {}
    annotations = [key for key in resource.annotations if not key.startswith(_OBJECT_ANNOTATIONS)]
    if annotations:
        metadata["annotations"] = {key: Verbatim(resource.document, at("metadata", "annotations", key)) for key in annotations}
        if len(annotations) == len(resource.annotations):
            result.append(Remove(at("metadata", "annotations"), stage))
        else:
            result += [Remove(at("metadata", "annotations", key), stage) for key in annotations]
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


def _cleaning(situation: Situation) -> list[Operation]:
    """What a live export carries and a manifest must not."""
    resource, at, stage = situation.resource, situation.absolute, int(Stage.EXPAND)
    result: list[Operation] = []
    if "status" in resource.data:
        result.append(Remove(at("status"), stage))
    result += [Remove(at("metadata", key), stage) for key in _MACHINE_WRITTEN if key in resource.metadata]
    if LAST_APPLIED in resource.annotations and len(resource.annotations) > 1:
        result.append(Remove(at("metadata", "annotations", LAST_APPLIED), stage))
    pod = situation.workload.pod
    if "ephemeralContainers" in pod:
        result.append(Remove(at("spec", "ephemeralContainers"), stage))
    if not ("status" in resource.data or "uid" in resource.metadata):
        return result
    for field in ("nodeName", "priority"):
        if field in pod:
            result.append(Remove(at("spec", field), stage))
    result += _without_token(situation)
    tolerations = mappings(pod.get("tolerations"))
    defaulted = [
        index
        for index, toleration in enumerate(tolerations)
        if toleration.get("tolerationSeconds") == 300 and text(toleration.get("key")).startswith("node.kubernetes.io/")
    ]
    return result + _removed_items(at("spec", "tolerations"), defaulted, len(tolerations))


def _removed_items(route: Route, indices: list[int], count: int) -> list[Operation]:
    """Remove items of a sequence; all of it if nothing would be left."""
    stage = int(Stage.EXPAND)
    if indices and len(indices) == count:
        return [Remove(route, stage)]
    return [Remove((*route, index), stage) for index in indices]


def _without_token(situation: Situation) -> list[Operation]:
    """Without the volume of the service account's token, which the API server adds to every Pod."""
    at = situation.absolute
    volumes = mappings(situation.workload.pod.get("volumes"))
    tokens = [index for index, volume in enumerate(volumes) if _is_token(text(volume.get("name")))]
    result = _removed_items(at("spec", "volumes"), tokens, len(volumes))
    for container in situation.workload.containers:
        mounts = mappings(container.data.get("volumeMounts"))
        tokens = [index for index, mount in enumerate(mounts) if _is_token(text(mount.get("name")))]
        result += _removed_items(at(*container.route, "volumeMounts"), tokens, len(mounts))
    return result


def _is_token(volume: str) -> bool:
    return volume.startswith("kube-api-access-")


def propose(situation: Situation, wrapping: Wrapping, shared_labels: dict[str, str]) -> Proposal:
    """The change that wraps a Pod."""
    resource = situation.resource
    title = f"give the bare Pod {resource.name} a {wrapping.kind}"
    steps = tuple(Step(resource, operation) for operation in operations(situation, wrapping, shared_labels))
    return Proposal("wrap", situation.workload, title, wrapping.applicability, wrapping.assumptions, steps)
