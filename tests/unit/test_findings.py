"""What is reported: the order of severities, applicabilities and stages, and places for people."""

from __future__ import annotations

from enum import IntEnum

import pytest

from service.findings import Applicability, Location, Report, Severity, Stage
from service.text import SourceFile, Span


def test_the_worst_is_the_greatest() -> None:
    """Of severities and of applicabilities; stages are in the order in which they are applied."""
    assert max(Severity.WARNING, Severity.ERROR, Severity.INFO) is Severity.ERROR
    assert min(Severity) is Severity.INFO
    assert list(Applicability) == [Applicability.SAFE, Applicability.REVIEW, Applicability.MANUAL]
    assert Applicability.SAFE < Applicability.REVIEW < Applicability.MANUAL
    assert [int(stage) for stage in Stage] == [0, 1, 2, 3]
    assert list(Stage) == [Stage.EXPAND, Stage.ADD, Stage.SWITCH, Stage.CONTRACT]


@pytest.mark.parametrize(
    ("kind", "labels"),
    [
        (Severity, ["info", "warning", "error"]),
        (Applicability, ["safe", "review", "manual"]),
        (Stage, ["expand", "add", "switch", "contract"]),
    ],
)
def test_the_label_is_the_word_on_the_wire(
    kind: type[Severity | Applicability | Stage], labels: list[str]
) -> None:
    """In lower case."""
    assert issubclass(kind, IntEnum)
    assert [member.label for member in kind] == labels


def test_a_location_is_shown_in_lines_and_columns() -> None:
    """All 1-based; the last column is the one behind the end."""
    report = Report(
        sources={
            "a.yaml": SourceFile("a.yaml", "x\n"),
            "b.yaml": SourceFile("b.yaml", "ab\ncde\n"),
        },
        workloads=(),
        findings=(),
        rejected=(),
        skipped=(),
        documents=1,
    )
    assert report.position(Location("b.yaml", 0, Span(1, 5))) == (1, 2, 2, 3)
    assert report.position(Location("b.yaml", 0, Span(3, 3))) == (2, 1, 2, 1)
    assert report.rewrite is None
