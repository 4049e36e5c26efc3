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

from service.actions.context import Candidate, Refused
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
from service.rules.suppression import suppression_of
from service.yamldoc.operations import AddEntry, Operation, Remove, SetValue, Tree, Verbatim

_DNS_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?\Z")


@dataclass(frozen=True, slots=True)
class Fold:
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
    assumptions: tuple[str, ...]
    """What has to hold."""


def fold(candidate: Candidate) -> Fold | None:
    """How a Pod and its copies become one controller; None if it has no copies.

    Raises:
        Refused: no controller makes just these Pods.
    """
    copies = copies_of(candidate.workload, candidate.manifests)
    if not copies:
        return None
    others = tuple(each for each in copies if each.resource is not candidate.resource)
    if any(
        suppression_of("bare-pod", each) or each.resource.document.duplicates for each in others
    ):
        raise _refused(candidate, others, "one of them is to be left alone")
    built = [
        {id(each) for each in kustomizations_building(copy.resource, candidate.manifests)}
        for copy in copies
    ]
    if any(each != built[0] for each in built):
        raise _refused(candidate, others, "not all of them are built by the same kustomizations")
    pins = [_node_of(each) for each in copies]
    equal = all(without_node(each) == without_node(copies[0]) for each in copies)
    if any(pins) and equal:
        return _daemon_set(candidate, others, pins)
    if equal and "hostname" not in candidate.workload.pod:
        return _deployment(candidate, others)
    return _stateful_set(candidate, copies, others)


def _refused(candidate: Candidate, others: tuple[Workload, ...], why: str) -> Refused:
    names = ", ".join(each.name for each in others[:5]) + (", ..." if len(others) > 5 else "")
    return Refused(
        "copies",
        f"{candidate.workload.name} has copies ({names}), and {why}: make one controller of them by"
        " hand",
    )


def _name(candidate: Candidate, kind: str, others: tuple[Workload, ...]) -> str:
    own = candidate.workload.name
    stem = common_name_stem([own, *(each.name for each in others)])
    # A Pod of that name may become a controller itself.
    free = stem is not None and not any(candidate.names.taken(each, stem) for each in (kind, "Pod"))
    if stem is not None and free and _DNS_LABEL.match(stem):
        return candidate.names.give(kind, stem, candidate.resource)
    return own


def _deployment(candidate: Candidate, others: tuple[Workload, ...]) -> Fold:
    count = len(others) + 1
    stated = (
        f"the {count} Pods are interchangeable: nobody asks for one of them by its name",
        "the old Pods are deleted: nobody adopts them",
    )
    return Fold(
        "Deployment",
        _name(candidate, "Deployment", others),
        others,
        {"replicas": count},
        (),
        stated,
    )


# Each on its node


def _node_of(workload: Workload) -> tuple[str, str] | None:
    """What pins a Pod to a node: the field with its value."""
    node = as_text(workload.pod.get("nodeName"))
    host = as_text(as_mapping(workload.pod.get("nodeSelector")).get(HOST_NAME_LABEL))
    return ("nodeName", node) if node else ("nodeSelector", host) if host else None


def _daemon_set(
    candidate: Candidate, others: tuple[Workload, ...], pins: list[tuple[str, str] | None]
) -> Fold:
    pinned = [each for each in pins if each is not None]
    if len(set(pinned)) < len(pins) or len({field for field, _ in pinned}) > 1:
        raise _refused(candidate, others, "they are on nodes that some of them share or leave open")
    if "affinity" in candidate.workload.pod:
        raise _refused(candidate, others, "they are pinned to nodes and have an affinity besides")
    field, at = pinned[0][0], candidate.absolute
    key = (
        {"matchFields": "metadata.name"}
        if field == "nodeName"
        else {"matchExpressions": HOST_NAME_LABEL}
    )
    ((asked, named),) = key.items()
    # The API server takes one value for each matchFields; terms are alternatives.
    terms: list[Tree] = [
        {asked: [{"key": named, "operator": "In", "values": [node]}]} for _, node in pinned
    ]
    affinity: Tree = {
        "nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}
        }
    }
    gone = (
        at("spec", field)
        if field == "nodeName" or len(as_mapping(candidate.workload.pod["nodeSelector"])) == 1
        else at("spec", field, HOST_NAME_LABEL)
    )
    operations: list[Operation] = [Remove(gone), AddEntry(at("spec"), "affinity", affinity)]
    stated = ["each of the nodes runs one of the Pods, and no other node does"]
    if candidate.workload.labels or _holds_something(candidate.workload):
        stated.append(
            "the old Pods are deleted before: the DaemonSet kills those with its labels, and they"
            " hold ports or data"
        )
    if field == "nodeName":
        stated.append(
            "the nodes have no taints that the Pods don't tolerate: what names its node passes"
            " them by"
        )
    return Fold(
        "DaemonSet",
        _name(candidate, "DaemonSet", others),
        others,
        {},
        tuple(operations),
        tuple(stated),
    )


