"""JSON as it is answered."""

from __future__ import annotations

import json

import pytest

from service.web.formats import to_json


@pytest.mark.parametrize(
    "data",
    [
        {"name": "wörk", "line": 3, "share": 0.9533, "none": None, "all": [True, {}]},
        {"path": "half a pair: \ud800"},
        ["\U0001f600\n\x00"],
    ],
    ids=["all kinds", "half of a surrogate pair", "characters that are escaped"],
)
def test_json_is_compact_and_says_what_it_was_given(data: object) -> None:
    """One line, whatever the text holds."""
    text = to_json(data)
    assert text.endswith("\n")
    assert text.count("\n") == 1
    assert json.loads(text) == data
    assert '": ' not in text.replace("pair: ", "")
