"""The README's transcripts and the generated pages hold."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from service.actions import ACTIONS
from service.rules import RULES
from service.signals import SIGNALS
from tools.reference import pages

ROOT = Path(__file__).resolve().parents[2]
BLOCKS = re.findall(r"^```console\n(.*?)^```", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
REFUSED = re.compile(r'(?:Refused\(\s*|refused\("\w+", |reason = |return )"([a-z]+(?:-[a-z]+)*)"(?=,|\)|$)', re.MULTILINE)
NOT_REASONS = {"config", "one-reads", "scratch", "system"}


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.splitlines()[0][:60])
def test_a_transcript_is_what_happens(block: str, server: Any) -> None:
    """Each command prints what stands below it; a line of dots stands for the rest."""
    command, *expected = block.splitlines()
    assert command.startswith("$ ")
    shell = command[2:].replace("http://127.0.0.1:8080", server.url)
    done = subprocess.run(["bash", "-c", shell], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    got = done.stdout.splitlines()
    if expected[-1] == "...":
        expected = expected[:-1]
        got = got[: len(expected)]
    assert got == expected, done.stderr


def test_there_are_transcripts() -> None:
    """The pattern above finds them."""
    assert len(BLOCKS) >= 6


@pytest.mark.parametrize("name", pages())
def test_a_reference_page_is_what_the_docstrings_say(name: str) -> None:
    """`make docs` has nothing to write."""
    assert (ROOT / "docs" / name).read_text() == pages()[name]


def test_every_refusal_has_its_entry() -> None:
    """Each reason code in the code stands in docs/refusals.md."""
    files = [
        *(ROOT / "service" / "actions").glob("*.py"),
        ROOT / "service/planning.py",
        ROOT / "service/errors.py",
        ROOT / "service/kube/bare_pods.py",
    ]
    codes = {code for path in files for code in REFUSED.findall(path.read_text())} - NOT_REASONS
    documented = set(re.findall(r"^\| `([a-z-]+)`", (ROOT / "docs/refusals.md").read_text(), re.MULTILINE))
    assert len(codes) > 30
    assert codes - documented == set()


def test_every_signal_rule_and_action_has_cases() -> None:
    """In a folder of its name."""
    names = {item.id for item in (*SIGNALS, *RULES, *ACTIONS)}
    cases = {path.parent.name for path in (ROOT / "tests" / "cases").glob("*/*") if path.is_dir()}
    assert names - cases == set()


def test_links_between_pages_lead_somewhere() -> None:
    """Every relative link of the README and docs names a file that is there."""
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (page.parent / target).exists(), (page.name, target)


def test_the_readme_lists_every_setting() -> None:
    """With its name."""
    from dataclasses import fields  # noqa: PLC0415 - beside its use

    from service.web.settings import Settings  # noqa: PLC0415

    text = (ROOT / "README.md").read_text()
    assert [field.name for field in fields(Settings) if f"`PODSPLIT_{field.name.upper()}`" not in text] == []
