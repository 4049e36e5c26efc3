"""Lines, columns and comments of YAML text."""

from __future__ import annotations

import re
from functools import lru_cache

from service.errors import EditError
from service.text import Span
from service.yamldoc.nodes import Mapping, Node, Scalar, Sequence
from service.yamldoc.stream import Document

_SPACES = re.compile(" *")
_PROPERTIES = re.compile(r"(?:[&!][^\s]*\s+)+")
_INDENTED_LINE = re.compile(
    "(?:(?<=[\n\x85\u2028\u2029])|(?<=\r)(?!\n))(?=[^\r\n\x85\u2028\u2029])"
)
_BLOCK_SCALAR = re.compile(r"(?:\A|[\s:-])[|>][-+1-9]{0,2}(?=\s|\Z)")
"""The header of a block scalar."""
_KEEPING = re.compile(r"(?:\A|[\s:-])[|>](?:\+[1-9]?|[1-9]\+)(?=\s|\Z)")
"""The header of a block scalar that keeps the line breaks behind it (YAML 1.2, 8.1.1.2)."""


def line_start(text: str, offset: int) -> int:
    """The offset at which the line of an offset starts."""
    feed = text.rfind("\n", 0, offset)
    return max(feed, text.rfind("\r", feed + 1, offset)) + 1


def line_end(text: str, offset: int) -> int:
    """The offset at which the line of an offset ends, before its line break."""
    feed = text.find("\n", offset)
    end = feed if feed >= 0 else len(text)
    carriage = text.find("\r", offset, end)
    return carriage if carriage >= 0 else end


def next_line(text: str, end: int) -> int:
    """The start of the line after the one that ends at `end`; `end` itself for the last line."""
    return end + (2 if text.startswith("\r\n", end) else 1) if end < len(text) else end


def column(text: str, offset: int) -> int:
    """How many code points are before an offset on its line."""
    return offset - line_start(text, offset)


def indentation(text: str, offset: int) -> int:
    """How many spaces are at the start of the line of an offset, before the offset."""
    start = line_start(text, offset)
    found = _SPACES.match(text, start, offset)
    assert found is not None
    return found.end() - start


def content_start(text: str, node: Node) -> int:
    """Where a node's content starts, after its anchor and tag."""
    if node.anchor is None and node.tag is None:
        return node.start
    found = _PROPERTIES.match(text, node.start, node.end)
    return found.end() if found else node.start


def colon_end(text: str, key: Scalar) -> int:
    """The offset after the colon of an entry."""
    return text.index(":", key.end) + 1


def is_block(node: Node) -> bool:
    """Whether a node is a collection in block style."""
    return isinstance(node, Mapping | Sequence) and not node.flow


def dash_start(text: str, sequence: Sequence, index: int) -> int:
    """The offset of the dash before an item of a block sequence."""
    first = content_start(text, sequence)
    if index == 0:
        return first
    dashes = re.compile(rf"^ {{{column(text, first)}}}-(?=\s|\Z)", re.MULTILINE)
    found = dashes.search(text, line_end(text, sequence.items[index - 1].end))
    return found.end() - 1 if found else sequence.items[index].start


def comments_above_start(text: str, start: int, *, own_column: int, floor: int) -> int:
    """Where the comment lines start that are directly above a line and belong to it.

    Args:
        text: the piece.
        start: the start of the line.
        own_column: the column of the node on it; deeper comments belong to what is before them.
        floor: comments that start before this offset are left out.

    Returns:
        The start of the first comment line; `start` if there is none.
    """
    top = start
    while top > floor:
        previous = line_start(text, top - (2 if text.startswith("\r\n", top - 2) else 1))
        line = text[previous : line_end(text, previous)]
        stripped = line.lstrip(" ")
        if (
            previous < floor
            or not stripped.startswith("#")
            or len(line) - len(stripped) > own_column
        ):
            break
        top = previous
    return top


def final_line_break(text: str, at: int, content: str, newline: str) -> str:
    """The line break with which new lines end: none, as they go before one that is there; but one
    at the end of a file that has none, where the last value would be another without it.

    Args:
        text: the text that they are added to.
        at: where, the end of a line.
        content: the new lines.
        newline: a line break.
    """
    return newline if at == len(text) and _BLOCK_SCALAR.search(content) else ""


