"""What a live export (`kubectl get -o yaml`) carries and a manifest must not."""

from __future__ import annotations

from service.actions.context import Situation
from service.findings import Stage
from service.kube.live_exports import is_live, is_token
from service.kube.objects import mappings, text
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


def cleaning(situation: Situation) -> list[Operation]:
    """What a live export carries and a manifest must not."""
    resource, at, stage = situation.resource, situation.absolute, int(Stage.EXPAND)
    result: list[Operation] = []
    if "status" in resource.data:
        result.append(Remove(at("status"), stage))
    result += [
        Remove(at("metadata", key), stage) for key in _MACHINE_WRITTEN if key in resource.metadata
    ]
    pod = situation.workload.pod
    if "ephemeralContainers" in pod:
        result.append(Remove(at("spec", "ephemeralContainers"), stage))
    if not is_live(resource):
        return result
    for field in ("nodeName", "priority"):
        if field in pod:
            result.append(Remove(at("spec", field), stage))
    result += _without_token(situation)
    tolerations = mappings(pod.get("tolerations"))
    defaulted = [
        index
        for index, toleration in enumerate(tolerations)
        if toleration.get("tolerationSeconds") == 300
        and text(toleration.get("key")).startswith("node.kubernetes.io/")
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
    tokens = [index for index, volume in enumerate(volumes) if is_token(text(volume.get("name")))]
    result = _removed_items(at("spec", "volumes"), tokens, len(volumes))
    for container in situation.workload.containers:
        mounts = mappings(container.data.get("volumeMounts"))
        tokens = [index for index, mount in enumerate(mounts) if is_token(text(mount.get("name")))]
        result += _removed_items(at(*container.route, "volumeMounts"), tokens, len(mounts))
    return result
