"""Let autoscalers follow a workload's groups.

    what                       the workload that stays keeps    the new workload gets
    HorizontalPodAutoscaler    its metrics, those of moved      a copy with the metrics of all its
                               containers aside                 containers (Resource) and those of
                                                                its own (ContainerResource)
    VerticalPodAutoscaler      the policies of its              a copy with the policies of its own
                               containers
    ScaledObject (KEDA)        its triggers, those of moved     a copy with the triggers on cpu and
                               containers aside                 memory

Metrics and triggers of queues, requests and the like say nothing of which group they are for: they
stay, and an assumption says so. A group that keeps state isn't multiplied.
"""

from __future__ import annotations

from collections.abc import Sequence

from service.actions.context import Candidate, Refused
from service.actions.split.follow_up import (
    Division,
    FollowUp,
    check_namespace,
    combine,
    copy_for_group,
    divided_by_hand,
)
from service.assumptions import Assumption, AssumptionCode
from service.change import Step
from service.findings import Stage
from service.kube.dependents import (
    metric_container,
    reads_first_container,
    scalers_of,
    trigger_container,
)
from service.kube.objects import Resource, as_mapping, as_mappings, as_text
from service.kube.replicas import copies_of
from service.refusals import Refusal
from service.yamldoc.nodes import Data, Route
from service.yamldoc.operations import AddEntry, Operation, Remove, SetValue

_HORIZONTAL = ("autoscaling", "HorizontalPodAutoscaler")
_VERTICAL = ("autoscaling.k8s.io", "VerticalPodAutoscaler")
_KEDA = ("keda.sh", "ScaledObject")
_ON_CONTAINERS = ("cpu", "memory")
"""Triggers of KEDA that go by what containers use."""
_MOST_BY_KEDA = 100
"""How many Pods KEDA makes at most where nothing is written (its reference of ScaledObject)."""


def follow_autoscalers(division: Division) -> FollowUp:
    """What the autoscalers of the workload need.

    Raises:
        Refused: one of them can't be divided.
    """
    manifests = division.candidate.manifests
    return combine(_follow(division, scaler) for scaler in scalers_of(division.workload, manifests))


def _follow(division: Division, scaler: Resource) -> FollowUp:
    check_namespace(division.candidate, scaler)
    kind = (scaler.group, scaler.kind)
    if kind == _HORIZONTAL:
        return _divide_horizontal(division, scaler)
    if kind == _VERTICAL:
        return _divide_vertical(division, scaler)
    if kind == _KEDA:
        return _divide_keda(division, scaler)
    raise divided_by_hand(scaler)


def _divide_horizontal(division: Division, scaler: Resource) -> FollowUp:
    metrics = as_mappings(scaler.spec.get("metrics"))
    if metrics and scaler.api_version != "autoscaling/v2":
        message = (
            f"{scaler.title} is of {scaler.api_version}, which clusters no longer serve: move it to"
            " autoscaling/v2 first"
        )
        raise Refused(Refusal.SELECTED_BY, message)
    route = (*scaler.route, "spec", "metrics")
    gone = _indices(metrics, [metric_container(metric) for metric in metrics], division, group=0)
    if metrics and len(gone) == len(metrics):
        message = (
            f"{scaler.title} scales by a container which is to move, and by nothing else: let it"
            " scale the new workload by hand"
        )
        raise Refused(Refusal.SELECTED_BY, message)
    steps = tuple(Step(scaler, Remove((*route, index), int(Stage.CONTRACT))) for index in gone)
    parts = [FollowUp(steps=steps)]
    for group in division.moved:
        dropped = [
            index
            for index, metric in enumerate(metrics)
            if as_text(metric.get("type")) != "Resource"
            and metric_container(metric) not in division.names(group)
        ]
        scales = not metrics or len(dropped) < len(metrics)
        parts.append(_for_group(division, scaler, group, _removed(route, dropped), scales=scales))
    types = [as_text(metric.get("type")) for metric in metrics]
    others = [kind for kind in types if kind not in ("Resource", "ContainerResource")]
    stated = [_meant_for_old(division, scaler, "metrics")] if others else []
    if not metrics or len(others) < len(metrics):
        message = (
            f"the targets of {scaler.title} still fit: usage is now averaged over fewer containers"
        )
        stated.append(Assumption(AssumptionCode.TARGETS_STILL_FIT, message))
    return combine([*parts, FollowUp(assumptions=tuple(stated))])


