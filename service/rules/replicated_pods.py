"""Replicated Pods.

Looks for: bare Pods of one scope that are alike but for their names and numbers.

Matters because: copies by hand are scaled, updated and replaced by hand: a controller does that.

Example:
    kind: Pod
    metadata: {name: web-1, labels: {app: web}}
    ---
    kind: Pod
    metadata: {name: web-2, labels: {app: web}}

Comes out: a warning at the first of them that names the others; `wrap` makes one controller of
them.
"""

from __future__ import annotations

from collections.abc import Iterator

from service.findings import Finding, Severity
from service.kube.replicas import identical_pods
from service.rules.rule import RuleInput

SEVERITY = Severity.WARNING


def check(run: RuleInput) -> Iterator[Finding]:
    """See the module."""
    for copies in identical_pods(run.workloads):
        first, *others = copies
        names = ", ".join(each.name for each in others[:5]) + (", ..." if len(others) > 5 else "")
        message = (
            f"{first.name} and {names} are copies of one Pod: one controller with {len(copies)}"
            " replicas would keep them"
        )
        related = tuple(
            (f"{each.name} is a copy", each.resource.location("metadata", "name"))
            for each in others
        )
        yield Finding(
            "replicated-pods",
            SEVERITY,
            message,
            first.resource.location("metadata", "name"),
            first.title,
            related,
        )
