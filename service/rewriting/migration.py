"""Ordered steps that bring a rewrite to a live cluster."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from service.change import Controller, Proposal
from service.findings import MigrationStep, OldPods, Stage
from service.kube.objects import Resource, value_at
from service.kube.workloads import Workload

_ROLLED_OUT = ("deployment", "statefulset", "daemonset")
"""Kinds that `kubectl rollout status` waits for, as kubectl names them."""
_REPLACED_BY_HAND = ("ReplicaSet", "ReplicationController")
"""Kinds that take a changed template for new Pods only."""

_Controllers: TypeAlias = Mapping[Workload, Controller]
"""By bare Pod: the controller that it has once its wrap is applied."""


def migration_steps(proposals: Sequence[Proposal]) -> tuple[MigrationStep, ...]:
    """The steps for a set of changes; none for none.

    Args:
        proposals: the changes, each proved.
    """
    if not proposals:
        return ()
    splits = [proposal for proposal in proposals if proposal.moves]
    wraps = [proposal for proposal in proposals if proposal.controller is not None]
    controllers = {wrap.workload: wrap.controller for wrap in wraps if wrap.controller is not None}
    edited = _edited_stages(splits)
    steps = [
        MigrationStep(
            "look at what would change",
            "kubectl diff -f <files>",
            "what runs may differ from what is written; objects that were not made by apply show up"
            " here",
        ),
        *(_expand(splits, wraps, controllers) if wraps or int(Stage.EXPAND) in edited else ()),
    ]
    if splits:
        steps += _later_stages(splits, controllers, edited)
    steps.append(
        MigrationStep(
            "with Argo CD or Flux: commit one stage after the other",
            None,
            "they apply what is committed by themselves, and prune old bare Pods only after the new"
            " ones are made, which is too late where both would write to one claim",
        )
    )
    return tuple(steps)


def _edited_stages(splits: Sequence[Proposal]) -> frozenset[int]:
    """The stages in which splits change anything; the others are left out of the steps."""
    operations = [step.operation for split in splits for step in split.steps]
    versions = [version for split in splits for new in split.objects for version in new.versions]
    return frozenset(
        {
            *(operation.stage for operation in operations),
            *(getattr(operation, "until", None) or operation.stage for operation in operations),
            *(int(stage) for _, stage, _ in versions),
        }
    )


def _expand(
    splits: Sequence[Proposal], wraps: Sequence[Proposal], controllers: _Controllers
) -> list[MigrationStep]:
    """What is applied first, with the old Pods deleted before or after it."""
    existing = [split for split in splits if split.workload not in controllers]
    updated = [split for split in existing if not _keeps_running_pods(split)]
    targets = [_object(proposal, controllers) for proposal in (*wraps, *updated)]
    return [
        *(_delete_pods(wrap) for wrap in wraps if wrap.old_pods is OldPods.DELETED_FIRST),
        _apply_first(wraps, targets, has_splits=bool(splits)),
        *(_delete_pods(wrap) for wrap in wraps if wrap.old_pods is OldPods.DELETED_AFTER),
        *(_renew_pods(split) for split in existing if _keeps_running_pods(split)),
    ]


def _apply_first(
    wraps: Sequence[Proposal], targets: Sequence[str], *, has_splits: bool
) -> MigrationStep:
    if has_splits:
        return MigrationStep(
            "apply the stage expand and wait for it",
            _then_wait("kubectl apply -f <files of ?stage=expand>", targets),
            "the running Pods get the port names and labels that the Services will ask for, or"
            " else those have no endpoints for a while",
            Stage.EXPAND,
        )
    why = "the new Pods are made by their controllers"
    if any(wrap.old_pods is OldPods.TAKEN_OVER for wrap in wraps):
        why += (
            "; a StatefulSet takes over the Pods with its names, and makes them anew one after the"
            " other"
        )
    names = ", ".join(target.split(" ")[0] for target in targets)
    return MigrationStep(
        f"apply {names} and wait",
        _then_wait("kubectl apply -f <files>", targets),
        why,
        Stage.EXPAND,
    )


def _delete_pods(wrap: Proposal) -> MigrationStep:
    resource = wrap.workload.resource
    names = [resource.name, *(copy.name for copy in wrap.copies)]
    namespace = _namespace_option(resource)
    why = (
        "its controller doesn't adopt it: it would run on beside the new one, and Services would"
        " send traffic to both"
    )
    if wrap.controller is not None and wrap.controller.kind == "Job":
        why = (
            "the Job does its work once more: delete the Pod before, where that must not be done"
            " twice at once"
        )
    elif wrap.old_pods is OldPods.DELETED_FIRST:
        why = "its controller doesn't adopt it, and both must not run at once"
    return MigrationStep(
        f"delete the old Pod{'s' if len(names) > 1 else ''} {', '.join(names)}",
        f"kubectl delete pod {' '.join(names)}{namespace}",
        why,
    )


def _later_stages(
    splits: Sequence[Proposal], controllers: _Controllers, edited: frozenset[int]
) -> list[MigrationStep]:
    """What follows once the old workloads are ready for it, a stage after another."""
    stopped = [split for split in splits if split.stops_old_pods]
    targets = [
        *_moved(splits, Stage.CONTRACT),
        *(_object(split, controllers) for split in splits if not _keeps_running_pods(split)),
    ]
    steps: list[MigrationStep] = []
    if int(Stage.ADD) in edited:
        steps.append(_add(_moved(splits, Stage.ADD)))
    elif added := _then_wait("", _moved(splits, Stage.ADD)):
        why = "they are there by now, and are led to next"
        steps.append(MigrationStep("see that the new workloads are ready", added, why))
    if int(Stage.SWITCH) in edited:
        steps.append(_switch(stopped, has_others=len(stopped) < len(splits)))
    return [
        *steps,
        *(_wait_for_end(split) for split in stopped),
        MigrationStep(
            "apply the stage contract" + (" and wait for it" if targets else ""),
            _then_wait("kubectl apply -f <files of ?stage=contract>", targets),
            "the moved containers leave the old Pods; an object that was not made by apply keeps"
            " them: use kubectl replace for it",
            Stage.CONTRACT,
        ),
        *(
            _renew_pods(split)
            for split in splits
            if split.workload not in controllers and _keeps_running_pods(split)
        ),
    ]


def _add(targets: Sequence[str]) -> MigrationStep:
    """New workloads beside the old ones; or, where they have to wait, what they will need."""
    command = _then_wait("kubectl apply -f <files of ?stage=add>", targets)
    if not targets:
        why = "what the new workloads will need is made, such as their Services"
        return MigrationStep("apply the stage add", command, why, Stage.ADD)
    return MigrationStep(
        "apply the stage add and wait for the new workloads",
        command,
        "the new Pods start beside the old ones, and nobody is led to them yet",
        Stage.ADD,
    )


def _switch(stopped: Sequence[Proposal], *, has_others: bool) -> MigrationStep:
    """Services lead to what is new; what can't run twice is stopped, which is a downtime."""
    parts = []
    if has_others:
        parts.append(
            "the Services lead to the new Pods, which are ready, and the old ones still serve"
        )
    if stopped:
        names = ", ".join(split.workload.resource.title for split in stopped)
        parts.append(
            f"{names} is stopped, and down until the stage contract has been rolled out, as what"
            " moves must not run twice"
        )
    command = "kubectl apply -f <files of ?stage=switch>"
    return MigrationStep("apply the stage switch", command, "; ".join(parts), Stage.SWITCH)


