"""Reports as JSON. Scripts depend on these names: fields are added, never renamed or removed.

`schemas/report.py` declares the shapes, and tests hold the two equal. The code is written by hand
because a report on 10 documents has about two thousand fields: marshmallow takes 2 ms to dump them,
as long as everything else that HTTP costs, and this takes 0.25 ms.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from service.findings import (
    Change,
    Evidence,
    FileResult,
    Finding,
    HeldBack,
    Location,
    Report,
    Rewrite,
    Severity,
    Stage,
    Verdict,
    WorkloadReport,
)
from service.text import Span

Json = dict[str, Any]


def analysis_to_dict(report: Report) -> Json:
    """The answer of /v1/analyze."""
    return {
        "workloads": [_workload(report, workload) for workload in report.workloads],
        "findings": [_finding(report, finding) for finding in report.findings],
        "fingerprints": [
            finding.fingerprint for finding in report.findings if finding.suppression is None
        ],
        "rejected": [
            {
                "code": item.code,
                "message": item.message,
                "location": _location(report, item.location),
            }
            for item in report.rejected
        ],
        "skipped": [
            {"path": item.path, "document": item.document, "reason": item.reason}
            for item in report.skipped
        ],
        "advice": list(report.advice),
        "summary": _summary(report),
    }


def rewrite_to_dict(report: Report) -> Json:
    """The answer of /v1/rewrite.

    Raises:
        ValueError: the report is of an analysis.
    """
    if report.rewrite is None:
        raise ValueError("the report holds no rewrite")
    rewrite = report.rewrite
    return analysis_to_dict(report) | {
        "files": _files(rewrite.files),
        "changes": [_change(report, change) for change in rewrite.changes],
        "stages": [
            {"name": item.stage.label, "files": _files(item.files)} for item in rewrite.stages
        ],
        "held_back": [_held_back(report, item) for item in rewrite.held_back],
        "verification": [
            {"check": item.check, "passed": item.passed, "message": item.message}
            for item in rewrite.verification
        ],
        "migration": [
            {
                "step": item.step,
                "command": item.command,
                "why": item.why,
                "stage": None if item.stage is None else item.stage.label,
            }
            for item in rewrite.migration
        ],
    }


def _location(report: Report, place: Location) -> Json:
    """A place: lines and columns are 1-based, and the end column is exclusive."""
    return {
        "path": place.path,
        "document": place.document,
        **_range(report, place.path, place.span),
    }


def _range(report: Report, path: str, span: Span) -> Json:
    source = report.sources.get(path)
    if source is None:  # a file that could not even be decoded
        return {"line": 1, "column": 1, "end_line": 1, "end_column": 1}
    line, column = source.position(span.start)
    end_line, end_column = source.position(span.end)
    return {"line": line, "column": column, "end_line": end_line, "end_column": end_column}


def _workload(report: Report, workload: WorkloadReport) -> Json:
    return {
        "api_version": workload.api_version,
        "kind": workload.kind,
        "name": workload.name,
        "namespace": workload.namespace,
        "bare": workload.bare,
        "rewritable": workload.rewritable,
        "location": _location(report, workload.location),
        "containers": [_container(report, verdict) for verdict in workload.containers],
    }


def _container(report: Report, verdict: Verdict) -> Json:
    return {
        "name": verdict.name,
        "type": verdict.type.value,
        "image": verdict.image,
        "role": verdict.role.value,
        "serves": list(verdict.serves),
        "pattern": verdict.pattern.value if verdict.pattern else None,
        "group": verdict.group,
        "confidence": round(verdict.confidence, 4),
        "location": _location(report, verdict.location),
        "evidence": [_evidence(report, item) for item in verdict.evidence],
    }


def _evidence(report: Report, evidence: Evidence) -> Json:
    return {
        "signal": evidence.signal,
        "weight": round(evidence.weight, 4),
        "leans": evidence.leans.value,
        "message": evidence.message,
        "about": evidence.about,
        "location": _location(report, evidence.location),
    }


def _finding(report: Report, finding: Finding) -> Json:
    suppression = finding.suppression
    return {
        "rule": finding.rule,
        "severity": finding.severity.label,
        "message": finding.message,
        "workload": finding.workload,
        "location": _location(report, finding.location),
        "related": [
            {"message": message, "location": _location(report, place)}
            for message, place in finding.related
        ],
        "change": finding.change,
        "fingerprint": finding.fingerprint,
        "known": finding.known,
        "suppressed": (
            {
                "reason": suppression.reason,
                "location": _location(report, suppression.location),
            }
            if suppression
            else None
        ),
    }


def _files(files: Iterable[FileResult]) -> list[Json]:
    return [
        {"path": item.path, "content": item.content, "status": item.status.value} for item in files
    ]


def _change(report: Report, change: Change) -> Json:
    return {
        "id": change.id,
        "action": change.action,
        "workload": change.workload,
        "title": change.title,
        "applicability": change.applicability.label,
        "assumptions": [
            {"code": assumption.code, "message": assumption.message}
            for assumption in change.assumptions
        ],
        "old_pods": change.old_pods,
        "becomes": change.becomes,
        "creates": list(change.creates),
        "touches": list(change.touches),
        "edits": [
            {
                "path": path,
                "stage": Stage(edit.stage).label,
                **_range(report, path, edit.span),
                "content": edit.content,
            }
            for path, edits in change.edits.items()
            for edit in edits
        ],
        "location": _location(report, change.location),
    }


def _held_back(report: Report, item: HeldBack) -> Json:
    return {
        "action": item.action,
        "workload": item.workload,
        "reason": item.reason,
        "message": item.message,
        "location": _location(report, item.location),
    }


def _summary(report: Report) -> Json:
    severities = Counter(finding.severity for finding in report.findings if finding.is_open)
    rewrite: Rewrite | None = report.rewrite
    return {
        "files": len(report.sources),
        "documents": report.documents,
        "workloads": len(report.workloads),
        "containers": sum(len(workload.containers) for workload in report.workloads),
        "findings": {severity.label: severities[severity] for severity in reversed(Severity)},
        "suppressed": sum(finding.suppression is not None for finding in report.findings),
        "known": sum(finding.known for finding in report.findings),
        "rejected": len(report.rejected),
        "skipped": len(report.skipped),
        "changes": len(rewrite.changes) if rewrite else 0,
        "held_back": len(rewrite.held_back) if rewrite else 0,
    }
