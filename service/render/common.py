"""What several formats of findings share: the tool's name, and fingerprints."""

from __future__ import annotations

import hashlib
from collections import Counter

from service.findings import Report

TOOL = "podsplit"
"""The name of the tool, as reports give it."""


def fingerprints(report: Report) -> list[str]:
    """A fingerprint of each finding, in their order, the same from run to run.

    It is made of the rule, the path, the object and a count among equals, and never of lines, which
    move when something above them changes.
    """
    counts: Counter[str] = Counter()
    result: list[str] = []
    for finding in report.findings:
        key = f"{finding.rule}\0{finding.location.path}\0{finding.workload}"
        counts[key] += 1
        result.append(hashlib.sha256(f"{key}\0{counts[key]}".encode()).hexdigest()[:32])
    return result
