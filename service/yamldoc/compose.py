"""Composes the tree of one document from libyaml's events.

From events only: libyaml's own `compose` overflows the C stack on input that is nested 100,000
deep. The depth is counted here, and parsing stops at the limit.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from sys import intern
from typing import Any

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from service.errors import InputError, LimitExceeded
from service.yamldoc.nodes import Alias, Mapping, Node, Scalar, Sequence
from service.yamldoc.scalars import is_word, read_key, read_scalar

try:
    from yaml.cyaml import CParser  # type: ignore[attr-defined]
except ImportError as error:  # pragma: no cover - PyYAML's wheels carry libyaml
    raise ImportError(
        "PyYAML was built without libyaml: install a wheel, or the libyaml headers before building"
    ) from error


@dataclass(frozen=True, slots=True)
class Limits:
    """What one document may cost."""

    depth: int = 200
    """Nested collections. The deepest schema in use, a CustomResourceDefinition that holds a pod
    template, has about 60.
    """
    expanded_nodes: int = 1_000_000
    """Nodes, each alias counted as what it stands for."""
    scalar_length: int = 4_194_304
    """Code points of source text in one scalar. Kubernetes stores no object over 1.5 MiB."""


UNLIMITED = Limits(depth=sys.maxsize, expanded_nodes=sys.maxsize, scalar_length=sys.maxsize)
"""For text that was within the limits when it was parsed first."""


@dataclass(frozen=True, slots=True)
class DuplicateKey:
    """A key that stands in its mapping a second time."""

    key: Scalar
    """The later one, whose value counts."""
    hidden: Scalar
    """The one before it."""
    is_equal: bool
    """Whether both surely have the same value."""


@dataclass(frozen=True, slots=True)
class Composed:
    """A parsed piece."""

    root: Node | None
    """None if there is nothing but blanks and comments."""
    duplicates: tuple[DuplicateKey, ...]
    """Keys that stand in one mapping twice; at most the first hundred."""
    is_ambiguous: bool
    """Whether any key stands in one mapping with two values."""
    aliased: bool
    """Whether any alias occurs."""


_BLOCK_STYLES = ("|", ">")
_BLANKS = " \t\r\n\x85\u2028\u2029"
_MAX_DIRECTIVES = 16
_MAX_DUPLICATES = 100
_RENDER_FIRST = "this is a template that has not been rendered; render it first: helm template"
_DROPPED = "kubectl drops what follows here: it starts a new document without a --- line before it"
_DIRECTIVE = "kubectl refuses % directives: remove the line"
_DOCUMENT_END = re.compile(r"^\.\.\.\s", re.MULTILINE)
_COMPLEX_KEY = "a mapping or sequence as a key: kubectl refuses it"
_TEMPLATE = re.compile(r"\{\{[-~]?\s*[^\s{}]")


def compose(text: str, limits: Limits) -> Composed:
    """Parse one document.

    Args:
        text: the piece, without its `---` line and without a byte order mark.
        limits: what it may cost.

    Raises:
        InputError: what kubectl would refuse or silently drop, with the offset in `text`.
        LimitExceeded: `depth`, `aliases` or `scalar-length`.
    """
    # libyaml compares each %TAG with all others before it hands out an event.
    if text.count("\n%TAG") + text.startswith("%TAG") > _MAX_DIRECTIVES:
        raise InputError("directive", _DIRECTIVE, 0)
    try:
        return _Composer(text, limits).run()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        if found := _TEMPLATE.search(text):
            raise InputError("template", _RENDER_FIRST, found.start()) from None
        # libyaml's messages are constants that quote nothing of the text. From 0.2.6 on it has a
        # limit of its own, and looks far enough ahead to meet it before ours.
        if "nesting depth" in (error.problem or ""):
            raise _too_deep(limits, mark.index if mark else None) from None
        if "<document start>" in (error.problem or "") and _DOCUMENT_END.search(text):
            raise InputError("dropped-document", _DROPPED, mark.index if mark else None) from None
        problem = error.problem or error.context or "syntax error"
        raise InputError(
            "yaml-syntax", f"not valid YAML: {problem}", mark.index if mark else None
        ) from None
    except yaml.reader.ReaderError as error:
        raise InputError(
            "yaml-characters",
            "a character that YAML does not allow: remove or escape it",
            error.position,
        ) from None
    except yaml.YAMLError:
        bad = re.search(
            r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x84\x86-\x9f\ufffe\uffff\ud800-\udfff]", text
        )
        message = "a character that YAML does not allow: remove or escape it"
        raise InputError("yaml-characters", message, bad.start() if bad else None) from None


def _too_deep(limits: Limits, offset: int | None) -> LimitExceeded:
    return LimitExceeded("depth", f"nested more than {limits.depth} levels deep", offset)


class _Composer:
    """Composes one piece."""

    def __init__(self, text: str, limits: Limits) -> None:
        self.text = text
        self.limits = limits
        self.anchors: dict[str, Node] = {}
        self.duplicates: list[DuplicateKey] = []
        self.is_ambiguous = False
        self.aliased = False

    def run(self) -> Composed:
        next_event: Callable[[], Any] = CParser(self.text).get_event
        next_event()  # the stream's start
        event = next_event()
        if type(event) is StreamEndEvent:
            return Composed(None, (), is_ambiguous=False, aliased=False)
        if event.version or event.tags:
            raise InputError("directive", _DIRECTIVE, event.start_mark.index)
        root = self._compose_root(next_event)
        next_event()  # the document's end
        event = next_event()
        if type(event) is DocumentStartEvent:
            raise InputError(
                "dropped-document", _DROPPED, event.start_mark.index if event.start_mark else None
            )
        if self.aliased:
            _check_expansion(root, self.limits.expanded_nodes)
        return Composed(root, tuple(self.duplicates), self.is_ambiguous, self.aliased)

    def _compose_root(self, next_event: Callable[[], Any]) -> Node:
        """Compose the root node.

        One loop with a stack of its own, as the sender decides how deep the text is nested. It
        stays one long function because its body runs for every event, where calls are costly.
        """
        stack: list[tuple[Mapping | Sequence, Scalar | str | None]] = []
        longest = self.limits.scalar_length
        parent: Mapping | Sequence | None = None
        key: Scalar | str | None = None
        while True:
            event = next_event()
            kind = type(event)
            if kind is ScalarEvent:
                start, end, style, text = (
                    event.start_mark.index,
                    event.end_mark.index,
                    event.style or "",
                    event.value,
                )
                # Nearly all scalars are neither blocks nor have an anchor or a tag.
                if (
                    style not in _BLOCK_STYLES
                    and event.anchor is None
                    and event.tag is None
                    and end - start <= longest
                ):
                    if (
                        key is None
                        and type(parent) is Mapping
                        and not style
                        and (key_starts := parent.key_starts) is not None
                    ):
                        # The same few keys are in every document: each is kept in memory once.
                        text = intern(text)
                        if end - start == len(text) and is_word(text) and text not in parent.index:
                            key = text
                            key_starts.append(start)
                            continue
                    node: Node = Scalar(start, end, None, None, text, style)
                else:
                    node = self._rare_scalar(event, start, end)
                if parent is None:
                    return node
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                node = self._start_collection(event, kind, len(stack))
                if parent is not None and key is None and type(parent) is Mapping:
                    raise _complex_key(self.text, event.start_mark.index)
                stack.append((parent if parent is not None else node, key))
                parent, key = node, None
                continue
            elif kind is AliasEvent:
                node = self._resolve_alias(event)
            else:  # the end of a collection
                assert kind is MappingEndEvent or kind is SequenceEndEvent
                assert parent is not None
                node = parent
                self._finish_collection(node, event.end_mark.index)
                parent, key = stack.pop()
                if parent is node:
                    return node
            if type(parent) is Sequence:
                parent.items.append(node)
                continue
            assert type(parent) is Mapping
            if key is None:
                parent.make_key_nodes()
                key = node if type(node) is Scalar else _alias_key(node)
            elif type(key) is str:
                parent.index[key] = node
                key = None
            else:
                parent.entries.append((key, node))  # type: ignore[arg-type]
                key = None

    def _start_collection(self, event: Any, kind: type, depth: int) -> Mapping | Sequence:
        """Make the node of a collection, still empty."""
        start = event.start_mark.index
        if depth >= self.limits.depth:
            raise _too_deep(self.limits, start)
        node = (Mapping if kind is MappingStartEvent else Sequence)(
            start, event.anchor, event.tag, bool(event.flow_style)
        )
        if event.anchor is not None:
            self.anchors[event.anchor] = node
        return node

    def _rare_scalar(self, event: Any, start: int, end: int) -> Scalar:
        """Make the node of a scalar that is long, in block style, anchored or tagged."""
        style = event.style or ""
        if end - start > self.limits.scalar_length:
            raise LimitExceeded(
                "scalar-length", f"a scalar of over {self.limits.scalar_length} characters", start
            )
        if style in _BLOCK_STYLES:
            end = self._block_scalar_end(start, end)
        node = Scalar(start, end, event.anchor, event.tag, event.value, style)
        if event.anchor is not None:
            self.anchors[event.anchor] = node
        return node

    def _block_scalar_end(self, start: int, end: int) -> int:
        """The end of a block scalar without the blank lines behind it, which libyaml includes;
        with `+` they are content.
        """
        text = self.text
        header_end = text.find("\n", start, end)
        if header_end < 0:
            return end
        if "+" in text[start:header_end].split("#")[0]:
            # The line break that ends the last line is not part of the node, as with all others.
            return (
                end - (2 if text[end - 2 : end] == "\r\n" else 1)
                if text[end - 1 : end] in ("\n", "\r")
                else end
            )
        return header_end + len(text[header_end:end].rstrip(_BLANKS))

    def _resolve_alias(self, event: Any) -> Alias:
        target = self.anchors.get(event.anchor)
        start = event.start_mark.index
        if target is None:
            raise InputError(
                "unknown-alias", "an alias whose anchor is not defined before it", start
            )
        self.aliased = True
        return Alias(start, event.end_mark.index, event.anchor, target)

    def _finish_collection(self, node: Node, end: int) -> None:
        """Set the end of a collection, and index its keys.

        A block collection ends with its last leaf; libyaml sees its end only at the next token.
        """
        if type(node) is Mapping:
            if node.key_starts is None:
                self._index_keys(node)
            if not node.flow and (children := node.values()):
                end = children[-1].end
        elif type(node) is Sequence and not node.flow and node.items:
            end = node.items[-1].end
        node.end = end

    def _index_keys(self, node: Mapping) -> None:
        """Index a mapping that has keys other than plain words."""
        index: dict[str, Node] = {}
        for key, value in node.entries:
            name = read_key(key)
            if name == "<<" and not key.style:
                node.merges = True
            else:
                index[name] = value
        node.index = index
        if len(index) + node.merges != len(node.entries):
            self._record_duplicates(node)

    def _record_duplicates(self, node: Mapping) -> None:
        seen: dict[str, tuple[Scalar, Node]] = {}
        for key, value in node.entries:
            name = read_key(key)
            if name in seen and not (name == "<<" and not key.style):
                hidden, hidden_value = seen[name]
                is_equal = _are_surely_equal(self.text, value, hidden_value)
                self.is_ambiguous |= not is_equal
                if len(self.duplicates) < _MAX_DUPLICATES:
                    self.duplicates.append(DuplicateKey(key, hidden, is_equal))
            seen[name] = key, value


def _are_surely_equal(text: str, one: Node, other: Node) -> bool:
    """Whether two values read alike: scalars by what they read as, collections by their text, where
    no anchor is in it.
    """
    if type(one) is Scalar and type(other) is Scalar:
        try:
            values = read_scalar(one), read_scalar(other)
            # 1 and true are equal in Python.
            return type(values[0]) is type(values[1]) and bool(values[0] == values[1])
        except InputError:
            return False
    own, others = text[one.start : one.end], text[other.start : other.end]
    return own == others and "*" not in own and "&" not in own


def _alias_key(node: Node) -> Scalar:
    """The scalar that an alias in place of a key stands for."""
    if type(node) is Alias and type(node.target) is Scalar:
        target = node.target
        return Scalar(node.start, node.end, None, target.tag, target.text, target.style)
    raise InputError("complex-key", _COMPLEX_KEY, node.start)


def _complex_key(text: str, offset: int) -> InputError:
    """The error for a collection as a key; `{{ .Values.name }}` reads as a mapping with a mapping
    as its key.
    """
    if text[max(offset - 1, 0) : offset + 1] == "{{":
        return InputError("template", _RENDER_FIRST, offset - 1)
    return InputError("complex-key", _COMPLEX_KEY, offset)


def _check_expansion(root: Node, limit: int) -> None:
    """Refuse a document that has more than `limit` nodes once its aliases are written out, or an
    anchor that contains itself.

    Raises:
        InputError: `recursive-alias`.
        LimitExceeded: `aliases`.
    """
    sizes: dict[Node, int] = {}
    open_nodes: set[Node] = set()

    def size(node: Node) -> int:
        if type(node) is Alias:
            if node.target in open_nodes:
                raise InputError("recursive-alias", "an anchor that contains itself", node.start)
            # An anchor comes before its aliases, so its size is known already; that of a key, which
            # is always a scalar, is not counted and so is 1.
            return sizes.get(node.target, 1)
        if type(node) is Scalar:
            total = 1
        else:
            open_nodes.add(node)
            children = node.items if type(node) is Sequence else node.values()  # type: ignore[attr-defined]
            total = 1 + sum(map(size, children))
            open_nodes.discard(node)
        if total > limit:
            message = f"aliases that write out to more than {limit} nodes"
            raise LimitExceeded("aliases", message, node.start)
        if node.anchor is not None:
            sizes[node] = total
        return total

    size(root)
