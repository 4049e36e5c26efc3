"""Reads documents that are written as most manifests are, line by line, without a tree.

Block mappings and sequences whose lines are `key: value`, `key:` or `- value` say by their columns
alone where they belong. Such a document is read in a third of the time that libyaml's events and
a tree take. Values that go over several lines or are written in brackets are given to libyaml by
themselves. What is written in any other way isn't read here: `read_lines` returns None, and the
document is composed. So everything that may be wrong with a document is still libyaml's to say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from sys import intern
from typing import Any, NamedTuple

from service.errors import InputError
from service.yamldoc.compose import UNLIMITED, Limits, compose
from service.yamldoc.nodes import Data, Route, Scalar, walk
from service.yamldoc.reading import read
from service.yamldoc.scalars import CONSTANTS, MAYBE_NUMBER, WORD, resolve_plain

_AT_ONCE = 100_000
"""Code points of a document whose lines are matched in one go. In larger ones it is line by line:
that takes a sixth longer, but no memory, and a deadline can interrupt it.
"""
_MOST_COMPOSED = 500
"""Values of a document that are given to libyaml by themselves; with more, all of it is sooner."""
_LARGE = 20_000
"""Code points that are searched for a place; where there are more, a tree is sooner."""
_MANY = 20
"""Items before one whose place is searched for, likewise."""
_UNUSUAL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff\ufffe\uffff]")
"""What YAML forbids, and what it takes for a line break besides the line feed."""

_PLAIN_KEY = r"[A-Za-z_][A-Za-z0-9_./-]{0,250}"
# What a part may give back, the next one can't take, so no text takes longer than its length. That
# is said by what may follow, as Python up to 3.11.4 matches possessive quantifiers wrongly
# (python/cpython#101955, #106052). What may be missing is an alternative, which Python's engine
# takes sooner than `?`; likewise classes without `\s`.
_LINE = re.compile(
    rf"""
    ^(                                                      # the line
      (\ *)(?!\ )                                           # its indentation
      (-\ +(?!\ )|)                                         # a dash
      (?: ( {_PLAIN_KEY}                                    # a key
          | "[^"\\\n\t]{{1,250}}"
          | '[^'\n\t]{{1,250}}'
          ) : (?![^\ \n]) \ *(?!\ )
        | )
      (                                                     # a value: plain, with blanks behind it
          (?: [^\ \n\t\-?:,\[\]{{}}\#&*!|>'"%@`] | [-?:](?=[^\ \n\t]) ) [^:\#\n\t]*
          (?: (?: :(?=[^\ \n\t]) | (?<=[^\ \n\t])\# ) [^:\#\n\t]* )* (?![^\n\#])
        | "[^"\\]* (?: \\[\s\S] [^"\\]* )*"                 # in quotes
        | '[^']* (?: \'\' [^']* )*'(?!')
        | [\[{{] [^\[\]{{}}"'\#&*!|>%@`\t]*                   # in brackets
          (?: (?: "[^"\\\n\t]*" | '[^'\n\t]*' ) [^\[\]{{}}"'\#&*!|>%@`\t]* )* [\]}}]
        | [|>][+-]?\ * \n\2\ +[^\ \n][^\n]*                 # a block scalar
          (?: \n\2\ +[^\ \n][^\n]* | \n\ *(?=\n|\Z) )*
        | )
      ( \ * (?: (?<![^\ \n\t])\#[^\n]* | ) (?:\n|\Z) )    # a comment, the line's end
    )""",
    re.VERBOSE | re.MULTILINE | re.ASCII,
)
_SIMPLE_QUOTED = re.compile(r"""\A(?:"[^"\\\n\t]*"|'[^'\n\t]*(?:''[^'\n\t]*)*')\Z""")
_SIMPLE_LIST = re.compile(r"""\A\["[^"\\\n\t]*"(?:,\ *"[^"\\\n\t]*")*\]\Z""")
_EMPTY: dict[str, Callable[[], Data]] = {"{}": dict, "[]": list}
_KEY, _VALUE = 4, 5
"""The groups of a line."""
_IN_DOUBLE_QUOTES = re.compile(r'"([^"]*)"')


class LineRead(NamedTuple):
    """What was read."""

    data: dict[str, Data]
    """The document as Kubernetes reads it."""
    places: dict[int, tuple[int, int]]
    """Where each block mapping and sequence of `data` starts and ends, by its identity, as the
    nodes of a tree say it.
    """
    shifts: tuple[tuple[type, int], ...]
    """The block collections that are values of mappings: `dict` or `list`, and the columns by which
    each is indented below its key.
    """
    quotes: tuple[str, ...]
    """The quotes of the scalars that have some and aren't empty, in their order."""
    is_indented: bool
    """Whether all lines of a value are indented more than what it is the value of. Those of text in
    quotes or brackets need not be.
    """

    def place_of(self, text: str, route: Route, *, key: bool) -> tuple[int, int] | None:
        """Where the deepest that exists on a route starts and ends; None if that takes a tree.

        Args:
            text: the text that was read.
            route: the way from the root.
            key: whether the key is asked for, where there is one.
        """
        data: Data = self.data
        parent: Data = None
        last: str | int = ""
        for step in route:
            if not _has_step(data, step):
                break
            parent, last = data, step
            data = data[step]
        place = self.places.get(id(data))
        is_of_key = key and isinstance(parent, dict)
        if parent is None or (place and not is_of_key):
            return place
        around = self.places.get(id(parent))
        if around is None or not self.is_indented:
            return None
        if around[1] - around[0] > _LARGE or (isinstance(last, int) and last > _MANY):
            return None
        found = _LINE.match(text, _line_start(text, around, last))
        if found is None:
            return None
        start, end = found.span(_KEY if is_of_key else _VALUE)
        if "\n" in text[start:end]:
            root = compose(text[start : found.end()], UNLIMITED).root
            return (start, start + root.end) if root is not None else None
        written = text[start:end].rstrip(" ")
        return (start, start + len(written)) if written else None


def _has_step(data: Data, step: str | int) -> bool:
    """Whether a step of a route leads to anything."""
    if isinstance(data, dict):
        return step in data
    return isinstance(data, list) and isinstance(step, int) and 0 <= step < len(data)


def _line_start(text: str, place: tuple[int, int], step: str | int) -> int:
    """Where the line of an entry or item starts.

    Args:
        text: the text.
        place: where the mapping or sequence is that has it. All lines of this that are not indented
            more than its first are entries or items of it.
        step: the key or index.
    """
    start, end = place
    first = text.rfind("\n", 0, start) + 1
    begin = "\n" + " " * (start - first)
    if isinstance(step, int):
        line = first
        for _ in range(step):
            line = text.index(f"{begin}- ", line, end) + 1
        return line
    in_quotes = (f'"{step}"', f"'{step}'")
    for written in (step, *in_quotes) if WORD.match(step) else in_quotes:
        if text.startswith(f"{written}:", start):
            return first
        found = text.find(f"{begin}{written}:", start, end)
        if found >= 0:
            return found + 1
    raise AssertionError("a key that was read is not in the text")


class _NotByLine(Exception):
    """A document is written in a way that isn't read here."""


def read_lines(text: str, limits: Limits) -> LineRead | None:
    """Read one document.

    Args:
        text: the piece, without its `---` line and without a byte order mark.
        limits: what it may cost.

    Returns:
        None if it is written in another way, and for everything that is wrong with it.
    """
    if len(text) > limits.scalar_length or limits.depth < 3 or _is_unusual(text):
        return None
    try:
        return _LineReader(limits).read(text)
    except (_NotByLine, InputError):
        return None


def _is_unusual(text: str) -> bool:
    """Whether a text has a character that YAML forbids, or takes for another line break."""
    # Python tells in a fifth of the time whether all characters can be printed.
    if text.replace("\n", "").replace("\t", "").isprintable():
        return False
    return _UNUSUAL.search(text) is not None


class _LineReader:
    """Reads one document."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._quotes: list[str] = []
        self._is_indented = True
        self._composed = 0

    def read(self, text: str) -> LineRead:  # noqa: PLR0915 - its body runs for each line, where calls are costly
        """Read it.

        Raises:
            _NotByLine: it is written in another way, or wrong.
            InputError: it is wrong.
        """
        root: dict[str, Data] = {}
        places: dict[int, tuple[int, int]] = {}
        # What is in brackets may be two levels: a sequence of a mapping without braces.
        deepest = self._limits.depth - 3
        shifts: list[tuple[type, int]] = []
        # The collection that a line may belong to, with its column and its start; those that it is
        # in; and its last key, as long as that has no value.
        top: Any = root
        column = start = -1
        outer: list[tuple[Any, int, int]] = []
        pending: str | None = None
        end = behind = 0
        lines: Iterable[tuple[str, ...]] = (
            _LINE.findall(text)
            if len(text) <= _AT_ONCE
            else (found.groups("") for found in _LINE.finditer(text))
        )
        for line, indentation, dash, key, value, tail in lines:
            begin = behind
            behind += len(line)
            if not (key or value):
                if dash:
                    raise _NotByLine
                continue
            own = len(indentation)
            if start < 0:
                if dash or own:
                    raise _NotByLine
                column, start = 0, begin
            if pending is not None:
                if own > column or (dash and own == column):
                    new: Any = [] if dash else {}
                    top[pending] = new
                    shifts.append((type(new), own - column))
                    outer.append((top, column, start))
                    if len(outer) > deepest:
                        raise _NotByLine
                    top, column, start = new, own, begin + own
                else:
                    top[pending] = None
                pending = None
            is_sequence = type(top) is list
            while own < column or (own == column and is_sequence and not dash):
                places[id(top)] = (start, end)
                top, column, start = outer.pop()
                is_sequence = type(top) is list
            if own != column or is_sequence is not bool(dash) or not (key or dash):
                raise _NotByLine
            if dash and key:
                own += len(dash)
                new = {}
                top.append(new)
                outer.append((top, column, start))
                if len(outer) > deepest:
                    raise _NotByLine
                top, column, start = new, own, begin + own
            data: Data = None
            if value:
                end = behind - len(tail)
                first = value[0]
                if first in "\"'[{|>":
                    data, unused = self._not_plain(value, tail, own)
                    end -= unused
                elif value[-1] == " ":
                    data = resolve_plain(value.rstrip(" "))
                    end -= len(value) - len(value.rstrip(" "))
                elif first in MAYBE_NUMBER:
                    is_number = first != "0" and value.isascii() and value.isdigit()
                    data = int(value) if is_number and len(value) < 18 else resolve_plain(value)
                else:
                    # The same words are in many documents, and in the same one in every stage.
                    word = intern(value)
                    data = CONSTANTS.get(word, word)
            if not key:
                top.append(data)
                continue
            if key[0] in "\"'":
                name = intern(key[1:-1])
            elif key in CONSTANTS:
                raise _NotByLine
            else:
                name = intern(key)
            if name in top:
                raise _NotByLine
            if value:
                top[name] = data
            else:
                pending = name
                end = begin + own + len(key) + 1
        if behind != len(text) or start < 0:
            raise _NotByLine
        if pending is not None:
            top[pending] = None
        for collection, _, at in (*outer, (top, column, start)):
            places[id(collection)] = (at, end)
        return LineRead(root, places, tuple(shifts), tuple(self._quotes), self._is_indented)

    def _not_plain(self, value: str, tail: str, column: int) -> tuple[Data, int]:
        """What a value reads as that is in quotes or brackets, or a block scalar; and how many code
        points at its end are not its own.

        Args:
            value: as it is written.
            tail: what is behind it, with the line's end.
            column: of what it is the value of.
        """
        if _SIMPLE_QUOTED.match(value):
            if len(value) > len("''"):
                self._quotes.append(value[0])
            text = value[1:-1]
            return (text.replace("''", "'") if value[0] == "'" else text), 0
        if value in _EMPTY:
            return _EMPTY[value](), 0
        if _SIMPLE_LIST.match(value):
            items = _IN_DOUBLE_QUOTES.findall(value)
            self._quotes += ['"' for item in items if item]
            return items, 0
        if "\n" in value and not _is_indented(value, column):
            # How far a block scalar is indented counts from what it is in.
            if value[0] in "|>":
                raise _NotByLine
            self._is_indented = False
        self._composed += 1
        if self._composed > _MOST_COMPOSED:
            raise _NotByLine
        # With the line's end, as the last line of a block scalar has one only where it is written.
        composed = compose(value + tail, self._limits)
        root = composed.root
        if root is None or composed.duplicates or composed.aliased:
            raise _NotByLine
        self._quotes += (
            node.style
            for node in walk(root)
            if isinstance(node, Scalar) and node.style in ("'", '"') and node.text
        )
        return read(root), len(value) - root.end


def _is_indented(value: str, column: int) -> bool:
    """Whether all lines of a value but its first are indented by more than a column, or blank."""
    begin = " " * (column + 1)
    return all(line.startswith(begin) or not line.strip() for line in value.split("\n")[1:])
