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

from service.classification.signals.port_clash import declared_clashes
from service.findings import Finding, Severity
from service.rules.rule import RuleInput

SEVERITY = Severity.ERROR


def check(run: RuleInput) -> Iterator[Finding]:
    """Yields a finding for each two containers that declare the same port and protocol, at the
    second declaration.
    """
    for classification in run.classifications:
        resource = classification.workload.resource
        for one, port, other, other_port in declared_clashes(classification.context):
            yield Finding(
                rule="port-clash",
                severity=SEVERITY,
                message=f"{one.name} and {other.name} both declare port"
                f" {port.number}/{port.protocol}: only one can listen on it in a Pod",
                location=resource.location(*other_port.route),
                workload=classification.workload.title,
                related=((f"{one.name} declares it here", resource.location(*port.route)),),
            )
