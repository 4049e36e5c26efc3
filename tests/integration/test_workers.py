"""What the workers share out among themselves."""

from __future__ import annotations

import os
import socket
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

CONNECTIONS = 40


def _connections_of(process: int) -> int:
    return sum(
        each.readlink().name.startswith("socket:") for each in Path(f"/proc/{process}/fd").iterdir()
    )


@pytest.mark.skipif(
    not Path(f"/proc/self/task/{os.getpid()}/children").exists(),
    reason="it reads /proc, which only Linux has",
)
def test_connections_that_are_kept_are_shared_out(start_server: StartServer) -> None:
    """Clients that open their connections once, as proxies do, reach all workers: each serves
    about as many.
    """
    running = start_server(WORKERS="2")
    time.sleep(2)  # the first worker that is ready answers for both
    process = running.process.pid
    workers = [
        int(each) for each in Path(f"/proc/{process}/task/{process}/children").read_text().split()
    ]
    before = [_connections_of(each) for each in workers]
    with ExitStack() as stack:
        for _ in range(CONNECTIONS):
            stack.enter_context(socket.create_connection(("127.0.0.1", running.port))).sendall(
                b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
            )
            time.sleep(0.005)
        time.sleep(0.5)
        shares = [
            _connections_of(each) - known for each, known in zip(workers, before, strict=True)
        ]

    assert sum(shares) == CONNECTIONS
    assert min(shares) >= CONNECTIONS // 4
