"""A file as kubectl sees it: cut at its separator lines first, then each piece parsed for itself.

The cut is that of `YAMLReader` in k8s.io/apimachinery (pkg/util/yaml/decoder.go): a line that
starts with `---` separates, whatever is around it, block scalars included; behind it only blanks or
a comment may stand. So a broken document costs only itself.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from service.errors import InputError, LimitExceeded
from service.text import SourceFile, Span
from service.yamldoc import nodes
from service.yamldoc.compose import Composed, Limits, compose
from service.yamldoc.nodes import Data, Node, Route, Scalar
from service.yamldoc.reading import Found, find, nearest, read

_SEPARATOR = re.compile(r"^---(?P<rest>[^\n]*)(?:\n|\Z)", re.MULTILINE)
_LET_IN = Limits(depth=sys.maxsize, expanded_nodes=sys.maxsize, scalar_length=sys.maxsize)
"""For what was within the limits once."""
_JSON_START = re.compile(r"\s*\{")


@dataclass(slots=True, eq=False)
class Document:
    """One document that parsed. Nothing changes but that its tree may be let go, and be made
    again.
    """

    source: SourceFile
    """The file it is in."""
    index: int
    """Its place among the file's pieces that hold anything, from 0, rejected ones counted."""
    span: Span
    """The piece's own text in the file: from behind its `---` line to the next one."""
    composed: Composed
    """The tree, in offsets from `span.start`; without its root once that was let go."""

    @property
    def root(self) -> Node:
        """The root node."""
        if self.composed.root is None:
            self.composed = compose(self.text, _LET_IN)
        assert self.composed.root is not None
        return self.composed.root

    def release_tree(self) -> None:
        """Free the tree, which takes ten times the memory of the text; whoever asks for it later
        has the text parsed again.
        """
        self.composed = Composed(None, self.composed.duplicates, self.composed.aliased)

    @property
    def text(self) -> str:
        """The piece's text."""
        return self.source.text[self.span.start : self.span.end]

    @property
    def duplicates(self) -> tuple[tuple[Scalar, Scalar], ...]:
        """Pairs of equal keys in one mapping; such a document is read as kubectl does and never
        edited.
        """
        return self.composed.duplicates

    def find(self, route: Route) -> Found | None:
        """Where a route leads; None if nowhere."""
        return find(self.root, route, aliased=self.composed.aliased)

    def read(self, route: Route = ()) -> Data:
        """The data at a route; None if there is nothing, or a null."""
        found = self.find(route)
        return read(found.node) if found else None

    def span_of(self, route: Route, *, key: bool = False) -> Span:
        """The file's span of the nearest node on the way to `route` that exists; of its key if
        asked and there is one.
        """
        node, depth = nearest(self.root, route)
        if key:
            found = self.find(route[:depth])
            node = (found and found.key) or node
        return Span(self.span.start + node.start, self.span.start + max(node.end, node.start))


@dataclass(frozen=True, slots=True)
class Rejected:
    """A piece that can't be read; its bytes are kept."""

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
    """Where, as an offset in the file."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch between two separator lines."""

    span: Span
    """Its text, separator lines left out."""
    bad_separator: int | None
    """The offset of a separator line that kubectl refuses, where this piece follows one."""


def split_pieces(source: SourceFile) -> Iterator[Piece]:
    """Cut a file into its pieces; together with the separator lines they are the whole text."""
    text = source.text
    start = 1 if text.startswith("\ufeff") else 0
    bad: int | None = None
    for match in _SEPARATOR.finditer(text, start):
        yield Piece(Span(start, match.start()), bad)
        rest = match["rest"].strip()
        bad = None if not rest or rest.startswith("#") else match.start()
        start = match.end()
    yield Piece(Span(start, len(text)), bad)


def removal_span(document: Document) -> Span:
    """What goes when a document does: its text, with the separator line before it, or, for the
    first one, behind it.
    """
    text, span = document.source.text, document.span
    before = text.rfind("\n", 0, span.start - 1) + 1 if span.start else 0
    if text.startswith("---", before) and before < span.start:
        return Span(before, span.end)
    behind = _SEPARATOR.match(text, span.end)
    return Span(span.start, behind.end() if behind else span.end)


def parse(
    source: SourceFile, limits: Limits, known: Mapping[str, Document] | None = None
) -> list[Document | Rejected]:
    """Parse a file.

    Args:
        source: the file.
        limits: what a document may cost.
        known: documents that were parsed before, by their text.

    Returns:
        The documents and the rejected pieces, in their order; pieces without content are left out.
    """
    result: list[Document | Rejected] = []
    for piece in split_pieces(source):
        entry = _parse_piece(source, piece, len(result), limits, known or {})
        if entry is not None:
            result.append(entry)
    return result


def _parse_piece(
    source: SourceFile, piece: Piece, index: int, limits: Limits, known: Mapping[str, Document]
) -> Document | Rejected | None:
    span = piece.span
    if piece.bad_separator is not None:
        message = "kubectl refuses text behind --- on its line: move it to a line of its own"
        return Rejected(source, index, span, "separator", message, piece.bad_separator)
    text = source.text[span.start : span.end]
    if text in known:
        return Document(source, index, span, known[text].composed)
    try:
        composed = compose(text, limits)
        if composed.root is None or (
            isinstance(composed.root, Scalar) and read(composed.root) is None
        ):
            return None
    except InputError as error:
        code, message, offset = error.code, error.message, error.offset
        if not isinstance(error, LimitExceeded) and _JSON_START.match(text) and _is_json(text):
            message = (
                "this JSON has escapes or several values that YAML can't read: write one value per"
                " document, without \\u surrogates"
            )
            code = "json"
        return Rejected(source, index, span, code, message, span.start + (offset or 0))
    if not isinstance(composed.root, nodes.Mapping):
        message = "not an object: a manifest is a mapping with apiVersion and kind"
        return Rejected(
            source, index, span, "not-an-object", message, span.start + composed.root.start
        )
    return Document(source, index, span, composed)


def _is_json(text: str) -> bool:
    decoder = json.JSONDecoder()
    try:
        while text.strip():
            _, end = decoder.raw_decode(text.lstrip())
            text = text.lstrip()[end:]
    except (ValueError, RecursionError):
        return False
    return True
