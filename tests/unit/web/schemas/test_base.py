"""The fields that schemas are made of."""

from __future__ import annotations

from enum import StrEnum

import pytest
from marshmallow import fields

from service.findings import Leans, Severity
from service.web.schemas.base import (
    StrictSchema,
    choice_field,
    flag_field,
    list_field,
    number_field,
    text_field,
)


class ThingSchema(StrictSchema):
    """One field of each kind."""

    text = text_field("A text.")
    leans = choice_field("An enum of words.", Leans)
    severity = choice_field("An enum of numbers with labels.", Severity)
    number = number_field("A number.", 1)
    flag = flag_field("A flag.")
    items = list_field(fields.String(), "A list.")


THING = {
    "text": "a",
    "leans": "apart",
    "severity": "warning",
    "number": 1,
    "flag": False,
    "items": ["a"],
}


def test_everything_that_is_there_is_allowed():
    """Enums are their words or labels."""
    assert ThingSchema().validate(THING) == {}


@pytest.mark.parametrize("name", THING)
def test_every_field_has_to_be_there(name):
    """None is optional unless it says so."""
    rest = {key: value for key, value in THING.items() if key != name}

    assert ThingSchema().validate(rest).keys() == {name}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("text", None),
        ("text", 1),
        ("leans", "up"),
        ("severity", "2"),
        ("number", 0),
        ("number", 1.5),
        ("flag", "perhaps"),
        ("items", "a"),
        ("items", [1]),
        ("other", 1),
    ],
)
def test_nothing_else_is_allowed(name, value):
    """A value of another kind, a word that is not in the enum, a field that is unknown."""
    assert ThingSchema().validate(THING | {name: value}).keys() == {name}


def test_the_words_of_an_enum_are_its_values():
    """Those with a label have it instead of their number."""
    assert issubclass(Leans, StrEnum)
    assert ThingSchema().fields["leans"].validate.choices == ["together", "apart"]
    assert ThingSchema().fields["severity"].validate.choices == ["info", "warning", "error"]
