"""Warnings of an admission webhook."""

from __future__ import annotations

from dataclasses import replace

from service.render.admission import MOST, render_warnings
from tests.unit.render.reports import full


def test_only_what_is_open_is_said():
    """A sentence for each finding, with its rule."""
    report = full()
    open_rules = [finding.rule for finding in report.findings if finding.is_open]
    warnings = render_warnings(report)

    assert [text.split()[1].rstrip(":") for text in warnings] == open_rules
    assert all(text.startswith("podsplit ") for text in warnings)


def test_their_number_and_their_length_are_bounded():
    """What is said first is said, in one line; 4,096 characters are those of all webhooks."""
    finding = next(finding for finding in full().findings if finding.is_open)
    texts = ("first\nline: " + "x" * 200, "y" * 300, "short: and sweet")
    many = tuple(finding._replace(message=text) for text in texts * 10)
    warnings = render_warnings(replace(full(), findings=many))

    assert len(warnings) == MOST
    assert max(map(len, warnings)) <= 120
    assert sum(map(len, warnings)) < 4096
    assert warnings[0] == f"podsplit {finding.rule}: first line"
    assert warnings[1].endswith("y…")
    assert warnings[2] == f"podsplit {finding.rule}: short: and sweet"
