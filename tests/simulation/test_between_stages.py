"""A text between the stages of a split gets the stages that remain."""

from __future__ import annotations

from service.findings import Severity
from tests.support.real_manifests import case_inputs, changing_rewrites
from tests.support.rewritten import Rewritten, rewrite


def faults_of(first: Rewritten) -> list[str]:
    """What is wrong when each stage's text is sent, as when a pull request is made of each."""
    faults = []
    for stage, files in zip(("expand", "add", "switch"), first.stages[1:], strict=False):
        if files in (first.after, first.stages[0]):
            continue
        again = rewrite(files)
        assert again.report.rewrite is not None
        if again.after != first.after:
            reasons = {held_back.reason for held_back in again.report.rewrite.held_back}
            faults.append(f"{stage}: ends otherwise ({sorted(reasons)})")
        rules = {
            finding.rule
            for finding in again.report.findings
            if finding.severity >= Severity.WARNING and not finding.suppression
        }
        if "unrelated-containers" in rules - _rules(first):
            faults.append(f"{stage}: {rules}")
    return faults


def _rules(rewritten: Rewritten) -> set[str]:
    """The rules that find something once all is done."""
    return {finding.rule for finding in rewrite(rewritten.after).report.findings}


def test_each_stage_leads_to_the_same_end() -> None:
    """And none of them fails a gate for what is being done about it."""
    inputs = list(case_inputs())
    rewrites = [
        (path, rewritten)
        for path, rewritten in changing_rewrites(inputs)
        if "split" in rewritten.actions
    ]
    faults = {str(path): faults_of(rewritten) for path, rewritten in rewrites}
    assert len(faults) > 40
    assert {path: found for path, found in faults.items() if found} == {}
