"""The rule that finds Pods which are copies of each other."""

from __future__ import annotations

import pytest

from service.findings import Severity
from service.rules.replicated_pods import check
from tests.support.classifying import rule_input, text_of, workload


def pod(name: str, image: str = "shop/web") -> str:
    """A Pod with one container."""
    return workload(f"containers: [{{name: web, image: {image}}}]", kind="Pod", name=name)


def test_copies_are_found_at_the_first_of_them() -> None:
    """With the places of the others."""
    run = rule_input(pod("web-1"), pod("web-2"), pod("web-3"))
    [finding] = check(run)
    assert (finding.rule, finding.severity) == ("replicated-pods", Severity.WARNING)
    assert finding.workload == "Pod/web-1"
    assert finding.message == (
        "web-1 and web-2, web-3 are copies of one Pod: one controller with 3 replicas would keep"
        " them"
    )
    assert text_of(finding.location, run) == "web-1"
    assert [(message, text_of(place, run)) for message, place in finding.related] == [
        ("web-2 is a copy", "web-2"),
        ("web-3 is a copy", "web-3"),
    ]


@pytest.mark.parametrize(
    ("count", "names"),
    [(6, "w-2, w-3, w-4, w-5, w-6 are"), (7, "w-2, w-3, w-4, w-5, w-6, ... are")],
)
def test_no_more_than_five_others_are_named(count: int, names: str) -> None:
    """The places of all are given."""
    run = rule_input(*(pod(f"w-{number}") for number in range(1, count + 1)))
    [finding] = check(run)
    assert finding.message.startswith(f"w-1 and {names} copies of one Pod")
    assert len(finding.related) == count - 1


def test_each_group_of_copies_is_found() -> None:
    """Copies of another Pod are another group."""
    run = rule_input(pod("a-1"), pod("b-1", "shop/b"), pod("a-2"), pod("b-2", "shop/b"))
    assert [finding.workload for finding in check(run)] == ["Pod/a-1", "Pod/b-1"]


def test_other_images_and_other_names_are_no_copies() -> None:
    """Nor is a Pod alone."""
    assert list(check(rule_input(pod("web-1"), pod("web-2", "shop/other")))) == []
    assert list(check(rule_input(pod("web-1"), pod("api-1")))) == []
    assert list(check(rule_input(pod("web-1")))) == []


def test_controllers_are_no_copies() -> None:
    """They have replicas already."""
    texts = [workload("containers: [{name: a, image: a}]", name=name) for name in ("a-1", "a-2")]
    assert list(check(rule_input(*texts))) == []
