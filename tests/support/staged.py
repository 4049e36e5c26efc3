"""A workload in a stage of a rewrite that is made by hand, for tests of the verifier."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from service.change import Move
from service.classification.knowledge import load_catalogue
from service.findings import Stage
from service.kube.workloads import Workload
from service.options import Options
from service.reading import Inputs
from service.verification.workloads import (
    StageSets,
    WorkloadCheck,
    find_successors,
)
from service.yamldoc.operations import Remove
from tests.support.verifying import Manifest, containers, controller, plan_for, read_objects, step

OLD = controller("Deployment", "shop", containers("web", "queue"))
STAYS = controller("Deployment", "shop", containers("web"))
MOVED = controller("Deployment", "shop-queue", containers("queue"))
"""A shop, and what becomes of it when its second container moves."""
MOVE = Move(("queue",), "Deployment", "shop-queue", Stage.SWITCH)


def sets_of(sent: Inputs, now: Inputs, stage: Stage, new_names: Sequence[str] = ()) -> StageSets:
    """What the workloads of a stage stand in."""
    return StageSets(
        before=sent.manifests,
        after=now.manifests,
        stage=stage,
        new_names=frozenset(new_names),
    )


def problems_of(
    sent: Inputs,
    now: Inputs,
    *,
    stage: Stage = Stage.CONTRACT,
    moves: tuple[Move, ...] = (MOVE,),
    previous: Sequence[Workload] | None = None,
    options: Options | None = None,
    **plan: Any,
) -> list[tuple[str, str]]:
    """What is wrong with the first workload of a set in a stage.

    Args:
        sent: the set as it was sent.
        now: the set in the stage.
        stage: the stage.
        moves: what moves; where anything does, a step of the plan removes the second container of
            a controller.
        previous: the workloads in the stage before; those of the stage if None.
        options: the run's.
        plan: what else is planned.
    """
    old = sent.workloads[0]
    steps = plan.pop("steps", ())
    if moves and not old.is_pod:
        second = (*old.pod_route, "containers", 1)
        steps = (*steps, step(old.resource, Remove(second, int(Stage.CONTRACT))))
    planned = plan_for(old, moves=moves, steps=steps, **plan)
    sets = sets_of(sent, now, stage, [move.name for move in moves])
    successors = find_successors(planned, sets)
    assert successors is not None
    check = WorkloadCheck(
        sets=sets,
        plan=planned,
        catalogue=load_catalogue(),
        previous=successors if previous is None else previous,
        previous_set=now.manifests,
        successors=successors,
    )
    return list(check.problems(options or Options()))


def problems(
    *now: Manifest, before: Sequence[Manifest] = (OLD,), **plan: Any
) -> list[tuple[str, str]]:
    """What is wrong with a shop and its queue in a stage, both given as objects."""
    return problems_of(read_objects(*before), read_objects(*now), **plan)
