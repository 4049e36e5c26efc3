"""Spans are found by a place, held against looking at all of them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from service.span_index import SpanIndex
from service.text import Span

SPANS = st.lists(
    st.tuples(st.integers(0, 30), st.integers(0, 10)).map(
        lambda pair: Span(pair[0], pair[0] + pair[1])
    ),
    max_size=20,
)


@given(SPANS, st.integers(0, 45))
def test_spans_that_hold_a_place(spans: list[Span], place: int) -> None:
    """All of them, whether they are apart, beside or within each other; the last to start first."""
    found = list(SpanIndex((span, number) for number, span in enumerate(spans)).at(place))
    assert sorted(found) == [
        number for number, span in enumerate(spans) if span.start <= place < span.end
    ]
    assert [spans[number].start for number in found] == sorted(
        (spans[number].start for number in found), reverse=True
    )
