"""The service's token, for those who ask it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def token_of(environ: Mapping[str, str]) -> str:
    """The first token of the file PODSPLIT_TOKEN_FILE, which may be that of the service itself, or
    PODSPLIT_TOKEN; empty where neither is set.

    Raises:
        OSError: the file can't be read.
    """
    path = environ.get("PODSPLIT_TOKEN_FILE")
    if not path:
        return environ.get("PODSPLIT_TOKEN", "")
    lines = (line.strip() for line in Path(path).read_text(encoding="utf-8-sig").splitlines())
    # A name may stand before a token (`audit: token`).
    tokens = [line.split()[-1] for line in lines if line and not line.startswith("#")]
    return tokens[0] if tokens else ""
