"""What the service knows, for /v1/signals, /v1/rules, /v1/actions and /v1/catalog. The only module
of web/ that reads the registries.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from enum import Enum
from types import ModuleType
from typing import Any, Protocol

from service.actions import ACTIONS
from service.assumptions import AssumptionCode
from service.classification.knowledge import load_catalogue
from service.classification.signals import SIGNALS
from service.documentation import documented
from service.refusals import Refusal
from service.rules import RULES


class _Documented(Protocol):
    """A signal, a rule or an action."""

    @property
    def id(self) -> str:
        """Its stable name."""

    @property
    def module(self) -> ModuleType:
        """The module that defines it, with its documentation."""


def signals() -> list[dict[str, Any]]:
    """Every signal, explained."""
    return [_explained(item) for item in SIGNALS]


def rules() -> list[dict[str, Any]]:
    """Every rule, explained."""
    return [_explained(item) for item in RULES]


def actions() -> list[dict[str, Any]]:
    """Every action, explained."""
    return [_explained(item) for item in ACTIONS]


def refusals() -> list[dict[str, str]]:
    """Every reason to hold a change back, explained."""
    return [
        {
            "id": item.value,
            "section": item.section.value,
            "why": item.why,
            "remedy": item.remedy,
        }
        for item in Refusal
    ]


def assumptions() -> list[dict[str, str]]:
    """Every kind of assumption, explained."""
    return [{"id": item.value, "meaning": item.meaning} for item in AssumptionCode]


def rule_ids() -> frozenset[str]:
    """The rules that an option may name."""
    return frozenset(item.id for item in RULES)


def catalogue() -> list[dict[str, Any]]:
    """Every entry of the catalogue of images, as values for JSON."""
    return [_plain(entry) for entry in load_catalogue().entries]


def _explained(item: _Documented) -> dict[str, Any]:
    return {"id": item.id, **dataclasses.asdict(documented(item.module))}


def _plain(value: Any) -> Any:
    """A value as JSON can hold it; sets are sorted."""
    match value:
        case Enum():
            return value.value
        case _ if dataclasses.is_dataclass(value):
            return {
                item.name: _plain(getattr(value, item.name)) for item in dataclasses.fields(value)
            }
        case dict():
            return {str(key): _plain(item) for key, item in value.items()}
        case str() | int() | float() | None:
            return value
        case Iterable():
            return [
                _plain(item) for item in (sorted(value) if isinstance(value, frozenset) else value)
            ]
        case _:
            return str(value)
