"""Writes objects as YAML in the ways that people do: block and flow style, quotes, comments,
anchors, JSON, Lists, line endings.

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
    """A value with an anchor."""

    name: str
    value: Any


@dataclass(frozen=True)
class Alias:
    """A value that is written as an alias of an anchor."""

    name: str
    value: Any


def plain(value: Any) -> Any:
    """Data as it reads, without anchors and aliases."""
    if isinstance(value, Anchored | Alias):
        return plain(value.value)
    if isinstance(value, dict):
        return {key: plain(field) for key, field in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def _has_anchors(value: Any) -> bool:
    if isinstance(value, Anchored | Alias):
        return True
    return (
        any(map(_has_anchors, value.values() if isinstance(value, dict) else value))
        if isinstance(value, dict | list)
        else False
    )


@dataclass(frozen=True)
class Style:
    """How a file is written."""

    seed: int
    form: str = "block"
    """block; flow: each document in one line; json; list and list-json: one List of all."""
    indent: int = 2
    dash_indent: int = 0
    """By how much the items of a list are indented from its key."""
    quotes: str = "plain"
    """plain, single or double."""
    flow: float = 0.1
    """The share of small mappings and lists that are written in one line."""
    comments: float = 0.05
    """The share of lines with a comment."""
    newline: str = "\n"
    has_start_marker: bool = False
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
        dash_indent=st.sampled_from([0, 2]),
        quotes=st.sampled_from(["plain", "plain", "plain", "single", "double"]),
        flow=st.sampled_from([0.0, 0.1, 0.6]),
        comments=st.sampled_from([0.0, 0.05, 0.2]),
        newline=st.sampled_from(["\n"] * 7 + ["\r\n"]),
        has_start_marker=st.booleans(),
        end=st.sampled_from(["\n", "\n", "\n", "", "\n\n", "\n# the end\n", "\n---\n"]),
    )


def write(objects: Iterable[Any], style: Style, file: int = 0) -> str:
    """The text of a file with some objects.

    Args:
        objects: mappings that may hold anchors and aliases.
        style: how the file is written.
        file: a number that is in its comments, so that they differ from those of other files.
    """
    documents = list(objects)
    if style.form in ("list", "list-json"):
        documents = [{"apiVersion": "v1", "kind": "List", "items": documents}]
    if style.form in ("json", "list-json") and len(documents) == 1:
        return json.dumps(plain(documents[0]), indent=style.indent, ensure_ascii=False) + "\n"
    writer = _Writer(style, file)
    texts = ["\n".join(writer.document(data)) for data in documents]
    text = ("---\n" if style.has_start_marker else "") + "\n---\n".join(texts) + style.end
    return text.replace("\n", style.newline)


@dataclass
class _Writer:
    """Writes the documents of one file."""

    style: Style
    file: int
    count: int = 0
    random: Random = field(init=False)

    def __post_init__(self) -> None:
        self.random = Random(self.style.seed)

    def document(self, data: Any) -> list[str]:
        """The lines of a document."""
        if self.style.form == "flow":
            return [self.flow(data)]
        return self.mapping(data, 0)

    def comment(self) -> str:
        """A comment with the next number."""
        self.count += 1
        return f"# note {self.file}-{self.count}."

    def lines_above(self, column: int) -> list[str]:
        """A comment, a blank line, or mostly nothing."""
        share = self.random.random()
        if share < self.style.comments:
            return [" " * column + self.comment()]
        return [""] if share > 1 - self.style.comments / 2 else []

    def trailing_comment(self) -> str:
        """A comment for the end of a line, or mostly nothing."""
        return (
            " " * self.random.choice([1, 2]) + self.comment()
            if self.random.random() < self.style.comments
            else ""
        )

    def mapping(self, data: dict[str, Any], column: int) -> list[str]:
        """The lines of a mapping in block style."""
        lines: list[str] = []
        for key, value in data.items():
            lines += self.lines_above(column) if column else []
            lines += self.value(
                " " * column + self.key(key) + ":",
                value,
                column=column + self.style.indent,
                dash_column=column + self.style.dash_indent,
            )
        return lines

    def value(self, head: str, value: Any, *, column: int, dash_column: int) -> list[str]:
        """The lines of a value behind its key or dash.

        Args:
            head: the text before the value.
            value: the value.
            column: where the keys of a mapping start.
            dash_column: where the dashes of a list start.
        """
        if isinstance(value, Alias):
            return [f"{head} *{value.name}{self.trailing_comment()}"]
        if isinstance(value, Anchored):
            head, value = f"{head} &{value.name}", value.value
        if isinstance(value, dict | list) and value and not self.is_inline(value):
            inner = (
                self.mapping(value, column)
                if isinstance(value, dict)
                else self.items(value, dash_column)
            )
            return [head + self.trailing_comment(), *inner]
        if isinstance(value, str) and "\n" in value and value.endswith("\n"):
            return [
                head + " |",
                *(" " * column + line if line else "" for line in value[:-1].split("\n")),
            ]
        return [f"{head} {self.flow(value)}{self.trailing_comment()}"]

    def items(self, values: list[Any], column: int) -> list[str]:
        """The lines of a list in block style."""
        lines: list[str] = []
        for value in values:
            lines += self.lines_above(column)
            if isinstance(value, dict) and value and not self.is_inline(value):
                inner = self.mapping(value, column + 2)
                first = next(
                    place
                    for place, line in enumerate(inner)
                    if line.strip() and not line.lstrip().startswith("#")
                )
                # A comment above the first key stands above the dash.
                lines += [line[2:] if line else line for line in inner[:first]]
                lines += [" " * column + "- " + inner[first][column + 2 :], *inner[first + 1 :]]
            else:
                head = " " * column + "-"
                lines += self.value(head, value, column=column + 2, dash_column=column + 2)
        return lines

    def is_inline(self, value: Any) -> bool:
        """Whether to write a mapping or list in one line."""
        if _has_anchors(value):
            return False
        text = json.dumps(plain(value))
        is_small = len(text) < 90 and "\\n" not in text
        return is_small and self.random.random() < self.style.flow

    def flow(self, value: Any) -> str:
        """A value in flow style."""
        match value:
            case Anchored() | Alias():
                return self.flow(value.value)
            case dict():
                return (
                    "{"
                    + ", ".join(
                        f"{self.key(key)}: {self.flow(field)}" for key, field in value.items()
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
        """A scalar; strings in the quotes of the style."""
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
