"""Unrelated containers.

Looks for: Pods whose containers are two or more applications.

Matters because: they can't be scaled apart, fail together and roll out together.

Example:
    spec:
      containers:
        - name: frontend
          image: shop/frontend:2
        - name: mysql
          image: mysql:8

Comes out: a warning that names the applications and how sure that is; `split` gives each a workload
of its own.
"""

from __future__ import annotations

from collections.abc import Iterator

from service.findings import Finding, Severity
from service.kube.splits import is_being_split
from service.rules.rule import RuleInput

SEVERITY = Severity.WARNING


def check(run: RuleInput) -> Iterator[Finding]:
    """Yields a finding for each workload with several groups whose boundaries are as sure as
    `min_confidence` asks for, at the head of the second group.
    """
    for classification in run.classifications:
        workload, context = classification.workload, classification.context
        min_confidence = run.options.for_path(workload.resource.path).min_confidence
        groups = classification.joined(min_confidence).groups
        if len(groups) < 2:
            continue
        if is_being_split(workload, run.manifests):
            continue
        first, *others = [group[0] for group in groups]
        what = (
            "is an application of its own" if len(others) == 1 else "are applications of their own"
        )
        yield Finding(
            rule="unrelated-containers",
            severity=SEVERITY,
            message=f"{', '.join(head.name for head in others)} {what} beside {first.name}: they"
            " can't be scaled, rolled out or fail apart",
            location=context.location_of(others[0], "name"),
            workload=workload.title,
            related=tuple(
                (f"{head.name} is an application", context.location_of(head, "name"))
                for head in (first, *others)
            ),
        )
