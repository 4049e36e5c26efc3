"""What the tests of the web share."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from service.web.logs import JsonFormatter


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """What is logged while a test runs, one object a line."""
    # As the service's own configuration does: a line would be kept twice.
    monkeypatch.setattr(logging.getLogger("podsplit"), "propagate", False)
    logged: list[dict[str, Any]] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            logged.append(json.loads(JsonFormatter().format(record)))

    handler = Keep()
    loggers = [logging.getLogger(), logging.getLogger("podsplit")]
    for logger in loggers:
        logger.addHandler(handler)
    yield logged
    for logger in loggers:
        logger.removeHandler(handler)
