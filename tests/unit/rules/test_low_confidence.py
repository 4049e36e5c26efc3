"""The rule that finds Pods which may be several applications."""

from __future__ import annotations

import pytest

from service.findings import Severity
from service.options import Options
from service.rules.low_confidence import check
from tests.support.classifying import rule_input, text_of, workload

SPEC = """
containers:
- {name: web, image: shop/web, ports: [{containerPort: 8080}], args: ['--x=localhost:3000']}
- {name: x, image: shop/x, ports: [{containerPort: 3000}]}
"""
"""One calls the other on localhost, which may be on purpose."""


def confidence() -> float:
    """How sure the boundary is."""
    [classification] = rule_input(workload(SPEC)).classifications
    return classification.boundary_confidence()


def test_a_boundary_that_is_not_sure_enough_is_found() -> None:
    """At the workload's name, with the annotation that would settle it."""
    run = rule_input(workload(SPEC))
    [finding] = check(run)
    assert (finding.rule, finding.severity) == ("low-confidence", Severity.INFO)
    assert finding.workload == "Deployment/shop"
    assert finding.message == (
        f"web and x look like applications of their own, but not surely ({confidence():.2f}):"
        " nothing is cut; if they are, say so with the annotation podsplit.dev/roles:"
        " web=main,x=unrelated; if not, with =sidecar"
    )
    assert text_of(finding.location, run) == "shop"


def test_all_heads_are_named() -> None:
    """And nobody else."""
    third = "- {name: z, image: shop/z, ports: [{containerPort: 70}]}\n- {name: log, image: l}\n"
    [finding] = check(rule_input(workload(SPEC + third)))
    assert finding.message.startswith("web and x and z look like applications")
    assert "podsplit.dev/roles: web=main,x=unrelated,z=unrelated;" in finding.message


@pytest.mark.parametrize(
    ("margin", "found"), [(0.2, True), (1e-9, True), (-1e-9, False), (-0.05, False)]
)
def test_it_is_held_against_the_wanted_confidence(margin: float, found: bool) -> None:
    """As it was given with the request."""
    run = rule_input(workload(SPEC), options=Options(min_confidence=confidence() + margin))
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
