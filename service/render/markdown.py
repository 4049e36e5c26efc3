"""Markdown for a pull request or a job's summary: what was found, what each container is and why,
what changes, and folded sections with the evidence, the picture and the patch.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from service.findings import (
    Change,
    FileStatus,
    Finding,
    Report,
    Severity,
    SkippedInput,
    Verdict,
    WorkloadReport,
)
from service.render.common import NOBODY, Producer
from service.render.diff import render_diff
from service.render.explanations import (
    change_lines,
    container_table,
    full_names,
    percent,
    place_of,
    role_of,
    speaks_of_stages,
    stages_explained,
)
from service.render.markdown_text import (
    bounded,
    code,
    counted,
    escape,
    folded,
    folded_patch,
    joined,
)
from service.render.mermaid import pictures
from service.render.topology import Topology

MAX_LENGTH = 60_000
"""Characters of the whole. A comment on GitHub may have 65,536, and a bot adds its marker."""
_MAX_TABLE = 15_000
"""Characters of the table of findings, and of that of containers."""
_MAX_LIST = 8_000
"""Characters of each of the lists below them."""

_WORDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def render_markdown(report: Report, producer: Producer = NOBODY) -> str:
    """A summary that fits into one comment. Its end says how many sections did not fit."""
    parts = [
        _headline(report),
        _advice(report),
        _findings(report, producer),
        container_table(report, report.workloads, _MAX_TABLE),
        _changes(report, producer),
        _held_back(report),
        _rejected(report),
        _skipped(report),
        _patch(report),
        pictures(Topology(report), report.rewrite.changes if report.rewrite else ()),
        *_evidence(report),
    ]
    text, left_out = joined(parts, MAX_LENGTH)
    if left_out:
        what = f"{counted(left_out, 'section')} left out here, too long for a comment"
        text += f"_{what}; `format=diff` has the patch, `format=json` everything._\n"
    return text


def _headline(report: Report) -> str:
    open_findings = [finding for finding in report.findings if finding.is_open]
    workloads = counted(len(report.workloads), "workload")
    if not report.workloads and not report.rejected:
        return "### Podsplit: there was no workload to look at\n"
    closed = len(report.findings) - len(open_findings)
    if not open_findings and not report.rejected:
        changes = report.rewrite.changes if report.rewrite else ()
        what = f"nothing new in {workloads}" if changes else f"nothing to change in {workloads}"
        return f"### Podsplit: {what}{f' ({closed} known or ignored)' if closed else ''}\n"
    counts = [
        counted(number, _WORDS[severity])
        for severity in reversed(Severity)
        if (number := sum(finding.severity is severity for finding in open_findings))
    ]
    unreadable = len(report.rejected)
    counts += [f"{counted(unreadable, 'document')} not readable"] if unreadable else []
    return f"### Podsplit: {', '.join(counts)} in {workloads}\n"


def _advice(report: Report) -> str:
    return "".join(f"- {escape(line)}\n" for line in report.advice)


def _findings(report: Report, producer: Producer) -> str:
    if not report.findings:
        return ""
    rows = (
        _row(report, finding, producer)
        for finding in sorted(
            report.findings, key=lambda finding: (not finding.is_open, -finding.severity)
        )
    )
    return "| | Where | What | Rule |\n|---|---|---|---|\n" + bounded(
        rows, _MAX_TABLE, "| | | and {} more | |\n"
    )


def _row(report: Report, finding: Finding, producer: Producer) -> str:
    word = _WORDS[finding.severity]
    message = escape(finding.message)
    if finding.suppression is not None:
        word = "ignored"
        message += f" _(ignored: {escape(finding.suppression.reason) or 'no reason given'})_"
    elif finding.known:
        word = "known"
    elif report.rewrite is not None and finding.change is None and word != "note":
        message += " _(no change mends it)_"
    return (
        f"| {word} | {escape(finding.workload)}<br>{code(place_of(report, finding.location))} |"
        f" {message} | {producer.link(code(finding.rule), f'rules-{finding.rule}')} |\n"
    )


def _changes(report: Report, producer: Producer) -> str:
    if report.rewrite is None or not report.rewrite.changes:
        return ""
    changes = report.rewrite.changes
    text = "**Changes**\n\n" + bounded(
        (_change(report, change, producer) for change in changes), _MAX_LIST
    )
    if speaks_of_stages(changes):
        text += f"\n{stages_explained(report, producer)}"
    checks = report.rewrite.verification
    if checks and all(check.passed for check in checks):
        text += f"\nVerified in every stage by {counted(len(checks), 'check')}.\n"
    return text


def _change(report: Report, change: Change, producer: Producer) -> str:
    details = "".join(f"    {line}" for line in change_lines(report, change, producer))
    return f"- **{escape(change.title)}**\n{details}"


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
        f"- {code(place_of(report, item.location))}: {escape(item.message)}\n"
        for item in report.rejected
    )
    return "**Not readable**\n\n" + bounded(lines, _MAX_LIST)


def _skipped(report: Report) -> str:
    """What was not looked at: how much for each reason, and one that it is true of."""
    if not report.skipped:
        return ""
    counts = Counter(item.reason for item in report.skipped)
    firsts: dict[str, SkippedInput] = {}
    for item in report.skipped:
        firsts.setdefault(item.reason, item)
    lines = (
        f"- {code(firsts[reason].path)}{f' and {count - 1} more' if count > 1 else ''}:"
        f" {escape(reason)}\n"
        for reason, count in counts.most_common()
    )
    return "**Not looked at**\n\n" + bounded(lines, _MAX_LIST)


def _evidence(report: Report) -> Iterator[str]:
    """A folded section for each workload of several containers that has a finding."""
    named = {(finding.location.path, finding.workload) for finding in report.findings}
    names = full_names(report)
    for workload in report.workloads:
        is_named = (workload.location.path, workload.title) in named
        if is_named and len(workload.containers) > 1:
            yield _workload(workload, names[workload])


def _workload(workload: WorkloadReport, title: str) -> str:
    rows = "".join(_container(verdict) for verdict in workload.containers)
    head = "| Container | Role | Sure | Evidence |\n|---|---|---|---|\n"
    return folded(f"Evidence for {escape(title)}", f"{head}{rows}")


def _container(verdict: Verdict) -> str:
    evidence = "<br>".join(
        f"{item.leans.value} +{item.weight:.1f}: {escape(item.message)}"
        for item in verdict.evidence[:8]
    )
    return (
        f"| {escape(verdict.name)} | {escape(role_of(verdict))} | {percent(verdict.confidence)} |"
        f" {evidence} |\n"
    )


def _patch(report: Report) -> str:
    if report.rewrite is None or all(
        item.status is FileStatus.UNCHANGED for item in report.rewrite.files
    ):
        return ""
    return folded_patch(render_diff(report))