def keeps_blank_lines(text: str, end: int | None = None) -> bool:
    """Whether a text has a block scalar that keeps the blank lines behind it (`|+`): more of them
    would change it.

    Args:
        text: the text.
        end: where its part ends that is looked at, the start of a line; all of it if None.
    """
    header = _end_of_keeping_header(text)
    return header is not None and (end is None or header <= end)


@lru_cache(maxsize=4)
def _end_of_keeping_header(text: str) -> int | None:
    """Where the first header of such a block scalar ends; asked for each edit of a text."""
    found = _KEEPING.search(text)
    return found.end() if found else None


def blank_lines_end(text: str, end: int) -> int:
    """The end of the last of the blank lines behind a line that ends at `end`; `end` if there is
    none.
    """
    position = next_line(text, end)
    while position < len(text):
        stop = line_end(text, position)
        if text[position:stop].strip():
            break
        end, position = stop, next_line(text, stop)
    return end


def without_double_blank(text: str, start: int, end: int, *, floor: int) -> int:
    """Where the removal of whole lines starts: with the line break before them.

    Where blank lines are on both sides, those above are removed too, as two of them would be left
    side by side.

    Args:
        text: the piece.
        start: the start of the first line.
        end: the end of the last line.
        floor: lines that start before this offset stay.
    """

    def before_line_break(at: int) -> int:
        return at - (2 if text.startswith("\r\n", at - 2) else 1)

    behind = next_line(text, end)
    blank_behind = behind < len(text) and not text[behind : line_end(text, behind)].strip()
    first = start
    while first > 0 and blank_behind:
        previous = line_start(text, before_line_break(first))
        if previous < floor or text[previous : line_end(text, previous)].strip():
            break
        first = previous
    return before_line_break(first) if first > 0 else 0


def comments_below_end(text: str, end: int, own_column: int) -> int:
    """Where the comment lines end that are below a node's last line and belong to the node, blank
    lines between them or not.

    Args:
        text: the piece.
        end: an offset on the node's last line.
        own_column: the node's column; only deeper comments belong to it.

    Returns:
        The end of the last comment line; that of the node's last line if there is none.
    """
    last = line_end(text, end)
    position = next_line(text, last)
    while position < len(text):
        stop = line_end(text, position)
        line = text[position:stop]
        stripped = line.lstrip(" \t")
        if stripped.startswith("#") and len(line) - len(stripped) > own_column:
            last = stop
        elif stripped:
            break
        position = next_line(text, stop)
    return last


def reindent(text: str, shift: int) -> str:
    """Indent every line of a text but its first.

    NEL, U+2028, U+2029 and a carriage return alone end lines in YAML 1.1, so indentation follows
    them too.

    Args:
        text: the text.
        shift: the columns to add; if negative, how many spaces to remove at most.

    Returns:
        The text; empty lines stay empty.
    """
    if shift == 0:
        return text
    if shift > 0:
        return _INDENTED_LINE.sub(" " * shift, text)
    return re.sub(rf"(?:{_INDENTED_LINE.pattern}) {{1,{-shift}}}", "", text)


def indent_offsets(text: str, span: Span) -> list[int]:
    """The starts of the lines inside a span, but for empty ones: where spaces are inserted to
    indent it.
    """
    return [match.start() for match in _INDENTED_LINE.finditer(text, span.start + 1, span.end)]


def check_open_end(document: Document, at: int) -> None:
    """Check that text may be added at an offset of a document.

    Where a file without a final line break ends in a block scalar, the scalar's value has no line
    break at its end; with text after it, it would have one.

    Raises:
        EditError: the offset is the end of such a file.
    """
    text = document.text
    if at < len(text) or text.endswith(("\n", "\r")):
        return
    node = document.root
    while isinstance(node, Mapping | Sequence):
        children = node.items if isinstance(node, Sequence) else node.values()
        if not children:
            return
        node = children[-1]
    if (
        isinstance(node, Scalar)
        and node.style in ("|", ">")
        and "-" not in text[node.start : line_end(text, node.start)]
    ):
        raise EditError(
            "the file ends in a block scalar without a final line break, and text behind it would"
            " change it: end the file with one"
        )
