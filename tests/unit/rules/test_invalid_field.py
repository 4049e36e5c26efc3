"""The rule that finds what the API server refuses."""

from __future__ import annotations

from service.findings import Severity
from service.rules.invalid_field import check
from tests.support.classifying import rule_input, text_of, workload

SPEC = "containers: [{name: a, image: shop/a, env: [{name: A, value: %s}]}]"


def test_a_number_in_a_variable_is_found_where_it_stands() -> None:
    """With what to do, and without the value."""
    run = rule_input(workload(SPEC % 8080))
    [finding] = check(run)
    assert (finding.rule, finding.severity) == ("invalid-field", Severity.ERROR)
    assert finding.workload == "Deployment/shop"
    assert "quote it; the API server refuses Deployment/shop as it stands" in finding.message
    assert "8080" not in finding.message
    assert text_of(finding.location, run) == "8080"


def test_a_text_is_right() -> None:
    """Quoted or not."""
    assert list(check(rule_input(workload(SPEC % "'8080'"), workload(SPEC % "a", name="b")))) == []
