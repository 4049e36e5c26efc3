"""What a live export (`kubectl get -o yaml`) carries and a manifest must not, wherever its text
goes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from service.actions.context import Candidate
from service.findings import Stage
from service.kube.containers import Container
from service.kube.live_exports import LAST_APPLIED, SERVER_FIELDS, is_live, is_token
from service.kube.objects import as_mapping, as_mappings, as_text, value_at
from service.kube.workloads import node_data_of
from service.yamldoc.nodes import Route
from service.yamldoc.operations import AddEntry, Operation, Remove, Tree


def clean_export(candidate: Candidate, *, releases_node: bool) -> list[Operation]:
    """The operations on a Pod's own object that take away what a machine wrote.

    Args:
        candidate: the Pod.
        releases_node: whether the node that it ran on is to be dealt with here.
    """
    resource, route_to, stage = candidate.resource, candidate.route_to, int(Stage.EXPAND)
    result: list[Operation] = []
    if "status" in resource.data:
        result.append(Remove(route_to("status"), stage))
    result += [
        Remove(route_to("metadata", key), stage)
        for key in SERVER_FIELDS
        if key in resource.metadata
    ]
    pod = candidate.workload.pod
    if "ephemeralContainers" in pod:
        result.append(Remove(route_to("spec", "ephemeralContainers"), stage))
    if not is_live(resource):
        return result
    if "priority" in pod:
        result.append(Remove(route_to("spec", "priority"), stage))
    if releases_node:
        result += _release_node(candidate)
    volumes = as_mappings(pod.get("volumes"))
    tokens = [index for index, volume in enumerate(volumes) if is_token(_name(volume))]
    result += _remove_items(route_to("spec", "volumes"), tokens, len(volumes))
    for container in candidate.workload.containers:
        result += token_removals(candidate, container)
    tolerations = as_mappings(pod.get("tolerations"))
    route = route_to("spec", "tolerations")
    return result + _remove_items(route, default_tolerations(candidate), len(tolerations))


def token_removals(candidate: Candidate, container: Container) -> list[Operation]:
    """The operations that take the mount of the service account's token from a container of a live
    export: the API server adds it to every Pod.
    """
    if not is_live(candidate.resource):
        return []
    mounts = as_mappings(container.data.get("volumeMounts"))
    tokens = [index for index, mount in enumerate(mounts) if is_token(_name(mount))]
    route = candidate.route_to(*container.route, "volumeMounts")
    return _remove_items(route, tokens, len(mounts))


def default_tolerations(candidate: Candidate) -> list[int]:
    """The indices of the tolerations that the API server gives to every Pod, in a live export."""
    if not is_live(candidate.resource):
        return []
    return [
        index
        for index, toleration in enumerate(as_mappings(candidate.workload.pod.get("tolerations")))
        if toleration.get("tolerationSeconds") == 300
        and as_text(toleration.get("key")).startswith("node.kubernetes.io/")
    ]


def is_node_authored(candidate: Candidate) -> bool:
    """Whether somebody wrote the Pod's node, rather than the scheduler."""
    applied = candidate.resource.annotations.get(LAST_APPLIED, "")
    try:
        spec = as_mapping(as_mapping(json.loads(applied)).get("spec"))
    except ValueError:
        return False
    return "nodeName" in spec


def is_node_released(candidate: Candidate) -> bool:
    """Whether the field that says where a live Pod ran goes, or becomes an affinity."""
    return is_live(candidate.resource) and bool(_release_node(candidate))


def kept_affinity(candidate: Candidate, members: Iterable[Container]) -> dict[str, Tree] | None:
    """The affinity that keeps containers of a live export on the node where their data is; None
    if they need no node, or are kept there otherwise.
    """
    pod = candidate.workload.pod
    node = as_text(pod.get("nodeName"))
    if not node or not is_live(candidate.resource) or is_node_authored(candidate):
        return None
    if value_at(pod, "affinity", "nodeAffinity") is not None:
        return None
    if next(node_data(candidate, members), None) is None:
        return None
    # By field: the label with the host's name may differ from the node's.
    term = {"key": "metadata.name", "operator": "In", "values": [node]}
    required = {"nodeSelectorTerms": [{"matchFields": [term]}]}
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}}


def unpinned_node_data(
    candidate: Candidate, members: Iterable[Container]
) -> tuple[str, str] | None:
    """A container that needs data or a device of its node, with the path, where nothing pins the
    Pod to a node; None if there is none.
    """
    pod = candidate.workload.pod
    is_pinned = bool(pod.get("nodeName") or pod.get("nodeSelector")) or (
        value_at(pod, "affinity", "nodeAffinity") is not None
    )
    return None if is_pinned else next(node_data(candidate, members), None)


def node_data(candidate: Candidate, members: Iterable[Container]) -> Iterator[tuple[str, str]]:
    """The containers that need data or a device of their node, each with the path."""
    for container in members:
        path = node_data_of(candidate.workload, container)
        if path is not None:
            yield container.name, path


def _release_node(candidate: Candidate) -> list[Operation]:
    """Let the scheduler choose the node, unless somebody wrote it or data is there."""
    pod, route_to = candidate.workload.pod, candidate.route_to
    if "nodeName" not in pod or is_node_authored(candidate):
        return []
    members = candidate.workload.containers
    removal = Remove(route_to("spec", "nodeName"), int(Stage.EXPAND))
    affinity = kept_affinity(candidate, members)
    if affinity is None:
        # Terms of an affinity that is there are alternatives: none can be added to them.
        return [] if next(node_data(candidate, members), None) is not None else [removal]
    stage = int(Stage.EXPAND)
    if "affinity" in pod:
        kept = affinity["nodeAffinity"]
        return [removal, AddEntry(route_to("spec", "affinity"), "nodeAffinity", kept, stage)]
    return [removal, AddEntry(route_to("spec"), "affinity", affinity, stage, after="containers")]


def _name(entry: dict[str, object]) -> str:
    return as_text(entry.get("name"))


def _remove_items(route: Route, indices: list[int], count: int) -> list[Operation]:
    """Remove items of a sequence; all of it if nothing would be left."""
    stage = int(Stage.EXPAND)
    if indices and len(indices) == count:
        return [Remove(route, stage)]
    return [Remove((*route, index), stage) for index in indices]
