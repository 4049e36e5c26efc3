"""Reading streams: bytes kept, bad input costs only itself, bounds hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.errors import InputError
from service.text import SourceFile, decode
from service.yamldoc.compose import Limits
from service.yamldoc.nodes import Route
from service.yamldoc.stream import (
    Document,
    Rejected,
    document_removal_span,
    parse,
    parse_each,
    split_pieces,
)

ODDITIES = [
    "",
    "\n",
    "a: 1",
    "a: 1\n",
    "a: 1\r\nb: 2\r\n",
    "\ufeffa: 1\n",
    "---\na: 1\n---\n",
    "--- # first\na: 1\n--- # second\nb: 2\n...\n",
    "# only a comment\n---\n\n---\na: 1  \n\n\n",
    "a: 'x\ty'\nb: \"\\t\"\n",
    "a: 😀\nb: é\n",
    "a: 'x\x85y'\nb: 'x\u2028y'\n",
    "a: |+\n  x\n\n\n---\nb: |2\n    x\n",
    "a: {b: [c, d], e: 'f'}\n",
    "a: 1\n---\n{broken\n---\nb: 2\n",
    "a: &x 1\nb: *x\n",
]


@pytest.mark.parametrize("text", ODDITIES)
def test_the_pieces_and_separators_are_the_whole_text(text: str) -> None:
    """Cutting loses nothing: between the pieces stand the separator lines, and nothing else."""
    source = SourceFile("a.yaml", text)
    position = 0
    for piece in split_pieces(source):
        between = text[position : piece.span.start]
        assert between in ("", "\ufeff") or between.startswith("---")
        position = piece.span.end
    assert position == len(text)


def only(text: str, limits: Limits | None = None) -> Document | Rejected:
    """The one entry of a text."""
    (entry,) = parse(SourceFile("a.yaml", text), limits or Limits())
    return entry


BAD = {
    "yaml-syntax": "a: {b\n",
    "template": "name: {{ .Values.name }}\n",
    "unknown-alias": "a: *nowhere\n",
    "recursive-alias": "a: &x {b: *x}\n",
    "complex-key": "? [a, b]\n: c\n",
    "not-an-object": "- a\n- b\n",
    "yaml-characters": "a: \x00\n",
    "dropped-document": "a: 1\n...\nb: 2\n",
    "directive": "%YAML 1.1\n",
    "null-key": "a: {~: x}\n",
}


@pytest.mark.parametrize(("code", "text"), BAD.items(), ids=BAD)
def test_bad_input_costs_only_itself(code: str, text: str) -> None:
    """The bad piece is rejected under its code with a place in it; its neighbours are read."""
    entries = parse(SourceFile("a.yaml", f"good: 1\n---\n{text}---\nalso: 2\n"), Limits())
    if code == "directive":
        text = "%YAML 1.1\n---\na: 1\n"
        entries = parse(SourceFile("a.yaml", f"good: 1\n---\n{text}---\nalso: 2\n"), Limits())
    bad = [entry for entry in entries if isinstance(entry, Rejected)]
    assert bad, entries
    assert bad[0].span.start <= bad[0].offset <= bad[0].span.end
    if code != "directive":
        assert bad[0].code == code
        assert [type(entry) for entry in entries] == [Document, Rejected, Document]


def test_a_syntax_error_names_its_line_and_column() -> None:
    """The place is that of the text that can't be read, in lines that people count."""
    source = SourceFile("a.yaml", "a: 1\n---\nb: 2\nc: [1\nd: 3\n")
    bad = parse(source, Limits())[1]
    assert isinstance(bad, Rejected)
    assert source.position(bad.offset) == (5, 2)


def test_lines_are_counted_by_line_feeds() -> None:
    """NEL and U+2028 end no line for git, editors and forges."""
    source = SourceFile("a.yaml", "a: 'x\x85y'\nb: 'p\u2028q'\nc: [\n")
    bad = only(source.text)
    assert isinstance(bad, Rejected)
    assert source.position(bad.offset)[0] in (3, 4)


def test_offsets_are_right_behind_a_byte_order_mark() -> None:
    """The mark is not part of the first document, and shifts nothing."""
    document = only("\ufeffname: x\n")
    assert isinstance(document, Document)
    span = document.span_of(("name",))
    assert document.source.text[span.start : span.end] == "x"


BOMBS = {
    "deep block": "".join(" " * n + "a:\n" for n in range(3000)),
    "deep flow": "a: " + "[" * 100_000,
    "deep flow mapping": "a: " + "{a: " * 100_000,
    "deep sequence": "- " * 100_000 + "x",
    "alias bomb": (
        "a: &a [x,x,x,x,x,x,x,x,x]\n"
        + "".join(
            f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 9)}]\n"
            for n in range(12)
        )
    ),
    "long scalar": "a: " + "x" * 5_000_000,
}


