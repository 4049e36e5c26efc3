"""The entry point for a WSGI server: `gunicorn service.wsgi:app`."""

from __future__ import annotations

import os
import sys

from flask import Flask

from service.web.app import create_app
from service.web.settings import Settings, SettingsError


def _app() -> Flask:
    try:
        return create_app(Settings.from_environment(os.environ))
    except SettingsError as error:
        sys.exit(f"podsplit: {error}")


app = _app()
