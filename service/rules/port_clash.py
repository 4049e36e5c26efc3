"""Port clash.

Looks for: two containers of one Pod that declare the same port and protocol.

Matters because: they share one network address: the second to start fails, or the declaration is
wrong.

Example:
    containers:
      - name: nginx
        ports: [{containerPort: 80}]
      - name: httpd
        ports: [{containerPort: 80}]

Comes out: an error at the second declaration.
"""

from __future__ import annotations

from collections.abc import Iterator

from service.classification.signals.port_clash import clashes
from service.findings import Finding, Severity
from service.rules.rule import RuleInput

SEVERITY = Severity.ERROR


def check(run: RuleInput) -> Iterator[Finding]:
    """See the module."""
    for classification in run.classifications:
        workload = classification.workload
        for one, mine, other, theirs in clashes(classification.context):
            message = (
                f"{one.name} and {other.name} both declare port {mine.number}/{mine.protocol}: only"
                " one can listen on it in a Pod"
            )
            related = ((f"{one.name} declares it here", workload.resource.location(*mine.route)),)
            yield Finding(
                "port-clash",
                SEVERITY,
                message,
                workload.resource.location(*theirs.route),
                workload.title,
                related,
            )
