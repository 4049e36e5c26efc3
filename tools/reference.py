"""Writes the pages of docs/ that are made from the code, so that they can't drift apart: signals,
rules and actions from docstrings, refusals and assumptions from their tables.

Run by `make docs`; a test holds the files against what this would write.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Protocol

from service.actions import ACTIONS
from service.assumptions import AssumptionCode
from service.classification.knowledge.weights import load_weights
from service.classification.signals import SIGNALS
from service.documentation import documented
from service.refusals import Refusal, RefusalSection
from service.rules import RULES

DOCS = Path(__file__).resolve().parent.parent / "docs"
_NOTE = "<!-- Made by `make docs` from the docstrings in `service/`: change them there. -->"
_TABLE_NOTE = "<!-- Made by `make docs` from `service/{}`: change it there. -->"


class _Item(Protocol):
    @property
    def id(self) -> str: ...

    @property
    def module(self) -> ModuleType: ...


def pages() -> dict[str, str]:
    """The text of each page, by file name."""
    weights = load_weights()
    signal_notes = {
        signal.id: _weights_table(
            [
                (case, weight.value, weight.why)
                for case, weight in weights.cases.items()
                if case.startswith(f"{signal.id}.")
            ]
        )
        for signal in SIGNALS
    }
    rule_notes = {rule.id: f"Severity: {rule.severity.label}.\n" for rule in RULES}
    return {
        "signals.md": _page(
            "Signals",
            "What is looked at when the containers of a Pod are told apart. Weights are log-odds"
            " (natural logarithm); [concepts](concepts.md) says how they add up. `GET /v1/signals`"
            " serves the same.",
            SIGNALS,
            signal_notes,
        ),
        "rules.md": _page(
            "Rules", "What is reported. `GET /v1/rules` serves the same.", RULES, rule_notes
        ),
        "actions.md": _page(
            "Actions",
            "What is rewritten. `GET /v1/actions` serves the same. [Refusals](refusals.md) says"
            " when nothing is.",
            ACTIONS,
            {},
        ),
        "refusals.md": _refusals(),
        "assumptions.md": _assumptions(),
    }


def _refusals() -> str:
    parts = [
        "# Refusals\n",
        _TABLE_NOTE.format("refusals.py") + "\n",
        (
            "A change that was wanted and not made is in `held_back`, with one of these codes and a"
            " message. A refusal is an answer: a wrong split is an outage, a missed one is a"
            " suggestion lost.\n"
        ),
    ]
    for section in RefusalSection:
        rows = [
            f"| `{refusal}` | {refusal.why} | {refusal.remedy} |"
            for refusal in Refusal
            if refusal.section is section
        ]
        lines = ["| code | why | what to do |", "|---|---|---|", *rows]
        parts += [f"## {section}\n", "\n".join(lines) + "\n"]
    return "\n".join(parts)


def _assumptions() -> str:
    rows = [f"| `{code}` | {code.meaning} |" for code in AssumptionCode]
    lines = ["| code | what has to hold, and what to look at |", "|---|---|", *rows]
    return "\n".join(
        [
            "# Assumptions\n",
            _TABLE_NOTE.format("assumptions.py") + "\n",
            (
                "A change with the applicability `review` is right if its assumptions hold. Each"
                " has one of these codes, and a message that says what it means for this change."
                " Programs go by the code; codes are added, never renamed.\n"
            ),
            "\n".join(lines) + "\n",
        ]
    )


def _page(title: str, introduction: str, items: Iterable[_Item], notes: dict[str, str]) -> str:
    parts = [f"# {title}\n", _NOTE + "\n", introduction + "\n"]
    for item in items:
        text = documented(item.module)
        parts.append(f"## {item.id}\n")
        parts += [
            f"**Looks for** {text.looks_for}\n",
            f"**Matters because** {text.why}\n",
            f"```yaml\n{text.example}\n```\n",
        ]
        parts.append(f"**Comes out:** {text.outcome}\n")
        if notes.get(item.id):
            parts.append(notes[item.id])
    return "\n".join(parts)


def _weights_table(rows: list[tuple[str, float, str]]) -> str:
    if not rows:
        return ""
    lines = [
        "| case | weight | why |",
        "|---|---|---|",
        *(f"| `{case.partition('.')[2]}` | {value:g} | {why} |" for case, value, why in rows),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    for name, text in pages().items():
        (DOCS / name).write_text(text, encoding="utf-8")
