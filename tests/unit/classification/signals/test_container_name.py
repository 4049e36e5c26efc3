"""The signal that reads the names of containers."""

from __future__ import annotations

import pytest

from service.classification.name_words import helper_words, words_of
from service.classification.observation import Claim
from service.classification.signals.container_name import observe
from service.findings import Pattern
from tests.support.classifying import context_of, seen, text_at, workload


def pod(*containers: str) -> str:
    """A workload with containers, each a name and perhaps an image behind a space."""
    lines = [
        f"- {{name: '{name}', image: {image or 'shop/x'}}}"
        for name, _, image in (container.partition(" ") for container in containers)
    ]
    return workload("\n".join(["containers:", *lines]))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("orders-log-shipper", ("orders", "log", "shipper")),
        ("a_b.c--d", ("a", "b", "c", "d")),
        ("Web2", ("web",)),
        ("web-2", ("web", "2")),
        ("k8s", ("k8s",)),
        ("", ()),
    ],
)
def test_names_are_cut_at_dashes_underscores_and_dots(name: str, words: tuple[str, ...]) -> None:
    """Numbers behind a word are cut off; a number alone stays."""
    assert words_of(name) == words


def test_the_words_of_helpers_end_with_the_certain_ones() -> None:
    """The last one is the one that counts."""
    assert helper_words("exporter-log-of-web") == ("log", "exporter")
    assert helper_words("log-proxy") == ("log", "proxy")
    assert helper_words("catalog") == ()


def test_a_word_of_helpers_makes_a_helper_of_its_pattern() -> None:
    """`log` is what logging helpers are called."""
    context = context_of(pod("web", "log"))
    assert seen(observe, context) == [("container-name.word", Claim.HELPER, "log", None)]
    [observation] = observe(context)
    assert observation.pattern is Pattern.LOGGING
    assert observation.message == "its name has the word 'log', which people give to helpers"
    assert text_at(observation.place) == "'log'"


def test_a_certain_word_counts_before_the_others() -> None:
    """`exporter` names nothing but helpers, and says what the helper is for."""
    context = context_of(pod("web", "exporter-proxy"))
    assert seen(observe, context) == [
        ("container-name.certain-word", Claim.HELPER, "exporter-proxy", None)
    ]
    [observation] = observe(context)
    assert observation.pattern is Pattern.METRICS


def test_a_name_built_on_a_neighbours_belongs_to_it() -> None:
    """The helper's word and the neighbour's name are two facts."""
    context = context_of(pod("db", "db-backup"))
    assert seen(observe, context) == [
        ("container-name.word", Claim.HELPER, "db-backup", "db"),
        ("container-name.built-on", Claim.TOGETHER, "db-backup", "db"),
    ]
    [_, observation] = observe(context)
    assert observation.message == "its name is built on that of db"
    assert text_at(observation.place) == "'db-backup'"


def test_a_name_may_be_built_on_one_that_stands_behind_it() -> None:
    """The order of the containers doesn't matter; of two the first counts."""
    assert seen(observe, context_of(pod("db-x-y", "web", "db", "db-x"))) == [
        ("container-name.built-on", Claim.TOGETHER, "db-x-y", "db"),
        ("container-name.built-on", Claim.TOGETHER, "db-x", "db"),
    ]


def test_a_word_that_products_bear_too_says_nothing_of_a_known_server() -> None:
    """A gateway that runs nginx may well be the application."""
    assert seen(observe, context_of(pod("web", "gateway nginx"))) == []


def test_a_certain_word_says_it_of_a_known_server_too() -> None:
    """An ambassador that runs nginx is a helper."""
    assert seen(observe, context_of(pod("web", "ambassador nginx"))) == [
        ("container-name.certain-word", Claim.HELPER, "ambassador", None)
    ]


def test_a_word_says_it_of_a_known_tool() -> None:
    """A tool stands alone nowhere."""
    assert seen(observe, context_of(pod("web", "sync busybox"))) == [
        ("container-name.word", Claim.HELPER, "sync", None)
    ]


@pytest.mark.parametrize("name", ["syncope", "catalog", "logistics", "web"])
def test_a_word_within_a_word_says_nothing(name: str) -> None:
    """Whole words only."""
    assert seen(observe, context_of(pod("shop", name))) == []


@pytest.mark.parametrize("name", ["web-1", "web2", "webshop", "myweb-x"])
def test_numbered_copies_and_longer_words_are_not_built_on_a_name(name: str) -> None:
    """`web-1` is another one of the kind, not a part of it."""
    assert seen(observe, context_of(pod("web", name))) == []


def test_a_missing_name_is_built_on_by_nobody() -> None:
    """A name that starts with a dash is not built on an empty one."""
    assert seen(observe, context_of(pod("", "-x"))) == []
