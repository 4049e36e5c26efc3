"""SARIF 2.1.0, with fixes where the report holds a rewrite.

GitHub reads only the first location, the message's text, related locations and `partialFingerprints.primaryLocationLineHash`, and
refuses empty lists of replacements.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from service.findings import Finding, Location, Report, Severity
from service.registry import documented
from service.render.common import TOOL, FileEdits, fingerprints, sentence, whole_edits
from service.rules import RULES
from service.text import Span

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {Severity.INFO: "note", Severity.WARNING: "warning", Severity.ERROR: "error"}

Json = dict[str, Any]


def render_sarif(report: Report) -> str:
    """The findings of a report."""
    rules = [_rule(index) for index in range(len(RULES))]
    places = {rule["id"]: index for index, rule in enumerate(rules)}
    edits = whole_edits(report)
    results = [
        _result(report, finding, places, mark, edits.get(finding.change or ""))
        for finding, mark in zip(report.findings, fingerprints(report), strict=True)
    ]
    run = {
        "tool": {"driver": {"name": TOOL, "rules": rules}},
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": _notifications(report)}],
        "results": results,
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, ensure_ascii=False, indent=1) + "\n"


def _rule(index: int) -> Json:
    rule = RULES[index]
    docs = documented(rule.module)
    looks_for, why, outcome = sentence(docs.looks_for), sentence(docs.why), sentence(docs.outcome)
    markdown = f"{looks_for}\n\n{why}\n\n```yaml\n{docs.example}\n```\n\n{outcome}"
    return {
        "id": rule.id,
        "name": "".join(word.capitalize() for word in rule.id.split("-")),
        "shortDescription": {"text": docs.title},
        "fullDescription": {"text": why},
        "help": {"text": f"{looks_for}\n\n{why}\n\n{outcome}", "markdown": markdown},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
    }


def _result(report: Report, finding: Finding, places: dict[str, int], mark: str, edits: FileEdits | None) -> Json:
    result: Json = {
        "ruleId": finding.rule,
        "level": _LEVELS[finding.severity],
        "message": {"text": finding.message},
        "locations": [
            _location(report, finding.location) | {"logicalLocations": [{"fullyQualifiedName": finding.workload, "kind": "resource"}]}
        ],
        "partialFingerprints": {"primaryLocationLineHash": f"{mark[:16]}:1", "podsplit/v1": mark},
    }
    if finding.rule in places:
        result["ruleIndex"] = places[finding.rule]
    if finding.related:
        result["relatedLocations"] = [
            _location(report, place) | {"id": number, "message": {"text": message}}
            for number, (message, place) in enumerate(finding.related, 1)
        ]
    if finding.suppression is not None:
        result["suppressions"] = [
            {
                "kind": "inSource",
                "status": "accepted",
                "justification": finding.suppression.reason,
                "location": _location(report, finding.suppression.location),
            }
        ]
    if edits and report.rewrite is not None:
        title = next(change.title for change in report.rewrite.changes if change.id == finding.change)
        changes = [
            {
                "artifactLocation": _artifact(path),
                "replacements": [
                    {"deletedRegion": _region(report, path, edit.span), "insertedContent": {"text": edit.content}} for edit in items
                ],
            }
            for path, items in edits.items()
        ]
        result["fixes"] = [{"description": {"text": title}, "artifactChanges": changes}]
    return result


def _notifications(report: Report) -> list[Json]:
    """What could not be read, and what was wanted and not done: absence has a reason, here too."""
    found = [
        {
            "level": "error",
            "message": {"text": item.message},
            "descriptor": {"id": f"rejected/{item.code}"},
            "locations": [_location(report, item.location)],
        }
        for item in report.rejected
    ]
    if report.rewrite is not None:
        found += [
            {
                "level": "note",
                "message": {"text": f"{item.workload}: {item.action} held back: {item.message}"},
                "descriptor": {"id": f"held-back/{item.reason}"},
                "locations": [_location(report, item.location)],
            }
            for item in report.rewrite.held_back
        ]
    return found


def _location(report: Report, place: Location) -> Json:
    return {"physicalLocation": {"artifactLocation": _artifact(place.path), "region": _region(report, place.path, place.span)}}


def _artifact(path: str) -> Json:
    return {"uri": quote(path), "uriBaseId": "%SRCROOT%"}


def _region(report: Report, path: str, span: Span) -> Json:
    source = report.sources.get(path)
    if source is None:
        return {"startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 1}
    line, column = source.position(span.start)
    end_line, end_column = source.position(span.end)
    return {"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column}
