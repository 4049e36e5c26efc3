"""Requests as bytes, for tests that talk to the service over plain sockets."""

from __future__ import annotations

import socket

POD = (
    b"apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n  containers:\n    - name: web\n"
    b"      image: nginx\n"
)


def request_head(length: int, path: str = "/v1/analyze") -> bytes:
    """The head of a POST request.

    Args:
        length: bytes of the body, as the head announces them.
        path: of the request.
    """
    return (
        f"POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
    ).encode()


def read_all(connection: socket.socket) -> bytes:
    """Everything that comes until the other side closes the connection."""
    parts = []
    while part := connection.recv(65536):
        parts.append(part)
    return b"".join(parts)
