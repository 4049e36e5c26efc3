"""Writes a new scalar in the style of the one that it replaces."""

from __future__ import annotations

import re

from service.yamldoc.emit import literal_lines
from service.yamldoc.formatting import Formatting
from service.yamldoc.layout import content_start, line_end
from service.yamldoc.nodes import Scalar
from service.yamldoc.operations import Tree
from service.yamldoc.scalars import plain_is_safe, quote, scalar_text

_PLAIN_PART = re.compile(r"[\w./:-]+", re.ASCII)
"""A part of a scalar that is written the same in every style."""
_BREAKS = re.compile(r"[^\w./:-]", re.ASCII)
"""What ends such a part."""


def restyled(
    text: str, node: Scalar, value: Tree, *, formatting: Formatting, in_flow: bool
) -> str | None:
    """The text of a new scalar, in the style of an old one.

    Args:
        text: the piece.
        node: the old scalar.
        value: the new value: str, int, float, bool or None.
        formatting: how the file is formatted.
        in_flow: whether the scalar is in a flow collection.

    Returns:
        None if the old one is plain and can't hold the new value, which has several lines.
    """
    if not isinstance(value, str):
        return scalar_text(value, json_style=formatting.json)
    spliced = _spliced(text, node, value)
    if spliced is not None:
        return spliced
    if formatting.json:
        return scalar_text(value, json_style=True)
    if node.style in ("'", '"'):
        return quote(value, "'" if node.style == "'" else "")
    if node.style in ("|", ">"):
        return _as_block_scalar(text, node, value, formatting=formatting)
    if "\n" in value and not in_flow:
        return None
    return value if plain_is_safe(value, flow=in_flow) else quote(value, formatting.quote)


def scalar_end(text: str, node: Scalar) -> int:
    """Where a scalar's text ends; blanks at the end of a block scalar's last line belong to it."""
    return line_end(text, node.end) if node.style in ("|", ">") else node.end


def _spliced(text: str, node: Scalar, value: str) -> str | None:
    """The old text with only the part changed in which the values differ; None if that part is not
    written as it reads.

    A part of letters, digits and `.:/_-` is written the same in every quoted or block style, and
    the line breaks of folded text around it stay.
    """
    if node.style == "":
        return None
    old = node.text
    written = text[content_start(text, node) : scalar_end(text, node)]
    head = _common_prefix_length(old, value)
    tail = _common_prefix_length(old[head:][::-1], value[head:][::-1])
    # The word around the difference is taken whole, as a short part may occur elsewhere too.
    start = max((match.end() for match in _BREAKS.finditer(old, 0, head)), default=0)
    before, after = old[start : len(old) - tail], value[start : len(value) - tail]
    if not _PLAIN_PART.fullmatch(before) or not _PLAIN_PART.fullmatch(after):
        return None
    if old.count(before) != 1 or written.count(before) != 1:
        return None
    return written.replace(before, after)


def _as_block_scalar(text: str, node: Scalar, value: str, *, formatting: Formatting) -> str:
    """A literal block scalar with the indentation and the comment of the old one; a quoted scalar
    where that can't hold the value.
    """
    body_start = line_end(text, node.start)
    old_lines = re.split("\r?\n", text[body_start : node.end])
    indent = next(
        (len(line) - len(line.lstrip(" ")) for line in old_lines if line.strip()),
        None,
    )
    header = text[content_start(text, node) : body_start]
    has_explicit_indent = re.search("[1-9]", header.split("#")[0])
    if (
        indent is None
        or has_explicit_indent
        or node.style == ">"
        or value.startswith((" ", "\n"))
        or not value.strip()
    ):
        return quote(value, "")
    indicator, lines = literal_lines(value)
    comment = " " + header[header.index("#") :] if "#" in header else ""
    body = formatting.newline.join(" " * indent + line if line else "" for line in lines)
    return indicator + comment + formatting.newline + body


def _common_prefix_length(one: str, other: str) -> int:
    """How many characters two texts have in common at their start."""
    pairs = enumerate(zip(one, other, strict=False))
    differing = (place for place, (left, right) in pairs if left != right)
    return next(differing, min(len(one), len(other)))
