"""Generated pages and tables match the code."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

from service.actions import ACTIONS
from service.classification.signals import SIGNALS
from service.refusals import Refusal
from service.rules import RULES
from tools import answer_fields
from tools.reference import pages

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text()


@pytest.mark.parametrize("name", pages())
def test_a_reference_page_is_what_the_docstrings_say(name: str) -> None:
    """The committed page is what `make docs` writes."""
    assert (ROOT / "docs" / name).read_text() == pages()[name]


def test_the_fields_of_answers_are_those_of_the_schemas() -> None:
    """The tables in docs/http.md are what `make docs` writes."""
    text = answer_fields.PAGE.read_text(encoding="utf-8")

    assert answer_fields.page(text) == text


def test_every_refusal_has_a_case() -> None:
    """Each reason is what at least one case is held back for; those that are mistakes of ours, and
    that text can't be edited in, have tests of their own.
    """
    without_case = {
        Refusal.CANNOT_EDIT,
        Refusal.INTERNAL,
        Refusal.OVERLAPPING_EDITS,
        Refusal.UNSETTLED,
        Refusal.VERIFICATION,
    }
    seen = {
        entry.rpartition(": ")[2]
        for path in (ROOT / "tests" / "cases").glob("*/*/analysis.json")
        for entry in json.loads(path.read_text())["held_back"]
    }
    assert set(Refusal) - without_case - seen == set()


def test_every_signal_rule_and_action_has_cases() -> None:
    """Each has a folder of cases with its name. What only a mistake of ours can cause has none."""
    names = {
        *(signal.id for signal in SIGNALS),
        *(rule.id for rule in RULES),
        *(action.id for action in ACTIONS),
    }
    cases = {path.parent.name for path in (ROOT / "tests" / "cases").glob("*/*") if path.is_dir()}
    assert names - cases == {"not-analysed"}


def test_the_documented_layers_are_those_of_the_contract() -> None:
    """The layers that docs/architecture.md shows are those of import-linter's contract."""
    [contract] = [
        candidate
        for candidate in PROJECT["tool"]["importlinter"]["contracts"]
        if candidate["type"] == "layers"
    ]
    held = [re.findall(r"\w+", layer) for layer in contract["layers"]]
    [drawn] = re.findall(r"^    (web ►.*?)\n\n", ARCHITECTURE, re.MULTILINE | re.DOTALL)
    assert [re.findall(r"\w+", layer) for layer in drawn.split("►")] == held[1:]


def test_every_dependency_has_its_reason() -> None:
    """Each dependency is in a table of docs/architecture.md; stubs with types need no reason."""
    project = PROJECT["project"]
    requirements = [
        *project["dependencies"],
        *(
            requirement
            for group in project["optional-dependencies"].values()
            for requirement in group
        ),
    ]
    names = {re.split(r"[\[<>=~! ]", requirement, maxsplit=1)[0] for requirement in requirements}
    table = "".join(line for line in ARCHITECTURE.splitlines() if line.startswith("|")).lower()
    assert {
        name
        for name in names
        if name.lower() not in table and not (name.startswith("types-") or name.endswith("-stubs"))
    } == set()
