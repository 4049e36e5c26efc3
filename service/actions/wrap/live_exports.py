"""What a live export (`kubectl get -o yaml`) carries and a manifest must not."""

from __future__ import annotations

from service.actions.context import Candidate
from service.findings import Stage
from service.kube.live_exports import is_live, is_token
from service.kube.objects import as_mappings, as_text
from service.yamldoc.nodes import Route
from service.yamldoc.operations import Operation, Remove

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


def clean_export(candidate: Candidate) -> list[Operation]:
    """What a live export carries and a manifest must not."""
    resource, at, stage = candidate.resource, candidate.route_to, int(Stage.EXPAND)
    result: list[Operation] = []
    if "status" in resource.data:
        result.append(Remove(at("status"), stage))
    result += [
        Remove(at("metadata", key), stage) for key in _MACHINE_WRITTEN if key in resource.metadata
    ]
    pod = candidate.workload.pod
    if "ephemeralContainers" in pod:
        result.append(Remove(at("spec", "ephemeralContainers"), stage))
    if not is_live(resource):
        return result
    for field in ("nodeName", "priority"):
        if field in pod:
            result.append(Remove(at("spec", field), stage))
    result += _without_token(candidate)
    tolerations = as_mappings(pod.get("tolerations"))
    defaulted = [
        index
        for index, toleration in enumerate(tolerations)
        if toleration.get("tolerationSeconds") == 300
        and as_text(toleration.get("key")).startswith("node.kubernetes.io/")
    ]
    return result + _removed_items(at("spec", "tolerations"), defaulted, len(tolerations))


def _removed_items(route: Route, indices: list[int], count: int) -> list[Operation]:
    """Remove items of a sequence; all of it if nothing would be left."""
    stage = int(Stage.EXPAND)
    if indices and len(indices) == count:
        return [Remove(route, stage)]
    return [Remove((*route, index), stage) for index in indices]


def _without_token(candidate: Candidate) -> list[Operation]:
    """Without the volume of the service account's token, which the API server adds to every Pod."""
    at = candidate.route_to
    volumes = as_mappings(candidate.workload.pod.get("volumes"))
    tokens = [
        index for index, volume in enumerate(volumes) if is_token(as_text(volume.get("name")))
    ]
    result = _removed_items(at("spec", "volumes"), tokens, len(volumes))
    for container in candidate.workload.containers:
        mounts = as_mappings(container.data.get("volumeMounts"))
        tokens = [
            index for index, mount in enumerate(mounts) if is_token(as_text(mount.get("name")))
        ]
        result += _removed_items(at(*container.route, "volumeMounts"), tokens, len(mounts))
    return result
