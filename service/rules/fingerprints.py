"""What a finding is known by from run to run, so that a baseline can hold those that are known."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable

from service.findings import Finding, WorkloadReport
from service.span_index import SpanIndex


def with_fingerprints(
    findings: Iterable[Finding],
    workloads: Iterable[WorkloadReport],
    baseline: Collection[str] = (),
) -> tuple[Finding, ...]:
    """Findings with their fingerprints, and whether a baseline has them.

    A fingerprint is made of the rule, the path, the object, the containers that the finding is
    about and a count among equals; never of lines, which move when something above them changes.

    Args:
        findings: the findings, in their order.
        workloads: what they are about.
        baseline: fingerprints of findings that are known.
    """
    namesakes: dict[tuple[str, int, str], list[WorkloadReport]] = {}
    for workload in workloads:
        key = (workload.location.path, workload.location.document, workload.title)
        namesakes.setdefault(key, []).append(workload)
    containers: dict[tuple[str, int, str], SpanIndex[str]] = {}
    counts: Counter[str] = Counter()
    found = []
    for finding in findings:
        place = finding.location
        key = (place.path, place.document, finding.workload)
        if key not in containers:
            containers[key] = _containers(namesakes.get(key, ()))
        places = [place, *(related for _, related in finding.related)]
        names = sorted(
            {
                name
                for other in places
                if (other.path, other.document) == (place.path, place.document)
                for name in containers[key].at(other.span.start)
            }
        )
        words = "\0".join((finding.rule, place.path, finding.workload, *names))
        counts[words] += 1
        digest = hashlib.sha256(f"{words}\0{counts[words]}".encode()).hexdigest()
        # A letter first, so that YAML reads none of them as a number.
        mark = f"p{digest[:31]}"
        found.append(finding._replace(fingerprint=mark, known=mark in baseline))
    return tuple(found)


def _containers(workloads: Iterable[WorkloadReport]) -> SpanIndex[str]:
    """The names of the containers of some workloads of one document."""
    return SpanIndex(
        (verdict.location.span, verdict.name)
        for workload in workloads
        for verdict in workload.containers
    )
