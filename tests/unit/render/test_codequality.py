"""GitLab's Code Quality report."""

from __future__ import annotations

import json

from jsonschema import Draft202012Validator

from service.findings import Report
from service.render.codequality import render_codequality
from tests.unit.render.reports import full

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


def test_what_readers_ask_for(shop):
    """The shape that the format's readers need, for a report with everything in it, a real one
    and an empty one.
    """
    for report in (full(), shop, Report({}, (), (), (), (), 0)):
        Draft202012Validator(CODE_QUALITY).validate(json.loads(render_codequality(report)))


def test_findings_and_what_can_not_be_read():
    """Each with its severity in GitLab's words and its lines; suppressed findings are left out."""
    entries = json.loads(render_codequality(full()))

    assert [
        (entry["check_name"], entry["severity"], entry["location"]["path"]) for entry in entries
    ] == [
        ("podsplit/bare-pod", "major", "web.yaml"),
        ("podsplit/dangling-shared-volume", "critical", "web.yaml"),
        ("podsplit/rejected-yaml-syntax", "critical", "broken.yaml"),
    ]
    assert entries[1]["location"]["lines"] == {"begin": 10, "end": 11}
    assert entries[2]["location"]["lines"] == {"begin": 1, "end": 1}


def test_fingerprints_differ():
    """Equal ones would collapse into one."""
    marks = [entry["fingerprint"] for entry in json.loads(render_codequality(full()))]

    assert len(set(marks)) == len(marks) == 3


def test_there_is_no_byte_order_mark():
    """GitLab would not read it."""
    assert render_codequality(full()).startswith("[")
