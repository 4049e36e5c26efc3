"""Warnings of an admission webhook (admission.k8s.io/v1), which kubectl prints where somebody
applies an object.

Facts: `AdmissionResponse.warnings` in the API reference of Kubernetes: no prefix "Warning:", 120
characters at most where possible; beyond 256 each, or 4,096 of all webhooks together, they may be
cut or dropped.
"""

from __future__ import annotations

from service.findings import Report

MOST = 10
"""Warnings of one object, so that all of them stay below 4,096 characters with room for others."""
_MOST_TEXT = 120
"""Characters of a warning."""


def render_warnings(report: Report) -> list[str]:
    """A sentence for each finding that nobody has silenced."""
    return [
        _short(f"podsplit {finding.rule}", finding.message)
        for finding in report.findings
        if finding.is_open
    ][:MOST]


def _short(source: str, message: str) -> str:
    """A line: kubectl would print a second one without its prefix. Where the whole message is too
    long, what it says first.
    """
    line = " ".join(message.split())
    words = f"{source}: {line}"
    if len(words) > _MOST_TEXT:
        words = f"{source}: {line.partition(': ')[0]}"
    return words if len(words) <= _MOST_TEXT else f"{words[: _MOST_TEXT - 1]}…"