def _divide_vertical(division: Division, scaler: Resource) -> FollowUp:
    resource_policy = as_mapping(scaler.spec.get("resourcePolicy"))
    policies = as_mappings(resource_policy.get("containerPolicies"))
    outer: Route = (*scaler.route, "spec", "resourcePolicy")
    route = (*outer, "containerPolicies")

    def without_others(group: int, stage: Stage) -> list[Operation]:
        """Remove the policies of containers that aren't a group's."""
        known = {"*", *division.names(group)}
        gone = [
            index
            for index, policy in enumerate(policies)
            if as_text(policy.get("containerName")) not in known
        ]
        if policies and len(gone) == len(policies):
            return [Remove(outer if len(resource_policy) == 1 else route, int(stage))]
        return _removed(route, gone, stage)

    own = without_others(0, Stage.CONTRACT)
    steps = tuple(Step(scaler, operation) for operation in own)
    copies = [
        _copy(division, scaler, group, without_others(group, Stage.EXPAND))
        for group in division.moved
    ]
    return combine([FollowUp(steps=steps), *copies])


def _divide_keda(division: Division, scaler: Resource) -> FollowUp:
    triggers = as_mappings(scaler.spec.get("triggers"))
    staying = division.names(0)
    first = division.workload.containers[0].name
    source = as_text(as_mapping(scaler.spec.get("scaleTargetRef")).get("envSourceContainerName"))
    if (reads_first_container(scaler) and first not in staying) or (
        source and source not in staying
    ):
        raise divided_by_hand(scaler)
    route = (*scaler.route, "spec", "triggers")
    gone = _indices(triggers, [trigger_container(trigger) for trigger in triggers], division, 0)
    # KEDA scales up again what is scaled to 0 for data to move; a formula or a fallback is about
    # all triggers together.
    if (
        len(gone) == len(triggers)
        or Stage.CONTRACT in division.stages
        or any(field in scaler.spec for field in ("advanced", "fallback"))
    ):
        raise divided_by_hand(scaler)
    steps = tuple(Step(scaler, Remove((*route, index), int(Stage.CONTRACT))) for index in gone)
    parts = [FollowUp(steps=steps)]
    for group in division.moved:
        known = {None, *division.names(group)}
        dropped = [
            index
            for index, trigger in enumerate(triggers)
            if as_text(trigger.get("type")) not in _ON_CONTAINERS
            or trigger_container(trigger) not in known
        ]
        operations = [*_removed(route, dropped), *_keep_above_zero(scaler)]
        scales = len(dropped) < len(triggers)
        parts.append(_for_group(division, scaler, group, operations, scales=scales))
    if any(as_text(trigger.get("type")) not in _ON_CONTAINERS for trigger in triggers):
        parts.append(FollowUp(assumptions=(_meant_for_old(division, scaler, "triggers"),)))
    return combine(parts)


def _indices(
    entries: Sequence[object], containers: Sequence[str | None], division: Division, group: int
) -> list[int]:
    """The indices of entries that are about a container which a group doesn't have."""
    known = {None, *division.names(group)}
    return [index for index in range(len(entries)) if containers[index] not in known]


def _removed(route: Route, indices: Sequence[int], stage: Stage = Stage.EXPAND) -> list[Operation]:
    return [Remove((*route, index), int(stage)) for index in indices]


def _meant_for_old(division: Division, scaler: Resource, what: str) -> Assumption:
    message = (
        f"the {what} of {scaler.title} that aren't of containers are meant for"
        f" {division.workload.name}"
    )
    return Assumption(AssumptionCode.EXTERNAL_METRICS, message)


