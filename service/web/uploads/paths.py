"""Checks the paths that senders give to their files."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

MANIFEST_SUFFIXES = (".yaml", ".yml", ".json")
"""The endings of the files that are taken from an archive."""

MAX_LENGTH = 1024
"""Characters of the longest path."""

PATTERN = r"^(?!/|[A-Za-z]:|\.(/\.?)*$|(.*/)?\.\.(/|$))[^\x00-\x1f\x7f\\]+$"
"""What `clean` takes, but for the length, as a pattern of ECMA 262 for openapi.yaml."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_DRIVE = re.compile(r"[A-Za-z]:")


def clean(path: str) -> str | None:
    """Normalise a path.

    Returns:
        The path relative to the set's root, with forward slashes; None if it is empty, too long or
        absolute, leads out of the root, or has characters that paths can't have.
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
    """Whether a member of an archive is taken as a manifest."""
    return path.lower().endswith(MANIFEST_SUFFIXES)
