"""Blocking sidecar.

Looks for: Jobs and CronJobs with an ordinary container that only helps the others.

Matters because: a Job is complete when all its containers have ended; a log shipper or proxy never
ends.

Example:
    kind: Job
    spec:
      template:
        spec:
          containers:
            - name: report
              image: shop/report:1
            - name: cloud-sql-proxy
              image: cloud-sql-connectors/cloud-sql-proxy:2

Comes out: a warning that advises a native sidecar: an init container with `restartPolicy: Always`
(Kubernetes 1.29 and later).
"""

from __future__ import annotations

from collections.abc import Iterator

from service.classification.knowledge import ImageRole
from service.findings import ContainerType, Finding, Role, Severity
from service.rules.rule import RuleInput

SEVERITY = Severity.WARNING


def check(run: RuleInput) -> Iterator[Finding]:
    """Yields a finding for each sidecar of a Job or CronJob that is a regular container and a known
    helper.
    """
    for classification in run.classifications:
        workload, context = classification.workload, classification.context
        if workload.resource.kind not in ("Job", "CronJob"):
            continue
        for container in context.classified_containers:
            if (
                classification.verdict(container).role is Role.SIDECAR
                and container.type is ContainerType.REGULAR
                and context.image_role(container) is ImageRole.HELPER
            ):
                yield Finding(
                    rule="blocking-sidecar",
                    severity=SEVERITY,
                    message=f"{container.name} never ends, so the {workload.resource.kind} never"
                    " completes: move it to initContainers with restartPolicy: Always",
                    location=context.location_of(container, "name"),
                    workload=workload.title,
                )
