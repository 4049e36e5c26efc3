"""The steps that bring a rewrite to a live cluster: what they are, and in which order."""

from __future__ import annotations

from pathlib import Path

from service.options import Options
from service.pipeline import run
from service.rewriting.migration import migration_steps

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
    return [(each.step, each.command) for each in report.rewrite.migration]


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
    return next(index for index, (_, each) in enumerate(told) if each and each.startswith(command))


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
