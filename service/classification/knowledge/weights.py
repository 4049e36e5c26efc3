"""The weights of evidence, from `weights.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

import yaml

from service.classification.knowledge.errors import KnowledgeError


@dataclass(frozen=True, slots=True)
class Weight:
    """How much one case of a signal counts."""

    value: float
    """In log-odds, natural logarithm."""
    family: str
    """Cases of one family are one fact seen several ways: of those that make the same claim, only
    the heaviest counts.
    """
    argued: float
    """What it was thought to be before any data: what a fit is drawn towards."""
    why: str
    """Why it is about that much."""


@dataclass(frozen=True, slots=True)
class Weights:
    """All weights."""

    prior: float
    """The log-odds that two containers of one Pod belong together, before anything else is
    known.
    """
    argued_prior: float
    """What that was thought to be before any data."""
    cases: Mapping[str, Weight]
    """By `signal.case`."""

    def of(self, case: str) -> Weight:
        """The weight of a case."""
        return self.cases[case]


def weights_from(text: str) -> Weights:
    """The weights in the text of `weights.yaml`.

    Raises:
        KnowledgeError: a field is missing or has a value that is not allowed.
    """
    data = yaml.load(text, Loader=yaml.CSafeLoader)
    try:
        cases = {
            case: Weight(
                value=float(fields["weight"]),
                family=fields["family"],
                argued=float(fields["argued"]),
                why=fields["why"],
            )
            for case, fields in data["cases"].items()
        }
        prior = data["prior"]
        return Weights(float(prior["weight"]), float(prior["argued"]), cases)
    except (KeyError, TypeError, ValueError) as error:
        raise KnowledgeError(f"weights.yaml: {error}") from None


@cache
def load_weights() -> Weights:
    """The weights that come with Podsplit.

    Raises:
        KnowledgeError: the file is wrong.
    """
    file = resources.files(__package__) / "weights.yaml"
    return weights_from(file.read_text(encoding="utf-8"))
