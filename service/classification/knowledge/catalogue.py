"""The catalogue of known images, from `images/*.yaml`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import cache
from importlib import resources
from typing import Any, TypeAlias

import yaml

from service.classification.knowledge.errors import KnowledgeError
from service.findings import Pattern
from service.kube.containers import repository


class ImageRole(StrEnum):
    """What an image is, wherever it runs."""

    HELPER = "helper"
    """Runs beside another container when it shares a Pod."""
    APPLICATION = "application"
    """Stands alone."""
    EITHER = "either"
    """Commonly runs alone, and commonly in the Pod of another application."""
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
"""What an image that stands alone may be."""


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
    """What it is, where it stands alone: one of `CATEGORIES`."""
    ports: tuple[int, ...]
    """The TCP ports on which it listens by default."""
    metrics_ports: tuple[int, ...]
    """Default ports that serve only metrics, health or administration."""
    source: str
    """A page that says what the image is."""
    tags: tuple[tuple[str, tuple[int, ...]], ...] = ()
    """Globs over tags, with the ports on which those tags listen instead; the first that matches
    counts.
    """

    def for_tag(self, tag: str) -> Entry:
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


_WILDCARDS = "*?["
"""The characters that make a text a glob."""

_MAX_REMEMBERED = 10_000
"""Images whose entry is remembered."""

_PathGlobs: TypeAlias = tuple[tuple[str, ...], Entry]
"""The parts of a path, each a glob, and the entry whose images have such a path."""


class Catalogue:
    """All known images, indexed by the last part of their path."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.entries = tuple(entries)
        self._by_last_part, globs = _indexed(self.entries)
        self._globs_by_letter = _by_first_letter(globs)
        self._remembered: dict[str, Entry | None] = {}

    def match(self, image: str) -> Entry | None:
        """The entry of an image; None if no entry fits.

        Of several that fit, the one with most parts counts, then the one with most literal
        characters; a user's own entries come first.
        """
        if image not in self._remembered:
            if len(self._remembered) >= _MAX_REMEMBERED:
                self._remembered.clear()
            self._remembered[image] = self._look_up(tuple(repository(image).split("/")))
        return self._remembered[image]

    def _look_up(self, path: tuple[str, ...]) -> Entry | None:
        globs = self._globs_by_letter.get(path[-1][:1], self._globs_by_letter[""])
        fitting = [
            (parts, entry)
            for parts, entry in (*self._by_last_part.get(path[-1], ()), *globs)
            if len(parts) <= len(path) and all(map(fnmatchcase, path[-len(parts) :], parts))
        ]
        best = max(fitting, key=lambda item: _specificity(item[0]), default=None)
        return best[1] if best else None

    def extended(self, entries: Iterable[Entry]) -> Catalogue:
        """A catalogue in which some entries come before all of these."""
        added = tuple(entries)
        return _ExtendedCatalogue(added, self) if added else self


class _ExtendedCatalogue(Catalogue):
    """A catalogue with a user's own entries, which win."""

    def __init__(self, added: tuple[Entry, ...], base: Catalogue) -> None:
        super().__init__(added)
        self._base = base

    def match(self, image: str) -> Entry | None:
        return super().match(image) or self._base.match(image)


def _indexed(entries: Iterable[Entry]) -> tuple[dict[str, list[_PathGlobs]], list[_PathGlobs]]:
    """The images by the last part of their path; those whose last part is a glob apart."""
    by_last_part: dict[str, list[_PathGlobs]] = {}
    globs: list[_PathGlobs] = []
    for entry in entries:
        for image in entry.images:
            parts = tuple(repository(image).split("/"))
            if any(wildcard in parts[-1] for wildcard in _WILDCARDS):
                globs.append((parts, entry))
            else:
                by_last_part.setdefault(parts[-1], []).append((parts, entry))
    return by_last_part, globs


def _by_first_letter(globs: Iterable[_PathGlobs]) -> dict[str, list[_PathGlobs]]:
    """The globs to try for an image, by the first letter of its last part; under the empty text
    those for every other letter.

    Few globs start as an image does. Those that start with a wildcard are tried for all.
    """
    letters = {parts[-1][:1] for parts, _ in globs}
    return {
        letter: [item for item in globs if item[0][-1][:1] in (letter, *_WILDCARDS)]
        for letter in ("", *letters)
    }


def _specificity(parts: tuple[str, ...]) -> tuple[int, int]:
    """How closely a path is described: its parts, then its literal characters."""
    return len(parts), sum(len(part) - part.count("*") - part.count("?") for part in parts)


def entry_from(data: Mapping[str, Any], source: str) -> Entry:
    """An entry from its data.

    Args:
        data: the entry's fields, by name, as they stand in the file.
        source: the file, for messages.

    Raises:
        KnowledgeError: a field is missing, unknown or has a value that is not allowed.
    """
    unknown = set(data) - {field.name for field in fields(Entry)}
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


def catalogue_from(texts: Mapping[str, str]) -> Catalogue:
    """The catalogue in the texts of some files, in their order.

    Args:
        texts: lists of entries as YAML, by the name of their file.

    Raises:
        KnowledgeError: an entry is wrong, or there are two of one id.
    """
    entries: dict[str, Entry] = {}
    for name, text in texts.items():
        for data in yaml.load(text, Loader=yaml.CSafeLoader):
            entry = entry_from(data, name)
            if entry.id in entries:
                raise KnowledgeError(f"{name}: {entry.id} is there twice")
            entries[entry.id] = entry
    return Catalogue(entries.values())


@cache
def load_catalogue() -> Catalogue:
    """The catalogue that comes with Podsplit.

    Raises:
        KnowledgeError: a file is wrong.
    """
    folder = resources.files(__package__) / "images"
    files = sorted(folder.iterdir(), key=lambda file: file.name)
    return catalogue_from(
        {
            file.name: file.read_text(encoding="utf-8")
            for file in files
            if file.name.endswith(".yaml")
        }
    )
