"""Which of many spans hold a place."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import Generic, TypeVar

from service.text import Span

T = TypeVar("T")


class SpanIndex(Generic[T]):
    """Things by their spans, where few hold the same place.

    Args:
        things: each with its span.
    """

    def __init__(self, things: Iterable[tuple[Span, T]]) -> None:
        self._things = sorted(things, key=_start)
        self._starts = [span.start for span, _ in self._things]
        self._ends = list(accumulate((span.end for span, _ in self._things), max))

    def at(self, place: int) -> Iterator[T]:
        """What is where a place is, the last to start first.

        Args:
            place: an offset; one at the end of a span isn't in it.
        """
        number = bisect_right(self._starts, place) - 1
        # Where nothing up to here reaches as far, nothing before does either.
        while number >= 0 and self._ends[number] > place:
            span, thing = self._things[number]
            if span.end > place:
                yield thing
            number -= 1


def _start(entry: tuple[Span, object]) -> int:
    return entry[0].start