def _keep_above_zero(scaler: Resource) -> list[Operation]:
    """Nothing is scaled to 0 by its own use of cpu and memory: KEDA refuses that."""
    route = (*scaler.route, "spec")
    result: list[Operation] = []
    if "idleReplicaCount" in scaler.spec:
        result.append(Remove((*route, "idleReplicaCount")))
    if "minReplicaCount" not in scaler.spec:
        result.append(AddEntry(route, "minReplicaCount", 1, after="scaleTargetRef"))
    elif scaler.spec["minReplicaCount"] == 0:
        result.append(SetValue((*route, "minReplicaCount"), 1))
    return result


def _for_group(
    division: Division,
    scaler: Resource,
    group: int,
    operations: Sequence[Operation],
    *,
    scales: bool,
) -> FollowUp:
    """A copy of an autoscaler for a group, or what it means that there is none.

    Args:
        division: the split.
        scaler: the autoscaler.
        group: the group.
        operations: what is done inside the copy.
        scales: whether it goes by anything of the group.
    """
    name = division.labels.names[group]
    if division.kinds[group][1] in ("DaemonSet", "CronJob"):
        return FollowUp()
    if division.keeps_state[group]:
        message = (
            f"{name} keeps state, so {scaler.title} does not scale it: it keeps its number of"
            " replicas"
        )
        return FollowUp(assumptions=(Assumption(AssumptionCode.STATE_NOT_SCALED, message),))
    if not scales:
        message = (
            f"{scaler.title} has no metric of {name}, which keeps the number of replicas that is"
            " written"
        )
        stated = Assumption(AssumptionCode.REPLICAS_AS_WRITTEN, message)
        return FollowUp(assumptions=(stated,), replicas={group: _least_replicas(scaler)})
    return _copy(division, scaler, group, operations)


def _least_replicas(scaler: Resource) -> int:
    """How many Pods an autoscaler makes at least; 1 where nothing is written."""
    written = (scaler.spec.get("minReplicas"), scaler.spec.get("minReplicaCount"))
    return max(1, next((number for number in written if isinstance(number, int)), 1))


def _copy(
    division: Division, scaler: Resource, group: int, operations: Sequence[Operation]
) -> FollowUp:
    """A copy of an autoscaler that names a group's workload."""
    field = "targetRef" if "targetRef" in scaler.spec else "scaleTargetRef"
    target = as_mapping(scaler.spec.get(field))
    route = (*scaler.route, "spec", field)
    api_version, kind = division.kinds[group]
    name = division.labels.names[group]
    named: dict[str, Data] = {"name": name}
    if target.get("kind", kind) != kind:
        named["kind"] = kind
    if target.get("apiVersion", api_version) != api_version:
        named["apiVersion"] = api_version
    retargeted: list[Operation] = [
        SetValue((*route, key), value) if key in target else AddEntry(route, key, value)
        for key, value in named.items()
    ]
    stated: tuple[Assumption, ...] = ()
    if field == "scaleTargetRef":
        message = (
            f"{name} is scaled to the number of Pods of {division.workload.name} before the stage"
            " switch"
        )
        stated = (Assumption(AssumptionCode.SCALED_FIRST, message),)
    copy = copy_for_group(
        division,
        scaler,
        group,
        operations=[*retargeted, *operations],
        stage=max(Stage.ADD, division.stages[group]),
    )
    return FollowUp(objects=(copy,), assumptions=stated)


def most_replicas(candidate: Candidate) -> int:
    """How many Pods the workload may have: its replicas, its copies, or as many as an autoscaler
    makes; 1 where nothing says.
    """
    numbers: list[Data] = [
        candidate.resource.spec.get("replicas"),
        len(copies_of(candidate.workload, candidate.manifests)),
    ]
    for scaler in scalers_of(candidate.workload, candidate.manifests):
        numbers += [scaler.spec.get("maxReplicas"), scaler.spec.get("maxReplicaCount")]
        if (scaler.group, scaler.kind) == _KEDA and not scaler.spec.get("maxReplicaCount"):
            numbers.append(_MOST_BY_KEDA)
    return max([1, *(number for number in numbers if isinstance(number, int))])
