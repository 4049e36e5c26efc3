"""Findings that somebody said to ignore; they stay visible as such.

`# podsplit: ignore[rule] reason` above the document or the container, or the annotation
`podsplit.dev/ignore: "rule reason"` (several with semicolons between) on the object. `*` stands for
every rule.
"""

from __future__ import annotations

import re

from service.findings import Finding, Suppression
from service.kube.containers import Container
from service.kube.workloads import Workload
from service.yamldoc import layout

ANNOTATION = "podsplit.dev/ignore"
_COMMENT = re.compile(r"#\s*podsplit:\s*ignore\[([\w\-*,\s]+)\][ \t]*(.*)")
_ANY_RULE = "*"


def suppressed(finding: Finding, workload: Workload | None) -> Finding:
    """The finding, marked if its workload says to ignore it.

    Args:
        finding: the finding.
        workload: the workload that it is about; None if it is about none, and stays as it is.
    """
    if workload is None:
        return finding
    suppression = _in_annotation(finding.rule, workload) or _in_comment(finding, workload)
    return finding._replace(suppression=suppression) if suppression else finding


def suppression_of(rule: str, workload: Workload) -> Suppression | None:
    """How a workload as a whole says to ignore a rule; None if it doesn't."""
    return _in_annotation(rule, workload) or _above_document(rule, workload)


def suppression_above(rule: str, workload: Workload, container: Container) -> Suppression | None:
    """How a comment above a container says to ignore a rule there; None if none does."""
    document = workload.resource.document
    start = workload.resource.location(*container.route).span.start - document.span.start
    top = layout.line_start(document.text, start)
    first = layout.comments_above_start(
        document.text, top, own_column=layout.column(document.text, start), floor=0
    )
    return _in_text(rule, document.text[first:top], workload)


def _in_annotation(rule: str, workload: Workload) -> Suppression | None:
    resource = workload.resource
    value = resource.annotations.get(ANNOTATION, "")
    for part in value.split(";"):
        name, _, reason = part.strip().partition(" ")
        if name in (rule, _ANY_RULE):
            return Suppression(
                reason.strip(), resource.location("metadata", "annotations", ANNOTATION)
            )
    return None


def _above_document(rule: str, workload: Workload) -> Suppression | None:
    """What comments above a document's object say; an item of a List has no such place."""
    resource = workload.resource
    document = resource.document
    if resource.route:
        return None
    above = document.text[: resource.location().span.start - document.span.start]
    return _in_text(rule, above, workload)


def _in_comment(finding: Finding, workload: Workload) -> Suppression | None:
    """What comments above the document say, or those above the container that a finding is in."""
    # Looking for places takes a while, and hardly any document has such a comment.
    if "podsplit:" not in workload.resource.document.text:
        return None
    above = _above_document(finding.rule, workload)
    if above is not None:
        return above
    for container in workload.containers:
        span = workload.resource.location(*container.route).span
        if span.start <= finding.location.span.start < span.end:
            return suppression_above(finding.rule, workload, container)
    return None


def _in_text(rule: str, text: str, workload: Workload) -> Suppression | None:
    for match in _COMMENT.finditer(text):
        rules = {name.strip() for name in match[1].split(",")}
        if rule in rules or _ANY_RULE in rules:
            return Suppression(match[2].strip(), workload.resource.location("metadata"))
    return None
