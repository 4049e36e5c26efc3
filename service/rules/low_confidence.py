"""Low confidence.

Looks for: Pods whose containers may be several applications, with less confidence than
`min_confidence` asks for.

Matters because: a wrong split is an outage; so nothing is cut, and the person who knows can settle
it.

Example:
    containers:
      - name: web
        image: shop/web:1
        ports: [{containerPort: 8080}]
      - name: api
        image: shop/api:1
        ports: [{containerPort: 3000}]

Comes out: a note with what would settle it: the annotation `podsplit.dev/roles`.
"""

from __future__ import annotations

from collections.abc import Iterator

from service.findings import Finding, Severity
from service.kube.splits import is_being_split
from service.rules.rule import RuleInput

SEVERITY = Severity.INFO


def check(run: RuleInput) -> Iterator[Finding]:
    """Yields a finding for each workload with several groups whose boundary is less sure than
    `min_confidence`.
    """
    for classification in run.classifications:
        workload = classification.workload
        confidence = classification.boundary_confidence()
        min_confidence = run.options.for_path(workload.resource.path).min_confidence
        if len(classification.groups) < 2 or confidence >= min_confidence:
            continue
        if is_being_split(workload, run.manifests):
            continue
        heads = [group[0].name for group in classification.groups]
        roles = ",".join([f"{heads[0]}=main", *(f"{name}=unrelated" for name in heads[1:])])
        yield Finding(
            rule="low-confidence",
            severity=SEVERITY,
            message=f"{' and '.join(heads)} look like applications of their own, but not surely"
            f" ({confidence:.2f}): nothing is cut; if they are, say so with the annotation"
            f" podsplit.dev/roles: {roles}; if not, with =sidecar",
            location=workload.resource.location("metadata", "name"),
            workload=workload.title,
        )
