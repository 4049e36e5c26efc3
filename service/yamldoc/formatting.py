"""How a file is formatted, so that what is added to it looks the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from service.yamldoc.layout import column, indentation
from service.yamldoc.nodes import Mapping, Node, Scalar, Sequence, walk
from service.yamldoc.stream import Document


@dataclass(frozen=True, slots=True)
class Formatting:
    """How a file is written, so that what is added looks the same."""

    newline: str = "\n"
    """The line break of most lines."""
    indent: int = 2
    """The columns by which a mapping under a key is indented."""
    sequence_indent: int = 2
    """The columns by which the dashes under a key are indented; often 0."""
    quote: str = '"'
    """The quote that is used more often."""
    json: bool = False
    """Whether the document is JSON."""
    json_indent: int | None = None
    """The columns by which JSON is indented; None where it is all on one line."""


def is_json(document: Document) -> bool:
    """Whether a document is written as JSON: a flow mapping whose first key is in double quotes."""
    if document.lines is not None:
        return False
    root = document.root
    return (
        root.flow
        and isinstance(root, Mapping)
        and bool(root.entries)
        and root.entries[0][0].style == '"'
    )


_MAX_SAMPLED_NODES = 4000
"""Nodes of a document that are looked at to find its file's formatting."""
_MAX_SAMPLED_COLLECTIONS = 1000
"""Indented collections of a file that are looked at for the same."""


def formatting_of(documents: Iterable[Document]) -> Formatting:
    """The formatting of a file, judged by its first thousand collections or so.

    Args:
        documents: the documents of one file; without any, the defaults are returned.
    """
    documents = list(documents)
    if not documents:
        return Formatting()
    indents, dashes, quotes = Counter[int](), Counter[int](), Counter[str]()
    left = _MAX_SAMPLED_COLLECTIONS
    for document in documents:
        sample = _sample_lines(document) or _sample_tree(document)
        indents.update(sample.mappings)
        dashes.update(sample.sequences)
        quotes.update(sample.quotes)
        left -= len(sample.mappings) + len(sample.sequences)
        if left <= 0:
            break
    indent = _most_common(indents) if indents else 2
    source = documents[0].source.text
    return Formatting(
        newline="\r\n" if source.count("\r\n") * 2 > source.count("\n") else "\n",
        indent=max(indent, 1),
        sequence_indent=max(_most_common(dashes), 0) if dashes else indent,
        quote="'" if quotes["'"] > quotes['"'] else '"',
        json=is_json(documents[0]),
        json_indent=_json_indent(documents[0]),
    )


def _most_common(shifts: Counter[int]) -> int:
    """The commonest of some shifts, the smallest of those that are as common."""
    return min(shifts, key=lambda shift: (-shifts[shift], shift))


@dataclass(frozen=True, slots=True)
class _Sample:
    """What a document shows of the formatting of its file."""

    mappings: list[int]
    """The columns by which block mappings are indented below their keys."""
    sequences: list[int]
    """Likewise for block sequences."""
    quotes: list[str]
    """The quotes of scalars that have some and aren't empty."""


def _sample_lines(document: Document) -> _Sample | None:
    """What is seen without a tree; None where there has to be one."""
    if document.lines is None:
        return None
    shifts = document.lines.shifts
    return _Sample(
        [shift for kind, shift in shifts if kind is dict],
        [shift for kind, shift in shifts if kind is list],
        [*document.lines.quotes],
    )


def _sample_tree(document: Document) -> _Sample:
    """What a document's first few thousand nodes show."""
    text = document.text
    sample = _Sample([], [], [])
    for node in islice(walk(document.root), _MAX_SAMPLED_NODES):
        if isinstance(node, Mapping):
            for kind, shift in _shifts(text, node):
                (sample.mappings if kind is Mapping else sample.sequences).append(shift)
        elif isinstance(node, Scalar) and node.style in ("'", '"') and node.text:
            sample.quotes.append(node.style)
    return sample


def _shifts(text: str, node: Mapping) -> Iterator[tuple[type[Node], int]]:
    """The block collections in a mapping, by their kind, with the columns by which each is indented
    below its key.
    """
    if node.flow:
        return
    for key, value in node.entries:
        is_bare = value.anchor is None and value.tag is None
        if is_bare and isinstance(value, Mapping | Sequence) and not value.flow:
            yield type(value), column(text, value.start) - column(text, key.start)


def _json_indent(document: Document) -> int | None:
    """The columns by which a JSON document is indented; None if it isn't, or isn't JSON."""
    if not is_json(document):
        return None
    root, text = document.root, document.text
    assert isinstance(root, Mapping)
    first_key = root.entries[0][0].start
    if "\n" not in text[root.start : first_key]:
        return None
    return column(text, first_key) - indentation(text, root.start)
