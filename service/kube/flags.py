"""Flags of programs whose values are addresses."""

from __future__ import annotations

import re

_LISTEN_WORDS = frozenset({"port", "ports", "listen", "listening", "bind", "addr", "address", "p"})
_CALL_WORDS = frozenset(
    {
        "server",
        "servers",
        "endpoint",
        "endpoints",
        "upstream",
        "target",
        "backend",
        "peer",
        "peers",
        "remote",
        "etcd",
        "client",
        "db",
        "database",
        "redis",
        "mysql",
        "postgres",
        "to",
        "forward",
        "forwarding",
        "advertise",
        "join",
        "connect",
    }
)
"""Words of flags that name an address to call."""
_OWN_WORDS = frozenset(
    {
        "http", "https", "web", "grpc", "rest", "metrics", "telemetry", "health", "healthz",
        "probe", "ready", "admin", "api",
        "insecure", "secure", "tls", "ssl", "debug", "pprof", "app", "main", "internal",
        "external", "public", "private", "status",
        "management", "webhook", "service", "proxy",
    }
)  # fmt: skip
"""Words of flags that say which of a program's own addresses is meant."""


def is_listen_flag(flag: str, *, is_loopback: bool) -> bool:
    """Whether a flag names an address or a port to listen on, rather than one to call.

    Args:
        flag: the flag without its dashes, such as `http.listen-address`.
        is_loopback: whether its value is a loopback address. With such a value a flag like
            `mysqld.address` names an address to call.
    """
    words = set(re.split(r"[._-]+", flag.lower()))
    if words & {"listen", "bind"}:
        return True
    if not words & _LISTEN_WORDS or words & _CALL_WORDS:
        return False
    return not is_loopback or not words - _LISTEN_WORDS - _OWN_WORDS
