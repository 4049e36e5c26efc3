"""JUnit XML, for CI systems that show test reports: a suite for each file, and a test case for each
workload.
"""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element, SubElement, tostring

from service.findings import Finding, Location, RejectedInput, Report, Severity
from service.render.common import TOOL

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render_junit(report: Report) -> str:
    """Workloads with findings fail. Suppressed findings are skipped tests with the reason, notes
    are output, and documents that can't be read are errors.
    """
    suites = Element("testsuites", name=TOOL)
    names: dict[str, list[str]] = {}
    findings: dict[str, dict[str, list[Finding]]] = {}
    rejected: dict[str, list[RejectedInput]] = {}
    for workload in report.workloads:
        names.setdefault(workload.location.path, []).append(workload.title)
    for finding in report.findings:
        findings.setdefault(finding.location.path, {}).setdefault(finding.workload, []).append(
            finding
        )
    for item in report.rejected:
        rejected.setdefault(item.location.path, []).append(item)
    for path in {**names, **findings, **rejected}:
        _suite(
            suites,
            report,
            path,
            names.get(path, []),
            findings.get(path, {}),
            rejected.get(path, []),
        )
    for key in ("tests", "failures", "errors", "skipped"):
        suites.set(key, str(sum(int(suite.get(key, "0")) for suite in suites)))
    document: bytes = tostring(suites, encoding="utf-8", xml_declaration=True)
    return document.decode() + "\n"


def _suite(
    suites: Element,
    report: Report,
    path: str,
    names: list[str],
    findings: dict[str, list[Finding]],
    rejected: list[RejectedInput],
) -> None:
    suite = SubElement(suites, "testsuite", name=_text(path))
    for name in dict.fromkeys([*names, *findings]):
        _case(suite, report, path, name, findings.get(name, []))
    for item in rejected:
        case = SubElement(
            suite,
            "testcase",
            classname=_text(path),
            name=f"document {item.location.document}",
            file=_text(path),
        )
        error = SubElement(case, "error", type=item.code, message=_text(item.message))
        error.text = _text(f"{_place(report, item.location)}: {item.message}")
    cases = suite.findall("testcase")
    suite.set("tests", str(len(cases)))
    for key, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(key, str(sum(case.find(tag) is not None for case in cases)))


def _case(suite: Element, report: Report, path: str, name: str, findings: list[Finding]) -> None:
    case = SubElement(suite, "testcase", classname=_text(path), name=_text(name), file=_text(path))
    failing = [item for item in findings if item.is_open and item.severity > Severity.INFO]
    if failing:
        worst = max(failing, key=lambda item: item.severity)
        failure = SubElement(case, "failure", type=worst.rule, message=_text(worst.message))
        failure.text = _text("\n".join(_line(report, item) for item in failing))
    elif closed := [item for item in findings if not item.is_open]:
        reasons = "; ".join(map(_reason, closed))
        SubElement(case, "skipped", message=_text(reasons))
    if notes := [item for item in findings if item not in failing]:
        SubElement(case, "system-out").text = _text(
            "\n".join(_line(report, item) for item in notes)
        )


def _reason(finding: Finding) -> str:
    """Why a finding fails nothing."""
    if finding.suppression is None:
        return "known: it is in the baseline"
    return finding.suppression.reason or "no reason given"


def _line(report: Report, finding: Finding) -> str:
    return (
        f"{_place(report, finding.location)}: {finding.severity.label}: {finding.rule}:"
        f" {finding.message}"
    )


def _place(report: Report, location: Location) -> str:
    if location.path not in report.sources:
        return location.path
    line, column, _, _ = report.position(location)
    return f"{location.path}:{line}:{column}"


def _text(value: str) -> str:
    """Text in which the characters that XML 1.0 forbids are replaced (section 2.2)."""
    return _FORBIDDEN.sub("\ufffd", value)
