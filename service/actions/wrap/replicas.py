"""Copies of one Pod: which controller keeps them all.

the copies are                              they become
equal                                       a Deployment with as many replicas
`<name>-0` to `<name>-<n-1>`, with          a StatefulSet; its claim templates give the
host names or claims that have these        names of the claims that exist, so that each
names in them                               Pod finds its own data
equal, each on a node of its own            a DaemonSet for just these nodes
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice

from service.actions.context import Candidate, Refused
from service.actions.wrap.selectors import choose_selector
from service.assumptions import Assumption, AssumptionCode
from service.findings import OldPods
from service.kube.kustomize import kustomizations_building
from service.kube.objects import Resource, as_mapping, as_mappings, as_text, value_at
from service.kube.replicas import (
    HOST_NAME_LABEL,
    common_name_stem,
    copies_of,
    ordinal_of,
    without_node,
)
from service.kube.workloads import Workload, is_persistent, uses_host_port
from service.lazy import cached_property
from service.refusals import Refusal
from service.rules.suppression import suppression_of
from service.yamldoc.operations import AddEntry, Operation, Remove, SetValue, Tree, Verbatim

_DNS_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?\Z")


@dataclass(frozen=True, slots=True)
class MergedCopies:
    """How copies become one controller."""

    kind: str
    """Its kind, of apps/v1."""
    name: str
    """Its name."""
    others: tuple[Workload, ...]
    """The Pods besides the one whose text is kept."""
    fields: dict[str, Tree]
    """Fields of its spec, the selector and the template left out."""
    operations: tuple[Operation, ...]
    """What is done inside the text of the Pod that is kept."""
    assumptions: tuple[Assumption, ...]
    """What has to hold."""
    old_pods: OldPods
    """What becomes of the Pods."""


@dataclass(frozen=True, eq=False)
class _Copies:
    """What copies have in common, whichever of them asks; looked at once for all of them."""

    pods: tuple[Workload, ...]
    """The copies."""
    are_built_together: bool
    """Whether the same kustomizations build them all."""

    @cached_property
    def left_alone(self) -> frozenset[Resource]:
        """Those that somebody said not to change, or of which it can't be told what they say."""
        return frozenset(
            copy.resource
            for copy in self.pods
            if suppression_of("bare-pod", copy) or copy.resource.document.is_ambiguous
        )

    @cached_property
    def pins(self) -> list[tuple[str, str] | None]:
        """What pins each to its node."""
        return [_node_of(copy) for copy in self.pods]

    @cached_property
    def are_equal(self) -> bool:
        """Whether they are equal but for their nodes."""
        first = without_node(self.pods[0])
        return all(without_node(copy) == first for copy in self.pods)

    @cached_property
    def are_numbered(self) -> bool:
        """Whether their names end in numbers from 0 on."""
        numbers = [ordinal_of(copy.name) for copy in self.pods]
        return sorted(each for each in numbers if each is not None) == list(range(len(numbers)))

    @cached_property
    def differ_by_name_alone(self) -> bool:
        """Whether only their host names and claims differ."""
        first = _comparable_pod(self.pods[0])
        return not any(self.pins) and all(_comparable_pod(copy) == first for copy in self.pods)

    def besides(self, workload: Workload) -> tuple[Workload, ...]:
        """The others, seen from one."""
        return tuple(copy for copy in self.pods if copy.resource is not workload.resource)


def merge_copies(candidate: Candidate) -> MergedCopies | None:
    """How a Pod and its copies become one controller; None if it has no copies.

    Raises:
        Refused: no controller makes just these Pods.
    """
    manifests = candidate.manifests
    pods = copies_of(candidate.workload, manifests)
    if not pods:
        return None

    def look() -> _Copies:
        built = [set(kustomizations_building(copy.resource, manifests)) for copy in pods]
        return _Copies(pods, all(kustomizations == built[0] for kustomizations in built))

    copies = manifests.compute_for("what-copies-have", pods[0].resource, look)
    if copies.left_alone - {candidate.resource}:
        raise _refused(candidate, copies, "one of them is to be left alone")
    if not copies.are_built_together:
        raise _refused(candidate, copies, "not all of them are built by the same kustomizations")
    if any(copies.pins) and copies.are_equal:
        return _daemon_set(candidate, copies)
    if copies.are_equal and "hostname" not in candidate.workload.pod:
        return _deployment(candidate, copies)
    return _stateful_set(candidate, copies)


