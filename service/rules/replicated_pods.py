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
_MAX_NAMED = 5
"""Copies that a message names; a longer list is cut."""


def check(run: RuleInput) -> Iterator[Finding]:
    """Yields a finding for each group of bare Pods that are copies, at the first of them."""
    for copies in identical_pods(run.workloads):
        first, *others = copies
        names = ", ".join(copy.name for copy in others[:_MAX_NAMED])
        if len(others) > _MAX_NAMED:
            names += ", ..."
        yield Finding(
            rule="replicated-pods",
            severity=SEVERITY,
            message=f"{first.name} and {names} are copies of one Pod: one controller with"
            f" {len(copies)} replicas would keep them",
            location=first.resource.location("metadata", "name"),
            workload=first.title,
            related=tuple(
                (f"{copy.name} is a copy", copy.resource.location("metadata", "name"))
                for copy in others
            ),
        )
