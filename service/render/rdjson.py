"""reviewdog's rdjson. Lines are 1-based, columns count UTF-8 bytes, ends are exclusive."""

from __future__ import annotations

import json
from typing import Any

from service.findings import Finding, Location, Report, Severity
from service.render.common import NOBODY, TOOL, Producer
from service.render.fixes import MAX_INSERTED, edits_by_change
from service.render.lines import FileLines
from service.text import SourceFile

_SEVERITIES = {Severity.INFO: "INFO", Severity.WARNING: "WARNING", Severity.ERROR: "ERROR"}

_MAX_COLUMN = 10_000
"""The last column that is given in a file that is not all ASCII, as the bytes before it are counted
anew for each place. Nobody reads longer lines.
"""

Json = dict[str, Any]


def render_rdjson(report: Report, producer: Producer = NOBODY) -> str:
    """The open findings, and the documents that can't be read."""
    suggestions = _Suggestions(report)
    diagnostics = [
        _diagnostic(report, finding, suggestions.suggestion_for(finding), producer)
        for finding in report.findings
        if finding.is_open
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
    source = {"name": TOOL} | ({"url": producer.docs} if producer.docs else {})
    report_data = {"source": source, "diagnostics": diagnostics}
    return json.dumps(report_data, ensure_ascii=False, indent=1) + "\n"


def _diagnostic(
    report: Report, finding: Finding, suggestion: Json | None, producer: Producer
) -> Json:
    diagnostic: Json = {
        "message": finding.message,
        "location": _location(report, finding.location),
        "severity": _SEVERITIES[finding.severity],
        "code": {"value": finding.rule},
    }
    if producer.docs:
        diagnostic["code"]["url"] = producer.help_uri(f"rules-{finding.rule}")
    if finding.related:
        diagnostic["related_locations"] = [
            {"message": message, "location": _location(report, place)}
            for message, place in finding.related
        ]
    if suggestion is not None:
        # reviewdog posts a suggestion only if its range is the diagnostic's.
        diagnostic["suggestions"] = [suggestion]
        diagnostic["location"]["range"] = suggestion["range"]
    return diagnostic


class _Suggestions:
    """Makes suggestions: each replaces whole lines once, for a change that is in one file and whose
    lines overlap no other document.
    """

    def __init__(self, report: Report) -> None:
        self._report = report
        self._files: dict[str, FileLines] = {}
        self._edits = edits_by_change(report)
        self._left = MAX_INSERTED

    def suggestion_for(self, finding: Finding) -> Json | None:
        """The change that fixes a finding, if it is in the finding's own file and there is room."""
        path = finding.location.path
        edits = self._edits.get(finding.change or "", {})
        if list(edits) != [path]:
            return None
        file = self._files.get(path) or self._files.setdefault(
            path, FileLines(self._report.sources[path])
        )
        first, last = file.line_range(edits[path])
        if file.has_untouched_document(edits[path], first, last):
            return None
        text = file.replaced_text(edits[path], first, last).removesuffix("\n")
        self._left -= len(text)
        if self._left < 0:
            return None
        # Without columns a range is whole lines, and includes both ends.
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
    """A place; None behind the last column that is given."""
    line, column = source.position(offset)
    if source.text.isascii():
        return {"line": line, "column": column}
    if column > _MAX_COLUMN:
        return None
    return {"line": line, "column": len(source.text[offset - column + 1 : offset].encode()) + 1}
