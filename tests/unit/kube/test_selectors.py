"""Selectors, as the API server matches them."""

from __future__ import annotations

from typing import Any

import pytest

from service.kube.selectors import is_empty, match_labels, matches, matches_map, values_asked

LABELS = {"app": "web", "tier": "front"}


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ({"app": "web"}, True),
        (LABELS, True),
        ({}, False),
        ({"app": "api"}, False),
        ({"app": "web", "zone": "a"}, False),
    ],
)
def test_a_plain_selector(selector: dict[str, str], expected: bool) -> None:
    """All of its labels; an empty one selects nothing."""
    assert matches_map(selector, LABELS) is expected


def expression(key: str, operator: str, *values: Any) -> dict[str, Any]:
    return {"matchExpressions": [{"key": key, "operator": operator, "values": list(values)}]}


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ({}, True),
        (None, False),
        ("app", False),
        ([], False),
        ({"matchLabels": {"app": "web"}}, True),
        ({"matchLabels": {"app": "web", "tier": "back"}}, False),
        ({"matchLabels": {"zone": "a"}}, False),
        ({"matchLabels": None, "matchExpressions": None}, True),
        (expression("app", "In", "web", "api"), True),
        (expression("app", "In", "api"), False),
        (expression("zone", "In", "a"), False),
        (expression("app", "NotIn", "api"), True),
        (expression("app", "NotIn", "web"), False),
        (expression("zone", "NotIn", "a"), True),
        (expression("app", "Exists"), True),
        (expression("zone", "Exists"), False),
        (expression("app", "DoesNotExist"), False),
        (expression("zone", "DoesNotExist"), True),
        (expression("app", "Gt", 1), False),
        ({"matchExpressions": [{"key": "app", "operator": "In"}]}, False),
        ({"matchExpressions": ["x"]}, False),
        ({"matchLabels": {"app": "web"}} | expression("tier", "In", "back"), False),
        ({"matchLabels": {"app": "web"}} | expression("tier", "In", "front"), True),
    ],
)
def test_a_label_selector(selector: Any, expected: bool) -> None:
    """All of its labels and expressions; an empty one selects all, a missing one nothing."""
    assert matches(selector, LABELS) is expected


def test_values_are_compared_as_texts() -> None:
    """A number or a boolean was meant as one."""
    assert matches({"matchLabels": {"v": 1}}, {"v": "1"})
    assert matches(expression("v", "In", True), {"v": "true"})
    assert not matches(expression("v", "NotIn", 1), {"v": "1"})


def test_what_a_selector_asks_for() -> None:
    """Several expressions on a key leave the values that they have in common."""
    exists = {"key": "a", "operator": "Exists"}
    asked, others = values_asked(
        {
            "matchLabels": {"a": "1", "b": 2},
            "matchExpressions": [
                {"key": "a", "operator": "In", "values": [1, "2"]},
                {"key": "c", "operator": "In", "values": ["x", "y", "z"]},
                {"key": "c", "operator": "In", "values": ["y", "z", "w"]},
                exists,
                {"key": "d", "operator": "In"},
            ],
        }
    )
    assert asked == {
        "a": frozenset({"1"}),
        "b": frozenset({"2"}),
        "c": frozenset({"y", "z"}),
        "d": frozenset(),
    }
    assert others == [exists]
    assert values_asked(None) == ({}, [])


def test_the_labels_of_a_selector() -> None:
    """As texts; none of what isn't a mapping."""
    assert match_labels({"matchLabels": {"a": 1}}) == {"a": "1"}
    assert match_labels({"matchExpressions": []}) == {}
    assert match_labels("x") == {}


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ({}, True),
        ({"matchLabels": {}, "matchExpressions": []}, True),
        ({"matchLabels": {"a": "1"}}, False),
        (expression("a", "Exists"), False),
        (None, False),
        ([], False),
    ],
)
def test_an_empty_selector_selects_all(selector: Any, expected: bool) -> None:
    """A missing one is not empty."""
    assert is_empty(selector) is expected