def _holds_something(workload: Workload) -> bool:
    """Whether a Pod holds ports of its node, or data that outlives it."""
    ports = workload.pod.get("hostNetwork") is True or any(
        uses_host_port(workload, each) for each in workload.containers
    )
    return ports or any(is_persistent(volume) for volume in workload.volumes.values())


# Numbered, each with its own


def _stateful_set(
    candidate: Candidate, copies: tuple[Workload, ...], others: tuple[Workload, ...]
) -> Fold:
    workload, at = candidate.workload, candidate.absolute
    numbers = [ordinal_of(each.name) for each in copies]
    if sorted(each for each in numbers if each is not None) != list(range(len(copies))):
        raise _refused(
            candidate, others, "each is told its own name, though they are not numbered from 0"
        )
    name = workload.name.rpartition("-")[0]
    if candidate.names.taken("StatefulSet", name):
        raise _refused(candidate, others, f"there is a StatefulSet {name} already")
    operations: list[Operation] = []
    renamed: list[Operation] = []
    templates: list[Tree] = []
    own_volumes = []
    for index, volume in enumerate(as_mappings(workload.pod.get("volumes"))):
        claim = as_text(value_at(volume, "persistentVolumeClaim", "claimName"))
        if not claim.endswith(f"-{workload.name}"):
            continue
        own_volumes.append(index)
        template = claim.removesuffix(f"-{workload.name}")
        claims = [_claim(candidate, others, f"{template}-{each.name}") for each in copies]
        if any(_unbound(each) != _unbound(claims[0]) for each in claims):
            raise _refused(candidate, others, f"their claims {template}-... are not alike")
        bound = claims[0].spec.get("volumeName") is not None
        spec = (*claims[0].route, "spec")
        carried = Verbatim(
            claims[0].document, spec, (Remove((*spec, "volumeName")),) if bound else ()
        )
        templates.append({"metadata": {"name": template}, "spec": carried})
        renamed += _renamed_mounts(candidate, as_text(volume.get("name")), template)
    volumes = as_mappings(workload.pod.get("volumes"))
    if own_volumes and len(own_volumes) == len(volumes):
        operations.append(Remove(at("spec", "volumes")))
    else:
        operations += [Remove(at("spec", "volumes", index)) for index in own_volumes]
    # The StatefulSet gives its Pods these itself.
    operations += [
        Remove(at("spec", field)) for field in ("hostname", "subdomain") if field in workload.pod
    ]
    _check_names(candidate, copies, others)
    fields: dict[str, Tree] = {"serviceName": _service(candidate, name), "replicas": len(copies)}
    if templates:
        fields["volumeClaimTemplates"] = templates
    stated = (
        f"the StatefulSet takes over Pods and claims by their names, and starts {workload.name} and"
        " its copies anew, one after the other"
    )
    if renamed:
        # It looks for volumes of its templates' names in the Pods, which can't be changed.
        stated = (
            "the old Pods are deleted before: their volumes aren't named as the claim templates, so"
            " the StatefulSet can't take them over"
        )
    return Fold("StatefulSet", name, others, fields, (*renamed, *operations), (stated,))


def _claim(candidate: Candidate, others: tuple[Workload, ...], name: str) -> Resource:
    found = candidate.manifests.find("PersistentVolumeClaim", name, candidate.resource)
    if found is None:
        raise _refused(
            candidate,
            others,
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
        SetValue(candidate.absolute(*container.route, field, index, "name"), template)
        for container in candidate.workload.containers
        for field in ("volumeMounts", "volumeDevices")
        for index, mount in enumerate(as_mappings(container.data.get(field)))
        if mount.get("name") == volume
    ]


def _check_names(
    candidate: Candidate, copies: tuple[Workload, ...], others: tuple[Workload, ...]
) -> None:
    """Nothing but host names and claims may differ from copy to copy.

    Raises:
        Refused: something else does.
    """
    rest = [_rest(each) for each in copies]
    if any(each != rest[0] for each in rest) or any(_node_of(each) for each in copies):
        raise _refused(candidate, others, "they differ in more than host names and claims")
    if as_text(candidate.workload.pod.get("hostname")) not in ("", candidate.workload.name):
        raise _refused(candidate, others, "their host names are not their own names")


def _rest(workload: Workload) -> dict[str, object]:
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


def _service(candidate: Candidate, name: str) -> str:
    """The headless Service that gives the Pods their DNS names: the one that they say, or that
    selects them; else the set's own name.
    """
    said = as_text(candidate.workload.pod.get("subdomain"))
    links = candidate.classification.context.services
    return said or next((link.service.name for link in links if link.headless), name)
