"""The service analyses its own chart, and the chart's test runs against the service."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from tests.conftest import Server, StartServer
from tests.support.chart import CHART, every_variant, objects, only, rendered

TOKEN = "only-for-this-test-0123456789"


@every_variant
def test_our_own_service_finds_nothing_in_our_own_chart(
    helm: Path, server: Server, values: Path
) -> None:
    """The service reports no finding of any severity, rejects and skips nothing, and rewrites
    nothing.
    """
    text = rendered(helm, "-f", str(values))
    gate = requests.post(f"{server.url}/v1/analyze?fail_on=info", data=text.encode(), timeout=30)
    assert gate.status_code == 200, gate.text
    analysis = gate.json()
    assert (analysis["findings"], analysis["rejected"], analysis["skipped"]) == ([], [], [])
    kinds = {workload["kind"] for workload in analysis["workloads"]}
    assert {"Deployment", "Pod"} <= kinds <= {"Deployment", "Pod", "CronJob"}
    assert {
        container["role"]
        for workload in analysis["workloads"]
        for container in workload["containers"]
    } == {"main"}

    rewrite = requests.post(f"{server.url}/v1/rewrite", data=text.encode(), timeout=30).json()
    assert rewrite["changes"] == []
    assert [file["content"] for file in rewrite["files"]] == [text]


def run_chart_test(
    helm: Path, values: str, server: Server, tokens: str
) -> subprocess.CompletedProcess[str]:
    """Run what `helm test` runs in the cluster, with this Python and against a local server.

    Args:
        helm: the program.
        values: the name of a variant.
        server: the service.
        tokens: the path of the file with its tokens.
    """
    (container,) = only(
        objects(rendered(helm, "-f", str(CHART / "ci" / f"{values}-values.yaml"))), "Pod"
    )["spec"]["containers"]
    python, *arguments = container["command"]
    assert python == "/opt/podsplit/bin/python"
    (service,) = container["env"]
    assert service == {"name": "SERVICE", "value": "podsplit.tools:80"}
    mounts = [mount["mountPath"] for mount in container.get("volumeMounts", [])]
    assert mounts in ([], ["/etc/podsplit/tokens"])
    script = [argument.replace("/etc/podsplit/tokens/tokens", tokens) for argument in arguments]
    environment = os.environ | {"SERVICE": f"127.0.0.1:{server.port}"}
    return subprocess.run(
        [sys.executable, *script],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_the_charts_test_passes_on_the_service(helm: Path, server: Server) -> None:
    """The rendered test succeeds against a real service."""
    done = run_chart_test(helm, values="default", server=server, tokens="/nonexistent")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "ok: {'web': 'main', 'logs': 'sidecar'}\n"


def test_the_charts_test_sends_its_token(
    helm: Path, start_server: StartServer, tmp_path: Path
) -> None:
    """The test passes with the mounted token. With another token it fails, and doesn't print it."""
    good, bad = tmp_path / "good", tmp_path / "bad"
    good.write_text(f"# callers\n\nhelm: {TOKEN}\n")
    bad.write_text("another-one-for-this-test-9876\n")
    running = start_server(PODSPLIT_TOKENS_FILE=str(good))
    assert run_chart_test(helm, values="tokens", server=running, tokens=str(good)).returncode == 0
    failed = run_chart_test(helm, values="tokens", server=running, tokens=str(bad))
    assert failed.returncode != 0
    assert "status 401" in failed.stderr
    assert "another-one" not in failed.stderr + failed.stdout


@pytest.mark.parametrize(
    ("values", "expected", "unexpected"),
    [
        ("default", "port-forward service/podsplit 8080:80", "WARNING"),
        ("http-route", "WARNING: the API is open", "Bearer"),
        ("load-balancer", "Authorization: Bearer <token>", "WARNING"),
        ("tokens", "Rather keep them in a Secret", TOKEN),
        ("ingress", "https://podsplit.example.com", "WARNING"),
    ],
)
def test_the_notes_say_how_to_reach_it_and_never_a_secret(
    helm: Path, values: str, expected: str, unexpected: str
) -> None:
    """The notes after an installation hold what is expected of the variant, and no secret."""
    path = CHART / "ci" / f"{values}-values.yaml"
    command = [str(helm), "install", "podsplit", str(CHART), "--namespace", "tools"]
    command += ["--dry-run=client", "--hide-secret", "-f", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    notes = done.stdout.partition("NOTES:")[2]
    assert expected in notes
    assert unexpected not in notes
