"""Spans, edits and positions, at their exact boundaries."""

from __future__ import annotations

import bz2
import gzip
import lzma

import pytest

from service.errors import InputError, OverlappingEdits
from service.text import Edit, SourceFile, Span, apply_edits, decode, effective_edits


@pytest.mark.parametrize(
    ("outer", "inner", "expected"),
    [
        (Span(2, 5), Span(2, 5), True),
        (Span(2, 5), Span(3, 4), True),
        (Span(2, 5), Span(1, 4), False),
        (Span(2, 5), Span(3, 6), False),
        (Span(2, 5), Span(3, 3), True),
        (Span(2, 5), Span(2, 2), False),
        (Span(2, 5), Span(5, 5), False),
        (Span(2, 2), Span(2, 2), True),
        (Span(2, 2), Span(2, 3), False),
    ],
)
def test_a_span_covers_what_lies_within(outer: Span, inner: Span, expected: bool) -> None:
    """A place at an edge is outside, unless both are that place."""
    assert outer.covers(inner) is expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (Span(2, 5), Span(4, 6), True),
        (Span(2, 5), Span(5, 6), False),
        (Span(2, 5), Span(3, 3), True),
        (Span(2, 5), Span(2, 2), False),
        (Span(2, 5), Span(5, 5), False),
        (Span(2, 2), Span(2, 2), False),
    ],
)
def test_spans_overlap_where_they_share_text(one: Span, other: Span, expected: bool) -> None:
    """Neighbours share nothing, and it doesn't matter which one is asked."""
    assert one.overlaps(other) is expected
    assert other.overlaps(one) is expected


def test_a_moved_edit_keeps_all_but_its_place() -> None:
    """Both of its spans move."""
    edit = Edit(Span(1, 2), "x", stage=2, droppable=True, inside=Span(0, 4))
    assert edit.moved(3) == Edit(Span(4, 5), "x", stage=2, droppable=True, inside=Span(3, 7))
    assert Edit(Span(1, 2), "x").moved(3) == Edit(Span(4, 5), "x")


@pytest.mark.parametrize(
    ("offset", "position"),
    [(0, (1, 1)), (2, (1, 3)), (3, (2, 1)), (4, (3, 1)), (5, (3, 2)), (6, (3, 3))],
)
def test_positions_are_1_based(offset: int, position: tuple[int, int]) -> None:
    """A line feed is the last character of its line."""
    assert SourceFile("a.yaml", "ab\n\nçd").position(offset) == position


def test_positions_can_be_asked_for_again() -> None:
    """The lines are counted once, and that changes nothing about the file."""
    source = SourceFile("a.yaml", "a\nb\nc")
    assert [source.position(offset) for offset in (4, 0, 2)] == [(3, 1), (1, 1), (2, 1)]
    assert source == SourceFile("a.yaml", "a\nb\nc")
    assert repr(source) == "SourceFile(path='a.yaml', text='a\\nb\\nc')"


def test_only_line_feeds_end_lines() -> None:
    """Git, editors and forges count so."""
    assert SourceFile("a.yaml", "a\r\x85\u2028b\r\nc").position(4) == (1, 5)
    assert SourceFile("a.yaml", "a\r\x85\u2028b\r\nc").position(7) == (2, 1)


@pytest.mark.parametrize(
    "raw",
    [b"\xff\xfea\0", b"\xfe\xff\0a", b"a\0b\0", b"\0a\0b", b"a\0\0\0", b"\0\0\0a"],
)
def test_utf_16_is_refused(raw: bytes) -> None:
    """With or without a byte order mark; UTF-32 too."""
    with pytest.raises(InputError) as raised:
        decode("a.yaml", raw)
    assert (raised.value.code, raised.value.offset) == ("utf-16", 0)


@pytest.mark.parametrize("raw", [b"", b"a", b"\0a\0", b"\0aa\0", b"a\0b", b"a\0bc", b"ab\0\0"])
def test_a_null_byte_alone_is_no_sign_of_utf_16(raw: bytes) -> None:
    """Whatever YAML says of it later, it can be decoded."""
    assert decode("a.yaml", raw).text == raw.decode()


def test_a_byte_that_is_not_utf_8_is_named_with_its_place() -> None:
    """Its index for people, and the number of characters before it."""
    with pytest.raises(InputError, match="byte 3 ") as raised:
        decode("a.yaml", "aé".encode() + b"\xff")
    assert (raised.value.code, raised.value.offset) == ("not-utf-8", 2)


def test_a_byte_order_mark_is_kept() -> None:
    """The file is given back as it was."""
    assert decode("a.yaml", b"\xef\xbb\xbfa").text == "\ufeffa"


TEXT = "0123456789"


def test_edits_are_made_in_one_pass() -> None:
    """In the order of their places, whatever the order in which they are given."""
    edits = [Edit(Span(8, 9), "eight"), Edit(Span(0, 1), ""), Edit(Span(4, 4), "+")]
    assert apply_edits(TEXT, edits) == "123+4567eight9"
    assert apply_edits(TEXT, []) == TEXT


