"""Hypothesis strategies for YAML text as people write it, with styles, comments, blank lines and
line endings mixed.
"""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from service.yamldoc.scalars import plain_is_safe

WORDS = st.sampled_from(
    [
        "a",
        "b-c",
        "name",
        "80",
        "x y",
        "it's",
        'say "hi"',
        "true",
        "yes",
        "0755",
        "1e3",
        "#no",
        "a: b",
        "",
        " lead",
        "trail ",
        "tab\there",
        "line1\nline2\n",
        "l1\n\n  l2",
        "- dash",
        "{x}",
        "[y]",
        "é",
        "😀",
        "a#b",
        "a #b",
        "null",
        "~",
        "12:30:45",
        "2001-01-01",
        "=",
        "*x",
        "&x",
        "!t",
        "%d",
        "@at",
        "`tick",
        "sep\u2028arated",
        "nel\x85x",
        ":",
        "a:",
        "key: |",
        "...",
        "---",
    ]
)
KEYS = st.sampled_from(["a", "b", "name", "x-y", "k8s.io/app", "80", "yes", "quoted key", "z"])
SCALARS = WORDS | st.integers(-5, 99999) | st.booleans() | st.none() | st.sampled_from([0.5, 1.25])


def data(max_leaves: int = 12) -> st.SearchStrategy[dict[str, Any]]:
    """Mappings of mappings, sequences and scalars."""
    tree = st.recursive(
        SCALARS,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
        max_leaves=max_leaves,
    )
    return st.dictionaries(KEYS, tree, min_size=1, max_size=4)


@st.composite
def documents(
    draw: st.DrawFn, values: st.SearchStrategy[dict[str, Any]] | None = None
) -> tuple[str, dict[str, Any]]:
    """The text of a document in block style, and the data that it holds."""
    value = draw(values if values is not None else data())
    writer = _Writer(draw)
    lines = writer.mapping(value, 0)
    newline = draw(st.sampled_from(["\n", "\n", "\r\n"]))
    ending = draw(
        st.sampled_from([newline, newline, "", newline + newline, newline + "# end" + newline])
    )
    if any(line.endswith(("|", "|+")) for line in lines):
        # A block scalar at the end of a file reads differently without its line break.
        ending = ending or newline
    head = draw(
        st.sampled_from(["", "", "# head" + newline, newline, "# head" + newline + newline])
    )
    return head + newline.join(lines) + ending, value


class _Writer:
    """Writes data in block style; draws the style of each part."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.indent = draw(st.sampled_from([1, 2, 2, 3, 4]))
        self.dash_indent = draw(st.sampled_from([0, 2]))

    def lines_above(self, column: int) -> list[str]:
        """Comments and blank lines above an entry, or mostly nothing."""
        kind = self.draw(st.sampled_from(["", "", "", "", "above", "blank", "header"]))
        pad = " " * column
        return {
            "": [],
            "above": [f"{pad}# about it"],
            "blank": [""],
            "header": [f"{pad}# header", ""],
        }[kind]

    def trailing(self) -> str:
        """A comment or a blank at the end of a line, or mostly nothing."""
        return self.draw(st.sampled_from(["", "", "", "  # note", " "]))

    def mapping(self, value: dict[str, Any], column: int) -> list[str]:
        """The lines of a mapping."""
        lines: list[str] = []
        for key, entry_value in value.items():
            lines += self.lines_above(column)
            lines += self.entry(key, entry_value, column)
        return lines

    def entry(self, key: str, value: Any, column: int) -> list[str]:
        """The lines of a key and its value."""
        head = " " * column + (key if plain_is_safe(key, flow=False) else json.dumps(key)) + ":"
        if isinstance(value, dict) and value and self.draw(st.integers(0, 4)):
            return [head + self.trailing(), *self.mapping(value, column + self.indent)]
        if isinstance(value, list) and value and self.draw(st.integers(0, 4)):
            return [head + self.trailing(), *self.items(value, column + self.dash_indent)]
        return self.leaf(head, value, column + self.indent)

    def items(self, value: list[Any], column: int) -> list[str]:
        """The lines of a list."""
        lines: list[str] = []
        for item in value:
            lines += self.lines_above(column)
            pad = " " * column
            if isinstance(item, dict | list) and item and self.draw(st.integers(0, 4)):
                inner = (
                    self.mapping(item, column + 2)
                    if isinstance(item, dict)
                    else self.items(item, column + 2)
                )
                while not inner[0].strip() or inner[0].lstrip().startswith("#"):
                    inner = inner[1:]
                lines += [pad + "- " + inner[0][column + 2 :], *inner[1:]]
            else:
                lines += self.leaf(pad + "-", item, column + 2)
        return lines

    def leaf(self, head: str, value: Any, column: int) -> list[str]:
        """The lines of a value that is no mapping or list in block style, behind its head."""
        if value is None and self.draw(st.booleans()):
            return [head + self.trailing()]
        if isinstance(value, str):
            return self.string(head, value, column)
        return [head + " " + _flow(value) + self.trailing()]

    def string(self, head: str, value: str, column: int) -> list[str]:
        """The lines of a string, in a random style that can hold it."""
        style = self.draw(st.sampled_from(["plain", "single", "double", "literal"]))
        is_printable = all(
            character == "\n" or (character >= " " and character not in "\x85\u2028\u2029")
            for character in value
        )
        if style == "plain" and plain_is_safe(value, flow=False):
            return [head + " " + value + self.trailing()]
        if style == "single" and is_printable and "\n" not in value:
            return [head + " '" + value.replace("'", "''") + "'" + self.trailing()]
        starts_plain = bool(value.strip()) and not value.startswith((" ", "\n"))
        if style == "literal" and is_printable and starts_plain:
            body = value.rstrip("\n")
            chomp = {0: "-", 1: ""}.get(len(value) - len(body), "+")
            pad = " " * column
            extra = [""] * (len(value) - len(body) - 1)
            return [
                head + " |" + chomp,
                *(pad + line if line else "" for line in body.split("\n")),
                *extra,
            ]
        return [head + " " + _flow(value) + self.trailing()]


def _flow(value: Any) -> str:
    """JSON, which is YAML too, except for the surrogate escapes of astral characters."""
    text = json.dumps(value)
    return text.replace("\\ud83d\\ude00", "😀")
