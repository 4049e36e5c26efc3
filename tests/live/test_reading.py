"""How the live test reads kubectl's output, and what it finds wrong.

It runs here on output as a real cluster prints it, and on a model of a cluster.
"""

from __future__ import annotations

import stat
import textwrap
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.support import live
from tests.support.cluster import Cluster
from tests.support.live import (
    Kubectl,
    Port,
    ReadyContainers,
    check_stages,
    ready_containers,
    unsettled_pods,
)
from tests.support.objects import read_objects
from tests.support.rewritten import rewrite

SETS = sorted((Path(__file__).parent / "sets").glob("*.yaml"))
every_set = pytest.mark.parametrize("path", SETS, ids=lambda path: path.stem)
PODS = {
    "items": [
        {
            "metadata": {"name": "shop-5b7f-x2x"},
            "spec": {
                "initContainers": [
                    {"name": "wait", "ports": [{"containerPort": 9187}]},
                    {
                        "name": "metrics",
                        "restartPolicy": "Always",
                        "ports": [{"containerPort": 9187, "protocol": "TCP"}],
                    },
                ],
                "containers": [
                    {"name": "front", "ports": [{"containerPort": 80, "protocol": "TCP"}]},
                    {"name": "dns", "ports": [{"containerPort": 53, "protocol": "UDP"}]},
                ],
            },
        },
        {
            "metadata": {"name": "shop-queue-9c-1"},
            "spec": {"containers": [{"name": "queue", "ports": [{"containerPort": 5672}]}]},
        },
    ]
}


def endpoint_slice(
    service: str, ports: list[dict[str, object]] | None, *endpoints: tuple[str, bool | None]
) -> dict[str, object]:
    """An EndpointSlice; each endpoint is the name of a Pod and whether it is ready."""
    return {
        "metadata": {"name": f"{service}-abcde", "labels": {"kubernetes.io/service-name": service}},
        "addressType": "IPv4",
        "ports": ports,
        "endpoints": [
            {
                "addresses": ["10.0.0.1"],
                "conditions": {} if ready is None else {"ready": ready, "serving": ready},
                "targetRef": {"kind": "Pod", "name": pod},
            }
            for pod, ready in endpoints
        ],
    }


def test_slices_of_one_service_count_together() -> None:
    """The slices of a Service are taken together: it has one for each set of resolved ports."""
    http, amqp = (
        {"name": "http", "port": 80, "protocol": "TCP"},
        {"name": "amqp", "port": 5672, "protocol": "TCP"},
    )
    slices = {
        "items": [
            endpoint_slice("shop", [http], ("shop-5b7f-x2x", True)),
            endpoint_slice("shop", [amqp], ("shop-queue-9c-1", True)),
        ]
    }
    assert ready_containers(slices, PODS) == {
        Port("shop", "http"): {"front"},
        Port("shop", "amqp"): {"queue"},
    }


def test_unready_endpoints_are_not_reached() -> None:
    """A port that only unready Pods have is empty. An endpoint without the condition counts as
    ready, as the API says.
    """
    slices = {
        "items": [
            endpoint_slice("a", [{"port": 80}], ("shop-5b7f-x2x", False)),
            endpoint_slice("b", [{"port": 80}], ("shop-5b7f-x2x", None)),
        ]
    }
    assert ready_containers(slices, PODS) == {
        Port("a", ""): frozenset(),
        Port("b", ""): {"front"},
    }


def test_ports_are_those_of_running_containers() -> None:
    """Native sidecars count, init containers don't, and the protocol is a part of the port. A port
    that nobody declares is named so.
    """
    ports = [
        {"name": "metrics", "port": 9187},
        {"name": "dns", "port": 53, "protocol": "UDP"},
        {"name": "tcp", "port": 53},
    ]
    slices = {"items": [endpoint_slice("shop", ports, ("shop-5b7f-x2x", True))]}
    ready = ready_containers(slices, PODS)
    assert ready[Port("shop", "metrics")] == {"metrics"}
    assert ready[Port("shop", "dns")] == {"dns"}
    assert ready[Port("shop", "tcp")] == {"a container that doesn't declare it"}


def test_unsettled_pods() -> None:
    """A Pod that isn't ready is unsettled, as is one that is being deleted."""
    ready = {
        "conditions": [
            {"type": "PodScheduled", "status": "True"},
            {"type": "Ready", "status": "True"},
        ]
    }
    pods = [
        {"metadata": {"name": "runs"}, "status": ready},
        {
            "metadata": {"name": "starts"},
            "status": {"conditions": [{"type": "Ready", "status": "False"}]},
        },
        {"metadata": {"name": "is-new"}, "status": {}},
        {
            "metadata": {"name": "goes", "deletionTimestamp": "2025-01-01T00:00:00Z"},
            "status": ready,
        },
    ]
    assert unsettled_pods({"items": pods}) == ["starts", "is-new", "goes"]


