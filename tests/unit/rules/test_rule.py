"""The list of rules, and what they are given."""

from __future__ import annotations

from pathlib import Path

from service import rules
from service.documentation import documented
from service.rules import RULES
from tests.support.classifying import rule_input, workload

FOLDER = Path(rules.__file__).parent


def test_every_module_of_the_folder_is_in_the_list_once() -> None:
    """Under its own name, with dashes."""
    modules = {path.stem.replace("_", "-") for path in FOLDER.glob("*.py")}
    others = {"--init--", "fingerprints", "rule", "suppression"}
    assert sorted(rule.id for rule in RULES) == sorted(modules - others)


def test_every_rule_is_documented_and_has_its_severity() -> None:
    """The four parts of its docs."""
    for rule in RULES:
        assert documented(rule.module).title.lower() == rule.id.replace("-", " ")
        assert rule.severity is rule.module.SEVERITY
        assert rule.check is rule.module.check


def test_the_workloads_are_those_that_were_classified() -> None:
    """In the order of the input."""
    spec = "containers: [{name: a, image: a}]"
    run = rule_input(workload(spec, name="b"), workload(spec, name="a"))
    assert [item.name for item in run.workloads] == ["b", "a"]
