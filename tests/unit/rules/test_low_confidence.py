"""The rule that finds Pods which may be several applications."""

from __future__ import annotations

import pytest

from service.findings import Severity
from service.options import Options
from service.rules.low_confidence import check
from tests.support.classifying import rule_input, text_of, workload

SPEC = """
containers:
- {name: web, image: shop/web, ports: [{containerPort: 8080}]}
- {name: api, image: shop/api, ports: [{containerPort: 3000}]}
"""
CONFIDENCE = 1 / (1 + 2.718281828459045 ** -(0.9 + 1.2 - 1.5))
"""Two names of applications, two ports, less the prior."""


def test_a_boundary_that_is_not_sure_enough_is_found() -> None:
    """At the workload's name, with the annotation that would settle it."""
    run = rule_input(workload(SPEC))
    [finding] = check(run)
    assert (finding.rule, finding.severity) == ("low-confidence", Severity.INFO)
    assert finding.workload == "Deployment/shop"
    assert finding.message == (
        "web and api look like applications of their own, but not surely (0.65): nothing is cut; if"
        " they are, say so with the annotation podsplit.dev/roles: web=main,api=unrelated; if not,"
        " with =sidecar"
    )
    assert text_of(finding.location, run) == "shop"


def test_all_heads_are_named() -> None:
    """And nobody else."""
    third = "- {name: ui, image: shop/ui, ports: [{containerPort: 70}]}\n- {name: log, image: l}\n"
    [finding] = check(rule_input(workload(SPEC + third)))
    assert finding.message.startswith("web and api and ui look like applications")
    assert "podsplit.dev/roles: web=main,api=unrelated,ui=unrelated;" in finding.message


@pytest.mark.parametrize(
    ("min_confidence", "found"),
    [(0.8, True), (CONFIDENCE + 1e-9, True), (CONFIDENCE - 1e-9, False), (0.5, False)],
)
def test_it_is_held_against_the_wanted_confidence(min_confidence: float, found: bool) -> None:
    """As it was given with the request."""
    run = rule_input(workload(SPEC), options=Options(min_confidence=min_confidence))
    assert bool(list(check(run))) is found


def test_a_boundary_as_sure_as_is_asked_for_is_none() -> None:
    """It is what `unrelated-containers` finds."""
    [classification] = rule_input(workload(SPEC)).classifications
    exact = Options(min_confidence=classification.boundary_confidence())
    assert list(check(rule_input(workload(SPEC), options=exact))) == []


def test_a_folder_may_ask_for_less() -> None:
    """Its own options count for its files."""
    options = Options(folders=(("team/", Options(min_confidence=0.5)),))
    assert list(check(rule_input(workload(SPEC), options=options, path="team/a.yaml"))) == []
    assert len(list(check(rule_input(workload(SPEC), options=options, path="a.yaml")))) == 1


def test_one_application_is_none_however_much_is_asked_for() -> None:
    """And those behind it are looked at."""
    one = workload("containers: [{name: web, image: shop/web}, {name: log, image: shop/log}]")
    run = rule_input(one, workload(SPEC, name="other"), options=Options(min_confidence=0.99))
    assert [finding.workload for finding in check(run)] == ["Deployment/other"]
    options = Options(min_confidence=1.1)
    assert list(check(rule_input(one, options=options))) == []
