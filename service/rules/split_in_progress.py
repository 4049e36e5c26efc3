"""Split in progress.

Looks for: workloads of which some containers have got workloads of their own, and are still here as
well: a split between its stages.

Matters because: both run until the last stage is applied.

Example:
    kind: Deployment
    metadata:
      name: shop-mysql
      annotations: {podsplit.dev/split-from: shop}

Comes out: a note; a rewrite gives the stages that remain. The workload's other findings about its
containers wait until then.
"""

from __future__ import annotations

from collections.abc import Iterator

from service.findings import Finding, Severity
from service.kube.splits import is_being_split, is_stopped_by_split, objects_split_from
from service.rules.rule import RuleInput

SEVERITY = Severity.INFO


def check(run: RuleInput) -> Iterator[Finding]:
    """Yields a finding for each workload that is being split, at its name."""
    for workload in run.workloads:
        if is_being_split(workload, run.manifests):
            made = objects_split_from(workload, run.manifests)
            names = ", ".join(resource.title for resource in made)
            came = f"{names} came of it, and" if made else "it is stopped, and"
            if not made and not is_stopped_by_split(workload.resource):
                came = "it has been prepared, and"
            yield Finding(
                rule="split-in-progress",
                severity=SEVERITY,
                message=f"{workload.title} is being split: {came} the stages that remain take"
                " containers out of it",
                location=workload.resource.location("metadata", "name"),
                workload=workload.title,
                related=tuple(
                    (f"{resource.title} was split off", resource.location("metadata", "name"))
                    for resource in made
                ),
            )