@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS)
def test_bombs_are_refused(text: str) -> None:
    """A clear rejection, and the process lives; without the limits it would take hours or crash."""
    entry = only(text)
    assert isinstance(entry, Rejected)
    assert entry.code in ("depth", "aliases", "scalar-length", "yaml-syntax")


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"\xff\xfea\x00", "utf-16"),
        (b"\xfe\xff\x00a", "utf-16"),
        (b"a\x00b\x00", "utf-16"),
        (b"a: \xff\n", "not-utf-8"),
    ],
)
def test_other_encodings_are_refused(raw: bytes, code: str) -> None:
    """With the code that says which."""
    with pytest.raises(InputError) as raised:
        decode("a.yaml", raw)
    assert raised.value.code == code


def test_messages_hold_nothing_of_the_text() -> None:
    """A secret near an error stays where it is."""
    for text in (
        "password: hunter2: x\n",
        "password: [hunter2\n",
        "hunter2\n",
        "a: *hunter2\n",
    ):
        entry = only(text)
        assert isinstance(entry, Rejected)
        assert "hunter2" not in entry.message


def test_duplicate_keys_name_both_places() -> None:
    """The key that is read last, and the one that it hides."""
    document = only("a: 1\nb: 2\na: 3\n")
    assert isinstance(document, Document)
    (duplicate,) = document.duplicates
    assert (duplicate.key.start, duplicate.hidden.start) == (10, 0)
    assert document.read() == {"a": 3, "b": 2}


@pytest.mark.parametrize(
    ("line", "refused"),
    [
        ("---", False),
        ("--- ", False),
        ("--- # c", False),
        ("---# c", False),
        ("---\r", False),
        ("--- a: 1", True),
        ("----", True),
        ("--- |", True),
    ],
)
def test_only_blanks_or_a_comment_follow_a_separator(line: str, refused: bool) -> None:
    """Otherwise the piece behind it is rejected, at the separator; also in a block scalar."""
    entries = parse(SourceFile("a.yaml", f"x: |\n  y\n{line}\nb: 1\n"), Limits())
    assert [type(entry) for entry in entries] == [Document, Rejected if refused else Document]
    if isinstance(entries[1], Rejected):
        assert (entries[1].code, entries[1].offset, entries[1].index) == ("separator", 9, 1)


@pytest.mark.parametrize("text", ["a: 1\n ---\nb: 2\n", "a: 1\n--\n", "a: '---'\n"])
def test_only_a_line_that_starts_with_dashes_separates(text: str) -> None:
    """Three of them, at its start."""
    assert len(list(split_pieces(SourceFile("a.yaml", text)))) == 1


def test_documents_are_counted_without_empty_pieces() -> None:
    """Rejected ones count; nulls are empty."""
    text = "# c\n---\na: 1\n---\n~\n---\n- x\n---\n\n---\nb: 2\n"
    entries = parse(SourceFile("a.yaml", text), Limits())
    assert [(type(entry), entry.index) for entry in entries] == [
        (Document, 0),
        (Rejected, 1),
        (Document, 2),
    ]


@pytest.mark.parametrize(
    ("text", "index", "rest"),
    [
        ("a: 1\n---\nb: 2\n---\nc: 3\n", 0, "b: 2\n---\nc: 3\n"),
        ("a: 1\n---\nb: 2\n---\nc: 3\n", 1, "a: 1\n---\nc: 3\n"),
        ("a: 1\n---\nb: 2\n---\nc: 3\n", 2, "a: 1\n---\nb: 2\n"),
        ("---\na: 1\n---\nb: 2\n", 0, "---\nb: 2\n"),
        ("--- # first\na: 1\n--- # second\nb: 2\n", 1, "--- # first\na: 1\n"),
        ("a: 1\n---\nb: 2", 1, "a: 1\n"),
        ("a: 1", 0, ""),
        ("\ufeffa: 1\n---\nb: 2\n", 0, "\ufeffb: 2\n"),
    ],
)
def test_a_document_is_removed_with_one_separator(text: str, index: int, rest: str) -> None:
    """The one before it, or for the first one that behind it."""
    document = parse(SourceFile("a.yaml", text), Limits())[index]
    assert isinstance(document, Document)
    span = document_removal_span(document)
    assert text[: span.start] + text[span.end :] == rest


