"""Paths that senders give to their files."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

MANIFEST_SUFFIXES = (".yaml", ".yml", ".json")
"""What is taken from an archive."""

MAX_LENGTH = 1024

_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_DRIVE = re.compile(r"[A-Za-z]:")


def clean(path: str) -> str | None:
    """The path relative to the set's root with forward slashes; None if it is empty, absolute,
    or leads out of the root.
    """
    if (
        not path
        or len(path) > MAX_LENGTH
        or _CONTROL.search(path)
        or "\\" in path
        or _DRIVE.match(path)
        or path.startswith("/")
    ):
        return None
    pure = PurePosixPath(path)
    if ".." in pure.parts or not pure.parts:
        return None
    return str(pure)


def is_manifest(path: str) -> bool:
    """Whether a member of an archive is taken."""
    return path.lower().endswith(MANIFEST_SUFFIXES)
