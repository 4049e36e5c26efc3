"""Which ports serve metrics, health or administration rather than an application's traffic, by
number and by name.
"""

from __future__ import annotations

import re

METRICS_PORTS = frozenset(
    {
        8429,
        9090,
        9091,
        9093,
        9100,
        9102,
        9104,
        9113,
        9114,
        9115,
        9117,
        9121,
        9125,
        9127,
        9150,
        9187,
        9216,
        9253,
        9256,
        9308,
        9404,
        9419,
    }
)
"""Ports that serve metrics by convention (the Prometheus project's list of default port
allocations).
"""

_METRICS_WORDS = frozenset(
    {
        "metric",
        "metrics",
        "prom",
        "prometheus",
        "telemetry",
        "stats",
        "health",
        "healthz",
        "admin",
        "monitor",
        "monitoring",
        "exporter",
        "probe",
        "debug",
    }
)
_NO_LETTERS = re.compile(r"[^a-z]+")


def is_named_for_metrics(port_name: str, container_name: str) -> bool:
    """Whether a port's name says that it serves metrics, health or administration.

    A word that the container's name has too says nothing: the port may be named for its container.
    """
    own_words = set(_NO_LETTERS.split(container_name.lower()))
    return bool(_METRICS_WORDS & set(_NO_LETTERS.split(port_name.lower())) - own_words)
