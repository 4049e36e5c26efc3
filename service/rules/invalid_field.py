"""Invalid field.

Looks for: a value of the wrong type, or a required field that is missing, in workloads, Services,
policies and autoscalers.

Matters because: the object can't be applied as it stands, rewritten or not: an environment variable
has to be a string, also where it looks like a number, and each port has to say its `containerPort`.

Example:
    containers:
      - name: web
        image: shop/web:2
        env:
          - name: PORT
            value: 8080

Comes out: an error at each place that says what has to stand there. Where the meaning is plain, a
rewrite of the workload mends it: it quotes the number, or takes the port from `hostPort`.
"""

from __future__ import annotations

from collections.abc import Iterator

from service.findings import Finding, Severity
from service.kube.api_types import violations_by_object
from service.rules.rule import RuleInput

SEVERITY = Severity.ERROR


def check(run: RuleInput) -> Iterator[Finding]:
    """A finding for each place of each object that the API server would refuse."""
    for resource, found in violations_by_object(run.resources, run.workloads):
        for violation in found:
            yield Finding(
                "invalid-field",
                SEVERITY,
                f"{violation.message}; the API server refuses {resource.title} as it stands",
                resource.location(*violation.route),
                resource.title,
            )
