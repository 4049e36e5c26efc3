"""The words that people name things by."""

from __future__ import annotations

import pytest

from service.classification.knowledge.errors import KnowledgeError
from service.classification.knowledge.words import Words, load_words, words_from
from service.findings import Pattern


def test_those_that_come_with_podsplit_are_read_whole() -> None:
    """In lower case; no word is called both a helper and an application."""
    loaded = load_words()
    assert loaded.helpers["log"] is Pattern.LOGGING
    assert "exporter" in loaded.certain
    assert "api" in loaded.applications
    assert "pod" in loaded.empty
    for group in (loaded.helpers, loaded.certain, loaded.applications, loaded.empty):
        assert all(word == word.lower() for word in group)
    assert not loaded.applications & loaded.helpers.keys()
    assert load_words() is loaded


REST = "roles: {frontend: [ui]}\napplications: [api]\nempty: [pod]\n"


def test_a_text_is_read_as_it_stands() -> None:
    """Helpers by what they are for."""
    text = f"helpers: {{logging: [log], proxy: [gate, door]}}\ncertain: [gate]\n{REST}"
    assert words_from(text) == Words(
        helpers={"log": Pattern.LOGGING, "gate": Pattern.PROXY, "door": Pattern.PROXY},
        certain=frozenset({"gate"}),
        roles={"ui": "frontend"},
        applications=frozenset({"api", "ui"}),
        empty=frozenset({"pod"}),
    )


def test_every_word_of_helpers_may_be_a_certain_one() -> None:
    """None has to be doubtful."""
    assert words_from(f"helpers: {{proxy: [gate]}}\ncertain: [gate]\n{REST}").certain == {"gate"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"certain: []\n{REST}", "words.yaml: 'helpers'"),
        (f"helpers: {{}}\n{REST}", "words.yaml: 'certain'"),
        ("helpers: {}\ncertain: []\n", "words.yaml: 'roles'"),
        ("roles: {}\nhelpers: {}\ncertain: []\nempty: []\n", "words.yaml: 'applications'"),
        ("roles: {}\nhelpers: {}\ncertain: []\napplications: []\n", "words.yaml: 'empty'"),
        (f"helpers: {{doors: [door]}}\ncertain: []\n{REST}", "words.yaml: 'doors' is not a valid"),
        (f"helpers: {{}}\ncertain: 7\n{REST}", "words.yaml: 'int' object is not iterable"),
        (f"helpers: {{}}\ncertain: [gate]\n{REST}", "words.yaml: a certain word is no helper's"),
    ],
)
def test_a_wrong_text_is_refused(text: str, message: str) -> None:
    """With what is wrong in it."""
    with pytest.raises(KnowledgeError, match=f"^{message}"):
        words_from(text)
