"""Reads a file as kubectl does: splits it at its separator lines, then parses each piece alone.

The split is that of `YAMLReader` in k8s.io/apimachinery (pkg/util/yaml/decoder.go): a line that
starts with `---` separates, whatever is around it, even in a block scalar; only blanks or a comment
may follow on the line. So a document that can't be read does not affect the others.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from service.errors import InputError, LimitExceeded
from service.text import SourceFile, Span
from service.yamldoc import nodes
from service.yamldoc.compose import UNLIMITED, Composed, DuplicateKey, Limits, compose
from service.yamldoc.lines import LineRead, read_lines
from service.yamldoc.nodes import Data, Node, Route, Scalar
from service.yamldoc.reading import FoundNode, data_at, find, nearest, read

_SEPARATOR = re.compile(r"^---[^\n]*(?:\n|\Z)", re.MULTILINE)
_JSON_START = re.compile(r"\s*\{")
_NOT_COMPOSED = Composed(None, (), is_ambiguous=False, aliased=False)
"""Of documents that were read by their lines: those have no aliases, and no key twice."""


@dataclass(slots=True, eq=False)
class Document:
    """One document that was parsed. Nothing about it changes, but its tree may be released and
    composed again.
    """

    source: SourceFile
    """The file it is in."""
    index: int
    """Its index among the pieces of the file that hold anything, the rejected ones included."""
    span: Span
    """The piece's own text in the file: from the end of its `---` line to the next one."""
    composed: Composed
    """The tree, in offsets from `span.start`; without its root while that is released, or as long
    as nobody asks for more than the data.
    """
    lines: LineRead | None = None
    """What was read by its lines; None where it had to be composed, and once that is released."""
    _text: str | None = None
    """The piece's text, until the tree is released."""

    @property
    def root(self) -> Node:
        """The root node; composed again if it was released."""
        if self.composed.root is None:
            self.composed = compose(self.text, UNLIMITED)
        assert self.composed.root is not None
        return self.composed.root

    def release_tree(self) -> None:
        """Free the tree, which takes ten times the memory of the text, and what was read by lines.
        `root` composes it again when somebody asks for a place or for the data.
        """
        if self.composed.root is not None:
            composed = self.composed
            self.composed = Composed(
                None, composed.duplicates, composed.is_ambiguous, composed.aliased
            )
        self.lines = None
        self._text = None

    @property
    def text(self) -> str:
        """The piece's text."""
        if self._text is not None:
            return self._text
        text = self.source.text[self.span.start : self.span.end]
        if self.composed.root is not None:
            self._text = text
        return text

    @property
    def duplicates(self) -> tuple[DuplicateKey, ...]:
        """Keys that stand in one mapping twice, as in `Composed`."""
        return self.composed.duplicates

    @property
    def is_ambiguous(self) -> bool:
        """Whether any key stands in one mapping with two values. Such a document is read as kubectl
        reads it, and never edited.
        """
        return self.composed.is_ambiguous

    def find(self, route: Route) -> FoundNode | None:
        """The node at a route; None if there is none."""
        return find(self.root, route, aliased=self.composed.aliased)

    def read(self, route: Route = ()) -> Data:
        """The data at a route, which nobody may change; None if there is nothing, or a null.

        Raises:
            InputError: a value that kubectl refuses.
        """
        if self.lines is not None:
            return data_at(self.lines.data, route)
        found = self.find(route)
        return read(found.node) if found else None

    def span_of(self, route: Route, *, key: bool = False) -> Span:
        """The span, in the file, of the deepest node on a route that exists.

        Args:
            route: the way from the root.
            key: whether the span of the node's key is asked for, where it has one.
        """
        if self.composed.root is None and self.lines is not None:
            place = self.lines.place_of(self.text, route, key=key)
            if place is not None:
                return Span(*place).moved(self.span.start)
        node, depth = nearest(self.root, route)
        if key:
            found = self.find(route[:depth])
            node = (found and found.key) or node
        return Span(self.span.start + node.start, self.span.start + max(node.end, node.start))


@dataclass(frozen=True, slots=True)
class Rejected:
    """A piece that can't be read; its text stays as it is."""

    source: SourceFile
    """The file it is in."""
    index: int
    """As in `Document`."""
    span: Span
    """The piece's text."""
    code: str
    """A stable word for the reason."""
    message: str
    """What is wrong and what to do."""
    offset: int
    """Where it was noticed, as an offset in the file."""


