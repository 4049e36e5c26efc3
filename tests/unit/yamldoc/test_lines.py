"""Reading line by line: what is read so and means what libyaml says, and what isn't."""

from __future__ import annotations

import pytest

from service.yamldoc.compose import Limits
from service.yamldoc.lines import _UNUSUAL, LineRead, read_lines
from service.yamldoc.nodes import Data, Route
from tests.support.line_reading import differences


def lines_of(text: str, **limits: int) -> LineRead:
    found = read_lines(text, Limits(**limits))
    assert found is not None
    return found


READ: list[tuple[str, Data]] = [
    ("a: b\n", {"a": "b"}),
    ("a: b", {"a": "b"}),
    ("\n# c\na: b # c\n\n  # c\nd: e   \n", {"a": "b", "d": "e"}),
    (
        "a: 1\nb: 0x1F\nc: 1.0\nd: yes\ne: ~\nf: 1e3\n",
        {"a": 1, "b": 31, "c": 1, "d": True, "e": None, "f": 1000},
    ),
    ("a:\nb:\n", {"a": None, "b": None}),
    ("a:\n  b:\n    c: d\n  e: f\ng: h\n", {"a": {"b": {"c": "d"}, "e": "f"}, "g": "h"}),
    ("a:\n  b:\nc: d\n", {"a": {"b": None}, "c": "d"}),
    ("a:\n- b\n- c\nd: e\n", {"a": ["b", "c"], "d": "e"}),
    ("a:\n  - b: c\n    d:\n    - e\n  - f: g\n", {"a": [{"b": "c", "d": ["e"]}, {"f": "g"}]}),
    ("a:\n-   b: c\n    d: e\n", {"a": [{"b": "c", "d": "e"}]}),
    ("a:\n- b:\n- c:\n  d: e\n", {"a": [{"b": None}, {"c": None, "d": "e"}]}),
    ("a:\n- b: c\n  # c\n\n- d\n", {"a": [{"b": "c"}, "d"]}),
    ("a: b#c\nd: e:f\ng: http://h:80/#i\n", {"a": "b#c", "d": "e:f", "g": "http://h:80/#i"}),
    ("a: -b\nc: --d=e\nf: :80\ng: ?h\n", {"a": "-b", "c": "--d=e", "f": ":80", "g": "?h"}),
    ("a: b c, [d] {e} 'f' \"g\"\n", {"a": "b c, [d] {e} 'f' \"g\""}),
    ("\"a/b\": 'c'\n'd e': \"f\"\n", {"a/b": "c", "d e": "f"}),
    ("\"yes\": a\n'1': b\n", {"yes": "a", "1": "b"}),
    ("a: 'it''s'\nb: \"c\\td\"\ne: ''\nf: \"\"\n", {"a": "it's", "b": "c\td", "e": "", "f": ""}),
    ("a: \"b\n  c\n\n  d\"\ne: 'f\n g'\n", {"a": "b c\nd", "e": "f g"}),
    (
        "a: {}\nb: []\nc: [d, 'e', \"f\"]\ng: {h: 1}\n",
        {"a": {}, "b": [], "c": ["d", "e", "f"], "g": {"h": 1}},
    ),
    ('a: ["b", "c",  "", "d"]\n', {"a": ["b", "c", "", "d"]}),
    ("a: [\n  b,\nc ]\n", {"a": ["b", "c"]}),
    ("a: |\n  b\n   c\n\nd: >-\n  e\n  f\n", {"a": "b\n c\n", "d": "e f"}),
    ("a: |+\n  b\n\n\nc: |-\n  d\n", {"a": "b\n\n\n", "c": "d"}),
    ("a: |\n  b: c\n  - d\n  # e\n", {"a": "b: c\n- d\n# e\n"}),
    ("a:\n- |\n  b\n- c: |\n    d\n", {"a": ["b\n", {"c": "d\n"}]}),
    ("a: |\n  b", {"a": "b"}),
    ("a: é\u00a0#b\n", {"a": "é\u00a0#b"}),
]


@pytest.mark.parametrize(("text", "data"), READ)
def test_what_is_read(text: str, data: Data) -> None:
    """It means what libyaml's tree says, and is where that says."""
    found = lines_of(text)
    assert found.data == data
    assert not list(differences(text, found))


