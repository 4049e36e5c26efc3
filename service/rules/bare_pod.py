"""Bare Pod.

Looks for: Pods that no controller owns; mirror and static Pods, Helm and Argo CD hooks, Pods with
only a `generateName`, and patches aside.

Matters because: a Pod without a controller isn't made again when its node dies, and has no rollout
or rollback.

Example:
    apiVersion: v1
    kind: Pod
    metadata:
      name: web

Comes out: a warning; `wrap` gives it the controller that fits.
"""

from __future__ import annotations

from collections.abc import Iterator

from service.findings import Finding, Severity
from service.kube.bare_pods import is_fragment, reason_to_stay_bare
from service.rules.rule import RuleInput

SEVERITY = Severity.WARNING


def check(run: RuleInput) -> Iterator[Finding]:
    """Yields a finding for each bare Pod that should have a controller."""
    for workload in run.workloads:
        is_bare = workload.bare and reason_to_stay_bare(workload) is None
        if is_bare and not is_fragment(workload):
            yield Finding(
                rule="bare-pod",
                severity=SEVERITY,
                message=f"the Pod {workload.name} has no controller: it is gone with its node, and"
                " has no rollout",
                location=workload.resource.location("kind", key=True),
                workload=workload.title,
            )
