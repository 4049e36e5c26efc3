"""Label selectors, as `k8s.io/apimachinery/pkg/labels` matches them."""

from __future__ import annotations

from collections.abc import Mapping

from service.kube.objects import mapping, mappings, strings, text
from service.yamldoc.nodes import Data


def matches_map(selector: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    """Whether a plain selector (of a Service or ReplicationController) matches; an empty one
    matches nothing here.
    """
    return bool(selector) and selector.items() <= labels.items()


def matches(selector: Data, labels: Mapping[str, str]) -> bool:
    """Whether a LabelSelector matches; an empty one matches everything, a missing one nothing."""
    if not isinstance(selector, dict):
        return False
    for key, value in mapping(selector.get("matchLabels")).items():
        if labels.get(key) != text(value):
            return False
    return all(
        _holds(expression, labels) for expression in mappings(selector.get("matchExpressions"))
    )


def _holds(expression: Mapping[str, Data], labels: Mapping[str, str]) -> bool:
    key = text(expression.get("key"))
    values = [text(value) for value in expression.get("values") or ()]
    match text(expression.get("operator")):
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
    """What a LabelSelector asks for: by label the values of which one must be there, and all
    other expressions.
    """
    asked = {key: frozenset({value}) for key, value in match_labels(selector).items()}
    others: list[Data] = []
    for each in mappings(mapping(selector).get("matchExpressions")):
        key = text(each.get("key"))
        if each.get("operator") == "In":
            values = frozenset(text(value) for value in each.get("values") or ())
            asked[key] = asked.get(key, values) & values
        else:
            others.append(each)
    return asked, others


def match_labels(selector: Data) -> dict[str, str]:
    """The `matchLabels` of a LabelSelector."""
    return strings(mapping(selector).get("matchLabels"))


def is_empty(selector: Data) -> bool:
    """Whether a LabelSelector selects everything."""
    return (
        isinstance(selector, dict)
        and not selector.get("matchLabels")
        and not selector.get("matchExpressions")
    )
