"""The rule that tells of a split between its stages."""

from __future__ import annotations

from service.findings import Severity
from service.rules import low_confidence, split_in_progress, unrelated_containers
from tests.support.classifying import rule_input, text_of, workload

SPEC = """
containers:
- {name: shop, image: shop/web, ports: [{containerPort: 80}]}
- {name: mysql, image: 'mysql:8', ports: [{containerPort: 3306}]}
"""
MADE = """apiVersion: apps/v1
kind: Deployment
metadata: {name: shop-mysql, annotations: {podsplit.dev/split-from: shop}}
spec: {template: {spec: {containers: [{name: mysql, image: 'mysql:8'}]}}}
"""


def test_a_split_between_its_stages_is_told() -> None:
    """A note, with what came of it."""
    run = rule_input(workload(SPEC), MADE)
    [finding] = split_in_progress.check(run)
    assert (finding.rule, finding.severity) == ("split-in-progress", Severity.INFO)
    assert finding.workload == "Deployment/shop"
    assert text_of(finding.location, run) == "shop"
    [(message, location)] = finding.related
    assert message == "Deployment/shop-mysql was split off"
    assert text_of(location, run) == "shop-mysql"


def test_the_findings_that_it_answers_wait() -> None:
    """Nothing fails a gate meanwhile."""
    run = rule_input(workload(SPEC), MADE)
    assert list(unrelated_containers.check(run)) == []
    assert list(low_confidence.check(run)) == []


def test_without_one_there_is_nothing_to_tell() -> None:
    """Nor is it what came of one."""
    assert list(split_in_progress.check(rule_input(workload(SPEC)))) == []
