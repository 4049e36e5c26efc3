"""GitLab's Code Quality report: a JSON array without a byte order mark. GitLab shows entries with
the same fingerprint as one (docs.gitlab.com, "Code Quality").
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from service.findings import Location, Report, Severity
from service.render.common import TOOL

_SEVERITIES = {Severity.INFO: "info", Severity.WARNING: "major", Severity.ERROR: "critical"}


def render_codequality(report: Report) -> str:
    """The open findings, and the documents that can't be read."""
    entries = [
        _entry(
            report,
            finding.rule,
            finding.message,
            _SEVERITIES[finding.severity],
            finding.location,
            finding.fingerprint,
        )
        for finding in report.findings
        if finding.is_open
    ]
    for item in report.rejected:
        mark = hashlib.sha256(
            f"rejected\0{item.code}\0{item.location.path}\0{item.location.document}".encode()
        ).hexdigest()[:32]
        entries.append(
            _entry(report, f"rejected-{item.code}", item.message, "critical", item.location, mark)
        )
    return json.dumps(entries, ensure_ascii=False, indent=1) + "\n"


def _entry(
    report: Report, check: str, message: str, severity: str, place: Location, mark: str
) -> dict[str, Any]:
    line, _, end_line, _ = report.position(place) if place.path in report.sources else (1, 1, 1, 1)
    return {
        "description": message,
        "check_name": f"{TOOL}/{check}",
        "fingerprint": mark,
        "severity": severity,
        "location": {"path": place.path, "lines": {"begin": line, "end": end_line}},
    }
