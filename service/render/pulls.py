"""Pull requests: which lines a unified diff touches, and which can be commented on. Knows no
platform.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from service.errors import InputError

_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_ESCAPE = re.compile(r"\\([0-7]{3}|.)")
_SIMPLE = {"n": "\n", "t": "\t", "r": "\r"}


@dataclass(frozen=True, slots=True)
class Hunk:
    """One hunk, in lines of the new file, 1-based."""

    first: int
    """The first line."""
    lines: tuple[str, ...]
    """The new file's lines in it, without line feeds."""
    old_lines: Mapping[int, int]
    """For unchanged lines: the old file's line of each new one."""
    changed: frozenset[int]
    """Lines that the pull request adds, and those right behind something that it deletes."""

    @property
    def last(self) -> int:
        """The last line; before the first where the hunk only deletes."""
        return self.first + len(self.lines) - 1


@dataclass(frozen=True, slots=True)
class FileDiff:
    """What a pull request does to a file that exists afterwards."""

    path: str
    """Its path afterwards."""
    old_path: str
    """Its path before."""
    hunks: tuple[Hunk, ...]
    """In order."""


def parse_diff(text: str) -> dict[str, FileDiff]:
    """The files of a unified diff, as git and the platforms write it, by their new paths.

    Raises:
        InputError: `diff-unreadable`: a hunk ends early, or has a line that is none.
    """
    found: dict[str, FileDiff] = {}
    lines = text.split("\n")
    old = new = ""
    hunks: list[Hunk] = []
    position = 0
    while position < len(lines):
        line = lines[position].removesuffix("\r")
        position += 1
        if line.startswith("--- ") and position < len(lines) and lines[position].startswith("+++ "):
            old, new = _path(line[4:]), _path(lines[position].removesuffix("\r")[4:])
            hunks = []
            position += 1
        elif (match := _HUNK.match(line)) and new:
            hunk, position = _hunk(match, lines, position)
            hunks.append(hunk)
            found[new] = FileDiff(new, old or new, tuple(hunks))
    return found


def _path(written: str) -> str:
    """The path of a `---` or `+++` line; empty for /dev/null."""
    name = written.split("\t", 1)[0]
    if name.startswith('"') and name.endswith('"'):
        raw = bytearray()
        position = 1
        for match in _ESCAPE.finditer(name, 1, len(name) - 1):
            raw += name[position : match.start()].encode()
            raw += (
                bytes([int(match[1], 8) & 255])
                if match[1].isdigit()
                else _SIMPLE.get(match[1], match[1]).encode()
            )
            position = match.end()
        name = (raw + name[position:-1].encode()).decode("utf-8", "replace")
    return "" if name == "/dev/null" else re.sub(r"^[abciow]/", "", name)


def _hunk(head: re.Match[str], lines: list[str], position: int) -> tuple[Hunk, int]:
    old_line, old_left = int(head[1]), int(head[2] or 1)
    first, new_left = int(head[3]), int(head[4] or 1)
    kept: list[str] = []
    unchanged: dict[int, int] = {}
    changed: set[int] = set()
    while old_left or new_left:
        if position >= len(lines):
            raise InputError("diff-unreadable", "the diff ends in the middle of a hunk")
        line = lines[position]
        position += 1
        mark, content = line[:1], line[1:]
        here = first + len(kept)
        if mark == "+" and new_left:
            changed.add(here)
            kept.append(content)
            new_left -= 1
        elif mark == "-" and old_left:
            changed.add(here)
            old_line, old_left = old_line + 1, old_left - 1
        elif mark in (" ", "") and old_left and new_left:
            unchanged[here] = old_line
            kept.append(content)
            old_line, old_left, new_left = old_line + 1, old_left - 1, new_left - 1
        elif mark != "\\":
            raise InputError(
                "diff-unreadable", "the diff has a hunk whose lines don't fit its head"
            )
    return Hunk(first, tuple(kept), unchanged, frozenset(changed)), position
