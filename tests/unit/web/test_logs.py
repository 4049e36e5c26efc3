"""The log."""

from __future__ import annotations

import json
import logging

import pytest

from service.web.logs import JsonFormatter, configure


@pytest.fixture
def podsplit_logger():
    """The service's own logger, as it was afterwards."""
    logger = logging.getLogger("podsplit")
    handlers, level, propagate = logger.handlers[:], logger.level, logger.propagate
    logger.handlers.clear()
    logger.propagate = True  # pytest gives loggers that don't propagate a handler of its own
    yield logger
    logger.handlers[:] = handlers
    logger.setLevel(level)
    logger.propagate = propagate


def record(message: str = "request", **more) -> logging.LogRecord:
    made = logging.LogRecord("podsplit.access", logging.INFO, "", 0, message, (), None)
    made.created, made.msecs = 1_700_000_000.25, 250.0
    for name, value in more.items():
        setattr(made, name, value)
    return made


def test_a_line_is_one_object():
    """Time in UTC with milliseconds, level, logger, message, then the fields."""
    text = JsonFormatter().format(record(fields={"status": 200, "route": "grün\n"}))

    assert "\n" not in text
    assert list(json.loads(text).items()) == [
        ("time", "2023-11-14T22:13:20.250Z"),
        ("level", "info"),
        ("logger", "podsplit.access"),
        ("message", "request"),
        ("status", 200),
        ("route", "grün\n"),
    ]


def test_of_an_exception_only_the_type_is_logged():
    """Its text may quote a manifest."""
    text = JsonFormatter().format(record(exc_info=(ValueError, ValueError("hunter2"), None)))

    assert json.loads(text)["error"] == "ValueError"
    assert "hunter2" not in text


def test_lines_go_to_the_current_stderr(podsplit_logger, capsys):
    """Once each, however often the log is configured; the last level counts."""
    configure(logging.DEBUG)
    configure(logging.INFO)
    podsplit_logger.info("told")
    podsplit_logger.debug("not told")

    out, err = capsys.readouterr()
    assert out == ""
    assert [json.loads(line)["message"] for line in err.splitlines()] == ["told"]
    assert not podsplit_logger.propagate