def test_empty_answers() -> None:
    """A headless Service without ports has none, a slice without endpoints is empty, and a Pod that
    is gone by now is named so.
    """
    slices = {
        "items": [
            endpoint_slice("none", None),
            endpoint_slice("gone", [{"name": "x", "port": 1}], ("gone", True)),
            endpoint_slice("empty", [{"name": "x", "port": 1}]),
        ]
    }
    assert ready_containers(slices, {"items": []}) == {
        Port("gone", "x"): {"a Pod that is gone"},
        Port("empty", "x"): frozenset(),
    }


class ClusterModel:
    """A client of the tests' model of a cluster; Pods follow when it is waited for them."""

    def __init__(self) -> None:
        self.applied = Cluster(())
        """All objects as they were applied last."""
        self.settled = Cluster(())
        """The objects whose Pods run."""

    def apply(self, files: Mapping[str, str]) -> None:
        bare_pods = [resource for resource in self.applied.objects if resource.kind == "Pod"]
        self.settled = self.applied
        self.applied = Cluster((*bare_pods, *read_objects(files)))

    def wait_until_settled(self) -> None:
        time.sleep(0.03)  # the watch reads the state in between
        self.settled = self.applied

    def delete_pods(self, names: Sequence[str]) -> None:
        self.applied = Cluster(
            tuple(
                resource
                for resource in self.applied.objects
                if resource.kind != "Pod" or resource.key.name not in names
            )
        )

    def ready_containers(self) -> ReadyContainers:
        """The Services as they were applied last lead to the Pods that run."""
        return {
            Port(port.service.name, port.name): frozenset(
                str(endpoint.container).partition(" ")[0] for endpoint in endpoints
            )
            for port, endpoints in self.applied.endpoints(self.settled.pods.values()).items()
        }


@pytest.fixture
def fast_polls(monkeypatch: pytest.MonkeyPatch) -> None:
    """The watch reads a thousand times a second."""
    monkeypatch.setattr(live, "_POLL_INTERVAL", 0.001)


@pytest.mark.usefixtures("fast_polls")
@every_set
def test_stages_have_no_gap(path: Path) -> None:
    """The sets of the live test have no fault on the model."""
    stages = rewrite({path.name: path.read_text()}).stages
    assert list(check_stages(ClusterModel(), stages)) == []


@pytest.mark.usefixtures("fast_polls")
@every_set
def test_all_at_once_has_a_gap(path: Path) -> None:
    """To apply the last stage at once is seen to leave ports without endpoints."""
    stages = rewrite({path.name: path.read_text()}).stages
    faults = check_stages(ClusterModel(), [stages[0], stages[-1]])
    assert any("no ready endpoint" in fault for fault in faults)


@pytest.mark.usefixtures("fast_polls")
def test_a_wrong_rewrite_is_seen() -> None:
    """A Service whose target port stays a number leads to Pods that don't serve it."""
    text = next(path for path in SETS if path.stem == "one-service-for-both").read_text()
    stages = [
        {
            path: stage.replace("targetPort: amqp", "targetPort: 5672")
            for path, stage in files.items()
        }
        for files in rewrite({"x.yaml": text}).stages
    ]
    faults = check_stages(ClusterModel(), stages)
    assert any("that doesn't" in fault or "None" in fault for fault in faults)


def test_kubectl_is_told_where(tmp_path: Path) -> None:
    """Every command names the kubeconfig and the namespace, and manifests come on standard input. A
    failure holds kubectl's error output.
    """
    program = tmp_path / "kubectl"
    program.write_text(
        textwrap.dedent(f"""\
            #!/bin/sh
            echo "$@" >> {tmp_path}/log
            case "$*" in
              *apply*) cat > {tmp_path}/applied ;;
              *"get deployment"*) echo deployment.apps/shop ;;
              *"get pod"*) echo '{{"items": []}}' ;;
              *broken*) echo "no such thing" >&2; exit 1 ;;
            esac
            """)
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    client = Kubectl(program, "/the/config", "podsplit-1")
    client.apply({"a.yaml": "kind: A", "b.yaml": "kind: B"})
    client.wait_until_settled()
    log = (tmp_path / "log").read_text().splitlines()
    assert all(line.startswith("--kubeconfig /the/config --namespace podsplit-1 ") for line in log)
    assert (tmp_path / "applied").read_text() == "kind: A\n---\nkind: B"
    assert any("rollout status deployment.apps/shop" in line for line in log)
    with pytest.raises(AssertionError, match="no such thing"):
        client.run("broken")
