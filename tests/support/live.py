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

from tests.support.cluster import Cluster, read

_PATIENCE = 180
"""Seconds that a rollout may take."""
_POLL = 0.5
"""Seconds between two looks at the EndpointSlices."""


class Port(NamedTuple):
    """A port of a Service, as its clients know it."""

    service: str
    name: str


Seen = dict[Port, frozenset[str]]
"""The names of the containers that are ready behind each port; empty where nobody is."""


def reached(slices: Mapping[str, Any], pods: Mapping[str, Any]) -> Seen:
    """Who is ready behind each port, from `kubectl get -o json` of EndpointSlices and of Pods."""
    by_name = {each["metadata"]["name"]: each for each in pods["items"]}
    found: dict[Port, set[str]] = {}
    for piece in slices["items"]:
        service = piece["metadata"].get("labels", {}).get("kubernetes.io/service-name", "")
        for port in piece.get("ports") or ():
            there = found.setdefault(Port(service, port.get("name") or ""), set())
            for endpoint in piece.get("endpoints") or ():
                target = endpoint.get("targetRef") or {}
                if (
                    endpoint.get("conditions", {}).get("ready") is not False
                    and target.get("kind") == "Pod"
                ):
                    there.add(
                        _listener(
                            by_name.get(target["name"]),
                            port.get("port"),
                            port.get("protocol") or "TCP",
                        )
                    )
    return {port: frozenset(names) for port, names in found.items()}


def _listener(pod: Mapping[str, Any] | None, number: int | None, protocol: str) -> str:
    """The container of a Pod that declares a port: regular ones first, then native sidecars."""
    if pod is None:
        return "a Pod that is gone"
    spec = pod["spec"]
    native = [
        each for each in spec.get("initContainers") or () if each.get("restartPolicy") == "Always"
    ]
    for container in (*spec["containers"], *native):
        for port in container.get("ports") or ():
            if port["containerPort"] == number and (port.get("protocol") or "TCP") == protocol:
                return str(container["name"])
    return "a container that doesn't declare it"


def unsettled(pods: Mapping[str, Any]) -> list[str]:
    """The Pods that are on their way in or out, from `kubectl get -o json`."""
    found = []
    for each in pods["items"]:
        ready = any(
            c["type"] == "Ready" and c["status"] == "True"
            for c in each.get("status", {}).get("conditions") or ()
        )
        if not ready or "deletionTimestamp" in each["metadata"]:
            found.append(str(each["metadata"]["name"]))
    return found


class Client(Protocol):
    """What is asked of a cluster."""

    def apply(self, files: Mapping[str, str]) -> None:
        """Apply manifests."""

    def settle(self) -> None:
        """Wait until everything that was applied runs."""

    def delete_pods(self, names: Sequence[str]) -> None:
        """Delete Pods and wait until they are gone."""

    def look(self) -> Seen:
        """Who is ready behind each port, now."""


@dataclass(frozen=True)
class Kubectl:
    """A real cluster, in a namespace of its own."""

    program: Path
    kubeconfig: str
    namespace: str

    def run(self, *words: str, text: str | None = None) -> str:
        """The output of a kubectl command.

        Raises:
            AssertionError: it failed; the message is what it said.
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

    def settle(self) -> None:
        for kind in ("deployment", "statefulset", "daemonset"):
            for name in self.run("get", kind, "--output", "name").split():
                self.run("rollout", "status", name, f"--timeout={_PATIENCE}s")
        until = time.monotonic() + _PATIENCE
        while unsettled(pods := json.loads(self.run("get", "pod", "--output", "json"))):
            assert time.monotonic() < until, f"these Pods don't settle: {unsettled(pods)}"
            time.sleep(_POLL)

    def delete_pods(self, names: Sequence[str]) -> None:
        self.run("delete", "pod", *names, "--wait", f"--timeout={_PATIENCE}s")

    def look(self) -> Seen:
        return reached(
            json.loads(self.run("get", "endpointslice", "--output", "json")),
            json.loads(self.run("get", "pod", "--output", "json")),
        )


@dataclass
class Watch:
    """Everything that was seen while something else went on."""

    seen: list[Seen] = field(default_factory=list)
    failed: BaseException | None = None


@contextmanager
def watching(client: Client) -> Iterator[Watch]:
    """Look again and again, in a thread of its own, until the block ends; and once at its end."""
    watch, stop = Watch(), threading.Event()

    def look() -> None:
        try:
            while not stop.wait(_POLL):
                watch.seen.append(client.look())
        except (AssertionError, OSError, subprocess.SubprocessError) as error:
            watch.failed = error

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield watch
    finally:
        stop.set()
        thread.join(60)
    watch.seen.append(client.look())


def walk(client: Client, stages: Sequence[Mapping[str, str]]) -> Iterator[str]:
    """Apply a set as it was, then each of its stages; say what a client of its Services would
    have missed on the way.
    """
    client.apply(stages[0])
    client.settle()
    start = client.look()
    for number, files in enumerate(stages[1:], start=1):
        with watching(client) as watch:
            client.apply(files)
            client.settle()
            left = sorted(_bare(stages[number - 1]) - _bare(files))
            if left:
                client.delete_pods(left)
                client.settle()
        if watch.failed is not None:
            yield f"the watch broke in stage {number}: {watch.failed}"
        for port, wanted in start.items():
            names = [each.get(port, frozenset()) for each in watch.seen]
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


def _bare(files: Mapping[str, str]) -> set[str]:
    """The names of the bare Pods of a set."""
    return {each.key.name for each in Cluster(read(files)).of("Pod")}
