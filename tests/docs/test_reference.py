"""The generated pages and tables are what the code says."""

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
from tools.reference import pages

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text()


@pytest.mark.parametrize("name", pages())
def test_a_reference_page_is_what_the_docstrings_say(name: str) -> None:
    """`make docs` has nothing to write."""
    assert (ROOT / "docs" / name).read_text() == pages()[name]


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
    """In a folder of its name."""
    names = {item.id for item in (*SIGNALS, *RULES, *ACTIONS)}
    cases = {path.parent.name for path in (ROOT / "tests" / "cases").glob("*/*") if path.is_dir()}
    assert names - cases == set()


def test_the_layers_are_those_that_are_held() -> None:
    """The architecture's line is import-linter's contract."""
    [contract] = [
        each for each in PROJECT["tool"]["importlinter"]["contracts"] if each["type"] == "layers"
    ]
    held = [re.findall(r"\w+", layer) for layer in contract["layers"]]
    [drawn] = re.findall(r"^    (web ►.*?)\n\n", ARCHITECTURE, re.MULTILINE | re.DOTALL)
    assert [re.findall(r"\w+", layer) for layer in drawn.split("►")] == held[1:]


def test_every_dependency_has_its_reason() -> None:
    """In the architecture's table; stubs for types speak for themselves."""
    project = PROJECT["project"]
    asked = [
        *project["dependencies"],
        *(each for group in project["optional-dependencies"].values() for each in group),
    ]
    names = {re.split(r"[\[<>=~! ]", each, maxsplit=1)[0] for each in asked}
    table = "".join(line for line in ARCHITECTURE.splitlines() if line.startswith("|")).lower()
    assert {
        name for name in names if name.lower() not in table and not name.startswith("types-")
    } == set()