def _wait_for_end(split: Proposal) -> MigrationStep:
    """What can't run twice starts when nothing of the old workload runs any more."""
    resource = split.workload.resource
    what = "Jobs" if resource.kind == "CronJob" else "Pods"
    labels = ",".join(f"{key}={value}" for key, value in sorted(split.workload.labels.items()))
    namespace = _namespace_option(resource)
    command = f"kubectl wait --for=delete pod --timeout=10m -l {labels}{namespace}"
    return MigrationStep(
        f"wait for the {what} of {resource.name} to end: the stage switch has stopped it",
        command if labels and resource.kind != "CronJob" else None,
        "what moves must not run twice: it keeps data, is a job, or is replaced by Recreate; what"
        " stays is down until the next stage",
    )


def _keeps_running_pods(split: Proposal) -> bool:
    """Whether a changed template leaves the running Pods as they are."""
    resource = split.workload.resource
    is_on_delete = value_at(resource.spec, "updateStrategy", "type") == "OnDelete"
    return resource.kind in _REPLACED_BY_HAND or is_on_delete


def _renew_pods(split: Proposal) -> MigrationStep:
    title = split.workload.resource.title
    message = f"delete the Pods of {title}, one after the other, so that they are made anew"
    return MigrationStep(message, None, "it takes a changed template for new Pods only")


def _namespace_option(resource: Resource) -> str:
    """kubectl's option for the namespace of an object, with a blank before it; empty without."""
    return f" -n {resource.namespace}" if resource.namespace else ""


def _object(proposal: Proposal, controllers: _Controllers) -> str:
    """Kind and name of what a workload is by then, as kubectl takes them, with the namespace."""
    resource = proposal.workload.resource
    kind, name = resource.kind, resource.name
    if proposal.workload in controllers:
        controller = controllers[proposal.workload]
        kind, name = controller.kind, controller.name
    namespace = _namespace_option(resource)
    return f"{kind.lower()}/{name}{namespace}"


def _moved(splits: Sequence[Proposal], stage: Stage) -> list[str]:
    """The new workloads that are there from a stage on, as `_object` gives them."""
    found = []
    for split in splits:
        resource = split.workload.resource
        namespace = _namespace_option(resource)
        found += [
            f"{move.kind.lower()}/{move.name}{namespace}"
            for move in split.moves
            if move.stage is stage
            and not (move.kind == resource.kind and _keeps_running_pods(split))
        ]
    return found


def _then_wait(command: str, targets: Iterable[str]) -> str:
    waits = []
    for target in targets:
        kind, _, name = target.partition("/")
        if kind in _ROLLED_OUT:
            waits.append(f"kubectl rollout status {target}")
        elif kind == "rollout":
            waits += [
                f"kubectl argo rollouts promote --full {name}",
                f"kubectl argo rollouts status {name}",
            ]
    return " && ".join([*([command] if command else []), *waits])
