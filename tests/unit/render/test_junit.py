"""JUnit XML."""

from __future__ import annotations

from xml.etree.ElementTree import fromstring

from junitparser import JUnitXml

from service.findings import Finding, Location, Report, Severity, Suppression
from service.render.junit import render_junit
from service.text import SourceFile, Span
from tests.unit.render.reports import full


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

    assert "bell \ufffd & <tag>" in fromstring(render_junit(report).encode())[0][0][0].get(
        "message"
    )


def report_of(*findings: Finding) -> Report:
    return Report({"a.yaml": SourceFile("a.yaml", "x\n")}, (), findings, (), (), 1)


def finding(severity: Severity, message: str = "m", **more) -> Finding:
    return Finding("r", severity, message, Location("a.yaml", 0, Span(0, 1)), "Pod/x", **more)


def only_case(report: Report):
    """The one test case of a report."""
    (suite,) = fromstring(render_junit(report).encode())
    (case,) = suite
    return case


def test_the_worst_finding_of_a_workload_is_its_failure():
    """The text has all of them, with their places."""
    case = only_case(
        report_of(finding(Severity.WARNING, "first"), finding(Severity.ERROR, "worst"))
    )
    (failure,) = case

    assert (failure.tag, failure.get("message")) == ("failure", "worst")
    assert failure.text == "a.yaml:1:1: warning: r: first\na.yaml:1:1: error: r: worst"


def test_notes_don_t_fail():
    """They are output of the test."""
    (output,) = only_case(report_of(finding(Severity.INFO, "note")))

    assert (output.tag, output.text) == ("system-out", "a.yaml:1:1: info: r: note")


def test_suppressed_findings_are_skipped_tests():
    """With the reason, or that there is none; the finding is output."""
    where = Location("a.yaml", 0, Span(0, 1))
    for reason, shown in (("known", "known"), ("", "no reason given")):
        ignored = finding(Severity.ERROR, suppression=Suppression(reason, where))
        skipped, output = only_case(report_of(ignored))
        assert (skipped.tag, skipped.get("message")) == ("skipped", shown)
        assert output.tag == "system-out"
