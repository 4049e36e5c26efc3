"""The words that people name things by, from `words.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

import yaml

from service.classification.knowledge import KnowledgeError
from service.findings import Pattern


@dataclass(frozen=True, slots=True)
class Words:
    """All of them."""

    helpers: Mapping[str, Pattern]
    """What helpers are called, with what they are for."""
    certain: frozenset[str]
    """Those of them that name nothing but helpers."""
    applications: frozenset[str]
    """What applications are called."""
    empty: frozenset[str]
    """What says nothing in a workload's name."""


@cache
def load_words() -> Words:
    """The words that come with Podsplit.

    Raises:
        KnowledgeError: the file is wrong.
    """
    data = yaml.load(
        (resources.files(__package__) / "words.yaml").read_text(encoding="utf-8"),
        Loader=yaml.CSafeLoader,
    )
    try:
        helpers = {
            word: Pattern(pattern) for pattern, words in data["helpers"].items() for word in words
        }
        words = Words(
            helpers, *(frozenset(data[field]) for field in ("certain", "applications", "empty"))
        )
    except (KeyError, TypeError, ValueError) as error:
        raise KnowledgeError(f"words.yaml: {error}") from None
    if not words.certain <= set(words.helpers):
        raise KnowledgeError("words.yaml: a certain word is no helper's")
    return words
