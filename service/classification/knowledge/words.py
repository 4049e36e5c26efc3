"""The words that people name things by, from `words.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

import yaml

from service.classification.knowledge.errors import KnowledgeError
from service.findings import Pattern


@dataclass(frozen=True, slots=True)
class Words:
    """All words, in lower case."""

    helpers: Mapping[str, Pattern]
    """The words that helpers are called by, with what such a helper is for."""
    certain: frozenset[str]
    """Those of them that name nothing but helpers."""
    roles: Mapping[str, str]
    """The words that parts of a product are called by, with which part it is."""
    applications: frozenset[str]
    """The words that applications are called by, these included."""
    empty: frozenset[str]
    """The words of a workload's name that say nothing of what it is for."""


def words_from(text: str) -> Words:
    """The words in the text of `words.yaml`.

    Raises:
        KnowledgeError: a field is missing or has a value that is not allowed.
    """
    data = yaml.load(text, Loader=yaml.CSafeLoader)
    try:
        roles = {word: role for role, words in data["roles"].items() for word in words}
        words = Words(
            helpers={
                word: Pattern(pattern)
                for pattern, words_of_pattern in data["helpers"].items()
                for word in words_of_pattern
            },
            certain=frozenset(data["certain"]),
            roles=roles,
            applications=frozenset(data["applications"]) | roles.keys(),
            empty=frozenset(data["empty"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise KnowledgeError(f"words.yaml: {error}") from None
    if not words.certain <= words.helpers.keys():
        raise KnowledgeError("words.yaml: a certain word is no helper's")
    return words


@cache
def load_words() -> Words:
    """The words that come with Podsplit.

    Raises:
        KnowledgeError: the file is wrong.
    """
    file = resources.files(__package__) / "words.yaml"
    return words_from(file.read_text(encoding="utf-8"))
