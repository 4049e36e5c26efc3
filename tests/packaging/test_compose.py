"""docker-compose.yml and what it scrapes."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import requests
import yaml

from service.web.settings import Settings, default_graceful_timeout

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
PROMETHEUS = yaml.safe_load((ROOT / "deploy" / "prometheus.yml").read_text())


def test_it_is_a_compose_file():
    """By the schema of the Compose Specification."""
    command = [
        sys.executable,
        "-m",
        "check_jsonschema",
        "--builtin-schema",
        "vendor.compose-spec",
        str(ROOT / "docker-compose.yml"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def compose() -> list[str]:
    """The real client, where there is one; it needs no engine to read a file."""
    for command in (["docker", "compose"], ["docker-compose"]):
        if (
            shutil.which(command[0])
            and subprocess.run(
                [*command, "version"], capture_output=True, check=False, timeout=60
            ).returncode
            == 0
        ):
            return command
    pytest.skip("docker has no compose here")


@pytest.mark.parametrize(
    ("profiles", "services"),
    [([], {"podsplit"}), (["--profile", "metrics"], {"podsplit", "prometheus"})],
)
def test_compose_reads_it(profiles, services):
    """`docker compose config` resolves both forms."""
    done = subprocess.run(
        [*compose(), *profiles, "config"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert set(yaml.safe_load(done.stdout)["services"]) == services


def test_up_builds_this_repository_and_serves_on_8080_of_this_machine_alone():
    """Unless LISTEN says otherwise: the API is open until there are tokens."""
    assert SERVICES["podsplit"]["build"] == "."
    (port,) = SERVICES["podsplit"]["ports"]
    assert re.sub(r"\$\{LISTEN:-([^}]*)\}", r"\1", port) == "127.0.0.1:8080:8080"
    assert "EXPOSE 8080\n" in (ROOT / "Dockerfile").read_text()


@pytest.mark.parametrize("name", SERVICES)
def test_containers_have_no_rights(name):
    """No capabilities, no new privileges, a read-only root."""
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "cap_add", "network_mode", "pid", "user"} & service.keys()


def test_the_service_may_write_to_tmp_alone_and_keeps_within_limits():
    """In memory, bounded."""
    service = SERVICES["podsplit"]
    assert [each.partition(":")[0] for each in service["tmpfs"]] == ["/tmp"]
    assert "size=" in service["tmpfs"][0]
    assert "volumes" not in service
    assert {"mem_limit", "pids_limit"} <= service.keys()


def test_a_stop_waits_for_the_drain_and_the_longest_request():
    """Docker kills after 10 seconds by default."""
    grace_period = re.fullmatch(r"(\d+)s", SERVICES["podsplit"]["stop_grace_period"])
    assert grace_period is not None
    settings = Settings()
    stop = default_graceful_timeout(settings.request_timeout)
    assert int(grace_period[1]) >= settings.drain_seconds + stop


def test_prometheus_comes_with_a_profile_only():
    """And once the service is healthy."""
    assert [name for name, service in SERVICES.items() if "profiles" not in service] == ["podsplit"]
    assert SERVICES["prometheus"]["profiles"] == ["metrics"]
    assert SERVICES["prometheus"]["depends_on"] == {"podsplit": {"condition": "service_healthy"}}


def test_images_have_versions():
    """Nothing is `latest` but what is built here."""
    assert re.fullmatch(r"prom/prometheus:v\d+\.\d+\.\d+", SERVICES["prometheus"]["image"])


def test_prometheus_reads_the_file_that_is_here():
    """The mounted file exists, read-only, where the command says."""
    source, target, mode = SERVICES["prometheus"]["volumes"][0].split(":")
    assert (ROOT / source).read_text()
    assert mode == "ro"
    assert f"--config.file={target}" in SERVICES["prometheus"]["command"]
    named = [each.partition(":")[0] for each in SERVICES["prometheus"]["volumes"][1:]]
    assert named == list(COMPOSE["volumes"])


def test_prometheus_scrapes_what_the_service_serves(server):
    """The target is the service's name and port, and the default path answers in Prometheus'
    format.
    """
    (job,) = PROMETHEUS["scrape_configs"]
    (target,) = job["static_configs"]
    name, _, port = target["targets"][0].partition(":")
    assert name in SERVICES
    assert SERVICES[name]["ports"][0].endswith(f":{port}")
    answer = requests.get(server.url + job.get("metrics_path", "/metrics"), timeout=10)
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    assert "podsplit_requests_total" in answer.text


def test_promtool_accepts_the_configuration():
    """Where it is there."""
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not here")
    done = subprocess.run(
        [promtool, "check", "config", ROOT / "deploy" / "prometheus.yml"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
