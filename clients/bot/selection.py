"""What of a repository may be manifests, and how much of it is sent."""

from __future__ import annotations

import re
from collections.abc import Iterator

MAX_FILE_BYTES = 1_000_000
"""Bytes of a file that is sent; nobody writes longer manifests by hand."""
MAX_BYTES = 12_000_000
"""Bytes of all files; by default the service takes 16 MiB in one request."""

ENDINGS = (".yaml", ".yml", ".json")
LOCKS = frozenset({"package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "composer.json"})
OPTIONS_FILE = ".podsplit.yaml"
_ALWAYS = frozenset({OPTIONS_FILE, "kustomization.yaml", "kustomization.yml", "Kustomization"})
_SIGNS = (b"apiVersion", b"op:", b'"op"')
"""What a manifest or a patch of one holds."""
_ESCAPE = re.compile(rb"\\([0-7]{3}|.)")
_ESCAPES = {b"n": b"\n", b"t": b"\t", b"r": b"\r"}
_FILE_OF_DIFF = re.compile(r"^(?=diff --git )", re.MULTILINE)


def may_be_manifest(path: str) -> bool:
    """Whether a file may be a manifest, by its path."""
    *folders, name = path.split("/")
    return (
        path.endswith(ENDINGS)
        and name not in LOCKS
        and "node_modules" not in folders
        and not name.endswith((".lock.json", ".min.json"))
    )


def looks_like_manifest(path: str, raw: bytes) -> bool:
    """Whether a file is a manifest or has to do with one, by what it holds."""
    return path.rpartition("/")[2] in _ALWAYS or any(sign in raw for sign in _SIGNS)


def is_below(path: str, folders: tuple[str, ...]) -> bool:
    """Whether a file is one of some folders and files, or in one; no folders stand for all."""
    return not folders or any(
        path == folder or path.startswith(f"{folder.rstrip('/')}/") for folder in folders
    )


def manifests_of_diff(diff: str, folders: tuple[str, ...]) -> str:
    """What of a diff is about files that may be manifests: nothing else of it is sent.

    Args:
        diff: as a forge shows it.
        folders: folders and files to look at; none for all.
    """
    return "".join(
        part
        for part in _FILE_OF_DIFF.split(diff)
        if any(may_be_manifest(path) and is_below(path, folders) for path in _paths(part))
    )


def _paths(part: str) -> Iterator[str]:
    """The paths that a file has in a diff, before and after."""
    for line in part.split("\n@@", 1)[0].split("\n"):
        for start in ("--- ", "+++ ", "rename from ", "rename to "):
            if line.startswith(start):
                path = _unquoted(line.removeprefix(start).rstrip("\t\r"))
                yield path.removeprefix(
                    "a/" if start == "--- " else "b/" if start == "+++ " else ""
                )


def _unquoted(path: str) -> str:
    """A path as git writes it in a diff: in quotes where it has other letters than ASCII's."""
    if not (len(path) > 1 and path.startswith('"') and path.endswith('"')):
        return path
    raw = _ESCAPE.sub(
        lambda found: (
            bytes([int(found[1], 8) & 0xFF])
            if len(found[1]) == 3
            else _ESCAPES.get(found[1], found[1])
        ),
        path[1:-1].encode(),
    )
    return raw.decode("utf-8", "replace")


def paths_of_diff(diff: str) -> set[str]:
    """The paths of the files of a diff, before and after."""
    return {path for part in _FILE_OF_DIFF.split(diff) for path in _paths(part)}
