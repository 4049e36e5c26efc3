"""`python -m bench.soak`: ten minutes in which half of the requests are hostile."""

from __future__ import annotations

import collections
import gzip
import http.client
import io
import random
import socket
import sys
import threading
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

from bench.samples import synthetic_stream
from bench.server import Running, running_service
from tests.support.growing import GROWERS

SECONDS = 600.0
CALM = 150.0
"""Seconds of good requests behind it; workers that hold much take turns to make room for new ones,
each in minutes of its own.
"""
CLIENTS = 4
"""Of each half."""
ROOT = Path(__file__).resolve().parents[1]
GOOD = tuple(path.read_bytes() for path in sorted((ROOT / "examples").glob("*.yaml")))
Hostile = Callable[[random.Random], tuple[bytes, dict[str, str]]]
Tally = collections.Counter[str]


def mutated(chance: random.Random) -> tuple[bytes, dict[str, str]]:
    """A manifest with bytes replaced, doubled and taken out."""
    data = bytearray(chance.choice(GOOD) * chance.choice((1, 1, 50)))
    for _ in range(chance.randrange(1, 40)):
        at = chance.randrange(len(data))
        data[at : at + chance.randrange(4)] = chance.randbytes(chance.randrange(4))
    return bytes(data), {}


def long_list(chance: random.Random) -> tuple[bytes, dict[str, str]]:
    """One list of the model, very long, in files of a zip."""
    files = chance.choice(list(GROWERS.values()))(chance.choice((500, 2_000, 8_000)))
    return zipped(files), {"Content-Type": "application/zip"}


def zipped(files: dict[str, str]) -> bytes:
    """An archive of some files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return buffer.getvalue()


def bomb(chance: random.Random) -> tuple[bytes, dict[str, str]]:
    """A small body that unpacks to a large one, or to many."""
    if chance.random() < 0.5:
        return gzip.compress(b"# " * 30_000_000), {"Content-Encoding": "gzip"}
    return gzip.compress(b"a: 1\n") * 20_000, {"Content-Encoding": "gzip"}


def aliases(chance: random.Random) -> tuple[bytes, dict[str, str]]:
    """Aliases of aliases, or very deep nesting."""
    if chance.random() < 0.5:
        lines = ["a0: &a0 [x, x]"]
        lines += [
            f"a{number}: &a{number} [*a{number - 1}, *a{number - 1}]" for number in range(1, 60)
        ]
        return "\n".join(lines).encode(), {}
    return b"[" * 200_000, {}


HOSTILE: tuple[Hostile, ...] = (mutated, mutated, long_list, bomb, aliases)


def ask(
    service: Running, body: bytes, headers: dict[str, str], timeout: float
) -> tuple[int, bytes]:
    """The status and the body of a rewrite."""
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=timeout)
    try:
        connection.request("POST", "/v1/rewrite?format=yaml", body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def be_good(service: Running, until: float, seen: Tally, number: int) -> None:
    """Send manifests, and see that each answer is the one that it was at first."""
    chance = random.Random(number)
    samples = (*GOOD, synthetic_stream(10, 10).encode())
    expected: dict[bytes, bytes] = {}
    while time.monotonic() < until:
        body = chance.choice(samples)
        try:
            status, answer = ask(service, body, {}, 60)
            is_same = answer == expected.setdefault(body, answer)
            seen["good " + (str(status) if is_same else "changed")] += 1
        except OSError as error:
            seen[f"good {type(error).__name__}"] += 1


def be_hostile(service: Running, until: float, seen: Tally, number: int) -> None:
    """Send what hurts, hang up, and send heads that are none."""
    chance = random.Random(-number)
    while time.monotonic() < until:
        try:
            if chance.random() < 0.2:
                with socket.create_connection(("127.0.0.1", service.port), 10) as connection:
                    connection.sendall(chance.randbytes(chance.randrange(1, 5_000)))
                seen["hostile bytes"] += 1
                continue
            body, headers = chance.choice(HOSTILE)(chance)
            # One of three hangs up soon.
            timeout = chance.choice((0.2, 60, 60))
            seen[f"hostile {ask(service, body, headers, timeout)[0]}"] += 1
        except OSError as error:
            seen[f"hostile {type(error).__name__}"] += 1


def memory(service: Running) -> float:
    """Resident megabytes of all workers."""
    children = Path(f"/proc/{service.process}/task/{service.process}/children").read_text()
    pages = [int(Path(f"/proc/{child}/statm").read_text().split()[1]) for child in children.split()]
    return sum(pages) * 4096 / 1e6


def main(seconds: float) -> None:
    """Print what became of both halves, and the memory before and after."""
    seen: Tally = collections.Counter()
    with running_service(2) as service:
        be_good(service, time.monotonic() + 10, collections.Counter(), 0)
        before = memory(service)
        until = time.monotonic() + seconds
        threads = [
            threading.Thread(target=target, args=(service, until, seen, number))
            for target in (be_good, be_hostile)
            for number in range(1, CLIENTS + 1)
        ]
        for thread in threads:
            thread.start()
        most = before
        while any(thread.is_alive() for thread in threads):
            time.sleep(1)
            most = max(most, memory(service))
        be_good(service, time.monotonic() + CALM, seen, 0)
        print(f"\n{seconds:.0f} s, 2 workers, {CLIENTS} good and {CLIENTS} hostile clients")
        for name, count in sorted(seen.items()):
            print(f"  {name:30} {count:8}")
        print(
            f"  memory: {before:.0f} MB before, {most:.0f} MB at most,"
            f" {memory(service):.0f} MB after"
        )


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS)
