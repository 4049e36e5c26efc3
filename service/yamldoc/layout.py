"""Lines, columns, comments: which text belongs to which node, and what a file's own habits are."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from service.errors import EditError
from service.text import Span
from service.yamldoc.nodes import Mapping, Node, Scalar, Sequence
from service.yamldoc.stream import Document

_PROPERTIES = re.compile(r"(?:[&!][^\s]*\s+)+")
_INDENTED_LINE = re.compile(
    "(?:(?<=[\n\x85\u2028\u2029])|(?<=\r)(?!\n))(?=[^\r\n\x85\u2028\u2029])"
)


def line_start(text: str, offset: int) -> int:
    """Where the line of an offset starts."""
    return max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset)) + 1


def line_end(text: str, offset: int) -> int:
    """Where the line of an offset ends, its line break left out."""
    feed, carriage = text.find("\n", offset), text.find("\r", offset, None)
    ends = [end for end in (feed, carriage) if end >= 0]
    return min(ends) if ends else len(text)


def next_line(text: str, end: int) -> int:
    """The start of the line after the one that ends at `end`."""
    return end + (2 if text.startswith("\r\n", end) else 1) if end < len(text) else end


def column(text: str, offset: int) -> int:
    """How many code points stand before an offset on its line."""
    return offset - line_start(text, offset)


def indentation(text: str, offset: int) -> int:
    """How many spaces start the line of an offset."""
    start = line_start(text, offset)
    return len(text[start:offset]) - len(text[start:offset].lstrip(" "))


def content_start(text: str, node: Node) -> int:
    """Where a node's content starts, behind its anchor and tag."""
    if node.anchor is None and node.tag is None:
        return node.start
    found = _PROPERTIES.match(text, node.start, node.end)
    return found.end() if found else node.start


def colon(text: str, key: Scalar) -> int:
    """The offset behind the colon of an entry."""
    return text.index(":", key.end) + 1


def is_block(node: Node) -> bool:
    """Whether a node is a collection in block style."""
    return isinstance(node, Mapping | Sequence) and not node.flow


def dash(text: str, sequence: Sequence, index: int) -> int:
    """The offset of the dash before an item of a block sequence."""
    first = content_start(text, sequence)
    if index == 0:
        return first
    dashes = re.compile(rf"^ {{{column(text, first)}}}-(?=\s|\Z)", re.MULTILINE)
    found = dashes.search(text, line_end(text, sequence.items[index - 1].end))
    return found.end() - 1 if found else sequence.items[index].start


def above(text: str, start: int, own_column: int, floor: int) -> int:
    """Where the comment lines start that stand right above a line and belong to what follows them.

    Args:
        text: the piece.
        start: the start of the line.
        own_column: the column of the node on it; deeper comments belong to what is before them.
        floor: no further up than here.
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


def without_double_blank(text: str, start: int, end: int) -> int:
    """Where a removal starts that goes from the start of a line to the end of one: with the line
    break before it.

    Where blank lines stand on both sides, those above go too: they would follow on each other.
    """

    def broken(at: int) -> int:
        return at - (2 if text.startswith("\r\n", at - 2) else 1)

    behind = next_line(text, end)
    blank_behind = behind < len(text) and not text[behind : line_end(text, behind)].strip()
    first = start
    while first > 0 and blank_behind:
        previous = line_start(text, broken(first))
        if text[previous : line_end(text, previous)].strip():
            break
        first = previous
    return broken(first) if first > 0 else 0


def below(text: str, end: int, own_column: int, *, over_blanks: bool = False) -> int:
    """Where the comment lines end that stand below a node's last line and are indented deeper than
    it starts.

    Args:
        text: the piece.
        end: an offset on the node's last line.
        own_column: the node's column.
        over_blanks: whether blank lines between them are passed over.
    """
    last = line_end(text, end)
    position = next_line(text, last)
    while position < len(text):
        stop = line_end(text, position)
        line = text[position:stop]
        stripped = line.lstrip(" \t")
        if stripped.startswith("#") and len(line) - len(stripped) > own_column:
            last = stop
        elif stripped or not over_blanks:
            break
        if next_line(text, stop) == position:
            break
        position = next_line(text, stop)
    return last


def reindent(text: str, shift: int) -> str:
    """The text with every line after its first moved by `shift` columns; lines without content stay
    as they are.

    NEL, U+2028, U+2029 and lone carriage returns end lines for YAML 1.1 and so are followed by
    indentation too.
    """
    if shift == 0:
        return text
    if shift > 0:
        return _INDENTED_LINE.sub(" " * shift, text)
    return re.sub(rf"(?:{_INDENTED_LINE.pattern}) {{1,{-shift}}}", "", text)


def indent_offsets(text: str, span: Span) -> list[int]:
    """The line starts inside a span at which indentation is inserted to move its lines to the
    right.
    """
    return [match.start() for match in _INDENTED_LINE.finditer(text, span.start + 1, span.end)]


def check_open_end(document: Document, at: int) -> None:
    """See that text may be added at an offset of a document.

    A block scalar at the end of a file without a final line break has no line break at its end;
    with text behind it, it would.

    Raises:
        EditError: that is so here.
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


