"""The manifests of a commit, by the forge's API: only what can be one, and no more than a bound."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import yaml

from clients.bot.forge import Contents, Entry
from clients.bot.selection import (
    MAX_FILE_BYTES,
    OPTIONS_FILE,
    is_below,
    looks_like_manifest,
    may_be_manifest,
)
from clients.bot.service import File
from clients.bot.trouble import Trouble

_MAX_LISTED = 200_000
"""Files of a repository that are listed at most."""
_MAX_OPTIONS = 100
"""Files called `.podsplit.yaml`."""
_MAX_GLOBS = 200
"""What all of them pass over together, as in the service."""
_MOST_PASSED_OVER = 10
"""How many times the bound of files may be there, most of them passed over."""
_MAX_OPTIONS_BYTES = 65_536
"""Bytes of a `.podsplit.yaml`."""


@dataclass(frozen=True)
class Bounds:
    """How much of a repository is read."""

    files: int
    """Files that may be manifests."""
    bytes: int
    """Their bytes."""


class Cache:
    """Files that were read before, by their keys; None for those that are no manifests."""

    def __init__(self, most_bytes: int = 64_000_000) -> None:
        self._most = most_bytes
        self._held = 0
        self._texts: OrderedDict[str, str | None] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: str) -> tuple[str | None] | None:
        """What is known of a file, in a tuple; None if nothing is."""
        with self._lock:
            if key not in self._texts:
                return None
            self._texts.move_to_end(key)
            return (self._texts[key],)

    def put(self, key: str, text: str | None) -> None:
        """Keep a file, and forget those that nobody asked for longest."""
        with self._lock:
            if key in self._texts:
                return
            self._texts[key] = text
            self._held += _cost(key, text)
            while self._held > self._most:
                self._held -= _cost(*self._texts.popitem(last=False))


def _cost(key: str, text: str | None) -> int:
    return len(key) + 4 * len(text or "") + 100


def read_manifests(
    contents: Contents,
    commit: str,
    *,
    source: str = "",
    folders: tuple[str, ...] = (),
    bounds: Bounds,
    cache: Cache,
) -> list[File]:
    """The files of a commit that may be manifests.

    The service needs all of them: what it says of a Pod depends on what refers to the Pod.

    Args:
        contents: the repository.
        commit: whose.
        source: as in `PullRequest`.
        folders: folders and files to look at; none for all.
        bounds: how much is read.
        cache: what was read before.

    Raises:
        Trouble: there is more than the bounds.
    """
    entries: list[Entry] = []
    for count, entry in enumerate(contents.files(commit, source)):
        if count >= _MAX_LISTED:
            raise Trouble(f"the repository has more than {_MAX_LISTED} files")
        if may_be_manifest(entry.path) and is_below(entry.path, folders):
            entries.append(entry)
    options = [entry for entry in entries if entry.path.rpartition("/")[2] == OPTIONS_FILE]
    if len(options) > _MAX_OPTIONS or len(entries) > _MOST_PASSED_OVER * bounds.files:
        # What isn't read costs as well: it is compared with what is to be passed over.
        raise Trouble(
            f"{len(entries)} files may be manifests, and {len(options)} are {OPTIONS_FILE}: that is"
            " too many to look through"
        )
    excluded = _Excludes(
        {
            entry.path.removesuffix(OPTIONS_FILE): text
            for entry in options
            if (text := _read(contents, entry, _MAX_OPTIONS_BYTES, cache)) is not None
        }
    )
    wanted = [entry for entry in entries if not excluded.match(entry.path)]
    if len(wanted) > bounds.files:
        raise Trouble(
            f"{len(wanted)} files may be manifests, more than {bounds.files}: exclude some in"
            f" {OPTIONS_FILE}"
        )
    files: list[File] = []
    total = 0
    for entry in wanted:
        text = _read(contents, entry, MAX_FILE_BYTES, cache)
        if text is None:
            continue
        total += len(text.encode())
        if total > bounds.bytes:
            raise Trouble(
                f"the manifests have more than {bounds.bytes} bytes: exclude some in {OPTIONS_FILE}"
            )
        files.append({"path": entry.path, "content": text})
    return files


def _read(contents: Contents, entry: Entry, limit: int, cache: Cache) -> str | None:
    """The text of a file; None if it is none, is no manifest or too long."""
    key = f"{entry.key} {entry.path.rpartition('/')[2]}"
    known = cache.get(key)
    if known is not None:
        return known[0]
    raw = contents.read(entry, limit) if entry.size is None or entry.size <= limit else None
    text = None
    if raw is not None and looks_like_manifest(entry.path, raw):
        try:
            text = raw.decode()
        except UnicodeDecodeError:
            text = None
    cache.put(key, text)
    return text


class _Excludes:
    """The globs of `exclude` in the `.podsplit.yaml` files, as the service reads them."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        """Read them; one that can't be read excludes nothing, and the service says why.

        Args:
            texts: by the folder of each, with a slash at its end.

        Raises:
            Trouble: they are too many.
        """
        globs = [(folder, glob.split("/")) for folder in texts for glob in _globs(texts[folder])]
        if len(globs) > _MAX_GLOBS:
            raise Trouble(f"{OPTIONS_FILE} files pass over more than {_MAX_GLOBS} globs together")
        self._globs = globs

    def match(self, path: str) -> bool:
        """Whether a file is passed over."""
        return any(
            path.startswith(folder) and _matches(glob, path[len(folder) :].split("/"))
            for folder, glob in self._globs
        )


def _globs(text: str) -> Iterable[str]:
    try:
        # Not libyaml's loader, which text that is nested deeply ends the process of.
        data: Any = yaml.load(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError, ValueError):
        return ()
    found = data.get("exclude") if isinstance(data, dict) else None
    words = found.split(",") if isinstance(found, str) else found
    if not isinstance(words, list):
        return ()
    return [
        "/".join(part for part in word.strip().split("/") if part not in ("", "."))
        for word in words[:100]
        if isinstance(word, str) and 0 < len(word) <= 256 and "[" not in word
    ]


def _matches(glob: list[str], path: list[str]) -> bool:
    """Whether a glob matches a path or a folder that it is in: `**` stands for any parts."""
    places = {0}
    for part in [*path, None]:
        # A `**` may stand for no part at all, but at the end, where it is what is in a folder.
        for place, word in enumerate(glob[:-1]):
            if word == "**" and place in places:
                places.add(place + 1)
        if len(glob) in places:
            return True
        if part is None:
            return False
        places = {
            following
            for place in places
            for following in (
                (place, place + 1)
                if glob[place] == "**"
                else (place + 1,) * fnmatchcase(part, glob[place])
            )
        }
    return False
