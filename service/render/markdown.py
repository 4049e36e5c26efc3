"""Markdown for a pull request: what was found in a table, the evidence folded away, the patch
attached.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

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

MOST = 60_000
"""Characters; a comment on GitHub may have 65,536, and a bot adds its marker."""

_MOST_ROWS = 20_000
"""Of these, those for the table of findings."""
_MOST_ITEMS = 8_000
"""Likewise for each of the lists below it."""

_WORDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_SPECIAL = re.compile(r"([\\`*_\[\]<>|#])")
_RUN = re.compile("`+")


def render_markdown(report: Report) -> str:
    """A summary that fits into one comment; what doesn't fit is left out at the end, and said
    so.
    """
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
        if len(text) + len(part) > MOST:
            left_out += 1
        elif part:
            text += part + "\n"
    if left_out:
        text += (
            f"_{count(left_out, 'section')} left out here, too long for a comment; `format=json`"
            " and `format=diff` have everything._\n"
        )
    return text


def _headline(report: Report) -> str:
    open_findings = [finding for finding in report.findings if finding.suppression is None]
    workloads = count(len(report.workloads), "workload")
    if not open_findings and not report.rejected:
        return f"### Podsplit: nothing to change in {workloads}\n"
    counts = [
        count(found, _WORDS[severity])
        for severity in reversed(Severity)
        if (found := sum(finding.severity is severity for finding in open_findings))
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
    return "| | Where | What | Rule |\n|---|---|---|---|\n" + fitting(
        rows, _MOST_ROWS, "| | | and {} more | |\n"
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
    return "**Changes in the patch below**\n\n" + fitting(
        map(_change, report.rewrite.changes), _MOST_ITEMS
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
    return "**Held back**\n\n" + fitting(lines, _MOST_ITEMS)


def _rejected(report: Report) -> str:
    if not report.rejected:
        return ""
    lines = (
        f"- {code(_place(report, item.location))}: {escape(item.message)}\n"
        for item in report.rejected
    )
    return "**Not readable**\n\n" + fitting(lines, _MOST_ITEMS)


def _evidence(report: Report) -> list[str]:
    """A folded section for each workload that a finding speaks of."""
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
    diff = render_diff(report)
    fence = fence_for(diff)
    return (
        "<details><summary>Patch, for <code>git"
        f" apply</code></summary>\n\n{fence}diff\n{diff}{fence}\n\n</details>\n"
    )


def fence_for(text: str) -> str:
    """A fence longer than any run of backticks inside."""
    return "`" * max(3, 1 + max((len(run) for run in _RUN.findall(text)), default=0))


def escape(text: str) -> str:
    """Text that Markdown shows as it is, on one line; an @ mentions nobody."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split())).replace("@", "@\u200b")


def code(text: str) -> str:
    """Text as code, in a table too."""
    plain = " ".join(text.split()).replace("|", "\\|")
    fence = "`" * (1 + max((len(run) for run in _RUN.findall(plain)), default=0))
    padding = " " if plain.startswith("`") or plain.endswith("`") else ""
    return f"{fence}{padding}{plain}{padding}{fence}"


def _place(report: Report, location: Location) -> str:
    if location.path not in report.sources:
        return location.path
    return f"{location.path}:{report.position(location)[0]}"


def fitting(parts: Iterable[str], most: int, more: str = "- and {} more\n") -> str:
    """Parts one after another, as many as `most` characters hold, and how many there are
    besides.
    """
    text: list[str] = []
    left_out = 0
    for part in parts:
        most -= len(part)
        if most < 0 or left_out:
            left_out += 1
        else:
            text.append(part)
    return "".join(text) + (more.format(left_out) if left_out else "")


def count(number: int, word: str) -> str:
    """A number with its word, in the plural where it must be."""
    return f"{number} {word}" + ("" if number == 1 else "s")