def test_an_edit_is_made_from_its_stage_on() -> None:
    """Not before, and in every later stage."""
    edits = [Edit(Span(0, 1), "a", stage=1)]
    assert [apply_edits(TEXT, edits, stage)[0] for stage in (0, 1, 2)] == ["0", "a", "a"]
    assert apply_edits(TEXT, edits) == TEXT


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        # What a later stage replaces goes, be it first or last by place.
        ([Edit(Span(3, 5), "a", 0), Edit(Span(2, 6), "", 1)], "016789"),
        ([Edit(Span(2, 6), "", 1), Edit(Span(4, 6), "a", 0)], "016789"),
        ([Edit(Span(2, 6), "", 1), Edit(Span(4, 4), "a", 0)], "016789"),
        ([Edit(Span(2, 4), "a", 0), Edit(Span(4, 6), "b", 0), Edit(Span(2, 6), "c", 1)], "01c6789"),
        ([Edit(Span(2, 4), "a", 0), Edit(Span(2, 4), "b", 1)], "01b456789"),
        ([Edit(Span(2, 4), "a", droppable=True), Edit(Span(2, 4), "b")], "01b456789"),
        # Edits that meet at an edge are both made.
        ([Edit(Span(2, 4), "a", 0), Edit(Span(4, 6), "b", 0)], "01ab6789"),
        ([Edit(Span(2, 4), "a", 0), Edit(Span(4, 4), "b", 1)], "01ab456789"),
        ([Edit(Span(2, 2), "a", 0), Edit(Span(2, 4), "b", 1)], "01ab456789"),
        # Indentation is dropped where its line is replaced, in the same stage too.
        ([Edit(Span(2, 6), "x"), Edit(Span(4, 4), "  ", droppable=True)], "01x6789"),
        ([Edit(Span(4, 5), "  ", droppable=True), Edit(Span(2, 6), "x")], "01x6789"),
        # An insertion goes with the collection that it adds to, though it is at its edge.
        ([Edit(Span(2, 6), "", 1), Edit(Span(6, 6), "a", 0, inside=Span(4, 6))], "016789"),
        ([Edit(Span(2, 6), "", 1), Edit(Span(6, 6), "a", 0, inside=Span(0, 6))], "01a6789"),
        ([Edit(Span(2, 6), "", 1), Edit(Span(6, 6), "a", 0)], "01a6789"),
        ([Edit(Span(2, 6), "", 0), Edit(Span(6, 6), "a", 0, inside=Span(4, 6))], "01a6789"),
    ],
)
def test_a_later_edit_replaces_those_that_it_covers(edits: list[Edit], expected: str) -> None:
    """And no others."""
    assert apply_edits(TEXT, edits, stage=1) == expected
    assert apply_edits(TEXT, edits[::-1], stage=1) == expected


@pytest.mark.parametrize(
    "edits",
    [
        [Edit(Span(2, 4), "a"), Edit(Span(2, 4), "b")],
        [Edit(Span(2, 4), "a"), Edit(Span(3, 5), "b")],
        [Edit(Span(2, 6), "a"), Edit(Span(3, 5), "b")],
        [Edit(Span(2, 6), "a", stage=0), Edit(Span(3, 5), "b", stage=1)],
        [Edit(Span(2, 4), "a", stage=0), Edit(Span(3, 5), "b", stage=1)],
        [Edit(Span(2, 4), "a"), Edit(Span(3, 5), "b", droppable=True)],
        [Edit(Span(2, 5), "a", droppable=True), Edit(Span(3, 6), "b")],
    ],
)
def test_overlapping_edits_are_refused(edits: list[Edit]) -> None:
    """Unless one of them replaces the other."""
    for given in (edits, edits[::-1]):
        with pytest.raises(OverlappingEdits):
            effective_edits(given, stage=1)


def test_an_edit_of_a_later_stage_overlaps_nothing_before_it() -> None:
    """It isn't part of the text yet."""
    edits = [Edit(Span(2, 4), "a", stage=0), Edit(Span(3, 5), "b", stage=1)]
    assert effective_edits(edits, stage=0) == edits[:1]


def test_of_insertions_at_one_place_the_innermost_comes_first() -> None:
    """Others keep the order in which they were given."""
    outer = Edit(Span(6, 6), "outer", inside=Span(0, 6))
    inner = Edit(Span(6, 6), "inner", inside=Span(3, 6))
    one, two = Edit(Span(6, 6), "one"), Edit(Span(6, 6), "two")
    assert effective_edits([outer, one, inner, two], 0) == [inner, outer, one, two]
    assert effective_edits([two, inner, one, outer], 0) == [inner, outer, two, one]


def test_an_insertion_comes_before_a_replacement_at_its_place() -> None:
    """The longest replacement comes first of all, and takes the shorter ones along."""
    insertion = Edit(Span(2, 2), "+")
    longer, shorter = Edit(Span(2, 6), "long", stage=1), Edit(Span(2, 4), "short")
    assert effective_edits([shorter, longer, insertion], 1) == [insertion, longer]


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (lzma.compress(b"kind: Pod"), "compressed with xz"),
        (bz2.compress(b"kind: Pod" * 9), "compressed with bzip2"),
        (gzip.compress(b"kind: Pod", mtime=0), "compressed with gzip"),
        (b"\x89PNG\r\n\x1a\n", "a picture"),
        (b"\x7fELF\x02\x01\xff", "a program"),
        (b"kind: \xff", "byte 6 is not UTF-8"),
    ],
)
def test_what_a_file_is_that_is_no_text(raw, says):
    """Its beginning tells, and so does the message."""
    with pytest.raises(InputError) as caught:
        decode("a.yaml", raw)

    assert caught.value.code == "not-utf-8"
    assert says in caught.value.message
