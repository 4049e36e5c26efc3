"""Reads a pull request's unified diff: which lines it changes, and which can be commented on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from service.errors import InputError

_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_WITHOUT_HUNKS = ("diff --git ", "Index: ", "Binary files ", "rename ", "similarity index ")
"""Starts of lines about files that have no hunks."""
_ESCAPE = re.compile(r"\\([0-7]{3}|.)")
_OCTAL_DIGITS = 3
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}


@dataclass(frozen=True, slots=True)
class Hunk:
    """One hunk, in lines of the new file, 1-based."""

    first: int
    """The first line."""
    lines: tuple[str, ...]
    """The new file's lines in it, without line feeds."""
    old_lines: Mapping[int, int]
    """The old file's line of each unchanged line of the new file."""
    changed: frozenset[int]
    """Lines that the pull request adds, and those right after lines that it deletes."""

    @property
    def last(self) -> int:
        """The last line; before the first one if the hunk only deletes."""
        return self.first + len(self.lines) - 1


@dataclass(frozen=True, slots=True)
class FileDiff:
    """What a pull request changes in a file that exists afterwards."""

    path: str
    """Its path afterwards."""
    old_path: str
    """Its path before."""
    hunks: tuple[Hunk, ...]
    """The hunks, in order."""


def parse_diff(text: str) -> dict[str, FileDiff]:
    """Read a unified diff as git and the platforms write it.

    Returns:
        Its files by their new paths; those that it deletes are not among them.

    Raises:
        InputError: `diff-unreadable`: it is no unified diff, or a hunk ends early or has a line
            that does not belong in one.
    """
    files: dict[str, FileDiff] = {}
    has_header = False
    lines = text.split("\n")
    old = new = ""
    hunks: list[Hunk] = []
    position = 0
    while position < len(lines):
        line = lines[position].removesuffix("\r")
        position += 1
        if line.startswith("--- ") and position < len(lines) and lines[position].startswith("+++ "):
            has_header = True
            old, new = _paths(line[4:], lines[position].removesuffix("\r")[4:])
            hunks = []
            position += 1
        elif (match := _HUNK.match(line)) and new:
            hunk, position = _hunk(match, lines, position)
            hunks.append(hunk)
            files[new] = FileDiff(new, old or new, tuple(hunks))
        elif line.startswith("@@@"):
            raise _unreadable("it is the combined diff of a merge: compare with one parent")
    if not has_header:
        _check_without_header(lines)
    return files


def _check_without_header(lines: list[str]) -> None:
    """Check that a text without the header of any file says of files that they are renamed, binary
    or the like, or is blank.

    Raises:
        InputError: it is no diff.
    """
    if any("\x1b[" in line for line in lines):
        raise _unreadable("it is coloured: make it with git diff --no-color")
    if any(line.strip() for line in lines) and not any(
        line.startswith(_WITHOUT_HUNKS) for line in lines
    ):
        raise _unreadable("it has no file: send a unified diff, as git diff writes it")


def _unreadable(why: str) -> InputError:
    return InputError("diff-unreadable", f"the diff can't be read: {why}")


def _paths(old: str, new: str) -> tuple[str, str]:
    """The paths of a file before and after, from its `---` and `+++` lines; empty for /dev/null."""
    old_path, new_path = _path(old), _path(new)
    # With a prefix of its own (`--dst-prefix=new/`) the new path ends as the old one does.
    is_foreign = not new.startswith(("a/", "b/", "c/", "i/", "o/", "w/", '"'))
    if old_path and is_foreign and new_path.endswith(f"/{old_path}"):
        return old_path, old_path
    return old_path, new_path


def _path(written: str) -> str:
    """The path in a `---` or `+++` line; empty for /dev/null."""
    name = written.split("\t", 1)[0]
    if name.startswith('"') and name.endswith('"'):
        raw = bytearray()
        position = 1
        for match in _ESCAPE.finditer(name, 1, len(name) - 1):
            raw += name[position : match.start()].encode()
            raw += (
                bytes([int(match[1], 8) & 255])
                if len(match[1]) == _OCTAL_DIGITS
                else _ESCAPES.get(match[1], match[1]).encode()
            )
            position = match.end()
        name = (raw + name[position:-1].encode()).decode("utf-8", "replace")
    return "" if name == "/dev/null" else re.sub(r"^[abciow]/", "", name)


def _hunk(header: re.Match[str], lines: list[str], position: int) -> tuple[Hunk, int]:
    """The hunk below a header, and the position after it."""
    old_line, old_left = int(header[1]), int(header[2] or 1)
    first, new_left = int(header[3]), int(header[4] or 1)
    new_lines: list[str] = []
    unchanged: dict[int, int] = {}
    changed: set[int] = set()
    while old_left or new_left:
        if position >= len(lines):
            raise InputError("diff-unreadable", "the diff ends in the middle of a hunk")
        line = lines[position]
        position += 1
        mark, content = line[:1], line[1:]
        line_number = first + len(new_lines)
        if mark == "+" and new_left:
            changed.add(line_number)
            new_lines.append(content)
            new_left -= 1
        elif mark == "-" and old_left:
            changed.add(line_number)
            old_line, old_left = old_line + 1, old_left - 1
        elif mark in (" ", "") and old_left and new_left:
            unchanged[line_number] = old_line
            new_lines.append(content)
            old_line, old_left, new_left = old_line + 1, old_left - 1, new_left - 1
        elif mark != "\\":
            raise InputError("diff-unreadable", "the lines of a hunk do not match its header")
    return Hunk(first, tuple(new_lines), unchanged, frozenset(changed)), position
