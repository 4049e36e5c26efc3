"""A file in whole lines."""

from __future__ import annotations

import pytest

from service.render.lines import FileLines
from service.text import Edit, SourceFile, Span

TEXT = "a: 1\nb: 2\n---\nc: 3\n---\nd: 4\ne: 5\n"


def file(text: str = TEXT) -> FileLines:
    return FileLines(SourceFile("a.yaml", text))


def edit(start: int, end: int, content: str = "x") -> Edit:
    return Edit(Span(start, end), content)


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        ([edit(0, 1)], (1, 1)),
        ([edit(0, 5)], (1, 1)),
        ([edit(0, 6)], (1, 2)),
        ([edit(5, 5)], (2, 2)),
        ([edit(3, 4), edit(14, 15)], (1, 4)),
        ([edit(len(TEXT), len(TEXT))], (7, 7)),
    ],
    ids=["a word", "a line", "a line and more", "indentation", "two edits", "behind the end"],
)
def test_the_lines_of_edits(edits, expected):
    """A replacement up to a line's start leaves that line; an insertion there is on it."""
    assert file().line_range(edits) == expected


@pytest.mark.parametrize(
    ("edits", "lines", "expected"),
    [
        ([edit(0, 1)], (1, 2), False),
        ([edit(0, 1), edit(24, 25)], (1, 6), True),
        ([edit(0, 1), edit(14, 15), edit(24, 25)], (1, 6), False),
        ([edit(0, 1)], (1, 3), False),
        ([edit(0, 1)], (1, 4), True),
        ([edit(14, 15)], (4, 4), False),
    ],
    ids=["in one", "over one", "in all", "up to the next", "into the next", "in the middle"],
)
def test_documents_that_no_edit_is_in(edits, lines, expected):
    """A range may reach to a separator, and over documents that have an edit."""
    assert file().has_untouched_document(edits, *lines) is expected


def test_the_new_text_of_a_range():
    """Of whole lines, wherever in them the edits are."""
    assert file().replaced_text([edit(3, 4, "9"), edit(5, 10, "")], 1, 2) == "a: 9\n"
    assert file("a: 1").replaced_text([edit(4, 4, "\nb: 2")], 1, 1) == "a: 1\nb: 2"
