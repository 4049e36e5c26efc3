"""The declared shape of JSON bodies."""

from __future__ import annotations

import pytest

from service.web.schemas.request import EnvelopeSchema, SuggestionsEnvelopeSchema

FILE = {"path": "a.yaml", "content": "a: 1\n"}


def test_an_envelope():
    """Files, with or without options."""
    for body in ({"files": []}, {"files": [FILE], "options": {"apply": "safe"}}):
        assert EnvelopeSchema().validate(body) == {}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "files"),
        ({"files": FILE}, "files"),
        ({"files": [{"path": "a.yaml"}]}, "files"),
        ({"files": [FILE | {"mode": 1}]}, "files"),
        ({"files": [], "options": {"nope": 1}}, "options"),
        ({"files": [], "diff": ""}, "diff"),
    ],
)
def test_what_is_no_envelope(body, field):
    """The field that is wrong is named."""
    assert EnvelopeSchema().validate(body).keys() == {field}


def test_an_envelope_for_suggestions_has_a_diff():
    """It must be there, and be a text."""
    assert SuggestionsEnvelopeSchema().validate({"files": [FILE], "diff": ""}) == {}
    assert SuggestionsEnvelopeSchema().validate({"files": [FILE]}).keys() == {"diff"}
    assert SuggestionsEnvelopeSchema().validate({"files": [], "diff": 1}).keys() == {"diff"}
