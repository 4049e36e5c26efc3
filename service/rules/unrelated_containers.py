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
from service.rules.rule import RuleInput

SEVERITY = Severity.WARNING


def check(run: RuleInput) -> Iterator[Finding]:
    """See the module."""
    for classification in run.classifications:
        if len(classification.groups) < 2:
            continue
        workload = classification.workload
        if (
            classification.boundary_confidence()
            < run.options.for_path(workload.resource.path).min_confidence
        ):
            continue
        heads = [group[0] for group in classification.groups]
        names = ", ".join(head.name for head in heads[1:])
        plural = "is an application" if len(heads) == 2 else "are applications"
        message = (
            f"{names} {plural} of its own beside {heads[0].name}: they can't be scaled, rolled out"
            " or fail apart"
        )
        message = message if len(heads) == 2 else message.replace("of its own", "of their own")
        related = tuple(
            (f"{head.name} is an application", classification.context.at(head, "name"))
            for head in heads
        )
        yield Finding(
            "unrelated-containers",
            SEVERITY,
            message,
            classification.context.at(heads[1], "name"),
            workload.title,
            related,
        )
