"""Every case folder: the input, the report on it, and the output.

A case is a folder with `input.yaml`, `input.json` or a folder `input/`; or it has the name of a
file in `examples/`. `options.json` holds options, `analysis.json` the report, `expected.<suffix>`
or `expected/` the output. Without an expectation the output must be the input, byte for byte.
`pytest tests/cases --golden` rewrites the expectations that exist; a case asks for a new one by an
empty file.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from service.findings import Applicability, Report, Stage
from service.options import Options
from service.pipeline import run

HERE = Path(__file__).parent
EXAMPLES = HERE.parent.parent / "examples"
CASES = sorted(
    {path.parent for path in HERE.glob("*/*/*") if path.parent.name not in ("input", "expected")}
)


def inputs_of(case: Path) -> dict[str, bytes]:
    """The files of a case, by path."""
    folder = case / "input"
    if folder.is_dir():
        return {
            str(path.relative_to(folder)): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }
    candidates = [*case.glob("input.*"), *EXAMPLES.glob(f"{case.name}.*")]
    return {candidates[0].name: candidates[0].read_bytes()}


def options_of(case: Path) -> Options:
    """The options of a case."""
    path = case / "options.json"
    data: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    if "stage" in data:
        data["stage"] = Stage[data["stage"].upper()]
    if "apply" in data:
        data["apply"] = Applicability[data["apply"].upper()]
    return Options(**data)


def describe(report: Report) -> dict[str, Any]:
    """The parts of a report that a case pins down, as they stand in `analysis.json`."""
    assert report.rewrite is not None
    return {
        "workloads": {
            f"{workload.kind}/{workload.name}": {
                container.name: " ".join(
                    [
                        container.role,
                        *([f"of {','.join(container.serves)}"] if container.serves else []),
                        *([container.pattern] if container.pattern else []),
                    ]
                )
                for container in workload.containers
            }
            for workload in report.workloads
        },
        "findings": [
            f"{report.position(finding.location)[0]}: {finding.severity.label} {finding.rule}"
            f" {finding.workload}" + " (suppressed)" * bool(finding.suppression)
            for finding in report.findings
        ],
        "changes": [
            f"{change.action} {change.workload} {change.applicability.label} ->"
            f" {', '.join(change.creates) or 'in place'}"
            for change in report.rewrite.changes
        ],
        "assumptions": [
            f"{assumption.code}: {assumption.message}"
            for change in report.rewrite.changes
            for assumption in change.assumptions
        ],
        "held_back": [
            f"{refusal.action} {refusal.workload}: {refusal.reason}"
            for refusal in report.rewrite.held_back
        ],
        "rejected": [
            f"{':'.join(map(str, report.position(document.location)[:2]))} {document.code}"
            for document in report.rejected
        ],
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}/{case.name}")
def test_case(case: Path, golden: bool) -> None:
    """The report and the output are those of the folder, and a second run changes nothing."""
    files, options = inputs_of(case), options_of(case)
    report = run(files.items(), options, rewrite=True)
    assert report.rewrite is not None
    got = {file.path: file.content for file in report.rewrite.files}
    assert all(check.passed for check in report.rewrite.verification), report.rewrite.verification
    if options.stage is Stage.CONTRACT:
        outputs = [(path, text.encode()) for path, text in got.items()]
        second = run(outputs, options, rewrite=True)
        assert second.rewrite is not None
        assert second.rewrite.changes == (), "a second run must have nothing left to do"
    if golden:
        write_expectations(case, report, files)
    analysis = case / "analysis.json"
    if analysis.exists():
        assert describe(report) == json.loads(analysis.read_text())
    expected = expectation_of(case)
    for path, raw in (files | dict.fromkeys(got.keys() - files.keys(), b"")).items():
        wanted = raw
        if expected is not None and expected.is_file():
            wanted = expected.read_bytes()
        elif expected is not None and (expected / path).exists():
            wanted = (expected / path).read_bytes()
        assert got[path].encode() == wanted


def expectation_of(case: Path) -> Path | None:
    """The file or folder with the expected output."""
    return next(iter(case.glob("expected*")), None)


def write_expectations(case: Path, report: Report, files: dict[str, bytes]) -> None:
    """Rewrite the expectations of a case that exist."""
    assert report.rewrite is not None
    analysis, expected = case / "analysis.json", expectation_of(case)
    if analysis.exists():
        analysis.write_text(json.dumps(describe(report), indent=2, ensure_ascii=False) + "\n")
    if expected is not None and expected.is_file():
        expected.write_bytes(report.rewrite.files[0].content.encode())
    elif expected is not None:
        for file in report.rewrite.files:
            if (expected / file.path).exists() or file.path not in files:
                (expected / file.path).write_bytes(file.content.encode())