@dataclass(frozen=True, slots=True)
class Formatting:
    """How a file is written, so that what is added looks the same."""

    newline: str = "\n"
    """The line break that most lines end with."""
    indent: int = 2
    """Columns that a mapping under a key is indented by."""
    sequence_indent: int = 2
    """Columns that the dashes under a key are indented by; often 0."""
    quote: str = '"'
    """The quote that is used more."""
    json: bool = False
    """Whether the document is JSON."""
    json_indent: int | None = None
    """Columns by which JSON is indented; None where it is all on one line."""


def is_json(document: Document) -> bool:
    """Whether a document is written as JSON: a flow mapping whose first key is in double quotes."""
    root = document.root
    return (
        root.flow
        and isinstance(root, Mapping)
        and bool(root.entries)
        and root.entries[0][0].style == '"'
    )


def formatting_of(documents: Iterable[Document]) -> Formatting:
    """The habits of a file, from its first few thousand nodes."""
    indents: Counter[int] = Counter()
    dashes: Counter[int] = Counter()
    quotes: Counter[str] = Counter()
    source = ""
    json_like: bool | None = None
    json_indent: int | None = None
    budget = 4000
    for document in documents:
        text, source = document.text, document.source.text
        if json_like is None:
            root = document.root
            json_like = is_json(document)
            if (
                json_like
                and isinstance(root, Mapping)
                and "\n" in text[root.start : root.entries[0][0].start]
            ):
                json_indent = column(text, root.entries[0][0].start) - indentation(text, root.start)
        stack: list[Node] = [document.root]
        while stack and budget > 0:
            node = stack.pop()
            budget -= 1
            if isinstance(node, Mapping):
                for key, value in node.entries:
                    stack.append(value)
                    if (
                        not node.flow
                        and isinstance(value, Mapping)
                        and not value.flow
                        and value.anchor is None
                        and value.tag is None
                    ):
                        indents[column(text, value.start) - column(text, key.start)] += 1
                    elif (
                        not node.flow
                        and isinstance(value, Sequence)
                        and not value.flow
                        and value.anchor is None
                        and value.tag is None
                    ):
                        dashes[column(text, value.start) - column(text, key.start)] += 1
            elif isinstance(node, Sequence):
                stack.extend(node.items)
            elif isinstance(node, Scalar) and node.style in ("'", '"') and node.text:
                quotes[node.style] += 1
        if budget <= 0:
            break
    indent = indents.most_common(1)[0][0] if indents else 2
    return Formatting(
        newline="\r\n" if source.count("\r\n") * 2 > source.count("\n") else "\n",
        indent=max(indent, 1),
        sequence_indent=max(dashes.most_common(1)[0][0], 0) if dashes else indent,
        quote="'" if quotes["'"] > quotes['"'] else '"',
        json=bool(json_like),
        json_indent=json_indent,
    )
