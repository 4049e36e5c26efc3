"""Every case folder: what goes in, what is said of it, what comes out.

A case is a folder with `input.yaml`, `input.json` or a folder `input/`; or it is named as a file in
`examples/`. `options.json` holds options, `analysis.json` what is said, `expected.<suffix>` or
`expected/` what comes out. Without those the output must be the input, byte for byte. `pytest
tests/cases --golden` rewrites the expectations that exist, and makes those that a case asks for by
an empty file.
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


def said(report: Report) -> dict[str, Any]:
    """What a report says, as far as a case pins it down."""
    assert report.rewrite is not None
    return {
        "workloads": {
            f"{each.kind}/{each.name}": {
                container.name: " ".join(
                    [
                        container.role,
                        *([f"of {','.join(container.serves)}"] if container.serves else []),
                        *([container.pattern] if container.pattern else []),
                    ]
                )
                for container in each.containers
            }
            for each in report.workloads
        },
        "findings": [
            f"{report.position(each.location)[0]}: {each.severity.label} {each.rule}"
            f" {each.workload}" + " (suppressed)" * bool(each.suppression)
            for each in report.findings
        ],
        "changes": [
            f"{each.action} {each.workload} {each.applicability.label} ->"
            f" {', '.join(each.creates) or 'in place'}"
            for each in report.rewrite.changes
        ],
        "assumptions": [
            f"{assumption.code}: {assumption.message}"
            for each in report.rewrite.changes
            for assumption in each.assumptions
        ],
        "held_back": [
            f"{each.action} {each.workload}: {each.reason}" for each in report.rewrite.held_back
        ],
        "rejected": [
            f"{':'.join(map(str, report.position(each.location)[:2]))} {each.code}"
            for each in report.rejected
        ],
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}/{case.name}")
def test_case(case: Path, golden: bool) -> None:
    """The case comes out as its folder says."""
    files = inputs_of(case)
    report = run(files.items(), options_of(case), rewrite=True)
    assert report.rewrite is not None
    got = {each.path: each.content for each in report.rewrite.files}
    assert all(check.passed for check in report.rewrite.verification), report.rewrite.verification
    again = run(
        [(path, text.encode()) for path, text in got.items()], options_of(case), rewrite=True
    )
    if options_of(case).stage is Stage.CONTRACT:
        assert again.rewrite is not None
        assert again.rewrite.changes == (), "a second run must have nothing left to do"
    expected = next(iter(case.glob("expected*")), None)
    analysis = case / "analysis.json"
    if golden:
        if analysis.exists():
            analysis.write_text(json.dumps(said(report), indent=2, ensure_ascii=False) + "\n")
        if expected is not None and expected.is_file():
            expected.write_bytes(next(iter(got.values())).encode())
        elif expected is not None:
            for path, text in got.items():
                if (expected / path).exists() or path not in files:
                    (expected / path).write_bytes(text.encode())
    if analysis.exists():
        assert said(report) == json.loads(analysis.read_text())
    for path, raw in (files | dict.fromkeys(got.keys() - files.keys(), b"")).items():
        wanted = raw
        if expected is not None and expected.is_file():
            wanted = expected.read_bytes()
        elif expected is not None and (expected / path).exists():
            wanted = (expected / path).read_bytes()
        assert got[path].encode() == wanted
