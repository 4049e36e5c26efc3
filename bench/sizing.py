"""`python -m bench.sizing`: what one request costs a worker, in processor time and memory, for
docs/operations.md. Linux only.

Processor time rather than seconds: it says how many requests a core serves, and hardly depends on
what else the machine does.
"""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from bench.load import machine
from bench.samples import synthetic_stream

ROOT = Path(__file__).resolve().parents[1]
SIZES = (1, 10, 100, 1000)
ROUNDS = 4
"""Of which the best counts: a neighbour on the same core slows both."""
LEAST = 0.5
"""Seconds of processor time that a round is an average over, at least."""
CORES = 0.4
"""What the chart's autoscaler lets a replica use: 80% of the half core that it asks for."""


@contextmanager
def served() -> Iterator[tuple[int, int]]:
    """A service with one worker: its port, and the worker's process."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PODSPLIT_", "PROMETHEUS_"))
    }
    environ = kept | {
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "WORKERS": "1",
        "PODSPLIT_DRAIN_SECONDS": "0",
    }
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "--config",
        "python:service.gunicorn_conf",
        "service.wsgi:app",
    ]
    process = subprocess.Popen(
        command, cwd=ROOT, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield port, _worker(process, port)
    finally:
        process.terminate()
        process.wait(30)


def _worker(process: subprocess.Popen[bytes], port: int) -> int:
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        try:
            if ask(port, "GET", "/readyz", b"") == 200:
                children = (
                    Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
                )
                return int(children[0])
        except OSError:
            time.sleep(0.05)
    sys.exit("the service did not start")


def ask(port: int, method: str, path: str, body: bytes) -> int:
    """The status of a request over a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    with closing(connection):
        connection.request(method, path, body, {"Content-Type": "application/yaml"})
        answer = connection.getresponse()
        answer.read()
        return answer.status


def processor(pid: int) -> float:
    """Seconds of processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak(pid: int) -> int:
    """The most memory that a process had since `forget`, in bytes."""
    [line] = [
        line
        for line in Path(f"/proc/{pid}/status").read_text().splitlines()
        if line.startswith("VmHWM:")
    ]
    return int(line.split()[1]) * 1024


def forget(pid: int) -> None:
    """Start the measure of `peak` anew."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def cost(port: int, pid: int, path: str, body: bytes) -> tuple[float, int]:
    """Seconds of processor time for one request, and the most memory that the worker had
    meanwhile, in bytes.
    """
    assert ask(port, "POST", path, body) == 200
    forget(pid)
    rounds = []
    for _ in range(ROUNDS):
        before, count = processor(pid), 0
        while (used := processor(pid) - before) < LEAST:
            assert ask(port, "POST", path, body) == 200
            count += 1
        rounds.append(used / count)
    return min(rounds), peak(pid)


def main() -> None:
    """A row for each size, as Markdown."""
    print(f"{machine()}\n")
    print("| documents | analyze | rewrite | rewrites/s on 0.4 cores | memory |")
    print("|---|---|---|---|---|")
    for documents in SIZES:
        body = synthetic_stream(documents).encode()
        with served() as (port, pid):
            analyze, _ = cost(port, pid, "/v1/analyze", body)
            rewrite, memory = cost(port, pid, "/v1/rewrite", body)
        print(
            f"| {documents} | {analyze * 1e3:.1f} ms | {rewrite * 1e3:.1f} ms |"
            f" {CORES / rewrite:.1f} | {memory / 1e6:.0f} MB |"
        )


if __name__ == "__main__":
    main()