def test_a_tree_is_made_when_somebody_asks_for_it() -> None:
    """What is written plainly is read by its lines; afterwards either says the same."""
    text = "a:\n- b: c # d\n"
    document = only(text)
    assert isinstance(document, Document)
    routes: list[Route] = [(), ("a",), ("a", 0), ("a", 0, "b"), ("a", 0, "e"), ("a", 1)]
    seen = [(document.read(route), document.span_of(route)) for route in routes]
    assert document.lines is not None
    assert document.composed.root is None
    root = document.root
    assert document.root is root
    assert seen == [(document.read(route), document.span_of(route)) for route in routes]
    document.release_tree()
    assert document.root is not root
    assert seen == [(document.read(route), document.span_of(route)) for route in routes]


def test_a_text_that_is_known_is_not_parsed_again() -> None:
    """Its tree serves at the new place, even beyond the limits, and with its duplicates."""
    first = only("a: {b: 1}\na: 2\n")
    assert isinstance(first, Document)
    source = SourceFile("b.yaml", "c: 3\n---\na: {b: 1}\na: 2\n")
    _, second = parse_each(source, Limits(depth=1), {first.text: first})
    assert isinstance(second, Document)
    assert second.composed is first.composed
    assert (second.index, second.span.start) == (1, 9)
    span = second.span_of(("a",))
    assert source.text[span.start : span.end] == "2"
    assert [type(entry) for entry in parse(source, Limits(depth=1))] == [Document, Rejected]


def test_a_released_tree_is_made_again() -> None:
    """When somebody asks for it; what was noted of the text is kept."""
    document = only("a: &x 1\nb: *x\nb: 2\n", Limits(depth=1))
    assert isinstance(document, Document)
    document.release_tree()
    assert document.composed.root is None
    assert len(document.duplicates) == 1
    assert document.read() == {"a": 1, "b": 2}
    assert document.root is document.root
    assert document.find(("a",)) is not None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"a": "\\ud83d\\ude00"}', "json"),
        ('{"a": 1}\n{"b": 2}', "json"),
        ('  {"a": 1} {"b": 2}\n', "json"),
        ('{"a": 1}\n{"b": ', "yaml-syntax"),
        ('[1]\n{"b": 2}', "yaml-syntax"),
        ("{a: 1}\n{b: 2}", "yaml-syntax"),
    ],
)
def test_json_that_is_no_yaml_is_explained(text: str, code: str) -> None:
    """Where all of it is JSON."""
    entry = only(text)
    assert isinstance(entry, Rejected)
    assert entry.code == code


def test_a_limit_is_a_limit_in_json_too() -> None:
    """What costs too much is not said to be written wrongly."""
    entry = only('{"a": {"b": {}}}', Limits(depth=2))
    assert isinstance(entry, Rejected)
    assert (entry.code, entry.offset) == ("depth", 12)


SPANS: list[tuple[Route, bool, str]] = [
    (("a", "b"), False, "1"),
    (("a", "b"), True, "b"),
    (("a", "c"), True, "a"),
    (("a",), False, "b: 1"),
    (("l", 1), True, "q"),
    (("l", 5), False, "[p, q]"),
    ((), True, "a:\n  b: 1\nl: [p, q]"),
    (("z",), True, "a:\n  b: 1\nl: [p, q]"),
]


@pytest.mark.parametrize(("route", "key", "expected"), SPANS)
def test_the_span_of_a_route_is_that_of_the_file(route: Route, key: bool, expected: str) -> None:
    """Of the key if asked and there is one, and of the nearest node otherwise."""
    text = "x: 1\n---\na:\n  b: 1\nl: [p, q]\n"
    document = parse(SourceFile("a.yaml", text), Limits())[1]
    assert isinstance(document, Document)
    span = document.span_of(route, key=key)
    assert text[span.start : span.end] == expected


def test_the_data_at_a_route() -> None:
    """None where there is nothing."""
    document = only("a: {b: [1]}\n")
    assert isinstance(document, Document)
    assert document.read(("a", "b", 0)) == 1
    assert document.read(("a", "c")) is None


def corpus() -> list[Path]:
    """The labelled corpus, where it is."""
    return sorted(
        (Path(__file__).resolve().parents[4] / "shared" / "corpus" / "pods").glob("*.yaml")
    )


@pytest.mark.skipif(not corpus(), reason="the labelled corpus is not beside this checkout")
def test_corpus_files_are_kept_byte_for_byte() -> None:
    """Pieces and separators of every real file are the file."""
    for path in corpus():
        source = decode(path.name, path.read_bytes())
        rebuilt, position = [], 0
        for piece in split_pieces(source):
            rebuilt += [
                source.text[position : piece.span.start],
                source.text[piece.span.start : piece.span.end],
            ]
            position = piece.span.end
        assert "".join(rebuilt).encode() == path.read_bytes()
