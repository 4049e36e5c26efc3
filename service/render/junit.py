"""JUnit XML, for CI systems that show test reports: a suite for each file, a case for each workload."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element, SubElement, tostring

from service.findings import Finding, Location, Report, Severity
from service.render.common import TOOL

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render_junit(report: Report) -> str:
    """Workloads with findings fail; suppressed ones are skipped with the reason; notes are output; what can't be read is an error."""
    suites = Element("testsuites", name=TOOL)
    for path in _paths(report):
        _suite(suites, report, path)
    for key in ("tests", "failures", "errors", "skipped"):
        suites.set(key, str(sum(int(suite.get(key, "0")) for suite in suites)))
    document: bytes = tostring(suites, encoding="utf-8", xml_declaration=True)
    return document.decode() + "\n"


def _paths(report: Report) -> list[str]:
    seen = [workload.location.path for workload in report.workloads]
    seen += [finding.location.path for finding in report.findings]
    seen += [item.location.path for item in report.rejected]
    return list(dict.fromkeys(seen))


def _suite(suites: Element, report: Report, path: str) -> None:
    suite = SubElement(suites, "testsuite", name=_text(path))
    names = [f"{workload.kind}/{workload.name}" for workload in report.workloads if workload.location.path == path]
    found = [finding for finding in report.findings if finding.location.path == path]
    for name in dict.fromkeys([*names, *(finding.workload for finding in found)]):
        _case(suite, report, path, name, [finding for finding in found if finding.workload == name])
    for item in report.rejected:
        if item.location.path == path:
            case = SubElement(suite, "testcase", classname=_text(path), name=f"document {item.location.document}", file=_text(path))
            SubElement(case, "error", type=item.code, message=_text(item.message)).text = _text(
                f"{_place(report, item.location)}: {item.message}"
            )
    cases = suite.findall("testcase")
    suite.set("tests", str(len(cases)))
    for key, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(key, str(sum(case.find(tag) is not None for case in cases)))


def _case(suite: Element, report: Report, path: str, name: str, findings: list[Finding]) -> None:
    case = SubElement(suite, "testcase", classname=_text(path), name=_text(name), file=_text(path))
    failing = [item for item in findings if item.suppression is None and item.severity > Severity.INFO]
    if failing:
        worst = max(failing, key=lambda item: item.severity)
        failure = SubElement(case, "failure", type=worst.rule, message=_text(worst.message))
        failure.text = _text("\n".join(_line(report, item) for item in failing))
    elif suppressed := [item for item in findings if item.suppression is not None]:
        reasons = "; ".join(item.suppression.reason or "no reason given" for item in suppressed if item.suppression is not None)
        SubElement(case, "skipped", message=_text(reasons))
    if notes := [item for item in findings if item not in failing]:
        SubElement(case, "system-out").text = _text("\n".join(_line(report, item) for item in notes))


def _line(report: Report, finding: Finding) -> str:
    return f"{_place(report, finding.location)}: {finding.severity.label}: {finding.rule}: {finding.message}"


def _place(report: Report, location: Location) -> str:
    if location.path not in report.sources:
        return location.path
    line, column, _, _ = report.position(location)
    return f"{location.path}:{line}:{column}"


def _text(value: str) -> str:
    """Without the characters that XML can't hold."""
    return _FORBIDDEN.sub("\ufffd", value)
