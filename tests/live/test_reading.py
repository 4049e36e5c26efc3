"""How the live test reads what kubectl says, and what it finds wrong: on answers as a cluster
gives them, and on a model of one.
"""

from __future__ import annotations

import stat
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.support import live
from tests.support.cluster import Cluster, Pods, read
from tests.support.live import Kubectl, Port, Seen, reached, unsettled, walk
from tests.support.rewritten import rewrite

SETS = sorted((Path(__file__).parent / "sets").glob("*.yaml"))
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


def piece(
    service: str, ports: list[dict[str, object]] | None, *endpoints: tuple[str, bool | None]
) -> dict[str, object]:
    """An EndpointSlice."""
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
    """A Service has a slice for each set of resolved ports; a port is reached in whichever of
    them it is.
    """
    http, amqp = (
        {"name": "http", "port": 80, "protocol": "TCP"},
        {"name": "amqp", "port": 5672, "protocol": "TCP"},
    )
    slices = {
        "items": [
            piece("shop", [http], ("shop-5b7f-x2x", True)),
            piece("shop", [amqp], ("shop-queue-9c-1", True)),
        ]
    }
    assert reached(slices, PODS) == {
        Port("shop", "http"): {"front"},
        Port("shop", "amqp"): {"queue"},
    }


def test_what_is_not_ready_is_not_reached() -> None:
    """Ready that isn't said is taken as ready, as the API has it; a port that only unready Pods
    have is empty.
    """
    slices = {
        "items": [
            piece("a", [{"port": 80}], ("shop-5b7f-x2x", False)),
            piece("b", [{"port": 80}], ("shop-5b7f-x2x", None)),
        ]
    }
    assert reached(slices, PODS) == {Port("a", ""): frozenset(), Port("b", ""): {"front"}}


def test_ports_are_those_of_running_containers() -> None:
    """Native sidecars count and init containers don't; a protocol is part of a port; who
    declares nothing is said so.
    """
    ports = [
        {"name": "metrics", "port": 9187},
        {"name": "dns", "port": 53, "protocol": "UDP"},
        {"name": "tcp", "port": 53},
    ]
    found = reached({"items": [piece("shop", ports, ("shop-5b7f-x2x", True))]}, PODS)
    assert found[Port("shop", "metrics")] == {"metrics"}
    assert found[Port("shop", "dns")] == {"dns"}
    assert found[Port("shop", "tcp")] == {"a container that doesn't declare it"}


def test_who_comes_and_who_goes() -> None:
    """A Pod that isn't ready, or that has been deleted and is still there, is waited for."""
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
    assert unsettled({"items": pods}) == ["starts", "is-new", "goes"]


def test_empty_answers() -> None:
    """A headless Service without ports, a slice without endpoints, and a Pod that is gone by
    now.
    """
    slices = {
        "items": [
            piece("none", None),
            piece("gone", [{"name": "x", "port": 1}], ("gone", True)),
            piece("empty", [{"name": "x", "port": 1}]),
        ]
    }
    assert reached(slices, {"items": []}) == {
        Port("gone", "x"): {"a Pod that is gone"},
        Port("empty", "x"): frozenset(),
    }


class Model:
    """A cluster that does what the model of the tests says, one look behind another."""

    def __init__(self) -> None:
        self.now = self.then = Cluster(())

    def apply(self, files: Mapping[str, str]) -> None:
        bare = [each for each in self.now.objects if each.kind == "Pod"]
        self.then, self.now = self.now, Cluster((*bare, *read(files)))

    def settle(self) -> None:
        live.threading.Event().wait(0.03)
        self.then = self.now

    def delete_pods(self, names: Sequence[str]) -> None:
        self.now = Cluster(
            tuple(
                each
                for each in self.now.objects
                if each.kind != "Pod" or each.key.name not in names
            )
        )

    def look(self) -> Seen:
        """Services as they were applied last, Pods as they were before."""
        found: Seen = {}
        pods: list[Pods] = list(self.then.pods.values())
        for port, reached_ in self.now.reach(pods).items():
            names = (str(each.container).partition(" ")[0] for each in reached_)
            found[Port(port.service.name, port.name)] = frozenset(names)
        return found


@pytest.mark.parametrize("path", SETS, ids=lambda path: path.stem)
def test_stages_have_no_gap(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sets of the live test, on the model."""
    monkeypatch.setattr(live, "_POLL", 0.001)
    assert list(walk(Model(), rewrite({path.name: path.read_text()}).stages)) == []


@pytest.mark.parametrize("path", SETS, ids=lambda path: path.stem)
def test_all_at_once_has_one(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last stage straight away is seen to leave ports without endpoints."""
    monkeypatch.setattr(live, "_POLL", 0.001)
    stages = rewrite({path.name: path.read_text()}).stages
    assert any("no ready endpoint" in each for each in walk(Model(), [stages[0], stages[-1]]))


def test_a_wrong_rewrite_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Service that goes on asking by number leads to Pods that don't serve it."""
    monkeypatch.setattr(live, "_POLL", 0.001)
    text = next(path for path in SETS if path.stem == "one-service-for-both").read_text()
    stages = [
        {path: each.replace("targetPort: amqp", "targetPort: 5672") for path, each in files.items()}
        for files in rewrite({"x.yaml": text}).stages
    ]
    assert any("that doesn't" in each or "None" in each for each in walk(Model(), stages))


def test_kubectl_is_told_where(tmp_path: Path) -> None:
    """Every command names the kubeconfig and the namespace; manifests come on standard input; a
    failure says what kubectl said.
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
    client.settle()
    log = (tmp_path / "log").read_text().splitlines()
    assert all(line.startswith("--kubeconfig /the/config --namespace podsplit-1 ") for line in log)
    assert (tmp_path / "applied").read_text() == "kind: A\n---\nkind: B"
    assert any("rollout status deployment.apps/shop" in line for line in log)
    with pytest.raises(AssertionError, match="no such thing"):
        client.run("broken")
