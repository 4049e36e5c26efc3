"""Names of new workloads and of what goes with them."""

from __future__ import annotations

import hashlib


def join_names(workload: str, container: str) -> str:
    """`<workload>-<container>`, with the words that both begin with only once."""
    own, words = workload.split("-"), container.split("-")
    shared = next(
        (place for place, (one, other) in enumerate(zip(own, words, strict=False)) if one != other),
        min(len(own), len(words)),
    )
    return f"{workload}-{'-'.join(words[shared:] or words)}"


def shorten(name: str, limit: int) -> str:
    """A name cut to a limit, with a stable hash where it was cut."""
    if len(name) <= limit:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:6]
    return f"{name[: limit - 7].rstrip('-.')}-{digest}"
