"""SARIF 2.1.0, with fixes if the report has a rewrite.

GitHub reads only the first location, the text of the message, related locations and
`partialFingerprints.primaryLocationLineHash`. It refuses empty lists of replacements, more than
25,000 results and more than 10 MB gzipped (docs.github.com, "SARIF support for code scanning").
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from service.documentation import documented
from service.findings import Finding, Location, Report, Severity
from service.render.common import NOBODY, TOOL, Producer
from service.render.fixes import MAX_INSERTED, MAX_REPLACEMENTS, FileEdits, edits_by_change
from service.rules import RULES
from service.rules.rule import Rule
from service.text import Span

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_LEVELS = {Severity.INFO: "note", Severity.WARNING: "warning", Severity.ERROR: "error"}

_RULE_INDICES = {rule.id: index for index, rule in enumerate(RULES)}

MAX_RESULTS = 25_000
"""Results of one run, as GitHub takes them."""

Json = dict[str, Any]


def render_sarif(report: Report, producer: Producer = NOBODY) -> str:
    """All findings, the suppressed ones as such, with fixes if the report has a rewrite."""
    ranked = _worst(report)
    fixes, unfixed = _fixes(report, ranked)
    is_compared = any(finding.known for finding in report.findings)
    run = {
        "tool": {"driver": _driver(producer)},
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {
                "executionSuccessful": True,
                "toolExecutionNotifications": _notifications(report) + _left_out(report, unfixed),
            }
        ],
        "results": [
            _result(report, finding, fix, is_compared=is_compared)
            for finding, fix in zip(ranked, fixes, strict=True)
        ],
    }
    document = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _driver(producer: Producer) -> Json:
    driver: Json = {"name": TOOL}
    if producer.version:
        driver |= {"version": producer.version, "semanticVersion": producer.version}
    if producer.docs:
        driver["informationUri"] = producer.docs
    return driver | {"rules": [_rule(rule, producer) for rule in RULES]}


def _worst(report: Report) -> list[Finding]:
    """The findings in their order; only the worst if there are too many."""
    findings = report.findings
    if len(findings) <= MAX_RESULTS:
        return list(findings)
    ranked = sorted(
        range(len(findings)),
        key=lambda index: (
            not findings[index].is_open,
            -findings[index].severity,
        ),
    )
    return [findings[index] for index in sorted(ranked[:MAX_RESULTS])]


def _fixes(report: Report, findings: list[Finding]) -> tuple[list[Json | None], int]:
    """The fix of each finding, if it has one, and how many are left out for want of room. Findings
    that one fix is for have it at the first of them.
    """
    edits = edits_by_change(report)
    changes = report.rewrite.changes if report.rewrite else ()
    titles = {change.id: change.title for change in changes}
    room, replacements = MAX_INSERTED, MAX_REPLACEMENTS
    given: set[int] = set()
    fixes: list[Json | None] = []
    left_out = 0
    for finding in findings:
        change = finding.change or ""
        file_edits = edits.get(change, {})
        if not file_edits or id(file_edits) in given:
            fixes.append(None)
            continue
        given.add(id(file_edits))
        size = sum(len(edit.content) for items in file_edits.values() for edit in items)
        count = sum(map(len, file_edits.values()))
        if size > room or count > replacements:
            left_out += 1
            fixes.append(None)
        else:
            room, replacements = room - size, replacements - count
            fixes.append(_fix(report, titles[change], file_edits))
    return fixes, left_out


def _left_out(report: Report, unfixed: int) -> list[Json]:
    missing = max(0, len(report.findings) - MAX_RESULTS)
    texts = []
    if missing:
        texts.append(
            f"{missing} findings are left out, as a run has at most {MAX_RESULTS}: send fewer"
            " documents at once"
        )
    if unfixed:
        texts.append(
            f"{unfixed} fixes are left out, as the file would be too large: send fewer documents at"
            " once"
        )
    return [
        {"level": "warning", "message": {"text": text}, "descriptor": {"id": "left-out"}}
        for text in texts
    ]


def _rule(rule: Rule, producer: Producer) -> Json:
    docs = documented(rule.module)
    looks_for, why, outcome = map(_capitalised, (docs.looks_for, docs.why, docs.outcome))
    markdown = f"{looks_for}\n\n{why}\n\n```yaml\n{docs.example}\n```\n\n{outcome}"
    uri = producer.help_uri(f"rules-{rule.id}")
    return {
        "id": rule.id,
        "name": "".join(word.capitalize() for word in rule.id.split("-")),
        "shortDescription": {"text": docs.title},
        "fullDescription": {"text": why},
        "help": {"text": f"{looks_for}\n\n{why}\n\n{outcome}", "markdown": markdown},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
    } | ({"helpUri": uri} if uri else {})


def _capitalised(text: str) -> str:
    """A text with a capital at its start, the rest as it is."""
    return text[:1].upper() + text[1:]


def _result(report: Report, finding: Finding, fix: Json | None, *, is_compared: bool) -> Json:
    result: Json = {
        "ruleId": finding.rule,
        "level": _LEVELS[finding.severity],
        "message": {"text": finding.message},
        "locations": [
            _location(report, finding.location)
            | {"logicalLocations": [{"fullyQualifiedName": finding.workload, "kind": "resource"}]}
        ],
        "partialFingerprints": {
            "primaryLocationLineHash": f"{finding.fingerprint[:16]}:1",
            "podsplit/v1": finding.fingerprint,
        },
    }
    if is_compared:
        result["baselineState"] = "unchanged" if finding.known else "new"
    if finding.rule in _RULE_INDICES:
        result["ruleIndex"] = _RULE_INDICES[finding.rule]
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
    """The documents that can't be read and the changes that were held back, with the reasons."""
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
