"""Names of new workloads."""

from __future__ import annotations

import hashlib


def joined(workload: str, container: str) -> str:
    """`<workload>-<container>` without a doubled prefix."""
    return container if container.startswith(workload + "-") else f"{workload}-{container}"


def short(name: str, limit: int) -> str:
    """A name cut to a limit, with a stable hash where it was cut."""
    if len(name) <= limit:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:6]
    return f"{name[: limit - 7].rstrip('-.')}-{digest}"
