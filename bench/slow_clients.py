"""`python -m bench.slow_clients`: a steady load and probes, alone and beside slow clients."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import random
import resource
import time
from collections.abc import Iterator
from typing import NamedTuple

from bench import load
from bench.load import request, send_at_rate
from bench.samples import synthetic_stream
from bench.server import running_service

CLIENTS = 2_000
"""Half of them send their head a field a second, the others their body a byte a second."""
RATE = 50
"""Requests per second of the load: a third of what two workers can do on two cores that they share
with the clients.
"""
ROUNDS = 3
"""Of each, in turn; the best counts, because other programs run on the machine too."""
PROBE_EVERY = 0.1
"""Seconds."""
SPREAD = 5
"""Seconds over which clients connect."""
HEAD = b"POST /v1/rewrite HTTP/1.1\r\nHost: 127.0.0.1\r\n"


async def be_slow(port: int, start: bytes, piece: bytes) -> None:
    """Send a piece of a request every second, over a new connection whenever one is closed."""
    while True:
        await asyncio.sleep(random.uniform(0, SPREAD))
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(start)
            while not writer.is_closing():
                await asyncio.sleep(1)
                writer.write(piece)
                await writer.drain()


async def be_many(port: int, count: int) -> None:
    """Be so many slow clients, for ever."""
    kinds = (
        (HEAD, b"X-Field: value\r\n"),
        (HEAD + b"Content-Length: 1000\r\n\r\n", b"#"),
    )
    await asyncio.gather(*(be_slow(port, *kinds[number % 2]) for number in range(count)))


def run_many(port: int, count: int) -> None:
    """Be so many slow clients, as the whole of a process."""
    asyncio.run(be_many(port, count))


@contextlib.contextmanager
def slow_clients(port: int, count: int) -> Iterator[None]:
    """Slow clients in a process of their own, as long as the block runs."""
    process = multiprocessing.Process(target=run_many, args=(port, count))
    process.start()
    time.sleep(SPREAD + 2)
    try:
        yield
    finally:
        process.kill()
        process.join()


async def probe(port: int, seconds: list[float]) -> None:
    """Ask for /healthz again and again, each time over a new connection."""
    while True:
        started = time.perf_counter()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.1 200")
        writer.close()
        seconds.append(time.perf_counter() - started)
        await asyncio.sleep(PROBE_EVERY)


class Times(NamedTuple):
    """How long answers take, in milliseconds."""

    p50: float
    """Half of the requests are answered within it."""
    p99: float
    """99 of 100 requests are."""
    probe_p50: float
    """Half of the probes are."""
    probe_worst: float
    """All probes are."""


async def measure(port: int) -> Times:
    """Send the load and the probes."""
    data = request("/v1/rewrite", synthetic_stream(load.DOCUMENTS, 10).encode())
    probes: list[float] = []
    probing = asyncio.create_task(probe(port, probes))
    times, failures = await send_at_rate(port, data, RATE)
    probing.cancel()
    assert not failures
    times.sort()
    probes.sort()
    return Times(
        times[len(times) // 2] * 1e3,
        times[int(len(times) * 0.99)] * 1e3,
        probes[len(probes) // 2] * 1e3,
        probes[-1] * 1e3,
    )


def main() -> None:
    """Print the figures without and with slow clients."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    print(f"\n{RATE} rewrites of {load.DOCUMENTS} documents a second, 2 workers, one machine")
    with running_service(2) as service:
        rounds: dict[int, list[Times]] = {0: [], CLIENTS: []}
        for _ in range(ROUNDS):
            for count, measured in rounds.items():
                with slow_clients(service.port, count):
                    measured.append(asyncio.run(measure(service.port)))
    for count, measured in rounds.items():
        best = min(measured, key=lambda times: times.p99)
        print(
            f"  {count:5} slow clients: requests p50 {best.p50:5.1f} ms  p99 {best.p99:5.1f} ms;"
            f" probes p50 {best.probe_p50:4.1f} ms  worst {best.probe_worst:5.1f} ms"
        )


if __name__ == "__main__":
    main()
