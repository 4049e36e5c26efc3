"""Ordered steps that bring a rewrite to a live cluster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from service.actions.proposing import Proposal
from service.findings import MigrationStep, Stage


def migration_steps(proposals: Sequence[Proposal]) -> tuple[MigrationStep, ...]:
    """The steps for a set of changes; none for none."""
    if not proposals:
        return ()
    splits = [each for each in proposals if each.action == "split"]
    wraps = [each for each in proposals if each.action == "wrap"]
    steps = [
        MigrationStep(
            "look at what would change",
            "kubectl diff -f <files>",
            "what runs may differ from what is written; objects that were not made by apply show up here",
        )
    ]
    if wraps:
        steps += _wrapped(wraps, Stage.EXPAND if splits else None)
    if splits:
        steps += _split(splits, {id(each.workload): each.becomes for each in wraps if each.becomes})
    steps.append(
        MigrationStep(
            "with Argo CD or Flux: commit one stage after the other",
            None,
            "they apply what is committed by themselves, and prune old bare Pods only after the new ones are made, "
            "which is too late where both would write to one claim",
        )
    )
    return tuple(steps)


def _wrapped(wraps: Sequence[Proposal], stage: Stage | None) -> list[MigrationStep]:
    suffix = " (stage expand)" if stage is not None else ""
    found = []
    for proposal in wraps:
        resource = proposal.workload.resource
        namespace = f" -n {resource.namespace}" if resource.namespace else ""
        kind, name = proposal.becomes or (resource.kind, resource.name)
        names = [resource.name, *(each.name for each in proposal.copies)]
        paths = dict.fromkeys((resource.path, *(each.resource.path for each in proposal.copies)))
        delete = MigrationStep(
            f"delete the old Pod {names[0]}" if len(names) == 1 else f"delete the old Pods {', '.join(names)}",
            f"kubectl delete pod {' '.join(names)}{namespace}",
            "its controller doesn't adopt it: it would run on beside the new one, and Services would send traffic to both",
        )
        apply = MigrationStep(
            f"apply the {kind} {name}{suffix} and wait for it",
            f"kubectl apply -f {','.join(paths)}",
            "the new Pods are made by the controller",
        )
        if kind == "StatefulSet" and proposal.copies:
            found.append(
                replace(apply, why="it takes over the Pods with its names and their claims, and makes them anew one after the other")
            )
        elif any("deleted before" in assumption for assumption in proposal.assumptions):
            found += [delete, apply]
        else:
            found += [apply, delete]
    return found


def _split(splits: Sequence[Proposal], wrapped: Mapping[int, tuple[str, str]]) -> list[MigrationStep]:
    names = ", ".join(each.workload.resource.name for each in splits)
    keeping = [each for each in splits if any(move.stage is Stage.CONTRACT for move in each.moves)]
    emptied = [_emptied(each, _object(each, wrapped)) for each in keeping]
    filled = [
        _filled(each, _object(each, wrapped))
        for each in keeping
        if each.workload.resource.kind == "CronJob" or (id(each.workload) not in wrapped and "replicas" not in each.workload.resource.spec)
    ]
    return [
        MigrationStep(
            f"apply the stage expand and wait for the rollout of {names}",
            "kubectl apply -f <files of ?stage=expand> && kubectl rollout status <workload>",
            "the running Pods get the port names and labels that the Services will ask for, or else those have no endpoints for a while",
        ),
        MigrationStep(
            "apply the stage switch and wait for the new workloads",
            "kubectl apply -f <files of ?stage=switch> && kubectl rollout status <new workload>",
            "the new Pods join the Services while the old ones still serve",
        ),
        *emptied,
        MigrationStep(
            "apply the stage contract",
            "kubectl apply -f <files of ?stage=contract>",
            "the moved containers leave the old Pods; an object that was not made by apply keeps them: use kubectl replace for it",
        ),
        *filled,
        MigrationStep(
            "delete the Pods of ReplicaSets, ReplicationControllers and workloads with updateStrategy OnDelete after each stage",
            None,
            "they take a changed template for new Pods only",
        ),
    ]


def _object(proposal: Proposal, wrapped: Mapping[int, tuple[str, str]]) -> str:
    """Kind and name of what a split workload is by then, as kubectl takes them, with the namespace."""
    resource = proposal.workload.resource
    kind, name = wrapped.get(id(proposal.workload), (resource.kind, resource.name))
    return f"{kind.lower()}/{name}" + (f" -n {resource.namespace}" if resource.namespace else "")


def _emptied(proposal: Proposal, target: str) -> MigrationStep:
    name = proposal.workload.resource.name
    why = "a moved container keeps data: two servers on one data directory destroy it"
    if proposal.workload.resource.kind == "CronJob":
        suspend = f"""kubectl patch {target} -p '{{"spec": {{"suspend": true}}}}'"""
        return MigrationStep(f"before the stage contract, suspend {name} and wait for its Jobs to end", suspend, why)
    scale = f"kubectl scale --replicas=0 {target}"
    return MigrationStep(f"before the stage contract, note the replicas of {name}, scale it to 0 and wait for its Pods to end", scale, why)


def _filled(proposal: Proposal, target: str) -> MigrationStep:
    name, why = proposal.workload.resource.name, "its manifest doesn't say it, so apply leaves it as it was made before"
    if proposal.workload.resource.kind == "CronJob":
        resume = f"""kubectl patch {target} -p '{{"spec": {{"suspend": false}}}}'"""
        return MigrationStep(f"resume {name}, unless it was suspended before", resume, why)
    return MigrationStep(f"scale {name} back to the number that it had", f"kubectl scale --replicas=<number> {target}", why)
