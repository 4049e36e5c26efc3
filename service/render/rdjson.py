"""reviewdog's rdjson. Lines are 1-based, columns count UTF-8 bytes, ends are exclusive."""

from __future__ import annotations

import json
from typing import Any

from service.findings import Finding, Location, Report, Severity
from service.render.common import TOOL, FileEdits, whole_edits
from service.text import SourceFile

_SEVERITIES = {Severity.INFO: "INFO", Severity.WARNING: "WARNING", Severity.ERROR: "ERROR"}

Json = dict[str, Any]


def render_rdjson(report: Report) -> str:
    """The findings that nobody suppressed, and what could not be read."""
    edits = whole_edits(report)
    diagnostics = [
        _diagnostic(report, finding, edits.get(finding.change or "")) for finding in report.findings if finding.suppression is None
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
    return json.dumps({"source": {"name": TOOL}, "diagnostics": diagnostics}, ensure_ascii=False, indent=1) + "\n"


def _diagnostic(report: Report, finding: Finding, edits: FileEdits | None) -> Json:
    diagnostic: Json = {
        "message": finding.message,
        "location": _location(report, finding.location),
        "severity": _SEVERITIES[finding.severity],
        "code": {"value": finding.rule},
    }
    if finding.related:
        diagnostic["related_locations"] = [{"message": message, "location": _location(report, place)} for message, place in finding.related]
    suggestion = _suggestion(report, finding.location.path, edits)
    if suggestion is not None:
        # reviewdog posts a suggestion only where its range is the diagnostic's.
        diagnostic["suggestions"] = [suggestion]
        diagnostic["location"]["range"] = suggestion["range"]
    return diagnostic


def _suggestion(report: Report, path: str, edits: FileEdits | None) -> Json | None:
    """A change that lies in the finding's own file, as one replacement of whole lines; None for any other."""
    if not edits or list(edits) != [path]:
        return None
    source, items = report.sources[path], edits[path]
    first, _ = source.position(items[0].span.start)
    start = source.text.rfind("\n", 0, items[0].span.start) + 1
    stop = source.text.find("\n", items[-1].span.end)
    if items[-1].span.end > items[0].span.start and source.text[items[-1].span.end - 1] == "\n":
        stop = items[-1].span.end - 1
    stop = len(source.text) if stop < 0 else stop
    parts: list[str] = []
    position = start
    for edit in items:
        parts += [source.text[position : edit.span.start], edit.content]
        position = edit.span.end
    parts.append(source.text[position:stop])
    last, _ = source.position(stop)
    # Without columns: whole lines, both ends inclusive.
    return {"range": {"start": {"line": first}, "end": {"line": last}}, "text": "".join(parts).removesuffix("\n")}


def _location(report: Report, place: Location) -> Json:
    source = report.sources.get(place.path)
    if source is None:
        return {"path": place.path}
    return {"path": place.path, "range": {"start": _point(source, place.span.start), "end": _point(source, place.span.end)}}


def _point(source: SourceFile, offset: int) -> Json:
    line, column = source.position(offset)
    before = source.text[offset - column + 1 : offset]
    return {"line": line, "column": len(before.encode()) + 1}