def _refused(candidate: Candidate, copies: _Copies, why: str) -> Refused:
    others = (copy for copy in copies.pods if copy.resource is not candidate.resource)
    names = ", ".join(copy.name for copy in islice(others, 5))
    more = ", ..." if len(copies.pods) > 6 else ""
    message = (
        f"{candidate.workload.name} has copies ({names}{more}), and {why}: make one controller of"
        " them by hand"
    )
    return Refused(Refusal.COPIES, message)


def _name(candidate: Candidate, kind: str, others: tuple[Workload, ...]) -> str:
    own = candidate.workload.name
    stem = common_name_stem([own, *(copy.name for copy in others)])
    if stem is None or not _DNS_LABEL.match(stem):
        return own
    # A Pod of that name may become a controller itself.
    if any(candidate.names.is_taken(taken, stem) for taken in (kind, "Pod")):
        return own
    return candidate.names.give(kind, stem, candidate.resource)


def _deployment(candidate: Candidate, copies: _Copies) -> MergedCopies:
    count, others = len(copies.pods), copies.besides(candidate.workload)
    stated = (
        Assumption(
            AssumptionCode.INTERCHANGEABLE_PODS,
            f"the {count} Pods are interchangeable: nobody asks for one of them by its name",
        ),
        Assumption(
            AssumptionCode.OLD_PODS_DELETED_AFTER, "the old Pods are deleted: nobody adopts them"
        ),
    )
    return MergedCopies(
        kind="Deployment",
        name=_name(candidate, "Deployment", others),
        others=others,
        fields={"replicas": count},
        operations=(),
        assumptions=stated,
        old_pods=OldPods.DELETED_AFTER,
    )


# Each on its node


def _node_of(workload: Workload) -> tuple[str, str] | None:
    """What pins a Pod to a node: the field with its value."""
    node = as_text(workload.pod.get("nodeName"))
    host = as_text(as_mapping(workload.pod.get("nodeSelector")).get(HOST_NAME_LABEL))
    return ("nodeName", node) if node else ("nodeSelector", host) if host else None


def _daemon_set(candidate: Candidate, copies: _Copies) -> MergedCopies:
    pinned = [each for each in copies.pins if each is not None]
    if len(set(pinned)) < len(copies.pins) or len({field for field, _ in pinned}) > 1:
        raise _refused(candidate, copies, "they are on nodes that some of them share or leave open")
    if "affinity" in candidate.workload.pod:
        raise _refused(candidate, copies, "they are pinned to nodes and have an affinity besides")
    others = copies.besides(candidate.workload)
    field = pinned[0][0]
    operations = _unpin(candidate, field, [node for _, node in pinned])
    stated = [
        Assumption(
            AssumptionCode.ONE_POD_PER_NODE,
            "each of the nodes runs one of the Pods, and no other node does",
        )
    ]
    name = _name(candidate, "DaemonSet", others)
    _, added = choose_selector(candidate, name, others)
    # It doesn't find the old Pods by a label that they don't have.
    goes_first = not added or _holds_port_or_data(candidate.workload)
    if goes_first:
        message = (
            "the old Pods are deleted before: the DaemonSet kills those with its labels, and they"
            " hold ports or data"
        )
        stated.append(Assumption(AssumptionCode.OLD_PODS_DELETED_FIRST, message))
    if field == "nodeName":
        message = (
            "the nodes have no taints that the Pods don't tolerate: what names its node passes"
            " them by"
        )
        stated.append(Assumption(AssumptionCode.NODE_TAINTS, message))
    return MergedCopies(
        kind="DaemonSet",
        name=name,
        others=others,
        fields={},
        operations=operations,
        assumptions=tuple(stated),
        old_pods=OldPods.DELETED_FIRST if goes_first else OldPods.DELETED_AFTER,
    )


