"""The application, for gunicorn."""

from __future__ import annotations

import os

from clients.bot.hosted.app import create_app
from clients.bot.hosted.settings import Settings
from clients.bot.service import from_environment

app = create_app(Settings.from_environment(os.environ), from_environment(os.environ))
