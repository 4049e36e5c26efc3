"""Ordered steps that bring a rewrite to a live cluster."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from service.change import Proposal
from service.findings import MigrationStep, Stage
from service.kube.objects import value_at

_ROLLED_OUT = ("Deployment", "StatefulSet", "DaemonSet")
"""Kinds that `kubectl rollout status` waits for."""
_BY_HAND = ("ReplicaSet", "ReplicationController")
"""Kinds that take a changed template for new Pods only."""

_Names = Mapping[int, tuple[str, str]]
"""By workload: kind and name of what it is once its wrap is applied."""


def migration_steps(proposals: Sequence[Proposal]) -> tuple[MigrationStep, ...]:
    """The steps for a set of changes; none for none."""
    if not proposals:
        return ()
    splits = [each for each in proposals if each.action == "split"]
    wraps = [each for each in proposals if each.action == "wrap"]
    became = {id(each.workload): each.becomes for each in wraps if each.becomes}
    steps = [
        MigrationStep(
            "look at what would change",
            "kubectl diff -f <files>",
            "what runs may differ from what is written; objects that were not made by apply show up"
            " here",
        ),
        *_expanded(splits, wraps, became),
    ]
    if splits:
        steps += _split(splits, became)
    steps.append(
        MigrationStep(
            "with Argo CD or Flux: commit one stage after the other",
            None,
            "they apply what is committed by themselves, and prune old bare Pods only after the new"
            " ones are made, which is too late where both would write to one claim",
        )
    )
    return tuple(steps)


def _expanded(
    splits: Sequence[Proposal], wraps: Sequence[Proposal], became: _Names
) -> list[MigrationStep]:
    """What is applied first, with the old Pods deleted before or behind it."""
    before = [_deleted(each) for each in wraps if _goes_first(each)]
    behind = [_deleted(each) for each in wraps if not _taken_over(each)]
    standing = [each for each in splits if id(each.workload) not in became]
    targets = [
        _object(each, became)
        for each in (*wraps, *(each for each in standing if not _keeps_pods(each)))
    ]
    behind += [_renewed(each) for each in standing if _keeps_pods(each)]
    if splits:
        why = (
            "the running Pods get the port names and labels that the Services will ask for, or else"
            " those have no endpoints for a while"
        )
        apply = MigrationStep(
            "apply the stage expand and wait for it",
            _then_wait("kubectl apply -f <files of ?stage=expand>", targets),
            why,
        )
    else:
        why = "the new Pods are made by their controllers"
        if any(map(_taken_over, wraps)):
            why += (
                "; a StatefulSet takes over the Pods with its names, and makes them anew one after"
                " the other"
            )
        apply = MigrationStep(
            f"apply {', '.join(each.split(' ')[0] for each in targets)} and wait",
            _then_wait("kubectl apply -f <files>", targets),
            why,
        )
    return [*before, apply, *(each for each in behind if each not in before)]


def _taken_over(wrap: Proposal) -> bool:
    """Whether the controller adopts the Pods: a StatefulSet does, those with its names."""
    adopts = bool(wrap.copies) and wrap.becomes is not None and wrap.becomes[0] == "StatefulSet"
    return adopts and not _goes_first(wrap)


def _goes_first(wrap: Proposal) -> bool:
    """Whether the old Pods have to be gone before their controller is there."""
    return any("deleted before" in assumption for assumption in wrap.assumptions)


def _deleted(wrap: Proposal) -> MigrationStep:
    resource = wrap.workload.resource
    names = [resource.name, *(each.name for each in wrap.copies)]
    namespace = f" -n {resource.namespace}" if resource.namespace else ""
    return MigrationStep(
        f"delete the old Pod{'s' if len(names) > 1 else ''} {', '.join(names)}",
        f"kubectl delete pod {' '.join(names)}{namespace}",
        "its controller doesn't adopt it: it would run on beside the new one, and Services would"
        " send traffic to both",
    )


def _split(splits: Sequence[Proposal], became: _Names) -> list[MigrationStep]:
    keeping = [each for each in splits if any(move.stage is Stage.CONTRACT for move in each.moves)]
    emptied = [_emptied(each, _object(each, became)) for each in keeping]
    filled = [
        _filled(each, _object(each, became))
        for each in keeping
        if each.workload.resource.kind == "CronJob"
        or (id(each.workload) not in became and "replicas" not in each.workload.resource.spec)
    ]
    found = [
        MigrationStep(
            "apply the stage switch and wait for the new workloads",
            _then_wait("kubectl apply -f <files of ?stage=switch>", _moved(splits, Stage.SWITCH)),
            "the new Pods join the Services while the old ones still serve",
        ),
        *emptied,
        MigrationStep(
            "apply the stage contract",
            _then_wait(
                "kubectl apply -f <files of ?stage=contract>", _moved(splits, Stage.CONTRACT)
            ),
            "the moved containers leave the old Pods; an object that was not made by apply keeps"
            " them: use kubectl replace for it",
        ),
        *filled,
    ]
    found += [
        _renewed(each) for each in splits if id(each.workload) not in became and _keeps_pods(each)
    ]
    return found


def _keeps_pods(split: Proposal) -> bool:
    resource = split.workload.resource
    return (
        resource.kind in _BY_HAND or value_at(resource.spec, "updateStrategy", "type") == "OnDelete"
    )


def _renewed(split: Proposal) -> MigrationStep:
    resource = split.workload.resource
    message = (
        f"delete the Pods of {resource.title}, one after the other, so that they are made anew"
    )
    return MigrationStep(message, None, "it takes a changed template for new Pods only")


def _object(proposal: Proposal, became: _Names) -> str:
    """Kind and name of what a workload is by then, as kubectl takes them, with the namespace."""
    resource = proposal.workload.resource
    kind, name = became.get(id(proposal.workload), (resource.kind, resource.name))
    return f"{kind.lower()}/{name}" + (f" -n {resource.namespace}" if resource.namespace else "")


def _moved(splits: Sequence[Proposal], stage: Stage) -> list[str]:
    """The new workloads that are there from a stage on, as `_object` gives them."""
    found = []
    for split in splits:
        namespace = split.workload.resource.namespace
        behind = f" -n {namespace}" if namespace else ""
        found += [
            f"{move.kind.lower()}/{move.name}{behind}"
            for move in split.moves
            if move.stage is stage
            and not (move.kind == split.workload.resource.kind and _keeps_pods(split))
        ]
    return found


def _then_wait(command: str, targets: Iterable[str]) -> str:
    kinds = tuple(kind.lower() for kind in _ROLLED_OUT)
    waits = []
    for each in targets:
        kind, _, name = each.partition("/")
        if kind in kinds:
            waits.append(f"kubectl rollout status {each}")
        elif kind == "rollout":
            waits += [
                f"kubectl argo rollouts promote --full {name}",
                f"kubectl argo rollouts status {name}",
            ]
    return " && ".join([command, *waits])


def _emptied(proposal: Proposal, target: str) -> MigrationStep:
    name = proposal.workload.resource.name
    why = "what moves must not run twice: it keeps data, is a job, or is replaced by Recreate"
    if proposal.workload.resource.kind == "CronJob":
        suspend = f"""kubectl patch {target} -p '{{"spec": {{"suspend": true}}}}'"""
        return MigrationStep(
            f"before the stage contract, suspend {name} and wait for its Jobs to end", suspend, why
        )
    scale = f"kubectl scale --replicas=0 {target}"
    return MigrationStep(
        f"before the stage contract, note the replicas of {name}, scale it to 0 and wait for its"
        " Pods to end",
        scale,
        why,
    )


def _filled(proposal: Proposal, target: str) -> MigrationStep:
    name, why = (
        proposal.workload.resource.name,
        "its manifest doesn't say it, so apply leaves it as it was made before",
    )
    if proposal.workload.resource.kind == "CronJob":
        resume = f"""kubectl patch {target} -p '{{"spec": {{"suspend": false}}}}'"""
        return MigrationStep(f"resume {name}, unless it was suspended before", resume, why)
    return MigrationStep(
        f"scale {name} back to the number that it had",
        f"kubectl scale --replicas=<number> {target}",
        why,
    )
