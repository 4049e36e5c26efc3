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

from service.actions.context import Refused, Situation
from service.kube.kustomize import building
from service.kube.objects import Resource, dig, mapping, mappings, text
from service.kube.replicas import HOST_NAME_LABEL, copies_of, ordinal_of, stem_of, without_node
from service.kube.workloads import Workload, holds_node_port, outlives_pod
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


def fold(situation: Situation) -> Fold | None:
    """How a Pod and its copies become one controller; None if it has no copies.

    Raises:
        Refused: no controller makes just these Pods.
    """
    copies = copies_of(situation.workload, situation.manifests)
    if not copies:
        return None
    others = tuple(each for each in copies if each.resource is not situation.resource)
    if any(
        suppression_of("bare-pod", each) or each.resource.document.duplicates for each in others
    ):
        raise _refused(situation, others, "one of them is to be left alone")
    built = [{id(each) for each in building(copy.resource, situation.manifests)} for copy in copies]
    if any(each != built[0] for each in built):
        raise _refused(situation, others, "not all of them are built by the same kustomizations")
    pins = [_node_of(each) for each in copies]
    equal = all(without_node(each) == without_node(copies[0]) for each in copies)
    if any(pins) and equal:
        return _daemon_set(situation, others, pins)
    if equal and "hostname" not in situation.workload.pod:
        return _deployment(situation, others)
    return _stateful_set(situation, copies, others)


def _refused(situation: Situation, others: tuple[Workload, ...], why: str) -> Refused:
    names = ", ".join(each.name for each in others[:5]) + (", ..." if len(others) > 5 else "")
    return Refused(
        "copies",
        f"{situation.workload.name} has copies ({names}), and {why}: make one controller of them by"
        " hand",
    )


def _name(situation: Situation, kind: str, others: tuple[Workload, ...]) -> str:
    own = situation.workload.name
    stem = stem_of([own, *(each.name for each in others)])
    # A Pod of that name may become a controller itself.
    free = stem is not None and not any(situation.names.taken(each, stem) for each in (kind, "Pod"))
    if stem is not None and free and _DNS_LABEL.match(stem):
        return situation.names.give(kind, stem, situation.resource)
    return own


def _deployment(situation: Situation, others: tuple[Workload, ...]) -> Fold:
    count = len(others) + 1
    stated = (
        f"the {count} Pods are interchangeable: nobody asks for one of them by its name",
        "the old Pods are deleted: nobody adopts them",
    )
    return Fold(
        "Deployment",
        _name(situation, "Deployment", others),
        others,
        {"replicas": count},
        (),
        stated,
    )


# Each on its node


def _node_of(workload: Workload) -> tuple[str, str] | None:
    """What pins a Pod to a node: the field with its value."""
    node = text(workload.pod.get("nodeName"))
    host = text(mapping(workload.pod.get("nodeSelector")).get(HOST_NAME_LABEL))
    return ("nodeName", node) if node else ("nodeSelector", host) if host else None


def _daemon_set(
    situation: Situation, others: tuple[Workload, ...], pins: list[tuple[str, str] | None]
) -> Fold:
    pinned = [each for each in pins if each is not None]
    if len(set(pinned)) < len(pins) or len({field for field, _ in pinned}) > 1:
        raise _refused(situation, others, "they are on nodes that some of them share or leave open")
    if "affinity" in situation.workload.pod:
        raise _refused(situation, others, "they are pinned to nodes and have an affinity besides")
    field, at = pinned[0][0], situation.absolute
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
        if field == "nodeName" or len(mapping(situation.workload.pod["nodeSelector"])) == 1
        else at("spec", field, HOST_NAME_LABEL)
    )
    operations: list[Operation] = [Remove(gone), AddEntry(at("spec"), "affinity", affinity)]
    stated = ["each of the nodes runs one of the Pods, and no other node does"]
    if situation.workload.labels or _holds_something(situation.workload):
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
        _name(situation, "DaemonSet", others),
        others,
        {},
        tuple(operations),
        tuple(stated),
    )


def _holds_something(workload: Workload) -> bool:
    """Whether a Pod holds ports of its node, or data that outlives it."""
    ports = workload.pod.get("hostNetwork") is True or any(
        holds_node_port(workload, each) for each in workload.containers
    )
    return ports or any(outlives_pod(volume) for volume in workload.volumes.values())


