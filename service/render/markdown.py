"""Markdown for a pull request: a table of findings, lists of changes, and folded sections with the
evidence and the patch.
"""

from __future__ import annotations

from service.findings import (
    Change,
    FileStatus,
    Finding,
    Location,
    Report,
    Role,
    Severity,
    Verdict,
    WorkloadReport,
)
from service.render.diff import render_diff
from service.render.markdown_text import bounded, code, counted, escape, folded_patch

MAX_LENGTH = 60_000
"""Characters of the whole. A comment on GitHub may have 65,536, and a bot adds its marker."""
_MAX_TABLE = 20_000
"""Characters of the table of findings."""
_MAX_LIST = 8_000
"""Characters of each of the lists below it."""

_WORDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def render_markdown(report: Report) -> str:
    """A summary that fits into one comment. Its end says how many sections did not fit."""
    parts = [
        _headline(report),
        _findings(report),
        _changes(report),
        _held_back(report),
        _rejected(report),
        *_evidence(report),
        _patch(report),
    ]
    text = ""
    left_out = 0
    for part in parts:
        if len(text) + len(part) > MAX_LENGTH:
            left_out += 1
        elif part:
            text += part + "\n"
    if left_out:
        text += (
            f"_{counted(left_out, 'section')} left out here, too long for a comment; `format=json`"
            " and `format=diff` have everything._\n"
        )
    return text


def _headline(report: Report) -> str:
    open_findings = [finding for finding in report.findings if finding.suppression is None]
    workloads = counted(len(report.workloads), "workload")
    if not open_findings and not report.rejected:
        return f"### Podsplit: nothing to change in {workloads}\n"
    counts = [
        counted(number, _WORDS[severity])
        for severity in reversed(Severity)
        if (number := sum(finding.severity is severity for finding in open_findings))
    ]
    counts += [f"{len(report.rejected)} not readable"] if report.rejected else []
    return f"### Podsplit: {', '.join(counts)} in {workloads}\n"


def _findings(report: Report) -> str:
    if not report.findings:
        return ""
    rows = (
        _row(report, finding)
        for finding in sorted(report.findings, key=lambda finding: -finding.severity)
    )
    return "| | Where | What | Rule |\n|---|---|---|---|\n" + bounded(
        rows, _MAX_TABLE, "| | | and {} more | |\n"
    )


def _row(report: Report, finding: Finding) -> str:
    word = _WORDS[finding.severity]
    message = escape(finding.message)
    if finding.suppression is not None:
        word = "ignored"
        message += f" _(ignored: {escape(finding.suppression.reason) or 'no reason given'})_"
    return (
        f"| {word} | {escape(finding.workload)}<br>{code(_place(report, finding.location))} |"
        f" {message} | {code(finding.rule)} |\n"
    )


def _changes(report: Report) -> str:
    if report.rewrite is None or not report.rewrite.changes:
        return ""
    return "**Changes in the patch below**\n\n" + bounded(
        map(_change, report.rewrite.changes), _MAX_LIST
    )


def _change(change: Change) -> str:
    lines = [f"- {escape(change.title)} ({change.applicability.label})\n"]
    lines += (
        [f"  - makes {', '.join(code(name) for name in change.creates)}\n"]
        if change.creates
        else []
    )
    lines += [f"  - assumes: {escape(assumption.message)}\n" for assumption in change.assumptions]
    return "".join(lines)


def _held_back(report: Report) -> str:
    if report.rewrite is None or not report.rewrite.held_back:
        return ""
    lines = (
        f"- {escape(item.workload)}: {item.action}: {escape(item.message)} ({code(item.reason)})\n"
        for item in report.rewrite.held_back
    )
    return "**Held back**\n\n" + bounded(lines, _MAX_LIST)


def _rejected(report: Report) -> str:
    if not report.rejected:
        return ""
    lines = (
        f"- {code(_place(report, item.location))}: {escape(item.message)}\n"
        for item in report.rejected
    )
    return "**Not readable**\n\n" + bounded(lines, _MAX_LIST)


def _evidence(report: Report) -> list[str]:
    """A folded section for each workload of several containers that has a finding."""
    named = {(finding.location.path, finding.workload) for finding in report.findings}
    return [
        _workload(workload)
        for workload in report.workloads
        if (workload.location.path, f"{workload.kind}/{workload.name}") in named
        and len(workload.containers) > 1
    ]


def _workload(workload: WorkloadReport) -> str:
    rows = "".join(_container(verdict) for verdict in workload.containers)
    head = "| Container | Role | Confidence | Evidence |\n|---|---|---|---|\n"
    title = f"Evidence for {escape(workload.kind)}/{escape(workload.name)}"
    return f"<details><summary>{title}</summary>\n\n{head}{rows}\n</details>\n"


def _container(verdict: Verdict) -> str:
    role = verdict.role.value
    if verdict.role is Role.SIDECAR:
        role = f"{verdict.pattern.value} {role}" if verdict.pattern else role
        role += (
            f" of {', '.join(escape(name) for name in verdict.serves)}" if verdict.serves else ""
        )
    evidence = "<br>".join(
        f"{item.leans.value} +{item.weight:.1f}: {escape(item.message)}"
        for item in verdict.evidence[:8]
    )
    return f"| {escape(verdict.name)} | {role} | {verdict.confidence:.0%} | {evidence} |\n"


def _patch(report: Report) -> str:
    if report.rewrite is None or all(
        item.status is FileStatus.UNCHANGED for item in report.rewrite.files
    ):
        return ""
    return folded_patch(render_diff(report))


def _place(report: Report, location: Location) -> str:
    if location.path not in report.sources:
        return location.path
    return f"{location.path}:{report.position(location)[0]}"