def _unpin(candidate: Candidate, field: str, nodes: list[str]) -> tuple[Operation, ...]:
    """A node affinity for several nodes in place of the field that pins the Pod to one.

    Args:
        candidate: the Pod.
        field: `nodeName` or `nodeSelector`.
        nodes: the names of the nodes.
    """
    route_to = candidate.route_to
    by_name = field == "nodeName"
    asked, key = (
        ("matchFields", "metadata.name") if by_name else ("matchExpressions", HOST_NAME_LABEL)
    )
    # The API server takes one value for each matchFields; terms are alternatives.
    terms: list[Tree] = [
        {asked: [{"key": key, "operator": "In", "values": [node]}]} for node in nodes
    ]
    affinity: Tree = {
        "nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}
        }
    }
    is_whole = by_name or len(as_mapping(candidate.workload.pod["nodeSelector"])) == 1
    gone = route_to("spec", field) if is_whole else route_to("spec", field, HOST_NAME_LABEL)
    return (Remove(gone), AddEntry(route_to("spec"), "affinity", affinity))


def _holds_port_or_data(workload: Workload) -> bool:
    """Whether a Pod holds ports of its node, or data that outlives it."""
    ports = workload.pod.get("hostNetwork") is True or any(
        uses_host_port(workload, each) for each in workload.containers
    )
    return ports or any(is_persistent(volume) for volume in workload.volumes_by_name.values())


# Numbered, each with its own


@dataclass(frozen=True, slots=True)
class _ClaimTemplate:
    """A claim template that stands for the claims of all copies."""

    volume_index: int
    """Where the volume is that uses the claim in the Pod that is kept."""
    volume: str
    """Its name."""
    name: str
    """The template's name."""
    tree: Tree
    """The template."""


def _stateful_set(candidate: Candidate, copies: _Copies) -> MergedCopies:
    workload, route_to = candidate.workload, candidate.route_to
    if not copies.are_numbered:
        why = "each is told its own name, though they are not numbered from 0"
        raise _refused(candidate, copies, why)
    name = workload.name.rpartition("-")[0]
    if candidate.names.is_taken("StatefulSet", name):
        raise _refused(candidate, copies, f"there is a StatefulSet {name} already")
    if not copies.differ_by_name_alone:
        raise _refused(candidate, copies, "they differ in more than host names and claims")
    if as_text(workload.pod.get("hostname")) not in ("", workload.name):
        raise _refused(candidate, copies, "their host names are not their own names")
    templates = _claim_templates(candidate, copies)
    renamed = [
        operation
        for template in templates
        for operation in _renamed_mounts(candidate, template.volume, template.name)
    ]
    volumes = as_mappings(workload.pod.get("volumes"))
    operations: list[Operation] = (
        [Remove(route_to("spec", "volumes"))]
        if templates and len(templates) == len(volumes)
        else [Remove(route_to("spec", "volumes", template.volume_index)) for template in templates]
    )
    # The StatefulSet gives its Pods these itself.
    operations += [
        Remove(route_to("spec", field))
        for field in ("hostname", "subdomain")
        if field in workload.pod
    ]
    fields: dict[str, Tree] = {
        "serviceName": _service_name(candidate, name),
        "replicas": len(copies.pods),
    }
    if templates:
        fields["volumeClaimTemplates"] = [template.tree for template in templates]
    return MergedCopies(
        kind="StatefulSet",
        name=name,
        others=copies.besides(workload),
        fields=fields,
        operations=(*renamed, *operations),
        assumptions=(_about_taking_over(workload, is_renamed=bool(renamed)),),
        old_pods=OldPods.DELETED_FIRST if renamed else OldPods.TAKEN_OVER,
    )