class Piece(NamedTuple):
    """The text between two separator lines."""

    span: Span
    """Its text, without the separator lines."""
    bad_separator: int | None
    """The offset of the separator line before it, if kubectl refuses that line."""


def split_pieces(source: SourceFile) -> Iterator[Piece]:
    """Split a file into its pieces. With the separator lines and a byte order mark at the start,
    they are the whole text.
    """
    text = source.text
    start = 1 if text.startswith("\ufeff") else 0
    bad: int | None = None
    line = 0 if text.startswith("---") else _next_separator(text, start)
    while line is not None:
        yield Piece(Span(start, line), bad)
        start = text.find("\n", line) + 1 or len(text)
        rest = text[line + len("---") : start].strip()
        bad = None if not rest or rest.startswith("#") else line
        line = _next_separator(text, start - 1)
    yield Piece(Span(start, len(text)), bad)


def _next_separator(text: str, offset: int) -> int | None:
    """Where the next separator line starts, after the next line break from an offset on."""
    found = text.find("\n---", offset)
    return found + 1 if found >= 0 else None


def document_removal_span(document: Document) -> Span:
    """What is removed from the file with a document: its text, and the separator line before it
    or, for the first document, after it.
    """
    text, span = document.source.text, document.span
    before = text.rfind("\n", 0, span.start - 1) + 1 if span.start else 0
    if text.startswith("---", before) and before < span.start:
        return Span(before, span.end)
    behind = _SEPARATOR.match(text, span.end)
    return Span(span.start, behind.end() if behind else span.end)


def parse(source: SourceFile, limits: Limits) -> list[Document | Rejected]:
    """Parse a file: as `parse_each`, at once."""
    return list(parse_each(source, limits))


def parse_each(
    source: SourceFile, limits: Limits, known: Mapping[str, Document] | None = None
) -> Iterator[Document | Rejected]:
    """Parse a file, document by document.

    Args:
        source: the file.
        limits: what a document may cost.
        known: documents that were parsed before, by their text; their trees are used again.

    Yields:
        The documents and the rejected pieces, in their order; pieces without content are left out.
    """
    index = 0
    for piece in split_pieces(source):
        entry = _parse_piece(
            source=source, piece=piece, index=index, limits=limits, known=known or {}
        )
        if entry is not None:
            index += 1
            yield entry


def _parse_piece(
    *, source: SourceFile, piece: Piece, index: int, limits: Limits, known: Mapping[str, Document]
) -> Document | Rejected | None:
    """Parse one piece; None if it has no content."""
    span = piece.span
    if piece.bad_separator is not None:
        return Rejected(
            source=source,
            index=index,
            span=span,
            code="separator",
            message="kubectl refuses text behind --- on its line: move it to a line of its own",
            offset=piece.bad_separator,
        )
    text = source.text[span.start : span.end]
    same = known.get(text)
    lines = same.lines if same else read_lines(text, limits)
    if same or lines:
        composed = same.composed if same else _NOT_COMPOSED
        return Document(source, index, span, composed, lines, text)
    try:
        composed = compose(text, limits)
        root = composed.root
        if root is None or (isinstance(root, Scalar) and read(root) is None):
            return None
    except InputError as error:
        code, message = _explained(error, text)
        return Rejected(
            source=source,
            index=index,
            span=span,
            code=code,
            message=message,
            offset=span.start + (error.offset or 0),
        )
    if not isinstance(root, nodes.Mapping):
        return Rejected(
            source=source,
            index=index,
            span=span,
            code="not-an-object",
            message="not an object: a manifest is a mapping with apiVersion and kind",
            offset=span.start + root.start,
        )
    return Document(source=source, index=index, span=span, composed=composed)


def _explained(error: InputError, text: str) -> tuple[str, str]:
    """The code and the message of an error; those for JSON where the text is JSON that YAML can't
    read.
    """
    if not isinstance(error, LimitExceeded) and _JSON_START.match(text) and _is_json(text):
        return "json", (
            "this JSON has escapes or several values that YAML can't read: write one value per"
            " document, without \\u surrogates"
        )
    return error.code, error.message


def _is_json(text: str) -> bool:
    """Whether a text is nothing but JSON values."""
    decoder = json.JSONDecoder()
    rest = text.lstrip()
    try:
        while rest:
            _, end = decoder.raw_decode(rest)
            rest = rest[end:].lstrip()
    except (ValueError, RecursionError):
        return False
    return True
