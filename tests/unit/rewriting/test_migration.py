"""The steps that bring a rewrite to a live cluster: what they are, and in which order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from service.change import Controller, Move, Proposal
from service.findings import OldPods, Stage
from service.kube.workloads import Workload
from service.options import Options
from service.pipeline import run
from service.rewriting.migration import migration_steps
from service.yamldoc.operations import SetValue
from tests.support.verifying import (
    bare_pod,
    containers,
    controller,
    proposal_for,
    step,
    workload_of,
)

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"

DATABASE = """kind: {kind}
metadata:
  name: shop
  namespace: store
  labels: {{app: shop}}
spec:
{head}  containers:
  - {{name: web, image: 'acme/shop:1', ports: [{{containerPort: 8080}}], env: [{{name: DB,
     value: 'postgres://localhost:5432'}}]}}
  - {{name: db, image: 'postgres:17', ports: [{{containerPort: 5432}}],
     volumeMounts: [{{name: data, mountPath: /data}}]}}
  volumes:
  - {{name: data, persistentVolumeClaim: {{claimName: data}}}}
"""


def steps(text: str) -> list[tuple[str, str | None]]:
    """The steps of a rewrite, each with its command."""
    report = run([("set.yaml", text.encode())], Options(), rewrite=True)
    assert report.rewrite is not None
    assert report.rewrite.changes, report.rewrite.held_back
    return [(step.step, step.command) for step in report.rewrite.migration]


def deployment(replicas: str) -> str:
    """A Deployment of an application and its database, with a claim."""
    spec = DATABASE.format(kind="Deployment", head="").split("spec:\n", 1)
    inner = "".join(f"    {line}\n" for line in spec[1].splitlines())
    head = (
        f"{replicas}  selector:\n    matchLabels: {{app: shop}}\n  template:\n    metadata:\n     "
        " labels: {app: shop}\n    spec:\n"
    )
    return f"apiVersion: apps/v1\n{spec[0]}spec:\n{head}{inner}"


def place(told: list[tuple[str, str | None]], command: str) -> int:
    """Where a step with a command stands."""
    return next(index for index, (_, own) in enumerate(told) if own and own.startswith(command))


def test_data_moves_while_nothing_runs() -> None:
    """The stage switch stops the old workload in its text; its Pods are gone before the new
    server starts.
    """
    told = steps(deployment(""))
    stopped = place(told, "kubectl apply -f <files of ?stage=switch>")
    gone = place(told, "kubectl wait --for=delete pod --timeout=10m -l app=shop -n store")
    started = place(told, "kubectl apply -f <files of ?stage=contract>")
    assert stopped < gone < started


def test_the_last_stage_waits_for_both_workloads() -> None:
    """The old one comes back with the new one."""
    commands = [command or "" for _, command in steps(deployment("  replicas: 1\n"))]
    contract = next(command for command in commands if "stage=contract" in command)
    assert "kubectl rollout status deployment/shop-db -n store" in contract
    assert "kubectl rollout status deployment/shop -n store" in contract


def test_what_may_run_twice_is_not_waited_for() -> None:
    """Without data nothing is stopped."""
    told = steps((EXAMPLES / "shop.yaml").read_text())
    assert not any(command and "--for=delete" in command for _, command in told)


def test_copies_are_deleted_together_and_taken_over_by_a_stateful_set() -> None:
    """Nobody adopts the copies that become a Deployment; a StatefulSet adopts those with its
    names.
    """
    pod = (
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: web-{0}, labels: {{app: web}}}}\nspec:\n{1} "
        " containers: [{{name: web, image: a}}]\n"
    )
    equal = [
        command for _, command in steps("---\n".join(pod.format(number, "") for number in range(2)))
    ]
    assert "kubectl delete pod web-0 web-1" in equal
    numbered = [
        command
        for _, command in steps(
            "---\n".join(pod.format(number, f"  hostname: web-{number}\n") for number in range(2))
        )
    ]
    assert not any(command and "delete" in command for command in numbered)


def test_a_database_is_stopped_before_its_controller_starts() -> None:
    """Two servers on one data directory destroy it: the old Pod is deleted first."""
    told = steps((EXAMPLES / "bare-database.yaml").read_text())
    gone = place(told, "kubectl delete pod orders-db -n shop")
    assert gone < place(told, "kubectl apply -f <files>")


def test_a_pod_without_data_is_deleted_when_its_controller_runs() -> None:
    """It serves until the new Pods are ready."""
    told = steps((EXAMPLES / "web-with-logger.yaml").read_text())
    applied = place(told, "kubectl apply -f <files>")
    assert applied < place(told, "kubectl delete pod web-with-logger")


def test_nothing_changed_needs_no_steps() -> None:
    """No changes, no migration."""
    assert migration_steps(()) == ()


# Changes that are made by hand

DIFF = "kubectl diff -f <files>"
APPLY = "kubectl apply -f <files of ?stage={}>"
MOVE = Move(("queue",), "Deployment", "shop-queue", Stage.ADD)
LATE = Move(("queue",), "Deployment", "shop-queue", Stage.CONTRACT)


def commands(*proposals: Proposal) -> list[str | None]:
    """The commands of changes; the first and the last step are the same for all."""
    first, *told, last = migration_steps(proposals)
    assert first.command == DIFF
    assert last.step.startswith("with Argo CD or Flux")
    assert last.command is None
    return [step.command for step in told]


def wrap(
    kind: str = "Deployment",
    old_pods: OldPods = OldPods.DELETED_AFTER,
    copies: int = 0,
    **data: Any,
) -> Proposal:
    """A change that gives a Pod a controller of the name `mall`."""
    pods = [
        workload_of(bare_pod(f"shop-{number}", containers("web"), **data))
        for number in range(copies + 1)
    ]
    return proposal_for(
        pods[0],
        action="wrap",
        controller=Controller("apps/v1", kind, "mall", {}, {}, {}),
        old_pods=old_pods,
        copies=tuple(pods[1:]),
    )


def split(*moves: Move, kind: str = "Deployment", namespace: str = "", **spec: Any) -> Proposal:
    """A change that moves containers away from a controller of the name `shop`."""
    data = controller(kind, "shop", containers("web", "queue"), **spec)
    if namespace:
        data["metadata"]["namespace"] = namespace
    return moving(workload_of(data), *moves)


def moving(workload: Workload, *moves: Move, stages: Iterable[Stage] = Stage) -> Proposal:
    """A change that moves containers away from a workload.

    Args:
        workload: the workload.
        moves: who goes where.
        stages: those in which it changes anything.
    """
    steps = tuple(
        step(workload.resource, SetValue(("spec", "paused"), True, int(stage))) for stage in stages
    )
    return proposal_for(workload, moves=moves, steps=steps)


def test_stages_without_edits_are_left_out() -> None:
    """As of what was applied already."""
    workload = split(MOVE).workload
    for stages in ([Stage.CONTRACT], [Stage.ADD, Stage.CONTRACT], [Stage.EXPAND, Stage.CONTRACT]):
        told = commands(moving(workload, MOVE, stages=stages))
        assert [f"stage={stage.label}" in " ".join(map(str, told)) for stage in Stage] == [
            stage in stages for stage in Stage
        ]


def test_the_old_pods_go_when_the_change_says() -> None:
    """First where both would write to the same data, after where nobody adopts them, never where
    somebody does.
    """
    apply = "kubectl apply -f <files> && kubectl rollout status deployment/mall"
    delete = "kubectl delete pod shop-0"
    assert commands(wrap(old_pods=OldPods.DELETED_FIRST)) == [delete, apply]
    assert commands(wrap(old_pods=OldPods.DELETED_AFTER)) == [apply, delete]
    assert commands(wrap(old_pods=OldPods.TAKEN_OVER)) == [apply]


def test_each_change_says_when_its_own_pods_go() -> None:
    """Those of all changes are deleted before, or after, what is applied for all of them."""
    first = wrap(old_pods=OldPods.DELETED_FIRST, copies=1)
    after = wrap(kind="DaemonSet", old_pods=OldPods.DELETED_AFTER, namespace="a")
    waits = [
        f"kubectl rollout status {name}" for name in ("daemonset/mall -n a", "deployment/mall")
    ]
    assert commands(after, first) == [
        "kubectl delete pod shop-0 shop-1",
        " && ".join(["kubectl apply -f <files>", *waits]),
        "kubectl delete pod shop-0 -n a",
    ]


def test_pods_are_deleted_first_where_they_are_divided_too() -> None:
    """Before the stage in which their controller starts."""
    first = wrap(old_pods=OldPods.DELETED_FIRST)
    apart = moving(first.workload, MOVE)
    assert commands(first, apart)[:2] == [
        "kubectl delete pod shop-0",
        f"{APPLY.format('expand')} && kubectl rollout status deployment/mall",
    ]


def test_a_stateful_set_that_takes_over_pods_is_explained() -> None:
    """It makes them anew, one after the other."""
    taken, made = (wrap("StatefulSet", old) for old in (OldPods.TAKEN_OVER, OldPods.DELETED_AFTER))

    def explained(*proposals: Proposal) -> bool:
        return "takes over the Pods with its names" in migration_steps(proposals)[1].why

    assert explained(taken)
    assert explained(made, taken)
    assert not explained(made)


def test_steps_name_what_is_done() -> None:
    """With one Pod or several."""
    one = migration_steps((wrap(),))
    assert [step.step for step in one[1:-1]] == [
        "apply deployment/mall and wait",
        "delete the old Pod shop-0",
    ]
    several = migration_steps((wrap(copies=1), wrap("Job")))
    assert [step.step for step in several[1:-1]] == [
        "apply deployment/mall, job/mall and wait",
        "delete the old Pods shop-0, shop-1",
        "delete the old Pod shop-0",
    ]


@pytest.mark.parametrize(
    ("kind", "waits"),
    [
        ("Deployment", ["rollout status deployment/shop"]),
        ("StatefulSet", ["rollout status statefulset/shop"]),
        ("DaemonSet", ["rollout status daemonset/shop"]),
        ("CronJob", []),
        ("Rollout", ["argo rollouts promote --full shop", "argo rollouts status shop"]),
    ],
)
def test_kubectl_waits_for_what_it_can_wait_for(kind: str, waits: list[str]) -> None:
    """Each kind in its own way."""
    told = commands(split(MOVE, kind=kind, namespace="a"))
    assert told[0] == " && ".join(
        [APPLY.format("expand"), *(f"kubectl {wait} -n a" for wait in waits)]
    )


def test_a_division_goes_by_stages() -> None:
    """Each waits for the workloads that are new in it."""
    assert commands(split(MOVE, namespace="a")) == [
        f"{APPLY.format('expand')} && kubectl rollout status deployment/shop -n a",
        f"{APPLY.format('add')} && kubectl rollout status deployment/shop-queue -n a",
        APPLY.format("switch"),
        f"{APPLY.format('contract')} && kubectl rollout status deployment/shop -n a",
    ]


def stopping(kind: str = "Deployment", namespace: str = "") -> Proposal:
    """A change that moves what must not run twice: the stage switch stops the old workload."""
    moved = split(LATE, kind=kind, namespace=namespace)
    return replace(moved, stops_old_pods=True)


def test_what_takes_over_data_waits_until_nobody_runs() -> None:
    """The old Pods are gone before the new ones start, and the old workload comes back then."""
    assert commands(stopping()) == [
        f"{APPLY.format('expand')} && kubectl rollout status deployment/shop",
        APPLY.format("add"),
        APPLY.format("switch"),
        "kubectl wait --for=delete pod --timeout=10m -l app=shop",
        (
            f"{APPLY.format('contract')} && kubectl rollout status deployment/shop-queue"
            " && kubectl rollout status deployment/shop"
        ),
    ]


def test_only_what_takes_over_data_is_waited_for() -> None:
    """Other workloads serve on."""
    told = commands(split(MOVE), stopping(namespace="b"))
    assert [command for command in told if command and "--for=delete" in command] == [
        "kubectl wait --for=delete pod --timeout=10m -l app=shop -n b"
    ]


@pytest.mark.parametrize(
    ("kind", "spec"),
    [
        ("ReplicaSet", {}),
        ("ReplicationController", {}),
        ("StatefulSet", {"updateStrategy": {"type": "OnDelete"}}),
    ],
)
def test_pods_that_are_not_replaced_are_deleted_by_hand(kind: str, spec: dict[str, Any]) -> None:
    """After the first stage and after the last one: nobody waits for them."""
    told = migration_steps((split(MOVE, kind=kind, **spec),))
    renew = f"delete the Pods of {kind}/shop, one after the other, so that they are made anew"
    assert [step.step for step in told[1:-1]] == [
        "apply the stage expand and wait for it",
        renew,
        "apply the stage add and wait for the new workloads",
        "apply the stage switch",
        "apply the stage contract",
        renew,
    ]
    assert told[1].command == APPLY.format("expand")
    assert told[3].command == (
        f"{APPLY.format('add')} && kubectl rollout status deployment/shop-queue"
    )


def test_nobody_waits_for_new_pods_that_replace_none() -> None:
    """A new workload of a kind that replaces its Pods when they are deleted has none to replace."""
    on_delete: dict[str, Any] = {"updateStrategy": {"type": "OnDelete"}}
    move = Move(("queue",), "DaemonSet", "shop-queue", Stage.ADD)
    told = commands(split(move, kind="DaemonSet", **on_delete))
    assert APPLY.format("add") in told
    rolling = commands(split(move, kind="DaemonSet"))
    assert f"{APPLY.format('add')} && kubectl rollout status daemonset/shop-queue" in rolling


def test_a_pod_that_is_wrapped_is_not_made_anew_by_hand() -> None:
    """Its controller is new."""
    wrapped = wrap("ReplicaSet")
    told = migration_steps((wrapped, moving(wrapped.workload, MOVE)))
    assert not any("made anew" in step.step for step in told)


def test_a_step_says_which_stage_it_applies() -> None:
    """So that who commits stages knows what comes before each and what after it."""
    text = (EXAMPLES / "wordpress-and-mysql.yaml").read_text()
    report = run([("set.yaml", text.encode())], Options(), rewrite=True)
    assert report.rewrite is not None
    assert [
        (item.stage, (item.command or "").split(" ")[1:2]) for item in report.rewrite.migration
    ] == [
        (None, ["diff"]),
        (Stage.ADD, ["apply"]),
        (Stage.SWITCH, ["apply"]),
        (None, ["wait"]),
        (Stage.CONTRACT, ["apply"]),
        (None, []),
    ]
