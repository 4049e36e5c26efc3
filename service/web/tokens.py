"""Bearer tokens from a file that may change while the service runs."""

from __future__ import annotations

import hashlib
import hmac
import logging
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

UNNAMED = "unnamed"
"""What tokens without a name are called together."""
_NAMED = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]{0,62}):\s+(\S+)")

_log = logging.getLogger("podsplit")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who has a token."""

    name: str
    """The token's name in the file; `unnamed` where it has none."""
    digest: bytes
    """Of the token, which tells callers apart, those without a name too."""


class Tokens:
    """The tokens of a file, one per line, each alone or behind a name for metrics (`ci: token`).
    Blank lines and lines that start with `#` are ignored.

    If the file becomes unreadable, the last tokens stay valid: a rotation that fails must not open
    the service, and need not close it. If it can be read and has no token, none is valid any more:
    whoever empties it takes a leaked one back.
    """

    def __init__(self, path: Path) -> None:
        """Read the file.

        Raises:
            OSError: it can't be read.
            ValueError: it has no token.
        """
        self._path = path
        self._lock = threading.Lock()
        self._last_stamp = self._stamp()
        self._names = _read(path)
        if not self._names:
            raise ValueError(f"{path}: no tokens: write one per line")

    def caller_of(self, token: str) -> Caller | None:
        """Who sends a token; None if it isn't valid. It takes a time that does not depend on which
        one it is or on how much of it is right.
        """
        self._refresh()
        digest = hashlib.sha256(token.encode()).digest()
        found = None
        for known, name in self._names.items():
            if hmac.compare_digest(known, digest):
                found = Caller(name, known)
        return found

    def _stamp(self) -> tuple[int, int, int] | None:
        """What changes when the file does: modification time, size and inode; None without it."""
        try:
            status = self._path.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size, status.st_ino

    def _refresh(self) -> None:
        with self._lock:
            stamp = self._stamp()
            if stamp == self._last_stamp:
                return
            self._last_stamp = stamp
            try:
                self._names = _read(self._path)
                if not self._names:
                    _log.warning("the tokens file has no tokens: every request is refused")
            except (OSError, ValueError):
                _log.warning("the tokens file cannot be read: the last tokens stay valid")


def _read(path: Path) -> Mapping[bytes, str]:
    """The digest of each token with its name."""
    # Editors on Windows put a byte order mark first, which is no part of a token.
    lines = (line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines())
    found = {}
    for line in lines:
        if line and not line.startswith("#"):
            named = _NAMED.fullmatch(line)
            name, token = named.groups() if named else (UNNAMED, line)
            found[hashlib.sha256(token.encode()).digest()] = name
    return found
