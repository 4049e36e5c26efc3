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

from service.actions.context import Candidate, Refused
from service.actions.split.selectors import Division, Following, by_hand, copied, namespace_unclear
from service.change import Step
from service.findings import Stage
from service.kube.dependents import (
    metric_container,
    reads_first_container,
    scalers_of,
    trigger_container,
)
from service.kube.objects import Resource, as_mapping, as_mappings, as_text, in_same_namespace
from service.kube.replicas import copies_of
from service.yamldoc.nodes import Data, Route
from service.yamldoc.operations import AddEntry, Operation, Remove, SetValue

_HORIZONTAL = ("autoscaling", "HorizontalPodAutoscaler")
_VERTICAL = ("autoscaling.k8s.io", "VerticalPodAutoscaler")
_KEDA = ("keda.sh", "ScaledObject")
_ON_CONTAINERS = ("cpu", "memory")


def follow_scalers(candidate: Candidate, division: Division) -> Following:
    """What the autoscalers of the workload need.

    Raises:
        Refused: one of them can't be divided.
    """
    result = Following()
    for scaler in scalers_of(division.workload, candidate.manifests):
        if not in_same_namespace(scaler, candidate.resource, strictly=True):
            raise namespace_unclear(scaler)
        match (scaler.group, scaler.kind):
            case kind if kind == _HORIZONTAL:
                _horizontal(candidate, division, scaler, result)
            case kind if kind == _VERTICAL:
                _vertical(candidate, division, scaler, result)
            case kind if kind == _KEDA:
                _keda(candidate, division, scaler, result)
            case _:
                raise by_hand(scaler)
    return result


def _horizontal(
    candidate: Candidate, division: Division, scaler: Resource, result: Following
) -> None:
    metrics = [(index, each) for index, each in enumerate(as_mappings(scaler.spec.get("metrics")))]
    route = (*scaler.route, "spec", "metrics")
    implicit = not metrics
    if scaler.api_version != "autoscaling/v2" and metrics:
        raise Refused(
            "selected-by",
            f"{scaler.title} is of {scaler.api_version}, which clusters no longer serve: move it to"
            " autoscaling/v2 first",
        )
    staying = [
        index
        for index, each in metrics
        if metric_container(each) in {None, *division.containers[0]}
    ]
    if metrics and not staying:
        message = (
            f"{scaler.title} scales by a container which is to move, and by nothing else: let it"
            " scale the new workload by hand"
        )
        raise Refused("selected-by", message)
    gone = [index for index, _ in metrics if index not in staying]
    result.steps += [Step(scaler, Remove((*route, index), int(Stage.CONTRACT))) for index in gone]
    for number in range(1, len(division.kinds)):
        wanted = [
            index
            for index, each in metrics
            if as_text(each.get("type")) == "Resource"
            or metric_container(each) in division.containers[number]
        ]
        if _left_alone(scaler, division, number, result, scales=bool(wanted) or implicit):
            continue
        dropped: list[Operation] = [
            Remove((*route, index)) for index, _ in metrics if index not in wanted
        ]
        _copy(candidate, division, scaler, number, dropped, result)
    others = [
        as_text(each.get("type"))
        for _, each in metrics
        if as_text(each.get("type")) not in ("Resource", "ContainerResource")
    ]
    if others:
        result.assumptions.append(
            f"the metrics of {scaler.title} that aren't of containers are meant for"
            f" {division.workload.name}"
        )
    if implicit or len(others) < len(metrics):
        result.assumptions.append(
            f"the targets of {scaler.title} still fit: usage is now averaged over fewer containers"
        )


def _vertical(
    candidate: Candidate, division: Division, scaler: Resource, result: Following
) -> None:
    policies = as_mappings(as_mapping(scaler.spec.get("resourcePolicy")).get("containerPolicies"))
    route: Route = (*scaler.route, "spec", "resourcePolicy", "containerPolicies")

    def without(number: int, stage: Stage | None) -> list[Operation]:
        kept = [
            index
            for index, each in enumerate(policies)
            if as_text(each.get("containerName")) in {"*", *division.containers[number]}
        ]
        when = int(stage) if stage is not None else 0
        if policies and not kept:
            return [
                Remove(
                    route[:-1]
                    if len(as_mapping(scaler.spec.get("resourcePolicy"))) == 1
                    else route,
                    when,
                )
            ]
        return [
            Remove((*route, index), when) for index in range(len(policies)) if index not in kept
        ]

    result.steps += [Step(scaler, operation) for operation in without(0, Stage.CONTRACT)]
    for number in range(1, len(division.kinds)):
        _copy(candidate, division, scaler, number, without(number, None), result)


