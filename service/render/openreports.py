"""Reports as objects of a cluster, which Policy Reporter, Headlamp and others show: a report for
each workload, in its namespace, as a List for `kubectl apply`.

Facts: the CRDs of OpenReports (openreports.io/v1alpha1) and of the Policy working group
(wgpolicyk8s.io/v1alpha2), which it comes from. Only severities that both have are used. Results
have no timestamp, so that a report of what stays as it is stays as it is, too.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from service.documentation import documented
from service.findings import ContainerType, Finding, Report, Role, Severity, WorkloadReport
from service.render.common import TOOL
from service.rules import RULES

_SEVERITIES = {Severity.INFO: "low", Severity.WARNING: "medium", Severity.ERROR: "high"}
_RESULTS = {Severity.INFO: "skip", Severity.WARNING: "warn", Severity.ERROR: "fail"}
"""What a finding is to those that count: what is only noted is not judged."""
_COUNTED = ("pass", "fail", "warn", "error", "skip")
_NOT_ANALYSED = "not-analysed"
_CATEGORY = "Pod structure"
_NAME = re.compile(r"[^a-z0-9.-]+")
_MOST_NAME = 253


def _renderer(api_version: str, kind: str) -> Callable[[Report], str]:
    return partial(_render, api_version=api_version, kind=kind)


def _render(report: Report, *, api_version: str, kind: str) -> str:
    items = []
    for workload, findings in _by_workload(report):
        results = [*map(_result, findings), *_passed(workload, findings)]
        if results:
            own = {"apiVersion": api_version, "kind": kind}
            # Only OpenReports says once where all results come from.
            source = {"source": TOOL} if kind == "Report" else {}
            items.append(own | _report_of(workload, results) | source)
    document = {"apiVersion": "v1", "kind": "List", "items": items}
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


render_openreports = _renderer("openreports.io/v1alpha1", "Report")
"""Reports of OpenReports."""
render_policyreport = _renderer("wgpolicyk8s.io/v1alpha2", "PolicyReport")
"""Reports of its predecessor."""


def _by_workload(report: Report) -> Iterator[tuple[WorkloadReport, list[Finding]]]:
    """Each workload that has a name, with its findings."""
    found: dict[tuple[str, int, str], list[Finding]] = {}
    for finding in report.findings:
        place = finding.location
        found.setdefault((place.path, place.document, finding.workload), []).append(finding)
    keys = [
        (workload.location.path, workload.location.document, workload.title)
        for workload in report.workloads
    ]
    namesakes = Counter(keys)
    for workload, key in zip(report.workloads, keys, strict=True):
        own = found.get(key, [])
        if namesakes[key] > 1:  # objects of several namespaces in one List
            span = workload.location.span
            own = [item for item in own if span.covers(item.location.span)]
        if workload.name and not workload.name.endswith("*"):
            yield workload, own


def _report_of(workload: WorkloadReport, results: list[dict[str, Any]]) -> dict[str, Any]:
    scope = {
        "apiVersion": workload.api_version,
        "kind": workload.kind,
        "name": workload.name,
    }
    metadata: dict[str, Any] = {
        "name": _name(workload),
        "labels": {"app.kubernetes.io/managed-by": TOOL},
    }
    if workload.uid:
        # So that a report goes with what it is about.
        metadata["ownerReferences"] = [scope | {"uid": workload.uid}]
        scope = scope | {"uid": workload.uid}
    if workload.namespace:
        metadata["namespace"] = workload.namespace
        scope = scope | {"namespace": workload.namespace}
    counts = [result["result"] for result in results]
    return {
        "metadata": metadata,
        "scope": scope,
        "summary": {word: counts.count(word) for word in _COUNTED},
        "results": results,
    }


def _name(workload: WorkloadReport) -> str:
    """The same in every run, and another one for every object of a namespace."""
    plain = f"{TOOL}-{workload.kind}-{workload.name}".lower()
    group = workload.api_version.rpartition("/")[0]
    if _NAME.search(plain) or len(plain) > _MOST_NAME or "." in group:
        mark = hashlib.sha256(f"{group}\0{workload.title}".encode()).hexdigest()[:10]
        plain = f"{_NAME.sub('-', plain)[: _MOST_NAME - 11]}-{mark}"
    return plain


def _result(finding: Finding) -> dict[str, Any]:
    if finding.suppression is not None:
        result, message = "skip", f"ignored: {finding.suppression.reason or 'no reason given'}"
    elif finding.known:
        result, message = "skip", f"known: {finding.message}"
    elif finding.rule == _NOT_ANALYSED:
        result, message = "error", finding.message
    else:
        result, message = _RESULTS[finding.severity], finding.message
    properties = {"fingerprint": finding.fingerprint} if finding.fingerprint else {}
    return _entry(finding.rule, result, message, _SEVERITIES[finding.severity], properties)


def _passed(workload: WorkloadReport, findings: Iterable[Finding]) -> Iterator[dict[str, Any]]:
    """What was looked for and isn't so: by the rules that every reader knows."""
    found = {finding.rule for finding in findings}
    if _NOT_ANALYSED in found:
        return
    running = [item for item in workload.containers if item.type is ContainerType.REGULAR]
    asked = ["bare-pod"] if workload.kind == "Pod" else []
    # One that isn't sure is no pass: a finding says so, or the verdict does.
    is_joined = not any(item.role is Role.UNRELATED for item in workload.containers)
    asked += ["unrelated-containers"] if len(running) > 1 and is_joined else []
    for rule in asked:
        if rule not in found:
            message = f"{_TITLES[rule]}: not so"
            yield _entry(rule, "pass", message, _SEVERITIES[Severity.WARNING], {})


_TITLES = {rule.id: documented(rule.module).title for rule in RULES}


def _entry(
    rule: str, result: str, message: str, severity: str, properties: dict[str, str]
) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "source": TOOL,
        "policy": rule,
        "rule": rule,
        "category": _CATEGORY,
        "severity": severity,
        "result": result,
        "message": message,
    }
    return entry | ({"properties": properties} if properties else {})
