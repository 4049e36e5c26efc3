"""The rule that finds two containers which declare one port."""

from __future__ import annotations

from service.findings import Severity
from service.rules.port_clash import check
from tests.support.classifying import rule_input, text_of, workload

SPEC = """
containers:
- {name: a, image: shop/a, ports: [{containerPort: 80}]}
- {name: b, image: shop/b, ports: [{containerPort: %s, name: x}]}
"""


def test_a_port_that_two_declare_is_found() -> None:
    """At the second declaration, with the place of the first."""
    run = rule_input(workload(SPEC % 80))
    [finding] = check(run)
    assert (finding.rule, finding.severity) == ("port-clash", Severity.ERROR)
    assert finding.workload == "Deployment/shop"
    assert finding.message == (
        "a and b both declare port 80/TCP: only one can listen on it in a Pod"
    )
    assert text_of(finding.location, run) == "{containerPort: 80, name: x}"
    [(message, location)] = finding.related
    assert message == "a declares it here"
    assert text_of(location, run) == "{containerPort: 80}"


def test_ports_of_their_own_are_none() -> None:
    """And the workloads behind are looked at."""
    run = rule_input(workload(SPEC % 81, name="one"), workload(SPEC % 80, name="two"))
    assert [finding.workload for finding in check(run)] == ["Deployment/two"]
