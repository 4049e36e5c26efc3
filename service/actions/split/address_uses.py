"""Who uses an address that a container is told: it itself, a browser, or a server's clients."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import translate
from functools import lru_cache
from importlib import resources
from pathlib import PurePosixPath
from typing import Any

import yaml


class AddressUse(StrEnum):
    """Who uses an address."""

    CALLED = "called"
    """The container calls it."""
    BROWSER = "browser"
    """A browser reads it, or it is compared with what a browser sends."""
    ADVERTISED = "advertised"
    """A server hands it to its clients."""
    NOT_CALLED = "not-called"
    """Nobody calls it."""


@dataclass(frozen=True, slots=True)
class AddressUses:
    """The table of who uses an address, read from `address_uses.yaml`."""

    names: tuple[tuple[re.Pattern[str], AddressUse], ...]
    """Patterns of names in capitals, the first that fits decides."""
    advertising: re.Pattern[str]
    """What in a text shows that a server hands its address to clients."""
    browser_files: re.Pattern[str]
    """Names of files that a browser reads."""
    browser_folders: tuple[str, ...]
    """Folders whose files a web server hands out."""
    frontend_words: frozenset[str]
    """Words in the name or image of a container whose addresses a browser may read."""

    def by_name(self, name: str) -> AddressUse | None:
        """Who uses what a variable, key or option holds; None if its name doesn't tell."""
        normal = re.sub(r"[^A-Z0-9]+", "_", name.upper()).strip("_")
        return next((use for pattern, use in self.names if pattern.match(normal)), None)

    def is_for_browsers(self, path: str) -> bool:
        """Whether a file at a path in a container is one that a browser reads."""
        name = PurePosixPath(path).name
        in_folder = any(path.startswith(f"{folder}/") for folder in self.browser_folders)
        return in_folder or bool(self.browser_files.match(name))

    def is_frontend(self, *names: str) -> bool:
        """Whether a container with such a name or image may be one whose pages call others."""
        words = {word for name in names for word in re.split(r"[^a-z0-9]+", name.lower())}
        return bool(words & self.frontend_words)


@lru_cache(maxsize=1)
def load_address_uses() -> AddressUses:
    """The table.

    Raises:
        ValueError: an entry of the file has no use that there is.
    """
    file = resources.files(__package__) / "address_uses.yaml"
    data: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    advertising = "|".join(f"(?:{entry['pattern']})" for entry in data["advertising_texts"])
    files = "|".join(translate(entry["pattern"]) for entry in data["browser_files"])
    return AddressUses(
        names=tuple(
            (re.compile(translate(entry["pattern"])), AddressUse(entry["use"]))
            for entry in data["uses"]
        ),
        advertising=re.compile(advertising),
        browser_files=re.compile(files),
        browser_folders=tuple(data["browser_folders"]),
        frontend_words=frozenset(data["frontend_words"]),
    )
