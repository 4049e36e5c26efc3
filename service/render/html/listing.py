"""The lines of what was sent that a report speaks of, so that each place in it can lead to one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from service.findings import Location, Report
from service.render.explanations import place_of

_CONTEXT = 2
"""Lines that are shown before and after one that is spoken of."""
_MOST_PLACES = 1_500
"""Lines that can be led to; what is found beyond is named only."""
_MOST_TEXT = 300
"""Characters of a line that are shown."""
_PASSWORD = re.compile(r"(://[^/@\s:]*:)[^/@\s]+@")


@dataclass(frozen=True, slots=True)
class Place:
    """A place in what was sent."""

    text: str
    """Its file, and its line if the file could be read."""
    path: str
    """The file."""
    line: int
    """The line; 0 where there is none."""
    anchor: str
    """The id of the line in the listing; empty where it isn't listed."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line as it is listed."""

    number: int
    text: str
    """The line; a password in an address of it is masked."""
    anchor: str
    is_named: bool
    """Whether it is spoken of; else it is there for context."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Lines of a file, one after the other."""

    path: str
    lines: tuple[Line, ...]


class Listing:
    """Collects the places that a page names, and lists their lines.

    Only those of files that a rewrite changes, whose differences hold text anyway. Reports of an
    analysis hold none, so that they can be kept wherever names may be.
    """

    def __init__(self, report: Report) -> None:
        self._report = report
        self._files: dict[str, dict[int, str]] = {}
        self._numbers: dict[str, int] = {}
        changes = report.rewrite.changes if report.rewrite else ()
        self._changed = {path for change in changes for path in change.edits}
        self._left = _MOST_PLACES

    def name(self, location: Location) -> Place:
        """A place that is not listed."""
        text, path = place_of(self._report, location), location.path
        line = self._report.position(location)[0] if path in self._report.sources else 0
        return Place(text, path, line, "")

    def place(self, location: Location) -> Place:
        """A place; from now on its line is listed, if its file is one that changes."""
        named = self.name(location)
        path, line = named.path, named.line
        is_new = line not in self._files.get(path, ())
        if self._left and line and path in self._changed and is_new:
            anchors = self._files.setdefault(path, {})
            anchors[line] = _anchor(self._numbers.setdefault(path, len(self._numbers)), line)
            self._left -= 1
        return replace(named, anchor=self._files.get(path, {}).get(line, ""))

    def excerpts(self) -> Iterator[Excerpt]:
        """The lines that places lead to, with those around them in the same document."""
        for path, named in self._files.items():
            file = self._numbers[path]
            lines = self._report.sources[path].text.split("\n")
            run: list[Line] = []
            for number in sorted({near for line in named for near in _around(lines, line)}):
                if run and number != run[-1].number + 1:
                    yield Excerpt(path, tuple(run))
                    run = []
                text = _PASSWORD.sub(r"\1***@", lines[number - 1].rstrip("\r"))[:_MOST_TEXT]
                run.append(Line(number, text, _anchor(file, number), number in named))
            yield Excerpt(path, tuple(run))


def _anchor(file: int, line: int) -> str:
    return f"f{file}-{line}"


def _around(lines: list[str], line: int) -> Iterator[int]:
    """A line and those near it, up to the borders of its document."""
    yield line
    for step in (-1, 1):
        for distance in range(1, _CONTEXT + 1):
            near = line + step * distance
            if not 1 <= near <= len(lines) or lines[near - 1].startswith("---"):
                break
            yield near