# Numbered, each with its own


def _stateful_set(
    situation: Situation, copies: tuple[Workload, ...], others: tuple[Workload, ...]
) -> Fold:
    workload, at = situation.workload, situation.absolute
    numbers = [ordinal_of(each.name) for each in copies]
    if sorted(each for each in numbers if each is not None) != list(range(len(copies))):
        raise _refused(
            situation, others, "each is told its own name, though they are not numbered from 0"
        )
    name = workload.name.rpartition("-")[0]
    if situation.names.taken("StatefulSet", name):
        raise _refused(situation, others, f"there is a StatefulSet {name} already")
    operations: list[Operation] = []
    renamed: list[Operation] = []
    templates: list[Tree] = []
    own_volumes = []
    for index, volume in enumerate(mappings(workload.pod.get("volumes"))):
        claim = text(dig(volume, "persistentVolumeClaim", "claimName"))
        if not claim.endswith(f"-{workload.name}"):
            continue
        own_volumes.append(index)
        template = claim.removesuffix(f"-{workload.name}")
        claims = [_claim(situation, others, f"{template}-{each.name}") for each in copies]
        if any(_unbound(each) != _unbound(claims[0]) for each in claims):
            raise _refused(situation, others, f"their claims {template}-... are not alike")
        bound = claims[0].spec.get("volumeName") is not None
        spec = (*claims[0].route, "spec")
        carried = Verbatim(
            claims[0].document, spec, (Remove((*spec, "volumeName")),) if bound else ()
        )
        templates.append({"metadata": {"name": template}, "spec": carried})
        renamed += _renamed_mounts(situation, text(volume.get("name")), template)
    volumes = mappings(workload.pod.get("volumes"))
    if own_volumes and len(own_volumes) == len(volumes):
        operations.append(Remove(at("spec", "volumes")))
    else:
        operations += [Remove(at("spec", "volumes", index)) for index in own_volumes]
    # The StatefulSet gives its Pods these itself.
    operations += [
        Remove(at("spec", field)) for field in ("hostname", "subdomain") if field in workload.pod
    ]
    _check_names(situation, copies, others)
    fields: dict[str, Tree] = {"serviceName": _service(situation, name), "replicas": len(copies)}
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


def _claim(situation: Situation, others: tuple[Workload, ...], name: str) -> Resource:
    found = situation.manifests.named("PersistentVolumeClaim", name, situation.resource)
    if found is None:
        raise _refused(
            situation,
            others,
            f"the claim {name} isn't in the set, so its size can't be told: send it along",
        )
    return found


def _unbound(claim: Resource) -> dict[str, object]:
    return {field: value for field, value in claim.spec.items() if field != "volumeName"}


def _renamed_mounts(situation: Situation, volume: str, template: str) -> list[Operation]:
    """Mounts name the claim template, which need not be the name of the volume."""
    if volume == template:
        return []
    return [
        SetValue(situation.absolute(*container.route, field, index, "name"), template)
        for container in situation.workload.containers
        for field in ("volumeMounts", "volumeDevices")
        for index, mount in enumerate(mappings(container.data.get(field)))
        if mount.get("name") == volume
    ]


def _check_names(
    situation: Situation, copies: tuple[Workload, ...], others: tuple[Workload, ...]
) -> None:
    """Nothing but host names and claims may differ from copy to copy.

    Raises:
        Refused: something else does.
    """
    rest = [_rest(each) for each in copies]
    if any(each != rest[0] for each in rest) or any(_node_of(each) for each in copies):
        raise _refused(situation, others, "they differ in more than host names and claims")
    if text(situation.workload.pod.get("hostname")) not in ("", situation.workload.name):
        raise _refused(situation, others, "their host names are not their own names")


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
        for volume in mappings(workload.pod.get("volumes"))
        for claim in [text(dig(volume, "persistentVolumeClaim", "claimName"))]
    ]
    return rest


def _service(situation: Situation, name: str) -> str:
    """The headless Service that gives the Pods their DNS names: the one that they say, or that
    selects them; else the set's own name.
    """
    said = text(situation.workload.pod.get("subdomain"))
    links = situation.classification.context.services
    return said or next((link.service.name for link in links if link.headless), name)
