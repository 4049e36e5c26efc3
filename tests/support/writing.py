"""Objects written as people write them: block and flow style, quotes, comments, anchors, JSON,
Lists, line endings.

Every comment has a number of its own, so that a test can see whether one was lost.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from hypothesis import strategies as st

_PLAIN = re.compile(r"[A-Za-z/][A-Za-z0-9_./@-]*(?:[ :=+][A-Za-z0-9_./@-]+)*\Z")
_BARE_KEYS = 0.97
_WORDS = {"true", "false", "yes", "no", "on", "off", "y", "n", "null"}


@dataclass(frozen=True)
class Anchored:
    """A value that gets a name by which it is used again."""

    name: str
    value: Any


@dataclass(frozen=True)
class Alias:
    """A value that was named before."""

    name: str
    value: Any


def plain(value: Any) -> Any:
    """Data without anchors, as it reads."""
    if isinstance(value, Anchored | Alias):
        return plain(value.value)
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, list) else value


def _names_anchors(value: Any) -> bool:
    if isinstance(value, Anchored | Alias):
        return True
    return (
        any(map(_names_anchors, value.values() if isinstance(value, dict) else value))
        if isinstance(value, dict | list)
        else False
    )


@dataclass(frozen=True)
class Style:
    """How a file is written."""

    seed: int
    form: str = "block"
    """block; flow: each document in one; json; or list, list-json: one List of all."""
    indent: int = 2
    dashes: int = 0
    """By how much the items of a list stand in from its key."""
    quotes: str = "plain"
    """plain, single or double."""
    flow: float = 0.1
    """How often a small map or list stands in one line."""
    comments: float = 0.05
    """How often there is a comment."""
    newline: str = "\n"
    start: bool = False
    """Whether the stream starts with three dashes."""
    end: str = "\n"
    """What the file ends with."""


def styles() -> st.SearchStrategy[Style]:
    """Every way to write a file, the usual ones more often."""
    return st.builds(
        Style,
        seed=st.integers(0, 2**16),
        form=st.sampled_from(["block"] * 8 + ["flow", "json", "list", "list-json"]),
        indent=st.sampled_from([2, 2, 2, 4]),
        dashes=st.sampled_from([0, 2]),
        quotes=st.sampled_from(["plain", "plain", "plain", "single", "double"]),
        flow=st.sampled_from([0.0, 0.1, 0.6]),
        comments=st.sampled_from([0.0, 0.05, 0.2]),
        newline=st.sampled_from(["\n"] * 7 + ["\r\n"]),
        start=st.booleans(),
        end=st.sampled_from(["\n", "\n", "\n", "", "\n\n", "\n# the end\n", "\n---\n"]),
    )


def written(objects: Iterable[Any], style: Style, file: int = 0) -> str:
    """The text of a file with some objects; `file` sets its comments apart from those of others."""
    made = list(objects)
    if style.form in ("list", "list-json"):
        made = [{"apiVersion": "v1", "kind": "List", "items": made}]
    if style.form in ("json", "list-json") and len(made) == 1:
        return json.dumps(plain(made[0]), indent=style.indent, ensure_ascii=False) + "\n"
    writer = _Writer(style, file)
    texts = ["\n".join(writer.document(each)) for each in made]
    text = ("---\n" if style.start else "") + "\n---\n".join(texts) + style.end
    return text.replace("\n", style.newline)


@dataclass
class _Writer:
    style: Style
    file: int
    count: int = 0
    random: Random = field(init=False)

    def __post_init__(self) -> None:
        self.random = Random(self.style.seed)

    def document(self, data: Any) -> list[str]:
        if self.style.form == "flow":
            return [self.flow(data)]
        return self.mapping(data, 0)

    def note(self) -> str:
        self.count += 1
        return f"# note {self.file}-{self.count}."

    def above(self, column: int) -> list[str]:
        """A comment, a blank line, or mostly nothing."""
        luck = self.random.random()
        if luck < self.style.comments:
            return [" " * column + self.note()]
        return [""] if luck > 1 - self.style.comments / 2 else []

    def behind(self) -> str:
        return (
            " " * self.random.choice([1, 2]) + self.note()
            if self.random.random() < self.style.comments
            else ""
        )

    def mapping(self, data: dict[str, Any], column: int) -> list[str]:
        lines: list[str] = []
        for key, value in data.items():
            lines += self.above(column) if column else []
            lines += self.value(
                " " * column + self.key(key) + ":",
                value,
                column + self.style.indent,
                column + self.style.dashes,
            )
        return lines

    def value(self, head: str, value: Any, column: int, dashes: int) -> list[str]:
        if isinstance(value, Alias):
            return [f"{head} *{value.name}{self.behind()}"]
        if isinstance(value, Anchored):
            head, value = f"{head} &{value.name}", value.value
        if isinstance(value, dict | list) and value and not self.is_inline(value):
            inner = (
                self.mapping(value, column)
                if isinstance(value, dict)
                else self.items(value, dashes)
            )
            return [head + self.behind(), *inner]
        if isinstance(value, str) and "\n" in value and value.endswith("\n"):
            return [
                head + " |",
                *(" " * column + line if line else "" for line in value[:-1].split("\n")),
            ]
        return [f"{head} {self.flow(value)}{self.behind()}"]

    def items(self, values: list[Any], column: int) -> list[str]:
        lines: list[str] = []
        for each in values:
            lines += self.above(column)
            if isinstance(each, dict) and each and not self.is_inline(each):
                inner = self.mapping(each, column + 2)
                first = next(
                    place
                    for place, line in enumerate(inner)
                    if line.strip() and not line.lstrip().startswith("#")
                )
                # A comment above the first key stands above the dash.
                lines += [line[2:] if line else line for line in inner[:first]]
                lines += [" " * column + "- " + inner[first][column + 2 :], *inner[first + 1 :]]
            else:
                lines += self.value(" " * column + "-", each, column + 2, column + 2)
        return lines

    def is_inline(self, value: Any) -> bool:
        if _names_anchors(value):
            return False
        small = len(json.dumps(plain(value))) < 90 and "\\n" not in json.dumps(plain(value))
        return small and self.random.random() < self.style.flow

    def flow(self, value: Any) -> str:
        match value:
            case Anchored() | Alias():
                return self.flow(value.value)
            case dict():
                return (
                    "{"
                    + ", ".join(
                        f"{self.key(key)}: {self.flow(each)}" for key, each in value.items()
                    )
                    + "}"
                )
            case list():
                return "[" + ", ".join(map(self.flow, value)) + "]"
        return self.scalar(value)

    def key(self, key: str) -> str:
        """A key; quoted where people would, and now and then where they wouldn't."""
        return key if _PLAIN.match(key) and self.random.random() < _BARE_KEYS else self.scalar(key)

    def scalar(self, value: Any) -> str:
        if not isinstance(value, str):
            return json.dumps(value)
        if (
            _PLAIN.match(value)
            and value.lower() not in _WORDS
            and (self.style.quotes == "plain" or self.random.random() < 0.5)
        ):
            return value
        if "\n" in value or self.style.quotes == "double":
            return json.dumps(value, ensure_ascii=False)
        return "'" + value.replace("'", "''") + "'"
