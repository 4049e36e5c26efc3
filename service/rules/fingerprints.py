"""What a finding is known by from run to run, so that a baseline can hold those that are known."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable

from service.findings import Finding, Location, WorkloadReport


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
    containers: dict[tuple[str, int, str], list[tuple[str, Location]]] = {}
    for workload in workloads:
        key = (workload.location.path, workload.location.document, workload.title)
        containers.setdefault(key, []).extend(
            (verdict.name, verdict.location) for verdict in workload.containers
        )
    counts: Counter[str] = Counter()
    found = []
    for finding in findings:
        place = finding.location
        own = containers.get((place.path, place.document, finding.workload), [])
        places = [place, *(related for _, related in finding.related)]
        names = sorted({name for name, span in own if any(_is_in(item, span) for item in places)})
        words = "\0".join((finding.rule, place.path, finding.workload, *names))
        counts[words] += 1
        digest = hashlib.sha256(f"{words}\0{counts[words]}".encode()).hexdigest()
        # A letter first, so that YAML reads none of them as a number.
        mark = f"p{digest[:31]}"
        found.append(finding._replace(fingerprint=mark, known=mark in baseline))
    return tuple(found)


def _is_in(place: Location, container: Location) -> bool:
    """Whether a place is in a container of the same document."""
    return (
        place.path == container.path
        and place.document == container.document
        and container.span.start <= place.span.start < container.span.end
    )
