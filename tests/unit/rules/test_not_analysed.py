"""The rule that says where Podsplit itself broke."""

from __future__ import annotations

from dataclasses import replace

from service.findings import Severity
from service.rules.not_analysed import broken, check
from tests.support.classifying import rule_input, text_of, workload

SET = rule_input(workload("containers: [{name: web, image: shop/web}]", kind="Pod", name="web"))


def test_nothing_broke() -> None:
    """Nothing is said."""
    assert list(check(SET)) == []


def test_a_workload_that_could_not_be_judged_is_found() -> None:
    """At its kind, with the type of the exception."""
    [finding] = check(replace(SET, unjudged=((SET.workloads[0], "KeyError"),)))
    assert (finding.rule, finding.severity) == ("not-analysed", Severity.WARNING)
    assert finding.workload == "Pod/web"
    assert finding.message == (
        "judging its containers broke (KeyError); this is a mistake of Podsplit: please report it"
    )
    assert text_of(finding.location, SET) == "kind"


def test_a_rule_that_broke_is_named() -> None:
    """Its part is in the message."""
    message = broken(SET.workloads[0], "the rule bare-pod", "TypeError").message
    assert message.startswith("the rule bare-pod broke (TypeError)")
