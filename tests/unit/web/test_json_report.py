"""The JSON of reports."""

from __future__ import annotations

import json

import pytest

from service.web.json_report import analysis_to_dict, rewrite_to_dict
from service.web.schemas.report import AnalysisSchema, RewriteSchema
from tests.unit.render.reports import full


def test_an_analysis_has_the_declared_shape():
    """Every field that the schema declares is there, of its type, and no other."""
    data = json.loads(json.dumps(analysis_to_dict(full())))

    assert AnalysisSchema().validate(data) == {}


def test_a_rewrite_has_the_declared_shape():
    """Every field that the schema declares is there, of its type, and no other."""
    data = json.loads(json.dumps(rewrite_to_dict(full())))

    assert RewriteSchema().validate(data) == {}


def test_lines_and_columns_count_from_one():
    """The kind of the Pod stands on line 3 from column 7 up to, not including, column 10."""
    finding = analysis_to_dict(full())["findings"][0]

    assert finding["location"] == {
        "path": "web.yaml",
        "document": 0,
        "line": 3,
        "column": 7,
        "end_line": 3,
        "end_column": 10,
    }


def test_a_place_in_a_file_that_could_not_be_decoded():
    """It still has a location: the file's first character."""
    rejected = analysis_to_dict(full())["rejected"][0]

    assert rejected["location"]["path"] == "broken.yaml"
    assert (rejected["location"]["line"], rejected["location"]["column"]) == (1, 1)


def test_suppressed_findings_stay_visible_and_are_not_counted():
    """Somebody asked to ignore one: it carries their reason, and the summary counts it apart."""
    data = analysis_to_dict(full())

    assert [
        finding["suppressed"] and finding["suppressed"]["reason"] for finding in data["findings"]
    ] == [None, None, "known"]
    assert data["summary"]["findings"] == {"error": 1, "warning": 1, "info": 0}
    assert data["summary"]["suppressed"] == 1


def test_the_names_that_scripts_depend_on():
    """The names of the specification's example."""
    data = rewrite_to_dict(full())
    container = data["workloads"][0]["containers"][1]

    assert container["role"] == "sidecar"
    assert container["serves"] == ["web"]
    assert container["pattern"] == "logging"
    assert container["evidence"][0]["signal"] == "known-image"
    assert {"files", "changes", "stages", "held_back", "verification", "migration"} <= data.keys()
    assert [stage["name"] for stage in data["stages"]] == ["expand", "add", "switch", "contract"]


def test_an_analysis_is_no_rewrite():
    """Asking an analysis for its rewrite is a bug of the caller."""
    report = full()
    analysed = type(report)(report.sources, (), (), (), (), 0)

    with pytest.raises(ValueError, match="no rewrite"):
        rewrite_to_dict(analysed)
