"""Reading streams: bytes kept, bad input costs only itself, bounds hold."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from service.errors import InputError
from service.text import SourceFile, decode
from service.yamldoc.compose import Limits
from service.yamldoc.stream import Document, Rejected, parse, split_pieces

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
    "foreign-tag": "a: !Ref x\n",
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
def test_bombs_are_refused_in_bounded_time(text: str) -> None:
    """A clear rejection, soon, and the process lives."""
    start = time.process_time()
    entry = only(text)
    assert isinstance(entry, Rejected)
    assert entry.code in ("depth", "aliases", "scalar-length", "yaml-syntax")
    assert time.process_time() - start < 20, (
        "not a measurement: without the bound this takes hours or crashes"
    )


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
        "a: !hunter2 x\n",
    ):
        entry = only(text)
        assert isinstance(entry, Rejected)
        assert "hunter2" not in entry.message


def test_duplicate_keys_name_both_places() -> None:
    """The key that is read last, and the one that it hides."""
    document = only("a: 1\nb: 2\na: 3\n")
    assert isinstance(document, Document)
    ((last, hidden),) = document.duplicates
    assert (last.start, hidden.start) == (10, 0)
    assert document.read() == {"a": 3, "b": 2}


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
