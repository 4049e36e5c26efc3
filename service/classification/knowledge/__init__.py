"""Knowledge as data: the catalogue of known images and the weights of evidence, checked when
loaded.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import cache
from importlib import resources
from typing import Any

import yaml

from service.findings import Pattern
from service.kube.containers import repository


class ImageRole(StrEnum):
    """What an image is, wherever it runs."""

    HELPER = "helper"
    """Runs beside another container when it shares a Pod."""
    APPLICATION = "application"
    """Stands alone."""
    EITHER = "either"
    """Commonly runs alone, and commonly in somebody else's Pod."""
    TOOL = "tool"
    """Does what its command says."""
    RUNTIME = "runtime"
    """A language's base image: holds somebody's program."""


CATEGORIES = frozenset(
    {
        "web-server",
        "app-server",
        "web-app",
        "service",
        "datastore",
        "cache",
        "broker",
        "monitoring",
        "ci",
        "infrastructure",
    }
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A known image."""

    id: str
    """Unique in the catalogue."""
    images: tuple[str, ...]
    """Globs over the last parts of the repository path, as many parts as the glob has."""
    role: ImageRole
    """What it is."""
    pattern: Pattern | None
    """What it is for, where it helps."""
    category: str | None
    """What it is, where it stands alone."""
    ports: tuple[int, ...]
    """The TCP ports on which it listens by default."""
    metrics_ports: tuple[int, ...]
    """Default ports that serve only metrics, health or administration."""
    source: str
    """A page that says what the image is."""
    tags: tuple[tuple[str, tuple[int, ...]], ...] = ()
    """Globs over tags with the ports that those listen on instead; the first that matches
    counts.
    """

    def tagged(self, tag: str) -> Entry:
        """What is known of the image under a tag."""
        ports = next((ports for glob, ports in self.tags if fnmatchcase(tag, glob)), None)
        return self if ports is None else replace(self, ports=ports)

    @property
    def title(self) -> str:
        """Its name for people: the id, without the mark of a user's own entries."""
        return self.id.removeprefix("custom:")

    @property
    def stands_alone(self) -> bool:
        """Whether it is a server that runs as a workload of its own."""
        return self.role in (ImageRole.APPLICATION, ImageRole.EITHER)


_MARKS = "*?["
"""What makes a glob of a text."""


class Catalogue:
    """All known images, indexed by the last part of their path."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.entries = tuple(entries)
        self._exact: dict[str, list[tuple[tuple[str, ...], Entry]]] = {}
        globs: list[tuple[tuple[str, ...], Entry]] = []
        for entry in self.entries:
            for image in entry.images:
                parts = tuple(repository(image).split("/"))
                if any(mark in parts[-1] for mark in _MARKS):
                    globs.append((parts, entry))
                else:
                    self._exact.setdefault(parts[-1], []).append((parts, entry))
        # Few globs start as an image does: those that start with a mark are tried for all.
        firsts = {parts[-1][:1] for parts, _ in globs}
        self._globs = {
            first: [each for each in globs if each[0][-1][:1] in (first, *_MARKS)]
            for first in ("", *firsts)
        }
        self._known: dict[str, Entry | None] = {}

    def match(self, image: str) -> Entry | None:
        """The entry of an image: of several the one with most parts, then most literal
        characters; a user's own first.
        """
        if image not in self._known:
            if len(self._known) > _MEMORY:
                self._known.clear()
            self._known[image] = self._look_up(tuple(repository(image).split("/")))
        return self._known[image]

    def _look_up(self, path: tuple[str, ...]) -> Entry | None:
        best: tuple[tuple[int, int], Entry] | None = None
        globs = self._globs.get(path[-1][:1], self._globs[""])
        for parts, entry in (*self._exact.get(path[-1], ()), *globs):
            if len(parts) <= len(path) and all(map(fnmatchcase, path[-len(parts) :], parts)):
                rank = (
                    len(parts),
                    sum(len(part) - part.count("*") - part.count("?") for part in parts),
                )
                if best is None or rank > best[0]:
                    best = (rank, entry)
        return best[1] if best else None

    def extended(self, entries: Iterable[Entry]) -> Catalogue:
        """A catalogue in which some entries come before all of these."""
        added = tuple(entries)
        return _Extended(added, self) if added else self


class _Extended(Catalogue):
    """A catalogue with a user's own entries, which win."""

    def __init__(self, added: tuple[Entry, ...], base: Catalogue) -> None:
        super().__init__(added)
        self._base = base

    def match(self, image: str) -> Entry | None:
        return super().match(image) or self._base.match(image)


_MEMORY = 10_000
"""Images whose entry is remembered."""


class KnowledgeError(Exception):
    """A data file is wrong; found when it is loaded."""


def entry_from(data: dict[str, Any], source: str) -> Entry:
    """An entry from its data.

    Raises:
        KnowledgeError: a field is missing, unknown or has a value that is not allowed.
    """
    unknown = set(data) - {
        "id",
        "images",
        "role",
        "pattern",
        "category",
        "ports",
        "metrics_ports",
        "source",
        "tags",
    }
    if unknown:
        raise KnowledgeError(f"{source}: unknown fields {sorted(unknown)}")
    try:
        entry = Entry(
            id=data["id"],
            images=tuple(data["images"]),
            role=ImageRole(data["role"]),
            pattern=Pattern(data["pattern"]) if "pattern" in data else None,
            category=data.get("category"),
            ports=tuple(data.get("ports", ())),
            metrics_ports=tuple(data.get("metrics_ports", ())),
            source=data["source"],
            tags=tuple((glob, tuple(ports)) for glob, ports in data.get("tags", {}).items()),
        )
    except (KeyError, ValueError, TypeError) as error:
        raise KnowledgeError(f"{source}: {data.get('id')}: {error}") from None
    if entry.category is not None and entry.category not in CATEGORIES:
        raise KnowledgeError(f"{source}: {entry.id}: unknown category {entry.category}")
    return entry


@cache
def load_catalogue() -> Catalogue:
    """The catalogue that comes with Podsplit.

    Raises:
        KnowledgeError: a file is wrong.
    """
    folder = resources.files(__package__) / "images"
    entries: dict[str, Entry] = {}
    for file in sorted(folder.iterdir(), key=lambda each: each.name):
        if file.name.endswith(".yaml"):
            for data in yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader):
                entry = entry_from(data, file.name)
                if entry.id in entries:
                    raise KnowledgeError(f"{file.name}: {entry.id} is there twice")
                entries[entry.id] = entry
    return Catalogue(entries.values())