def _about_taking_over(workload: Workload, *, is_renamed: bool) -> Assumption:
    if is_renamed:
        # It looks for volumes of its templates' names in the Pods, which can't be changed.
        message = (
            "the old Pods are deleted before: their volumes aren't named as the claim templates, so"
            " the StatefulSet can't take them over"
        )
        return Assumption(AssumptionCode.OLD_PODS_DELETED_FIRST, message)
    message = (
        f"the StatefulSet takes over Pods and claims by their names, and starts {workload.name} and"
        " its copies anew, one after the other"
    )
    return Assumption(AssumptionCode.OLD_PODS_TAKEN_OVER, message)


def _claim_templates(candidate: Candidate, copies: _Copies) -> list[_ClaimTemplate]:
    """The templates that give the claims of the copies their names."""
    suffix = f"-{candidate.workload.name}"
    templates = []
    for index, volume in enumerate(as_mappings(candidate.workload.pod.get("volumes"))):
        claim = as_text(value_at(volume, "persistentVolumeClaim", "claimName"))
        if not claim.endswith(suffix):
            continue
        name = claim.removesuffix(suffix)
        claims = [_claim(candidate, copies, f"{name}-{copy.name}") for copy in copies.pods]
        if any(_unbound(other) != _unbound(claims[0]) for other in claims):
            raise _refused(candidate, copies, f"their claims {name}-... are not alike")
        route = (*claims[0].route, "spec")
        is_bound = claims[0].spec.get("volumeName") is not None
        unbinding = (Remove((*route, "volumeName")),) if is_bound else ()
        spec = Verbatim(claims[0].document, route, unbinding)
        tree: Tree = {"metadata": {"name": name}, "spec": spec}
        templates.append(
            _ClaimTemplate(
                volume_index=index, volume=as_text(volume.get("name")), name=name, tree=tree
            )
        )
    return templates


def _claim(candidate: Candidate, copies: _Copies, name: str) -> Resource:
    found = candidate.manifests.find("PersistentVolumeClaim", name, candidate.resource)
    if found is None:
        raise _refused(
            candidate,
            copies,
            f"the claim {name} isn't in the set, so its size can't be told: send it along",
        )
    return found


def _unbound(claim: Resource) -> dict[str, object]:
    return {field: value for field, value in claim.spec.items() if field != "volumeName"}


def _renamed_mounts(candidate: Candidate, volume: str, template: str) -> list[Operation]:
    """Mounts name the claim template, which need not be the name of the volume."""
    if volume == template:
        return []
    return [
        SetValue(candidate.route_to(*container.route, field, index, "name"), template)
        for container in candidate.workload.containers
        for field in ("volumeMounts", "volumeDevices")
        for index, mount in enumerate(as_mappings(container.data.get(field)))
        if mount.get("name") == volume
    ]


def _comparable_pod(workload: Workload) -> dict[str, object]:
    """A pod spec without host name, and with claims that are named for the Pod left out."""
    own = f"-{workload.name}"
    rest: dict[str, object] = {
        field: value
        for field, value in workload.pod.items()
        if field not in ("hostname", "volumes")
    }
    rest["volumes"] = [
        (
            {"name": volume.get("name"), "claim": claim.removesuffix(own)}
            if claim.endswith(own)
            else volume
        )
        for volume in as_mappings(workload.pod.get("volumes"))
        for claim in [as_text(value_at(volume, "persistentVolumeClaim", "claimName"))]
    ]
    return rest


def _service_name(candidate: Candidate, name: str) -> str:
    """The headless Service that gives the Pods their DNS names: the one that they say, or that
    selects them; else the set's own name.
    """
    said = as_text(candidate.workload.pod.get("subdomain"))
    links = candidate.classification.context.services
    return said or next((link.service.name for link in links if link.headless), name)
