"""The words of the names that people give to containers, images and workloads."""

from __future__ import annotations

import re
from functools import lru_cache

from service.classification.knowledge.words import load_words

_SEPARATORS = re.compile(r"[-_.]+")


@lru_cache(maxsize=10_000)
def words_of(name: str) -> tuple[str, ...]:
    """The words of a name, in lower case, trailing numbers cut off."""
    return tuple(
        word.rstrip("0123456789") or word for word in _SEPARATORS.split(name.lower()) if word
    )


@lru_cache(maxsize=10_000)
def helper_words(name: str) -> tuple[str, ...]:
    """The words of a name that people give to helpers, the certain ones last."""
    known = load_words()
    return tuple(
        sorted(
            (word for word in words_of(name) if word in known.helpers),
            key=lambda word: word in known.certain,
        )
    )
