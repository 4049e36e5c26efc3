"""`python -m bench.load`: the service over HTTP, on loopback and for a bounded time."""

from __future__ import annotations

import asyncio
import os
import platform
import re
import socket
import statistics
import time
from contextlib import closing
from pathlib import Path

from bench.samples import synthetic_stream
from bench.server import running_service
from service.options import Options
from service.pipeline import run
from service.web.garbage_collection import tune_garbage_collector

DOCUMENTS = 10
"""In a request."""
RATE = 200
"""Requests per second of the steady load."""
SECONDS = 10
"""How long each load lasts."""
CONNECTIONS = 64
"""Of the steady load."""
CLIENTS = 4
"""That send one request after another."""
ROUNDS = 5
"""Starts of the service."""
MIXES = {"One document of ten is a Pod that is split": 4, "Four of ten are": 1}
"""What the documents are, with `split_every` of `synthetic_stream`."""


def machine() -> str:
    """The machine and the Python that are measured."""
    names = (
        re.findall(r"^model name\s*: (.*)", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
        if Path("/proc/cpuinfo").exists()
        else []
    )
    return (
        f"{(names or [platform.machine()])[0]}, {os.cpu_count()} processors, Python"
        f" {platform.python_version()}"
    )


def request(path: str, body: bytes) -> bytes:
    """A POST request as bytes."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type:"
        f" application/yaml\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, data: bytes) -> int:
    """Send a request and read its answer; return the status."""
    writer.write(data)
    head = await reader.readuntil(b"\r\n\r\n")
    fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:-2])
    await reader.readexactly(int(fields[b"content-length"]))
    return int(head.split(b" ", 2)[1])


def send_one_by_one(port: int, data: bytes, count: int) -> list[float]:
    """Send requests one after another over one connection, with a client that costs very little.

    Returns:
        Seconds for each request.
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


async def send_at_rate(port: int, data: bytes, rate: int = RATE) -> tuple[list[float], int]:
    """Send so many requests a second for SECONDS, each when it is due, whether or not others are
    answered.

    Returns:
        Seconds from the moment at which each request was due, and the number of failures.
    """
    idle: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
    for _ in range(CONNECTIONS):
        idle.put_nowait(await asyncio.open_connection("127.0.0.1", port))
    times: list[float] = []
    failures = 0

    async def send(due: float) -> None:
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
    for number in range(rate * SECONDS):
        due = began + number / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(send(due)))
    _, late = await asyncio.wait(tasks, timeout=60)
    for task in late:
        task.cancel()
    while not idle.empty():
        idle.get_nowait()[1].close()
    return times, failures + len(late)


async def send_without_pause(port: int, data: bytes) -> int:
    """How many answers CLIENTS connections get in SECONDS, each sending without a pause."""
    until = time.perf_counter() + SECONDS

    async def send() -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        answered = 0
        while time.perf_counter() < until:
            answered += await ask(reader, writer, data) == 200
        writer.close()
        return answered

    return sum(await asyncio.gather(*(send() for _ in range(CLIENTS))))


def measure_start() -> None:
    """Print how long a start takes until a worker is ready."""
    seconds = []
    for _ in range(ROUNDS):
        with running_service(1) as service:
            seconds.append(service.startup)
    print(
        f"\nCold start to ready, one worker, best of {ROUNDS}: {min(seconds):.2f} s; worst:"
        f" {max(seconds):.2f} s"
    )


def measure_overhead(text: bytes) -> None:
    """Print what HTTP adds to `pipeline.run` on the same documents, one request at a time.

    Both are measured in short rounds in turn. The best rounds count, because other programs run on
    the machine too.
    """
    print(f"\nOne request of {DOCUMENTS} documents at a time, best median of 20 rounds of 25")
    with running_service(1) as service:
        for path, rewrite in (("/v1/analyze", False), ("/v1/rewrite", True)):
            inside, over = [], []
            for _ in range(20):
                times = []
                for _ in range(25):
                    began = time.perf_counter()
                    run([("stdin.yaml", text)], Options(), rewrite=rewrite)
                    times.append(time.perf_counter() - began)
                inside.append(statistics.median(times))
                seconds = send_one_by_one(service.port, request(path, text), 25)
                over.append(statistics.median(seconds))
            print(
                f"  {path:<12} {min(over) * 1e3:7.2f} ms, pipeline.run {min(inside) * 1e3:7.2f} ms,"
                f" HTTP adds {(min(over) - min(inside)) * 1e3:5.2f} ms"
            )


def measure_capacity(text: bytes) -> None:
    """Print how many requests are answered when a few clients send without a pause."""
    print(
        f"\n{CLIENTS} clients at once, requests of {DOCUMENTS} documents for {SECONDS} s, 2 workers"
    )
    with running_service(2) as service:
        for path in ("/v1/analyze", "/v1/rewrite"):
            answered = asyncio.run(send_without_pause(service.port, request(path, text)))
            print(f"  {path:<12} {answered / SECONDS:7.0f} requests/s")


def measure_steady_load(text: bytes) -> None:
    """Print how long requests take under a steady load."""
    print(
        f"\n{RATE} requests/s of {DOCUMENTS} documents for {SECONDS} s, 2 workers; the client runs"
        " on the same machine"
    )
    with running_service(2) as service:
        for path in ("/v1/analyze", "/v1/rewrite"):
            send_one_by_one(service.port, request(path, text), 50)
            times, failures = asyncio.run(send_at_rate(service.port, request(path, text)))
            times.sort()
            shown = "  ".join(
                f"{name} {times[int(len(times) * share)] * 1e3:8.1f} ms"
                for name, share in (("p50", 0.5), ("p99", 0.99))
            )
            print(f"  {path:<12} {shown}  worst {times[-1] * 1e3:8.1f} ms  {failures} failed")


def main() -> None:
    """Print all measurements."""
    tune_garbage_collector()  # as a worker does, so that `pipeline.run` here is that of a worker
    print(f"\nHTTP, on {machine()}")
    measure_start()
    for name, split_every in MIXES.items():
        print(f"\n{name}:")
        text = synthetic_stream(DOCUMENTS, split_every).encode()
        measure_overhead(text)
        measure_capacity(text)
        measure_steady_load(text)


if __name__ == "__main__":
    main()
