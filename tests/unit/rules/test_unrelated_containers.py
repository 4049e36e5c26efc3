"""The rule that finds Pods of several applications."""

from __future__ import annotations

import pytest

from service.findings import Severity
from service.options import Options
from service.rules.unrelated_containers import check
from tests.support.classifying import rule_input, text_of, workload

SPEC = """
containers:
- {name: web, image: shop/web, ports: [{containerPort: 8080}]}
- {name: db, image: mysql}
"""


def test_an_application_beside_another_is_found() -> None:
    """At the name of its head, with the places of both."""
    run = rule_input(workload(SPEC))
    [finding] = check(run)
    assert (finding.rule, finding.severity) == ("unrelated-containers", Severity.WARNING)
    assert finding.workload == "Deployment/shop"
    assert finding.message == (
        "db is an application of its own beside web: they can't be scaled, rolled out or fail apart"
    )
    assert text_of(finding.location, run) == "db"
    assert [(message, text_of(place, run)) for message, place in finding.related] == [
        ("web is an application", "web"),
        ("db is an application", "db"),
    ]


def test_several_are_named_together() -> None:
    """Helpers aside."""
    more = "- {name: log, image: fluent-bit}\n- {name: queue, image: rabbitmq}\n"
    run = rule_input(workload(SPEC + more))
    [finding] = check(run)
    assert finding.message == (
        "db, queue are applications of their own beside web: they can't be scaled, rolled out or"
        " fail apart"
    )
    assert text_of(finding.location, run) == "db"
    assert [message for message, _ in finding.related] == [
        f"{name} is an application" for name in ("web", "db", "queue")
    ]


def confidence() -> float:
    """How sure the boundary is."""
    [classification] = rule_input(workload(SPEC)).classifications
    return classification.boundary_confidence()


@pytest.mark.parametrize(("margin", "found"), [(-1e-9, True), (0.0, True), (1e-9, False)])
def test_it_is_held_against_the_wanted_confidence(margin: float, found: bool) -> None:
    """As it was given with the request, or for the folder."""
    options = Options(min_confidence=confidence() + margin)
    assert bool(list(check(rule_input(workload(SPEC), options=options)))) is found
    folders = Options(folders=(("team/", options),))
    run = rule_input(workload(SPEC), options=folders, path="team/a.yaml")
    assert bool(list(check(run))) is found


def test_one_application_is_none() -> None:
    """And those behind it are looked at."""
    one = workload("containers: [{name: web, image: shop/web}, {name: log, image: shop/log}]")
    unsure = workload(
        "containers: [{name: a, image: shop/x, ports: [{containerPort: 1}], args: ['localhost:2']},"
        " {name: b, image: shop/y, ports: [{containerPort: 2}]}]",
        name="unsure",
    )
    run = rule_input(one, unsure, workload(SPEC, name="other"))
    assert [finding.workload for finding in check(run)] == ["Deployment/other"]
