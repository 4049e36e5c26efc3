"""The entry point for a WSGI server: `gunicorn service.wsgi:app`."""

from __future__ import annotations

import os
import sys

from flask import Flask

from service.web.app import create_app
from service.web.settings import Settings, SettingsError
from service.web.threads import WorkThreads


def _app() -> Flask:
    try:
        settings = Settings.from_environment(os.environ)
        return create_app(settings, WorkThreads(settings.max_runs))
    except SettingsError as error:
        sys.exit(f"podsplit: {error}")


app = _app()
