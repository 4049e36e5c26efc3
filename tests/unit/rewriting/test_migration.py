"""The steps that bring a rewrite to a live cluster: what they are, and in which order."""

from __future__ import annotations

from pathlib import Path

from service.options import Options
from service.pipeline import run
from service.rewriting.migration import migration_steps

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


def test_a_workload_that_gives_data_away_is_empty_meanwhile_and_filled_again() -> None:
    """Apply leaves replicas alone that the manifest doesn't write: somebody has to set them
    back.
    """
    told = steps(deployment(""))
    down = place(told, "kubectl scale --replicas=0 deployment/shop -n store")
    contract = place(told, "kubectl apply -f <files of ?stage=contract>")
    up = place(told, "kubectl scale --replicas=<number> deployment/shop -n store")
    assert down < contract < up


def test_written_replicas_come_back_by_themselves() -> None:
    """The last apply sets what the manifest says."""
    commands = [command for _, command in steps(deployment("  replicas: 1\n"))]
    assert "kubectl scale --replicas=0 deployment/shop -n store" in commands
    assert not any(command and "<number>" in command for command in commands)


def test_a_wrapped_pod_is_scaled_by_its_controller() -> None:
    """The Pod is a Deployment by then."""
    commands = [
        command for _, command in steps("apiVersion: v1\n" + DATABASE.format(kind="Pod", head=""))
    ]
    assert "kubectl scale --replicas=0 deployment/shop -n store" in commands


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


EXAMPLES = Path(__file__).resolve().parents[3] / "examples"


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
