"""The weights are what the labelled Pods say, and the data set holds facts alone."""

from __future__ import annotations

import json
import re
from collections import Counter

import pytest

from bench.classification import BASELINES, Answer, Figures
from bench.labelled_pods import DATASET, PARTS, labelled_pods
from service.classification.knowledge.weights import load_weights
from tools.fit_weights import FIXED, fitted_weights, fold_of

_SECRETS = re.compile(
    r"eyJ[A-Za-z0-9_-]{10}|AKIA[0-9A-Z]{12}|-----BEGIN|ghp_|xox[bp]-|://[^/\s\"]*:[^/\s\"]*@"
)
_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+\.(?:com|org|net|io|de)\b")


def test_the_weights_are_those_that_the_data_gives() -> None:
    """`make weights` would write the same, but for what rounding does on another machine."""
    fitted, shipped = fitted_weights(list(labelled_pods())), load_weights()
    assert fitted.prior == pytest.approx(shipped.prior, abs=0.05)
    for case, weight in shipped.cases.items():
        assert fitted.of(case).value == pytest.approx(weight.value, abs=0.05), case


def test_what_holds_by_definition_is_not_fitted() -> None:
    """An owner's word doesn't depend on what others publish."""
    cases = load_weights().cases
    fixed = [case for case in cases if case.startswith(FIXED)]
    assert len(fixed) > 4
    assert all(cases[case].value == cases[case].argued for case in fixed)


def test_no_owner_is_on_both_sides() -> None:
    """The fold is the owner's, and every fold has enough of them."""
    owners = {pod.owner for pod in labelled_pods()}
    sizes = Counter(map(fold_of, owners))
    assert len(sizes) == 5
    assert min(sizes.values()) > 20


def test_the_data_set_has_no_secrets_and_nobodys_address() -> None:
    """Facts only."""
    text = DATASET.read_text()
    assert _SECRETS.findall(text) == []
    assert [found for found in _ADDRESS.findall(text) if "example" not in found] == []
    for line in text.splitlines():
        for data in json.loads(line)["objects"]:
            words = re.findall(r'"value": "([^"]*)"', json.dumps(data))
            assert all(len(word) < 1500 for word in words)


def test_every_record_is_whole() -> None:
    """It has several containers, and says where it is from."""
    records = [json.loads(line) for line in DATASET.read_text().splitlines()]
    assert len({record["id"] for record in records}) == len(records) >= 600
    for record in records:
        names = [name for group in record["groups"] for name in group]
        assert len(names) > 1
        assert record["source"]["repo"]
        assert record["part"] in PARTS
    for pod in labelled_pods():
        assert pod.context.classified_containers != ()


def test_naive_rules_cut_what_belongs_together() -> None:
    """So that the figures of a tool have something to be held against."""
    pods = list(labelled_pods())
    for name, rule in BASELINES.items():
        figures = Figures([Answer(pod, rule(pod), rule(pod)) for pod in pods]).of_part("all")
        assert figures.wrongly_cut > 100, name
        assert figures.f1 < 0.6, name
