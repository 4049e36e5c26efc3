"""Writes the table of values in helm/README.md from the comments in helm/values.yaml, so that they
can't drift apart.

The comment of a key is the lines that start with `#` right above it. A mapping whose keys have no
comments is one value. Run by `make docs`; a test holds the file against what this would write.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

CHART = Path(__file__).resolve().parent.parent / "helm"
_BEGIN = "<!-- Made by `make docs` from the comments in values.yaml: change them there. -->\n"
_END = "<!-- The end of what is made. -->\n"
_LONGEST = 60


@dataclass(frozen=True, slots=True)
class Value:
    """One row of the table."""

    path: str
    """Its keys, joined by dots."""
    default: str | None
    """What it is by default, as JSON; None for a mapping whose keys have rows of their own."""
    comment: str
    """What values.yaml says about it, in one line."""


def values(text: str) -> Iterator[Value]:
    """The values of a values.yaml, in its order.

    Raises:
        ValueError: a key without a comment.
    """
    root = yaml.compose(text, Loader=yaml.CSafeLoader)
    assert isinstance(root, yaml.MappingNode), "values.yaml must hold a mapping"
    yield from _walk(root, yaml.safe_load(text), text.splitlines(), "")


def readme(readme_text: str, values_text: str) -> str:
    """A README with its table made anew.

    Raises:
        ValueError: the marks that the table stands between are missing.
    """
    before, begin, rest = readme_text.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not begin or not end:
        raise ValueError("README.md has lost the marks of its table of values")
    rows = [
        f"| `{value.path}` | {_cell(value.default)} | {value.comment.replace('|', '&#124;')} |"
        for value in values(values_text)
    ]
    lines = ["", "| value | default | what it is |", "|---|---|---|", *rows]
    return before + begin + "\n".join(lines) + "\n\n" + end + after


def _walk(
    mapping: yaml.MappingNode, data: dict[str, Any], lines: list[str], prefix: str
) -> Iterator[Value]:
    for key, value in mapping.value:
        path = prefix + key.value
        comment = _comment(lines, key.start_mark.line)
        if not comment:
            raise ValueError(f"{path} has no comment in values.yaml")
        if isinstance(value, yaml.MappingNode) and any(
            _comment(lines, inner.start_mark.line) for inner, _ in value.value
        ):
            yield Value(path, None, comment)
            yield from _walk(value, data[key.value], lines, path + ".")
        else:
            yield Value(path, json.dumps(data[key.value]), comment)


def _comment(lines: list[str], line: int) -> str:
    found: list[str] = []
    while line and lines[line - 1].lstrip().startswith("#"):
        line -= 1
        found.insert(0, lines[line].strip().lstrip("#").strip())
    return " ".join(found)


def _cell(default: str | None) -> str:
    if default is None:
        return ""
    if len(default) > _LONGEST:
        return "see values.yaml"
    return f"`{default}`"


def main() -> None:
    """Write it."""
    path = CHART / "README.md"
    path.write_text(
        readme(
            path.read_text(encoding="utf-8"), (CHART / "values.yaml").read_text(encoding="utf-8")
        ),
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
