"""The weights of evidence."""

from __future__ import annotations

import pytest

from service.classification.knowledge.errors import KnowledgeError
from service.classification.knowledge.weights import Weight, Weights, load_weights, weights_from


def test_a_case_has_its_weight() -> None:
    """By `signal.case`."""
    weight = Weight(1.5, "family", 1.0, "because")
    assert Weights(1.0, 1.0, {"a.b": weight}).of("a.b") is weight


def test_those_that_come_with_podsplit_are_read_whole() -> None:
    """The prior is for together; no weight is negative or without a reason."""
    loaded = load_weights()
    assert loaded.prior > 0
    assert loaded.of("known-image.helper").family == "identity"
    assert all(item.value > 0 and item.why for item in loaded.cases.values())
    assert load_weights() is loaded


def test_a_text_is_read_as_it_stands() -> None:
    """Numbers may be whole."""
    case = "{weight: 2, argued: 1.5, family: f, why: w}"
    text = f"prior: {{weight: 1, argued: 3, why: x}}\ncases: {{a.b: {case}}}\n"
    assert weights_from(text) == Weights(1.0, 3.0, {"a.b": Weight(2.0, "f", 1.5, "w")})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("cases: {}\n", "weights.yaml: 'prior'"),
        ("prior: {weight: 1}\n", "weights.yaml: 'cases'"),
        ("prior: {weight: much}\ncases: {}\n", "weights.yaml: could not convert"),
        ("prior: {weight: 1}\ncases: {a: {weight: 1, why: w}}\n", "weights.yaml: 'family'"),
        ("prior: {weight: 1}\ncases: {}\n", "weights.yaml: 'argued'"),
        ("cases: {a: {weight: 1, family: f}}\n", "weights.yaml: 'argued'"),
        ("cases: {a: {weight: 1, argued: 1, family: f}}\n", "weights.yaml: 'why'"),
        ("prior: {weight: 1}\ncases: {a: 1}\n", "weights.yaml: 'int' object"),
    ],
)
def test_a_wrong_text_is_refused(text: str, message: str) -> None:
    """With what is wrong in it."""
    with pytest.raises(KnowledgeError, match=f"^{message}"):
        weights_from(text)
