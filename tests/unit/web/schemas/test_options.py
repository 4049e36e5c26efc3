"""The options that a request may have."""

from __future__ import annotations

import pytest
from marshmallow import ValidationError

from service.web.schemas.options import (
    CatalogueEntrySchema,
    OptionsSchema,
    QuerySchema,
    SuggestionsQuerySchema,
)


def wrong(data: dict[str, object]) -> dict[str, object]:
    """The messages for options, by field."""
    with pytest.raises(ValidationError) as caught:
        OptionsSchema().load(data)
    assert isinstance(caught.value.messages, dict)
    return caught.value.messages


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ("a", ["a"]),
        (" a , b,,", ["a", "b"]),
        ("", []),
        (["a", "b"], ["a", "b"]),
    ],
)
def test_a_list_of_words(sent, expected):
    """A list, or one text with commas as a query has it."""
    assert OptionsSchema().load({"rules": sent}) == {"rules": expected}


@pytest.mark.parametrize("value", [None, 3, True, "unknown", ["safe"]])
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("apply", "safe, review"),
        ("layout", "in-place, new-files"),
        ("stage", "expand, add, switch, contract"),
        ("fail_on", "info, warning, error"),
    ],
)
def test_a_wrong_word_names_the_right_ones(name, words, value):
    """Whatever was given instead."""
    assert wrong({name: value}) == {name: [f"must be one of {words}"]}


@pytest.mark.parametrize(
    "image", ["a", "acme/*", "registry.example.com:5000/a-b_c/[ab]?!", "x" * 256]
)
def test_images_are_globs(image):
    """Over a repository path, of up to 256 characters."""
    entry = {"image": image, "role": "helper"}

    assert CatalogueEntrySchema().load(entry) == entry | {"pattern": None}


@pytest.mark.parametrize("image", ["", "x" * 257, "(a+)+$", "a b", "a\n", "ä", None])
def test_images_that_are_no_globs(image):
    """Regular expressions above all."""
    with pytest.raises(ValidationError):
        CatalogueEntrySchema().load({"image": image, "role": "helper"})


def test_what_fits_into_a_query():
    """Not the catalogue; a query for suggestions has neither stage nor gate, but a platform."""
    options = set(OptionsSchema().fields)

    assert set(QuerySchema().fields) == options - {"catalogue", "baseline"} | {
        "format",
        "path",
    }
    assert set(SuggestionsQuerySchema().fields) == options - {
        "catalogue",
        "baseline",
        "stage",
        "fail_on",
        "allow_empty",
    } | {"platform", "bot"}
