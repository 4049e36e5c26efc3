"""rdjson: what reviewdog asks for, suggestions that are whole, columns in bytes."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator

from service.findings import Finding, Location, Report, Severity
from service.render.fixes import MAX_INSERTED
from service.render.rdjson import render_rdjson
from service.text import Edit, SourceFile, Span
from tests.unit.render.reports import POD, TWO_SERVERS, full, place, rewritten

POINT = {
    "required": ["line"],
    "properties": {
        "line": {"type": "integer", "minimum": 1},
        "column": {"type": "integer", "minimum": 1},
    },
    "additionalProperties": False,
}
RANGE = {
    "required": ["start"],
    "properties": {"start": POINT, "end": POINT},
    "additionalProperties": False,
}
PLACE = {
    "required": ["path"],
    "properties": {"path": {"type": "string"}, "range": RANGE},
    "additionalProperties": False,
}
RDJSON = {
    "required": ["source", "diagnostics"],
    "properties": {
        "diagnostics": {
            "items": {
                "required": ["message", "location", "severity"],
                "properties": {
                    "message": {"type": "string", "minLength": 1},
                    "location": PLACE,
                    "severity": {"enum": ["ERROR", "WARNING", "INFO"]},
                    "code": {"required": ["value"]},
                    "suggestions": {
                        "items": {
                            "required": ["range", "text"],
                            "properties": {"range": RANGE, "text": {"type": "string"}},
                            "additionalProperties": False,
                        }
                    },
                    "related_locations": {
                        "items": {
                            "required": ["message", "location"],
                            "properties": {"location": PLACE},
                        }
                    },
                },
                "additionalProperties": False,
            }
        }
    },
}


def test_what_readers_ask_for(shop):
    """The shape that the format's readers need, for a report with everything in it, a real one
    and an empty one.
    """
    for report in (full(), shop, Report({}, (), (), (), (), 0)):
        Draft202012Validator(RDJSON).validate(json.loads(render_rdjson(report)))


def test_an_rdjson_suggestion_is_the_whole_rewrite_of_its_workload(shop):
    """Replacing the range's whole lines by the text gives the rewritten file; the range is the
    diagnostic's own.
    """
    diagnostics = json.loads(render_rdjson(shop))["diagnostics"]
    assert shop.rewrite is not None
    assert any("suggestions" in item for item in diagnostics)
    for item in diagnostics:
        for suggestion in item.get("suggestions", ()):
            assert suggestion["range"] == item["location"]["range"]
            lines = TWO_SERVERS.split("\n")
            lines[suggestion["range"]["start"]["line"] - 1 : suggestion["range"]["end"]["line"]] = (
                suggestion["text"].split("\n")
            )
            assert "\n".join(lines) == shop.rewrite.files[0].content


def diagnostics(text: str, start: int, end: int) -> dict:
    """The range of one finding in a file."""
    finding = Finding("r", Severity.INFO, "m", Location("a.yaml", 0, Span(start, end)), "Pod/x")
    report = Report({"a.yaml": SourceFile("a.yaml", text)}, (), (finding,), (), (), 1)
    (diagnostic,) = json.loads(render_rdjson(report))["diagnostics"]
    return diagnostic["location"]["range"]


def test_columns_count_bytes():
    """A column behind letters of several bytes."""
    text = "grüße: 🎉x\n"
    start = text.index("x")

    assert diagnostics(text, start, start + 1) == {
        "start": {"line": 1, "column": len("grüße: 🎉".encode()) + 1},
        "end": {"line": 1, "column": len("grüße: 🎉x".encode()) + 1},
    }


@pytest.mark.parametrize(
    ("letter", "column", "told"),
    [("ü", 10_000, True), ("ü", 10_001, False), ("u", 20_000, True)],
)
def test_columns_of_very_long_lines(letter, column, told):
    """Up to 10,000 where bytes have to be counted; behind, the lines alone are told."""
    line = "x" * 50_000 + letter
    found = diagnostics(line, column - 2, column - 1)

    assert ("column" in found["start"]) is told
    assert found["start"]["line"] == found["end"]["line"] == 1


def test_suppressed_findings_are_left_out():
    """reviewdog knows no such thing."""
    assert "low-confidence" not in render_rdjson(full())


def test_a_place_in_a_file_that_could_not_be_decoded():
    """The file alone."""
    (rejected,) = [
        item
        for item in json.loads(render_rdjson(full()))["diagnostics"]
        if item["code"]["value"] == "rejected/yaml-syntax"
    ]

    assert rejected["location"] == {"path": "broken.yaml"}


def test_suggestions_that_would_be_too_much():
    """As many as fit are there; the others are findings without one."""
    report = rewritten(
        {"web.yaml": POD},
        {"web.yaml": [Edit(place(POD, "nginx").span, "x" * (MAX_INSERTED // 2 - 100))]},
    )
    finding = Finding(
        "bare-pod", Severity.WARNING, "m", place(POD, "Pod"), "Pod/web", change="wrap/Pod/web"
    )
    grown = Report(report.sources, (), (finding,) * 3, (), (), 1, report.rewrite)
    items = json.loads(render_rdjson(grown))["diagnostics"]

    assert ["suggestions" in item for item in items] == [True, True, False]
