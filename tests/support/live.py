"""Stages applied to a real cluster by kubectl, with its EndpointSlices watched all the while."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from tests.support.cluster import Cluster
from tests.support.objects import read_objects

_ROLLOUT_TIMEOUT = 180
"""Seconds that a rollout may take."""
_POLL_INTERVAL = 0.5
"""Seconds between two reads of the EndpointSlices."""


class Port(NamedTuple):
    """A port of a Service, as its clients know it."""

    service: str
    name: str


ReadyContainers = dict[Port, frozenset[str]]
"""The names of the containers that are ready behind each port; empty where none is."""


def ready_containers(slices: Mapping[str, Any], pods: Mapping[str, Any]) -> ReadyContainers:
    """The containers that are ready behind each port.

    Args:
        slices: what `kubectl get endpointslice -o json` prints.
        pods: what `kubectl get pod -o json` prints.
    """
    by_name = {pod["metadata"]["name"]: pod for pod in pods["items"]}
    found: dict[Port, set[str]] = {}
    for endpoint_slice in slices["items"]:
        labels = endpoint_slice["metadata"].get("labels", {})
        service = labels.get("kubernetes.io/service-name", "")
        for port in endpoint_slice.get("ports") or ():
            number, protocol = port.get("port"), port.get("protocol") or "TCP"
            names = found.setdefault(Port(service, port.get("name") or ""), set())
            for endpoint in endpoint_slice.get("endpoints") or ():
                target = endpoint.get("targetRef") or {}
                is_ready = endpoint.get("conditions", {}).get("ready") is not False
                if is_ready and target.get("kind") == "Pod":
                    names.add(_listener(by_name.get(target["name"]), number, protocol))
    return {port: frozenset(names) for port, names in found.items()}


def _listener(pod: Mapping[str, Any] | None, number: int | None, protocol: str) -> str:
    """The container of a Pod that declares a port: regular ones count before native sidecars."""
    if pod is None:
        return "a Pod that is gone"
    spec = pod["spec"]
    native = [
        container
        for container in spec.get("initContainers") or ()
        if container.get("restartPolicy") == "Always"
    ]
    for container in (*spec["containers"], *native):
        for port in container.get("ports") or ():
            if port["containerPort"] == number and (port.get("protocol") or "TCP") == protocol:
                return str(container["name"])
    return "a container that doesn't declare it"


def unsettled_pods(pods: Mapping[str, Any]) -> list[str]:
    """The names of the Pods that are not ready or are being deleted.

    Args:
        pods: what `kubectl get pod -o json` prints.
    """
    names = []
    for pod in pods["items"]:
        ready = any(
            condition["type"] == "Ready" and condition["status"] == "True"
            for condition in pod.get("status", {}).get("conditions") or ()
        )
        if not ready or "deletionTimestamp" in pod["metadata"]:
            names.append(str(pod["metadata"]["name"]))
    return names


class Client(Protocol):
    """What the test needs of a cluster."""

    def apply(self, files: Mapping[str, str]) -> None:
        """Apply manifests."""

    def wait_until_settled(self) -> None:
        """Wait until everything that was applied runs."""

    def delete_pods(self, names: Sequence[str]) -> None:
        """Delete Pods and wait until they are gone."""

    def ready_containers(self) -> ReadyContainers:
        """The containers that are ready behind each port, now."""


@dataclass(frozen=True)
class Kubectl:
    """A real cluster, in a namespace of its own."""

    program: Path
    kubeconfig: str
    namespace: str

    def run(self, *words: str, text: str | None = None) -> str:
        """The output of a kubectl command.

        Raises:
            AssertionError: it failed; the message holds its error output.
        """
        command = [
            str(self.program),
            "--kubeconfig",
            self.kubeconfig,
            "--namespace",
            self.namespace,
            *words,
        ]
        done = subprocess.run(
            command, input=text, capture_output=True, text=True, check=False, timeout=300
        )
        assert done.returncode == 0, f"kubectl {' '.join(words)}: {done.stderr}"
        return done.stdout

    def apply(self, files: Mapping[str, str]) -> None:
        self.run("apply", "--filename", "-", text="\n---\n".join(files.values()))

    def wait_until_settled(self) -> None:
        for kind in ("deployment", "statefulset", "daemonset"):
            for name in self.run("get", kind, "--output", "name").split():
                self.run("rollout", "status", name, f"--timeout={_ROLLOUT_TIMEOUT}s")
        until = time.monotonic() + _ROLLOUT_TIMEOUT
        while names := unsettled_pods(json.loads(self.run("get", "pod", "--output", "json"))):
            assert time.monotonic() < until, f"these Pods don't settle: {names}"
            time.sleep(_POLL_INTERVAL)

    def delete_pods(self, names: Sequence[str]) -> None:
        self.run("delete", "pod", *names, "--wait", f"--timeout={_ROLLOUT_TIMEOUT}s")

    def ready_containers(self) -> ReadyContainers:
        return ready_containers(
            json.loads(self.run("get", "endpointslice", "--output", "json")),
            json.loads(self.run("get", "pod", "--output", "json")),
        )


@dataclass
class Watch:
    """What was ready, read again and again."""

    seen: list[ReadyContainers] = field(default_factory=list)
    """In the order of the reads."""
    error: BaseException | None = None
    """What ended the watch early."""


@contextmanager
def watching(client: Client) -> Iterator[Watch]:
    """Read what is ready again and again in a thread, until the block ends; and once at its end."""
    watch, stop = Watch(), threading.Event()

    def poll() -> None:
        try:
            while not stop.wait(_POLL_INTERVAL):
                watch.seen.append(client.ready_containers())
        except (AssertionError, OSError, subprocess.SubprocessError) as error:
            watch.error = error

    thread = threading.Thread(target=poll, daemon=True)
    thread.start()
    try:
        yield watch
    finally:
        stop.set()
        thread.join(60)
    watch.seen.append(client.ready_containers())


def check_stages(client: Client, stages: Sequence[Mapping[str, str]]) -> Iterator[str]:
    """Apply a set as it was, then each of its stages.

    Yields:
        A sentence for everything that clients of the Services miss on the way.
    """
    client.apply(stages[0])
    client.wait_until_settled()
    start = client.ready_containers()
    for number, files in enumerate(stages[1:], start=1):
        with watching(client) as watch:
            client.apply(files)
            client.wait_until_settled()
            replaced = sorted(_bare_pods(stages[number - 1]) - _bare_pods(files))
            if replaced:
                client.delete_pods(replaced)
                client.wait_until_settled()
        if watch.error is not None:
            yield f"the watch broke in stage {number}: {watch.error}"
        for port, wanted in start.items():
            names = [seen.get(port, frozenset()) for seen in watch.seen]
            if wanted and not all(names):
                yield f"{port} had no ready endpoint at some moment of stage {number}"
            wrong = frozenset().union(*names) - wanted
            if wrong:
                yield f"{port} led to {sorted(wrong)} in stage {number}, not to {sorted(wanted)}"
            if names[-1] != wanted:
                yield (
                    f"{port} leads to {sorted(names[-1])} after stage {number}, not to"
                    f" {sorted(wanted)}"
                )


def _bare_pods(files: Mapping[str, str]) -> set[str]:
    """The names of the bare Pods of a set."""
    return {pod.key.name for pod in Cluster(read_objects(files)).of_kind("Pod")}
