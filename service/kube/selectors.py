"""Label selectors, as `k8s.io/apimachinery/pkg/labels` matches them."""

from __future__ import annotations

from collections.abc import Mapping

from service.kube.objects import as_mapping, as_mappings, as_strings, as_text
from service.yamldoc.nodes import Data


def matches_map(selector: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    """Whether a plain selector, as of a Service or ReplicationController, matches some labels; an
    empty one matches nothing.
    """
    return bool(selector) and selector.items() <= labels.items()


def matches(selector: Data, labels: Mapping[str, str]) -> bool:
    """Whether a LabelSelector matches some labels; an empty one matches all, a missing one none."""
    if not isinstance(selector, dict):
        return False
    for key, value in as_mapping(selector.get("matchLabels")).items():
        if labels.get(key) != as_text(value):
            return False
    return all(
        _holds(expression, labels) for expression in as_mappings(selector.get("matchExpressions"))
    )


def _holds(expression: Mapping[str, Data], labels: Mapping[str, str]) -> bool:
    """Whether an expression of a LabelSelector is true of some labels."""
    key = as_text(expression.get("key"))
    values = [as_text(value) for value in expression.get("values") or ()]
    match as_text(expression.get("operator")):
        case "In":
            return labels.get(key) in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
    return False


def values_asked(selector: Data) -> tuple[dict[str, frozenset[str]], list[Data]]:
    """What a LabelSelector asks for.

    Returns:
        For each key that has to have one of some values, these values; and all other expressions.
    """
    asked = {key: frozenset({value}) for key, value in match_labels(selector).items()}
    others: list[Data] = []
    for expression in as_mappings(as_mapping(selector).get("matchExpressions")):
        key = as_text(expression.get("key"))
        if expression.get("operator") == "In":
            values = frozenset(as_text(value) for value in expression.get("values") or ())
            asked[key] = asked.get(key, values) & values
        else:
            others.append(expression)
    return asked, others


def match_labels(selector: Data) -> dict[str, str]:
    """The `matchLabels` of a LabelSelector; empty if missing."""
    return as_strings(as_mapping(selector).get("matchLabels"))


def is_empty(selector: Data) -> bool:
    """Whether a LabelSelector selects everything."""
    return (
        isinstance(selector, dict)
        and not selector.get("matchLabels")
        and not selector.get("matchExpressions")
    )
