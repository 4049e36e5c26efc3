"""Regular expressions mean the same in every Python that is promised."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from re import _constants, _parser
from typing import Any

import service

_WRONG_IN_OLD_PATCHES = {_constants.POSSESSIVE_REPEAT, _constants.ATOMIC_GROUP}


def patterns() -> Iterator[tuple[str, re.Pattern[str]]]:
    """The patterns that modules of the service have compiled."""
    for module in pkgutil.walk_packages(service.__path__, "service."):
        if module.name.endswith((".__main__", "gunicorn_conf", ".wsgi")):
            continue
        for name, value in vars(importlib.import_module(module.name)).items():
            if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
                yield f"{module.name}.{name}", value


def operations(parsed: Any) -> Iterator[Any]:
    """All operations of a parsed pattern."""
    for part in parsed:
        if isinstance(part, tuple | list | _parser.SubPattern):
            yield from operations(part)
        elif type(part) is type(_constants.LITERAL):
            yield part


def test_no_pattern_is_possessive() -> None:
    """Python up to 3.11.4 matches such ones wrongly, and Debian 12 has 3.11.2."""
    found = list(patterns())
    assert len(found) > 100
    assert [
        name
        for name, pattern in found
        if _WRONG_IN_OLD_PATCHES & set(operations(_parser.parse(pattern.pattern, pattern.flags)))
    ] == []


def test_a_possessive_pattern_would_be_seen() -> None:
    """In whatever it is."""
    assert _WRONG_IN_OLD_PATCHES & set(operations(_parser.parse("a(b|c*+)?")))
