"""The check of autoscalers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.support.cluster import Cluster
from tests.support.objects import Data, Key, Object
from tests.support.pods import Pods
from tests.support.programs import program_of


def check_autoscalers(before: Cluster, after: Cluster) -> Iterator[str]:
    """Every autoscaler's target is there, no two scale one target, and the containers that they
    name are in the target's Pods. What was scaled still is.
    """
    scalers: dict[Key, str] = {}
    for scaler in after.of_kind("HorizontalPodAutoscaler", "ScaledObject", "VerticalPodAutoscaler"):
        target = _target(scaler)
        pods = after.pods.get(target)
        old = before.by_key.get(scaler.key)
        if pods is None:
            if old is None or _target(old) in before.pods:
                yield f"the target {target} of {scaler.title} is not there"
            continue
        if scaler.kind != "VerticalPodAutoscaler":
            if target in scalers and not _has_two_scalers(before, target):
                yield f"{scalers[target]} and {scaler.title} both scale {target}"
            scalers[target] = scaler.title
        missing = set(_named_containers(scaler)) - _container_names(pods)
        was_right = old is None or set(_named_containers(old)) <= _container_names(
            before.pods[_target(old)]
        )
        if missing and was_right:
            yield f"{scaler.title} names {sorted(missing)}, which {target} doesn't have"
    for scaler in before.of_kind("HorizontalPodAutoscaler"):
        scaled = before.pods.get(_target(scaler))
        if scaled is not None:
            yield from _check_still_scaled(before, after, scaler=scaler, pods=scaled)


def _check_still_scaled(
    before: Cluster, after: Cluster, scaler: Object, pods: Pods
) -> Iterator[str]:
    """An autoscaler by the whole Pod's resources scales all Pods that the containers are in. One by
    a container's resources follows the container.
    """
    metrics = scaler.spec.get("metrics") or [{"type": "Resource"}]
    copies = [
        candidate
        for candidate in after.of_kind("HorizontalPodAutoscaler")
        if _bounds(candidate) == _bounds(scaler)
    ]
    for metric in metrics:
        if metric.get("type") == "ContainerResource":
            named = metric["containerResource"]["container"]
            targets = {_target(copy) for copy in copies if named in _named_containers(copy)}
            owners = {
                later.owner
                for container in pods.containers
                if container.name == named
                for later in before.successors(pods, container.identity, after)
            }
            if not owners & targets:
                yield f"nothing scales {owners} by {named} any more"
    if all(metric.get("type") == "Resource" for metric in metrics):
        owners = {
            later.owner
            for container in pods.running
            for later in before.successors(pods, container.identity, after)
            if _is_scalable(later, scaler)
        }
        if not owners <= {_target(copy) for copy in copies}:
            yield f"{scaler.title} scaled all of {owners}"


def _is_scalable(pods: Pods, scaler: Object) -> bool:
    """Whether more of these Pods are of use.

    Those that keep data of their own are not, unless they were scaled before.
    """
    programs = [program_of(container) for container in pods.running]
    return pods.owner == _target(scaler) or not any(
        program is not None and program.data for program in programs
    )


def _bounds(scaler: Object) -> tuple[Any, Any]:
    return scaler.spec.get("minReplicas", 1), scaler.spec.get("maxReplicas")


def _has_two_scalers(cluster: Cluster, target: Key) -> bool:
    scalers = cluster.of_kind("HorizontalPodAutoscaler", "ScaledObject")
    return len([scaler for scaler in scalers if _target(scaler) == target]) > 1


def _target(scaler: Object) -> Key:
    reference: Data = scaler.spec.get("targetRef") or scaler.spec.get("scaleTargetRef") or {}
    return scaler.key._replace(
        kind=str(reference.get("kind") or "Deployment"), name=str(reference.get("name"))
    )


def _container_names(pods: Pods) -> set[str]:
    return {container.name for container in pods.containers}


def _named_containers(scaler: Object) -> list[str]:
    """The containers that an autoscaler names."""
    by_metric = [
        metric["containerResource"]["container"]
        for metric in scaler.spec.get("metrics") or ()
        if metric.get("type") == "ContainerResource"
    ]
    policies = (scaler.spec.get("resourcePolicy") or {}).get("containerPolicies") or ()
    by_policy = [
        str(policy.get("containerName"))
        for policy in policies
        if policy.get("containerName") != "*"
    ]
    return [*by_metric, *by_policy]