NOT_READ = {
    "nothing": "# c\n",
    "nothing, without a line break": "\n# c",
    "a scalar": "a\n",
    "a list": "- a\n",
    "JSON": '{"a": 1}\n',
    "not at the start of its line": "  a: b\n",
    "a value below its key": "a:\n  b\n",
    "a plain text of several lines": "a: b\n  c\n",
    "an entry below a value": "a: b\n  c: d\n",
    "an item below a value": "a: b\n  - c\n",
    "an item beside an entry": "a: b\n- c\n",
    "an entry beside an item": "a:\n  - b\n  c: d\n",
    "a column that nothing has": "a:\n    b: c\n  d: e\n",
    "an item of an item": "a:\n- - b\n",
    "an item that begins on the next line": "a:\n-\n  b: c\n",
    "an empty item": "a:\n- # c\n- b\n",
    "a key twice": "a: b\na: b\n",
    "a key twice, once in quotes": "a: b\n'a': b\n",
    "a key that is no text": "yes: b\n",
    "a number as a key": "1: b\n",
    "a merge key": "a: {b: c}\n<<: {d: e}\n",
    "an anchor": "a: &b c\n",
    "an alias": "a: [b]\nc: *a\n",
    "a tag": "a: !!str b\n",
    "a long key": "a" * 252 + ": b\n",
    "an explicit key": "? a\n: b\n",
    "two colons": "a: b: c\n",
    "a colon at the end": "a: b:\n",
    "text behind quotes": "a: 'b' c\n",
    "a comment without a blank": "a: 'b'# c\n",
    "an open quote": "a: 'b\n",
    "a tab in brackets": "a: [b\n\tc]\n",
    "a dash that begins a word": "-a: b\n",
    "an open bracket": "a: [b\n",
    "another bracket": "a: [b}\n",
    "brackets in brackets": "a: [[b]]\n",
    "items without a comma": 'a: ["b""c"]\n',
    "a key twice in brackets": "a: {b: c, b: d}\n",
    "an indicator of indentation": "a: |2\n   b\n",
    "a block scalar that is not indented": "a:\n- b: |\n  c\n",
    "a block scalar at an item that has more": "a:\n- b: |\n    c\n  d: e\n",
    "an empty block scalar": "a: |\nb: c\n",
    "more than a few values that are composed": "a:\n" + "- [b]\n" * 501,
    "a block scalar with less indentation further down": "a: |\n   b\n  c\n",
    "an infinity": "a: .inf\n",
    "a tab": "a:\tb\n",
    "a tab for indentation": "a:\n\tb: c\n",
    "a carriage return": "a: b\r\nc: d\r\n",
    "another line break": "a: b\u2028c: d\n",
    "a character that is not allowed": "a: b\x07\n",
    "a template": "a: {{ .Values.b }}\n",
    "a directive": "%YAML 1.1\n",
    "the end of a document": "a: b\n...\n",
}


@pytest.mark.parametrize("name", NOT_READ)
def test_what_is_not_read(name: str) -> None:
    """It is left to libyaml, as it is written in another way, or wrong."""
    assert read_lines(NOT_READ[name], Limits()) is None


def test_limits() -> None:
    """What is over a limit is left to libyaml, which says so."""
    nested = "a:\n  b:\n    c: {}\n"
    assert read_lines(nested, Limits(depth=4)) is None
    assert read_lines(nested, Limits(depth=5)) is not None
    assert read_lines("a: bcd\n", Limits(scalar_length=6)) is None
    assert read_lines("a: bcd\n", Limits(scalar_length=7)) is not None


def test_what_can_be_printed_is_usual() -> None:
    """So nobody has to look for what isn't."""
    unusual = [number for number in range(0x110000) if _UNUSUAL.match(chr(number))]
    assert len(unusual) > 60
    assert not [number for number in unusual if chr(number).isprintable()]


def test_large_documents() -> None:
    """Their lines are matched one by one, and mean the same."""
    text = "a:\n" + "".join(f"- b: {number}\n  c: 'd'\n" for number in range(6000))
    assert len(text) > 100_000
    found = lines_of(text)
    assert found.data == {"a": [{"b": number, "c": "d"} for number in range(6000)]}
    assert not list(differences(text, found))
    assert read_lines(text + "e\n", Limits()) is None


PLACES: list[tuple[str, Route, bool, str | None]] = [
    ("a:\n  b: c\n", ("a",), False, "b: c"),
    ("a:\n  b: c\n", ("a",), True, "a"),
    ("a:\n  b: c # d\n", ("a", "b"), False, "c"),
    ("a:\n  b: c   \n", ("a", "b"), False, "c"),
    ("a:\n  b: c\n", ("a", "b"), True, "b"),
    ("a:\n  b: c\n", ("a", "d"), False, "b: c"),
    ("a:\n  b: c\n", ("a", "b", "d", 1), False, "c"),
    ("a:\n- b\n- c\n", ("a", 1), True, "c"),
    ("a:\n- b: c\n  d: e\n", ("a", 0, "d"), False, "e"),
    ("a:\n- b: c\n  'd': e\n", ("a", 0, "d"), True, "'d'"),
    ("ab: c\na: d\n", ("a",), False, "d"),
    ("'b': 1\n\"'b'\": 2\n", ("'b'",), False, "2"),
    ('a: b:c\n"a: b": 2\n', ("a: b",), False, "2"),
    ('x:\n- a: 1\n"- a": 2\n', ("- a",), True, '"- a"'),
    ("b: |\n  a: c\na: d\n", ("a",), False, "d"),
    ("b: 'x\n  a: c'\na: d\n", ("a",), False, "d"),
    ("a: [b, c]\n", ("a",), False, "[b, c]"),
    # What takes a tree.
    ("a: [b, c]\n", ("a", 1), False, None),
    ("a:\nb: c\n", ("a",), False, None),
    ("a: |\n  b\n\nc: d\n", ("a",), False, "|\n  b"),
    ("a:\n- 'b\n  c' # d\n", ("a", 0), False, "'b\n  c'"),
    ("b: 'x\na: c'\na: d\n", ("a",), False, None),
    ("a:\n" + "- b\n" * 30, ("a", 21), False, None),
    ("a: b\nc: " + "d" * 20_000, ("a",), False, None),
    ("a: b\n#" + "c" * 20_000, ("a",), False, "b"),
]


@pytest.mark.parametrize(("text", "route", "key", "expected"), PLACES)
def test_places(text: str, route: Route, key: bool, expected: str | None) -> None:
    """Of what is deepest on a route."""
    place = lines_of(text).place_of(text, route, key=key)
    assert (text[slice(*place)] if place else None) == expected


def test_keys_are_kept_once() -> None:
    """The same few are in every document."""
    (one,) = lines_of("a-long-key: 1\n").data
    (other,) = lines_of("a-long-key: 2\n").data
    assert one is other
