"""`python -m bench.sizing`: what one request costs a worker, in processor time and memory, for
docs/operations.md. Linux only.

It measures processor time, not seconds: that says how many requests a core serves, and hardly
depends on what else the machine does.
"""

from __future__ import annotations

import http.client
import os
from contextlib import closing
from pathlib import Path

from bench.load import machine
from bench.samples import synthetic_stream
from bench.server import running_service

SIZES = (1, 10, 100, 1000)
ROUNDS = 4
"""The best round counts, because other programs on the same core slow the worker."""
ROUND_SECONDS = 0.5
"""The least processor time that a round is an average over."""
CORES = 0.4
"""What the chart's autoscaler lets a replica use: 80% of the half core that it requests."""


def worker_of(process: int) -> int:
    """The process id of the one worker of a gunicorn."""
    [worker] = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return int(worker)


def ask(port: int, path: str, body: bytes) -> int:
    """Send a request over a new connection; return the status."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    with closing(connection):
        connection.request("POST", path, body=body, headers={"Content-Type": "application/yaml"})
        answer = connection.getresponse()
        answer.read()
        return answer.status


def processor_time(pid: int) -> float:
    """Seconds of processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_memory(pid: int) -> int:
    """The most memory that a process had since `reset_peak_memory`, in bytes."""
    [line] = [
        line
        for line in Path(f"/proc/{pid}/status").read_text().splitlines()
        if line.startswith("VmHWM:")
    ]
    return int(line.split()[1]) * 1024


def reset_peak_memory(pid: int) -> None:
    """Let `peak_memory` start again from now."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def cost(port: int, pid: int, path: str, body: bytes) -> tuple[float, int]:
    """What one request costs.

    Returns:
        Seconds of processor time, and the most memory that the worker had meanwhile, in bytes.
    """
    assert ask(port, path, body) == 200
    reset_peak_memory(pid)
    rounds = []
    for _ in range(ROUNDS):
        before, count = processor_time(pid), 0
        while (used := processor_time(pid) - before) < ROUND_SECONDS:
            assert ask(port, path, body) == 200
            count += 1
        rounds.append(used / count)
    return min(rounds), peak_memory(pid)


def main() -> None:
    """Print a row for each size, as Markdown."""
    print(f"{machine()}\n")
    print("| documents | analyze | rewrite | rewrites/s on 0.4 cores | memory |")
    print("|---|---|---|---|---|")
    for documents in SIZES:
        body = synthetic_stream(documents).encode()
        with running_service(1) as service:
            worker = worker_of(service.process)
            analyze, _ = cost(service.port, worker, path="/v1/analyze", body=body)
            rewrite, memory = cost(service.port, worker, path="/v1/rewrite", body=body)
        print(
            f"| {documents} | {analyze * 1e3:.1f} ms | {rewrite * 1e3:.1f} ms |"
            f" {CORES / rewrite:.1f} | {memory / 1e6:.0f} MB |"
        )


if __name__ == "__main__":
    main()
