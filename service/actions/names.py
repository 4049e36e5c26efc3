"""Names of new workloads."""

from __future__ import annotations

import hashlib


def joined(workload: str, container: str) -> str:
    """`<workload>-<container>`, the words that both begin with once."""
    own, words = workload.split("-"), container.split("-")
    shared = next(
        (place for place, (one, other) in enumerate(zip(own, words, strict=False)) if one != other),
        min(len(own), len(words)),
    )
    return f"{workload}-{'-'.join(words[shared:] or words)}"


def short(name: str, limit: int) -> str:
    """A name cut to a limit, with a stable hash where it was cut."""
    if len(name) <= limit:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:6]
    return f"{name[: limit - 7].rstrip('-.')}-{digest}"
