"""How the workers share connections."""

from __future__ import annotations

import socket
import time
from contextlib import ExitStack
from pathlib import Path

from tests.conftest import StartServer, needs_proc

CONNECTIONS = 40


def _count_sockets(process: int) -> int:
    return sum(
        descriptor.readlink().name.startswith("socket:")
        for descriptor in Path(f"/proc/{process}/fd").iterdir()
    )


@needs_proc
def test_connections_that_are_kept_are_shared_out(start_server: StartServer) -> None:
    """Connections that stay open, as proxies keep them, are shared about equally by the workers."""
    running = start_server(WORKERS="2")
    time.sleep(2)  # the service counts as ready as soon as one worker is
    workers = running.workers()
    before = [_count_sockets(worker) for worker in workers]
    with ExitStack() as stack:
        for _ in range(CONNECTIONS):
            stack.enter_context(socket.create_connection(("127.0.0.1", running.port))).sendall(
                b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
            )
            time.sleep(0.005)
        time.sleep(0.5)
        shares = [
            _count_sockets(worker) - known for worker, known in zip(workers, before, strict=True)
        ]

    assert sum(shares) == CONNECTIONS
    assert min(shares) >= CONNECTIONS // 4
