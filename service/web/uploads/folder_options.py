"""Options in the files that are sent: a `.podsplit.yaml` holds for its folder and those below."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from service.errors import InputError
from service.text import decode
from service.web.problems import Problem
from service.yamldoc.compose import Limits
from service.yamldoc.stream import Document, parse

FILE_NAME = ".podsplit.yaml"

MAX_FILES = 200
"""Files of options in one request."""
MAX_BYTES = 256 * 1024
"""Bytes of all of them together."""

_LIMITS = Limits(depth=20, expanded_nodes=100_000, scalar_length=4096)


def read_folders(files: Iterable[tuple[str, bytes]]) -> dict[str, Mapping[str, Any]]:
    """Read the options of each folder that has a file of its own.

    Returns:
        The options, not validated, by folder: a path with a slash at its end, empty for the top.

    Raises:
        Problem: 422; a file is not a mapping, or there are too many files or bytes.
    """
    found = [(path, raw) for path, raw in files if path.rpartition("/")[2] == FILE_NAME]
    if len(found) > MAX_FILES or sum(len(raw) for _, raw in found) > MAX_BYTES:
        message = f"at most {MAX_FILES} such files in a request, {MAX_BYTES} bytes together"
        raise Problem(422, f"{FILE_NAME}: {message}", errors=((FILE_NAME, message),))
    return {path.removesuffix(FILE_NAME): _mapping(path, raw) for path, raw in found}


def enclosing(folder: str, folders: Iterable[str]) -> list[str]:
    """The folders that hold a folder, itself included, the outermost first."""
    return sorted((outer for outer in folders if folder.startswith(outer)), key=len)


def contains_all(folder: str, files: Sequence[tuple[str, bytes]]) -> bool:
    """Whether every file that was sent is in a folder."""
    return all(path.startswith(folder) for path, _ in files)


def _mapping(path: str, raw: bytes) -> Mapping[str, Any]:
    try:
        entries = list(parse(decode(path, raw), _LIMITS))
    except InputError:
        raise _not_a_mapping(path) from None
    match entries:
        case []:
            return {}
        case [Document() as document] if not document.duplicates:
            data = document.read()
        case _:
            raise _not_a_mapping(path)
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise _not_a_mapping(path)
    return {str(key): value for key, value in data.items()}


def _not_a_mapping(path: str) -> Problem:
    message = "must be a YAML mapping of options without duplicate keys"
    return Problem(422, f"{path}: {message}", errors=((path, message),))
