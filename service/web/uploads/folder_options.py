"""Options that stand in what is sent: a `.podsplit.yaml` speaks for its folder and for all below
it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from service.errors import InputError
from service.text import decode
from service.web.problems import Problem
from service.yamldoc.compose import Limits
from service.yamldoc.stream import Document, parse

FILE_NAME = ".podsplit.yaml"

MOST_FILES = 200
"""Such files in one request."""
MOST_BYTES = 256 * 1024
"""Bytes of all of them."""

_LIMITS = Limits(depth=20, expanded_nodes=100_000, scalar_length=4096)


def read_folders(files: Iterable[tuple[str, bytes]]) -> dict[str, Mapping[str, Any]]:
    """What each folder's own file says, not validated; a folder is a path with a slash at its end,
    the top is empty.

    Raises:
        Problem: 422: a file is no mapping, or there are too many or too large ones.
    """
    found = [(path, raw) for path, raw in files if path.rpartition("/")[2] == FILE_NAME]
    if len(found) > MOST_FILES or sum(len(raw) for _, raw in found) > MOST_BYTES:
        message = f"at most {MOST_FILES} such files in a request, {MOST_BYTES} bytes together"
        raise Problem(422, f"{FILE_NAME}: {message}", errors=((FILE_NAME, message),))
    return {path.removesuffix(FILE_NAME): _mapping(path, raw) for path, raw in found}


def above(folder: str, folders: Iterable[str]) -> list[str]:
    """Those folders that speak for a folder, itself included, the outermost first."""
    return sorted((each for each in folders if folder.startswith(each)), key=len)


def holds_all(folder: str, files: Sequence[tuple[str, bytes]]) -> bool:
    """Whether every file that was sent lies in a folder."""
    return all(path.startswith(folder) for path, _ in files)


def _mapping(path: str, raw: bytes) -> Mapping[str, Any]:
    try:
        entries = list(parse(decode(path, raw), _LIMITS))
    except InputError:
        entries = None
    match entries:
        case []:
            return {}
        case [Document() as document] if not document.duplicates:
            data = document.read()
        case _:
            data = ""
    if data is None:
        return {}
    if not isinstance(data, dict):
        message = "must be one mapping of options, in YAML, no key twice"
        raise Problem(422, f"{path}: {message}", errors=((path, message),))
    return {str(key): value for key, value in data.items()}
