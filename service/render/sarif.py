"""SARIF 2.1.0, with fixes where the report holds a rewrite.

GitHub reads only the first location, the message's text, related locations and
`partialFingerprints.primaryLocationLineHash`. It refuses empty lists of replacements, more than
25,000 results and more than 10 MB gzipped.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from service.documentation import documented
from service.findings import Finding, Location, Report, Severity
from service.render.common import (
    MOST_INSERTED,
    TOOL,
    FileEdits,
    fingerprints,
    sentence,
    whole_edits,
)
from service.rules import RULES
from service.text import Span

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_LEVELS = {Severity.INFO: "note", Severity.WARNING: "warning", Severity.ERROR: "error"}

MOST_RESULTS = 25_000
"""Results in one run, as GitHub takes them."""

Json = dict[str, Any]


def render_sarif(report: Report) -> str:
    """The findings of a report."""
    rules = [_rule(index) for index in range(len(RULES))]
    places = {rule["id"]: index for index, rule in enumerate(rules)}
    edits = whole_edits(report)
    titles = (
        {change.id: change.title for change in report.rewrite.changes} if report.rewrite else {}
    )
    results: list[Json] = []
    left = MOST_INSERTED
    unfixed = 0
    for finding, mark in _worst(report):
        fix = edits.get(finding.change or "")
        size = sum(len(edit.content) for items in (fix or {}).values() for edit in items)
        if size > left:
            fix, unfixed = None, unfixed + 1
        else:
            left -= size
        results.append(
            _result(
                report,
                finding,
                places,
                mark,
                _fix(report, titles[finding.change or ""], fix) if fix else None,
            )
        )
    run = {
        "tool": {"driver": {"name": TOOL, "rules": rules}},
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {
                "executionSuccessful": True,
                "toolExecutionNotifications": _notifications(report) + _left_out(report, unfixed),
            }
        ],
        "results": results,
    }
    return (
        json.dumps(
            {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, ensure_ascii=False, indent=1
        )
        + "\n"
    )


def _worst(report: Report) -> list[tuple[Finding, str]]:
    """Findings with their fingerprints, in their order; the worst ones where there are too many."""
    found = list(zip(report.findings, fingerprints(report), strict=True))
    if len(found) <= MOST_RESULTS:
        return found
    ranked = sorted(
        range(len(found)),
        key=lambda place: (found[place][0].suppression is not None, -found[place][0].severity),
    )
    return [found[place] for place in sorted(ranked[:MOST_RESULTS])]


def _left_out(report: Report, unfixed: int) -> list[Json]:
    missing = max(0, len(report.findings) - MOST_RESULTS)
    texts = [
        (
            f"{missing} findings are left out, as there may be {MOST_RESULTS} at most: send fewer"
            " documents at once"
        )
    ] * bool(missing)
    texts += [
        (
            f"{unfixed} fixes are left out, as the file would be too large: send fewer documents at"
            " once"
        )
    ] * bool(unfixed)
    return [
        {"level": "warning", "message": {"text": text}, "descriptor": {"id": "left-out"}}
        for text in texts
    ]


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


def _result(
    report: Report, finding: Finding, places: dict[str, int], mark: str, fix: Json | None
) -> Json:
    result: Json = {
        "ruleId": finding.rule,
        "level": _LEVELS[finding.severity],
        "message": {"text": finding.message},
        "locations": [
            _location(report, finding.location)
            | {"logicalLocations": [{"fullyQualifiedName": finding.workload, "kind": "resource"}]}
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
    if fix is not None:
        result["fixes"] = [fix]
    return result


def _fix(report: Report, title: str, edits: FileEdits) -> Json:
    changes = [
        {
            "artifactLocation": _artifact(path),
            "replacements": [
                {
                    "deletedRegion": _region(report, path, edit.span),
                    "insertedContent": {"text": edit.content},
                }
                for edit in items
            ],
        }
        for path, items in edits.items()
    ]
    return {"description": {"text": title}, "artifactChanges": changes}


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
    return {
        "physicalLocation": {
            "artifactLocation": _artifact(place.path),
            "region": _region(report, place.path, place.span),
        }
    }


def _artifact(path: str) -> Json:
    return {"uri": quote(path), "uriBaseId": "%SRCROOT%"}


def _region(report: Report, path: str, span: Span) -> Json:
    source = report.sources.get(path)
    if source is None:
        return {"startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 1}
    line, column = source.position(span.start)
    end_line, end_column = source.position(span.end)
    return {"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column}
