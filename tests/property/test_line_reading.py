"""What is read line by line means what libyaml says, however the text was changed."""

from __future__ import annotations

from textwrap import dedent

from hypothesis import given
from hypothesis import strategies as st

from service.text import SourceFile
from service.yamldoc.compose import Limits
from service.yamldoc.lines import read_lines
from service.yamldoc.stream import split_pieces
from tests.support.line_reading import differences, places_found
from tests.support.real_manifests import case_inputs, read_files, reported_inputs

DOCUMENTS = [
    text[piece.span.start : piece.span.end]
    for path in (*case_inputs(), *reported_inputs())
    for text in read_files(path).values()
    for piece in split_pieces(SourceFile("a.yaml", text))
    if piece.span.end - piece.span.start < 3000
]
PIECES = [
    "- ",
    "  ",
    " ",
    ":",
    ": ",
    "#",
    " #",
    "'",
    '"',
    ">",
    "\n",
    "\n\n",
    "[",
    "]",
    "{",
    "}",
    ",",
    "&a ",
    "*a",
    "!!str ",
    "\\",
    "~",
    "null",
    "yes",
    "1.5",
    "0x1F",
    "- - ",
    "? ",
    "...",
    "%",
    "\t",
    "\r",
    "é",
    "\x85",
    "\ufeff",
    "<<: ",
    "=",
    "''",
    '""',
    "-",
    "--",
    "x:",
    "- x",
    '"a": 1',
    "'b': 2",
    "{{ x }}",
    "  \n",
    "\n  more\n",
    "# c\n",
    '["a", "b"]',
    "[a, 'b', \"c\"]",
    '"x\n  y"',
    "'x\n y'",
    "[a,\n b]",
    "[a\n\tb]",
    "\n\t",
]
BLOCK_SCALARS = ["|", "|-", "|+", "|2", "key: |\n      text\n", "|\n  x\n\n\n"]


@st.composite
def changed_documents(draw: st.DrawFn) -> str:
    """A document, or some lines of one, with a few pieces added, removed, indented or doubled."""
    lines = draw(st.sampled_from(DOCUMENTS)).split("\n")
    if draw(st.booleans()):
        first = draw(st.integers(0, len(lines) - 1))
        lines = dedent("\n".join(lines[first : first + draw(st.integers(1, 12))])).split("\n")
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(lines) - 1))
        line = lines[at]
        column = draw(st.integers(0, len(line)))
        match draw(st.integers(0, 4)):
            case 0:
                lines[at] = (
                    line[:column] + draw(st.sampled_from([*PIECES, *BLOCK_SCALARS])) + line[column:]
                )
            case 1:
                lines[at] = line[:column] + line[column + draw(st.integers(1, 3)) :]
            case 2:
                lines[at] = " " * draw(st.integers(1, 4)) + line
            case 3:
                lines[at] = line[draw(st.integers(1, 2)) :]
            case _:
                lines.insert(at, draw(st.sampled_from(lines)))
    return "\n".join(lines)


@given(changed_documents())
def test_changed_documents(text: str) -> None:
    """A document is read as libyaml reads it, each thing where it is there, or not at all."""
    for piece in split_pieces(SourceFile("a.yaml", text)):
        own = text[piece.span.start : piece.span.end]
        found = read_lines(own, Limits())
        if found is not None:
            assert not list(differences(own, found))


def test_most_documents_are_read_so() -> None:
    """Otherwise the property says nothing."""
    read = [text for text in DOCUMENTS if read_lines(text, Limits()) is not None]
    assert len(read) > 0.6 * len(DOCUMENTS)
    places = [place for text in read for place in places_found(text)]
    assert places.count(True) > 0.8 * len(places)
    assert not [text for text in read if list(differences(text, read_lines(text, Limits())))]  # type: ignore[arg-type]
