"""Not analysed.

Looks for: workloads on which a part of Podsplit breaks.

Matters because: what is said of the others holds all the same; of this one something is missing.

Example:
    kind: Pod
    metadata: {name: web}

Comes out: a warning that names the part. It is a mistake of Podsplit: please report it. If the
containers couldn't be judged, the workload is left as it is.
"""

from __future__ import annotations

from collections.abc import Iterator

from service.findings import Finding, Severity
from service.kube.workloads import Workload
from service.rules.rule import RuleInput

SEVERITY = Severity.WARNING


def check(run: RuleInput) -> Iterator[Finding]:
    """Yields a finding for each workload whose containers couldn't be judged."""
    for workload, error in run.unjudged:
        yield broken(workload, "judging its containers", error)


def broken(workload: Workload, part: str, error: str) -> Finding:
    """A part that broke on a workload.

    Args:
        workload: the workload.
        part: what was being done.
        error: the type of the exception; its message may hold the caller's text.
    """
    return Finding(
        rule="not-analysed",
        severity=SEVERITY,
        message=f"{part} broke ({error}); this is a mistake of Podsplit: please report it",
        location=workload.resource.location("kind", key=True),
        workload=workload.title,
    )
