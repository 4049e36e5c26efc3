"""reviewdog's rdjson. Lines are 1-based, columns count UTF-8 bytes, ends are exclusive."""

from __future__ import annotations

import json
from typing import Any

from service.findings import Finding, Location, Report, Severity
from service.render.common import MOST_INSERTED, TOOL, whole_edits
from service.render.lines import FileLines
from service.text import SourceFile

_SEVERITIES = {Severity.INFO: "INFO", Severity.WARNING: "WARNING", Severity.ERROR: "ERROR"}

_LONGEST_LINE = 10_000
"""Code points of a line in which columns are told, as its characters aren't all ASCII; people
read no longer ones.
"""

Json = dict[str, Any]


def render_rdjson(report: Report) -> str:
    """The findings that nobody suppressed, and what could not be read."""
    suggestions = _Suggestions(report)
    diagnostics = [
        _diagnostic(report, finding, suggestions.of(finding))
        for finding in report.findings
        if finding.suppression is None
    ]
    diagnostics += [
        {
            "message": item.message,
            "location": _location(report, item.location),
            "severity": "ERROR",
            "code": {"value": f"rejected/{item.code}"},
        }
        for item in report.rejected
    ]
    return (
        json.dumps(
            {"source": {"name": TOOL}, "diagnostics": diagnostics}, ensure_ascii=False, indent=1
        )
        + "\n"
    )


def _diagnostic(report: Report, finding: Finding, suggestion: Json | None) -> Json:
    diagnostic: Json = {
        "message": finding.message,
        "location": _location(report, finding.location),
        "severity": _SEVERITIES[finding.severity],
        "code": {"value": finding.rule},
    }
    if finding.related:
        diagnostic["related_locations"] = [
            {"message": message, "location": _location(report, place)}
            for message, place in finding.related
        ]
    if suggestion is not None:
        # reviewdog posts a suggestion only where its range is the diagnostic's.
        diagnostic["suggestions"] = [suggestion]
        diagnostic["location"]["range"] = suggestion["range"]
    return diagnostic


class _Suggestions:
    """Changes that lie in one file, each as one replacement of whole lines that swallows no
    other document.
    """

    def __init__(self, report: Report) -> None:
        self._report = report
        self._files: dict[str, FileLines] = {}
        self._edits = whole_edits(report)
        self._left = MOST_INSERTED

    def of(self, finding: Finding) -> Json | None:
        """The change that mends a finding in its own file; None for any other, and where there
        is no more room.
        """
        path = finding.location.path
        edits = self._edits.get(finding.change or "", {})
        if list(edits) != [path]:
            return None
        file = self._files.get(path) or self._files.setdefault(
            path, FileLines(self._report.sources[path])
        )
        first, last = file.range_of(edits[path])
        if file.swallows(edits[path], first, last):
            return None
        text = file.replaced(edits[path], first, last).removesuffix("\n")
        self._left -= len(text)
        if self._left < 0:
            return None
        # Without columns: whole lines, both ends inclusive.
        return {"range": {"start": {"line": first}, "end": {"line": last}}, "text": text}


def _location(report: Report, place: Location) -> Json:
    source = report.sources.get(place.path)
    if source is None:
        return {"path": place.path}
    points = {"start": _point(source, place.span.start), "end": _point(source, place.span.end)}
    if None in points.values():
        line, _, end_line, _ = report.position(place)
        points = {"start": {"line": line}, "end": {"line": end_line}}
    return {"path": place.path, "range": points}


def _point(source: SourceFile, offset: int) -> Json | None:
    """A place; None in a line so long that counting its bytes again and again would take for
    ever.
    """
    line, column = source.position(offset)
    if source.text.isascii():
        return {"line": line, "column": column}
    if column > _LONGEST_LINE:
        return None
    return {"line": line, "column": len(source.text[offset - column + 1 : offset].encode()) + 1}
