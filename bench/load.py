"""`python -m bench.load`: the service over HTTP, on loopback and for a bounded time. Starts what
it measures, and stops it.
"""

from __future__ import annotations

import asyncio
import os
import platform
import re
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from bench.samples import synthetic_stream
from service.options import Options
from service.pipeline import run
from service.web.garbage_collection import tune_garbage_collector

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = 10
RATE = 200
SECONDS = 10
CONNECTIONS = 64
CLIENTS = 4
ROUNDS = 5
MIXES = {"One document of ten is a Pod that is split": 4, "Four of ten are": 1}
"""What the documents are, with `split_every` of `synthetic_stream`."""


def machine() -> str:
    """What it is measured on."""
    names = (
        re.findall(r"^model name\s*: (.*)", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
        if Path("/proc/cpuinfo").exists()
        else []
    )
    return (
        f"{(names or [platform.machine()])[0]}, {os.cpu_count()} processors, Python"
        f" {platform.python_version()}"
    )


@contextmanager
def served(workers: int) -> Iterator[tuple[int, float]]:
    """A service of its own: its port, and the seconds from its start until it was ready."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PODSPLIT_", "PROMETHEUS_"))
    }
    environ = kept | {
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "WORKERS": str(workers),
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
    started = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=ROOT, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        took = _ready(process, port, started)
        if workers > 1:  # the first that is ready answers for all
            time.sleep(2)
        yield port, took
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


def _ready(process: subprocess.Popen[bytes], port: int, started: float) -> float:
    while time.perf_counter() < started + 60 and process.poll() is None:
        try:
            with urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5):
                return time.perf_counter() - started
        except URLError:
            time.sleep(0.002)
    sys.exit("the service did not start")


def request(path: str, body: bytes) -> bytes:
    """A request as bytes."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type:"
        f" application/yaml\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, data: bytes) -> int:
    """Send a request and read its answer; the status."""
    writer.write(data)
    head = await reader.readuntil(b"\r\n\r\n")
    fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:-2])
    await reader.readexactly(int(fields[b"content-length"]))
    return int(head.split(b" ", 2)[1])


def alone(port: int, data: bytes, count: int) -> list[float]:
    """Requests one after another over one connection, by a client that costs next to nothing;
    seconds each.
    """
    times = []
    with (
        closing(socket.create_connection(("127.0.0.1", port))) as connection,
        connection.makefile("rb") as answers,
    ):
        for _ in range(count):
            started = time.perf_counter()
            connection.sendall(data)
            assert answers.readline().split()[1] == b"200"
            fields = dict(line.lower().split(b": ", 1) for line in iter(answers.readline, b"\r\n"))
            answers.read(int(fields[b"content-length"]))
            times.append(time.perf_counter() - started)
    return times


async def steady(port: int, data: bytes) -> tuple[list[float], int]:
    """RATE requests a second for SECONDS, each at its moment whatever became of others; seconds
    from that moment on, and failures.
    """
    idle: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
    for _ in range(CONNECTIONS):
        idle.put_nowait(await asyncio.open_connection("127.0.0.1", port))
    times: list[float] = []
    failures = 0

    async def one(due: float) -> None:
        nonlocal failures
        connection = await idle.get()
        try:
            failures += await ask(*connection, data) != 200
        except (OSError, asyncio.IncompleteReadError):
            failures += 1
            connection = await asyncio.open_connection("127.0.0.1", port)
        times.append(time.perf_counter() - due)
        idle.put_nowait(connection)

    began = time.perf_counter()
    tasks = []
    for number in range(RATE * SECONDS):
        due = began + number / RATE
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(one(due)))
    _, late = await asyncio.wait(tasks, timeout=60)
    for task in late:
        task.cancel()
    while not idle.empty():
        idle.get_nowait()[1].close()
    return times, failures + len(late)


async def eager(port: int, data: bytes) -> int:
    """Answers that CLIENTS connections get in SECONDS, each asking without a pause."""
    until = time.perf_counter() + SECONDS

    async def one() -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        answered = 0
        while time.perf_counter() < until:
            answered += await ask(reader, writer, data) == 200
        writer.close()
        return answered

    return sum(await asyncio.gather(*(one() for _ in range(CLIENTS))))


def start() -> None:
    """From nothing to a worker that is ready."""
    seconds = []
    for _ in range(ROUNDS):
        with served(1) as (_, took):
            seconds.append(took)
    print(
        f"\nCold start to ready, one worker, best of {ROUNDS}: {min(seconds):.2f} s; worst:"
        f" {max(seconds):.2f} s"
    )


def overhead(text: bytes) -> None:
    """A request against `pipeline.run` on the same documents, one at a time.

    Short rounds of either in turn, of which the best count: a machine is never quite alone.
    """
    print(f"\nOne request of {DOCUMENTS} documents at a time, best median of 20 rounds of 25")
    with served(1) as (port, _):
        for path, rewrite in (("/v1/analyze", False), ("/v1/rewrite", True)):
            inside, over = [], []
            for _ in range(20):
                times = []
                for _ in range(25):
                    began = time.perf_counter()
                    run([("stdin.yaml", text)], Options(), rewrite=rewrite)
                    times.append(time.perf_counter() - began)
                inside.append(statistics.median(times))
                over.append(statistics.median(alone(port, request(path, text), 25)))
            print(
                f"  {path:<12} {min(over) * 1e3:7.2f} ms, pipeline.run {min(inside) * 1e3:7.2f} ms,"
                f" HTTP adds {(min(over) - min(inside)) * 1e3:5.2f} ms"
            )


def capacity(text: bytes) -> None:
    """As many as are answered where a few clients ask again as soon as they have an answer."""
    print(
        f"\n{CLIENTS} clients at once, requests of {DOCUMENTS} documents for {SECONDS} s, 2 workers"
    )
    with served(2) as (port, _):
        for path in ("/v1/analyze", "/v1/rewrite"):
            answered = asyncio.run(eager(port, request(path, text)))
            print(f"  {path:<12} {answered / SECONDS:7.0f} requests/s")


def load(text: bytes) -> None:
    """The steady load."""
    print(
        f"\n{RATE} requests/s of {DOCUMENTS} documents for {SECONDS} s, 2 workers; the client runs"
        " on the same machine"
    )
    with served(2) as (port, _):
        for path in ("/v1/analyze", "/v1/rewrite"):
            alone(port, request(path, text), 50)
            times, failures = asyncio.run(steady(port, request(path, text)))
            times.sort()
            shown = "  ".join(
                f"{name} {times[int(len(times) * share)] * 1e3:8.1f} ms"
                for name, share in (("p50", 0.5), ("p99", 0.99))
            )
            print(f"  {path:<12} {shown}  worst {times[-1] * 1e3:8.1f} ms  {failures} failed")


def main() -> None:
    """All of it."""
    tune_garbage_collector()  # as a worker does, so that `pipeline.run` here is that of a worker
    print(f"\nHTTP, on {machine()}")
    start()
    for name, split_every in MIXES.items():
        print(f"\n{name}:")
        text = synthetic_stream(DOCUMENTS, split_every).encode()
        overhead(text)
        capacity(text)
        load(text)


if __name__ == "__main__":
    main()
