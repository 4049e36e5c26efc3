"""Dangling shared volume.

Looks for: a volume that a helper mounts to read what its neighbour writes, and that no neighbour
mounts.

Matters because: the helper sees an empty folder: logs aren't shipped, and nothing says so.

Example:
    containers:
      - name: web
        image: myapp:1.0
      - name: log-shipper
        image: fluentd:latest
        volumeMounts: [{name: shared-logs, mountPath: /var/log/app}]
    volumes:
      - name: shared-logs
        emptyDir: {}

Comes out: a warning at the mount.
"""

from __future__ import annotations

from collections.abc import Iterator

from service.classification.signals.dangling_volume import dangling_mounts
from service.findings import Finding, Severity
from service.rules.rule import RuleInput

SEVERITY = Severity.WARNING


def check(run: RuleInput) -> Iterator[Finding]:
    """Yields a finding for each mount of a volume that was meant to be shared and isn't."""
    for classification in run.classifications:
        workload = classification.workload
        for container, mount in dangling_mounts(classification.context):
            yield Finding(
                rule="dangling-shared-volume",
                severity=SEVERITY,
                message=f"{container.name} mounts the volume {mount.volume}, and no other container"
                " does: nothing ever writes there; mount it where the files are written too",
                location=workload.resource.location(*mount.route),
                workload=workload.title,
            )
