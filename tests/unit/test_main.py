"""The command that serves."""

from __future__ import annotations

import sys

from service import __main__ as command


def test_gunicorn_gets_our_configuration_and_further_arguments(monkeypatch):
    """The application comes last, where gunicorn looks for it."""
    given = []

    class Application:
        def __init__(self, usage, prog):
            given.extend([prog, *sys.argv[1:]])

        def run(self):
            given.append("ran")

    monkeypatch.setattr(command, "WSGIApplication", Application)
    monkeypatch.setattr(sys, "argv", ["podsplit-server", "--backlog", "64"])
    command.main()

    assert given == [
        "podsplit-server",
        "--config",
        "python:service.gunicorn_conf",
        "--backlog",
        "64",
        "service.wsgi:app",
        "ran",
    ]