def _keda(candidate: Candidate, division: Division, scaler: Resource, result: Following) -> None:
    triggers = as_mappings(scaler.spec.get("triggers"))
    first = next(iter(division.workload.containers)).name
    source = as_text(as_mapping(scaler.spec.get("scaleTargetRef")).get("envSourceContainerName"))
    if (reads_first_container(scaler) and first not in division.containers[0]) or (
        source and source not in division.containers[0]
    ):
        raise by_hand(scaler)
    route = (*scaler.route, "spec", "triggers")
    staying = [
        index
        for index, each in enumerate(triggers)
        if trigger_container(each) in {None, *division.containers[0]}
    ]
    # KEDA scales up again what is scaled to 0 for data to move; a formula or a fallback is about
    # all triggers together.
    if (
        not staying
        or Stage.CONTRACT in division.stages
        or any(field in scaler.spec for field in ("advanced", "fallback"))
    ):
        raise by_hand(scaler)
    result.steps += [
        Step(scaler, Remove((*route, index), int(Stage.CONTRACT)))
        for index in range(len(triggers))
        if index not in staying
    ]
    for number in range(1, len(division.kinds)):
        wanted = [
            index
            for index, each in enumerate(triggers)
            if as_text(each.get("type")) in _ON_CONTAINERS
            and trigger_container(each) in {None, *division.containers[number]}
        ]
        if _left_alone(scaler, division, number, result, scales=bool(wanted)):
            continue
        dropped: list[Operation] = [
            Remove((*route, index)) for index in range(len(triggers)) if index not in wanted
        ]
        _copy(candidate, division, scaler, number, [*dropped, *_awake(scaler)], result)
    if any(as_text(each.get("type")) not in _ON_CONTAINERS for each in triggers):
        result.assumptions.append(
            f"the triggers of {scaler.title} that aren't of containers are meant for"
            f" {division.workload.name}"
        )


def _awake(scaler: Resource) -> list[Operation]:
    """Nothing is scaled to 0 by its own use of cpu and memory: KEDA refuses that."""
    route = (*scaler.route, "spec")
    result: list[Operation] = (
        [Remove((*route, "idleReplicaCount"))] if "idleReplicaCount" in scaler.spec else []
    )
    if "minReplicaCount" not in scaler.spec:
        return [*result, AddEntry(route, "minReplicaCount", 1, after="scaleTargetRef")]
    return (
        [*result, SetValue((*route, "minReplicaCount"), 1)]
        if scaler.spec["minReplicaCount"] == 0
        else result
    )


def _left_alone(
    scaler: Resource, division: Division, number: int, result: Following, *, scales: bool
) -> bool:
    """Whether a group gets no autoscaler; says so."""
    name = division.boundary.names[number]
    if division.kinds[number][1] in ("DaemonSet", "CronJob"):
        return True
    if division.stateful[number]:
        result.assumptions.append(
            f"{name} keeps state, so {scaler.title} does not scale it: it keeps its number of"
            " replicas"
        )
        return True
    if not scales:
        result.assumptions.append(
            f"{scaler.title} has no metric of {name}, which keeps the number of replicas that is"
            " written"
        )
        least = next(
            (
                each
                for field in ("minReplicas", "minReplicaCount")
                if isinstance(each := scaler.spec.get(field), int)
            ),
            1,
        )
        result.replicas[number] = max(least, 1, result.replicas.get(number, 1))
    return not scales


def _copy(
    candidate: Candidate,
    division: Division,
    scaler: Resource,
    number: int,
    dropped: list[Operation],
    result: Following,
) -> None:
    field = "targetRef" if "targetRef" in scaler.spec else "scaleTargetRef"
    target = as_mapping(scaler.spec.get(field))
    route = (*scaler.route, "spec", field)
    api_version, kind = division.kinds[number]
    named: dict[str, Data] = {"name": division.boundary.names[number]}
    if target.get("kind", kind) != kind:
        named["kind"] = kind
    if target.get("apiVersion", api_version) != api_version:
        named["apiVersion"] = api_version
    operations: list[Operation] = [
        SetValue((*route, key), value) if key in target else AddEntry(route, key, value)
        for key, value in named.items()
    ]
    if field == "scaleTargetRef":
        name = division.boundary.names[number]
        result.assumptions.append(
            f"{name} is scaled to the number of Pods of {division.workload.name} before the stage"
            " contract"
        )
    stage = max(Stage.SWITCH, division.stages[number])
    result.objects.append(
        copied(candidate, division, scaler, number, [*operations, *dropped], stage)
    )


def most_replicas(candidate: Candidate) -> int:
    """How many Pods the workload may have: its replicas, its copies, or as many as an autoscaler
    makes; 1 where nothing says.
    """
    written: list[Data] = [
        candidate.resource.spec.get("replicas"),
        len(copies_of(candidate.workload, candidate.manifests)),
    ]
    for scaler in scalers_of(candidate.workload, candidate.manifests):
        written += [scaler.spec.get("maxReplicas"), scaler.spec.get("maxReplicaCount")]
        # KEDA makes up to 100 where nothing is written.
        if (scaler.group, scaler.kind) == _KEDA and not scaler.spec.get("maxReplicaCount"):
            written.append(100)
    return max([1, *(each for each in written if isinstance(each, int))])
