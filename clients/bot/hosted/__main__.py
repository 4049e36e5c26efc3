"""Serves the bot: `podsplit-bot-server`. Its settings are in docs/bot.md."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Become gunicorn."""
    command = (
        sys.executable,
        "-m",
        "gunicorn",
        "--config",
        "python:clients.bot.hosted.gunicorn_conf",
        "clients.bot.hosted.wsgi:app",
    )
    os.execv(command[0], command)  # noqa: S606 - the words are all its own


if __name__ == "__main__":
    main()
