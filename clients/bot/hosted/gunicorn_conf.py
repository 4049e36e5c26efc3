"""gunicorn's configuration of the hosted bot. One worker: the queue is in its memory."""

from __future__ import annotations

import os
import sys
from typing import Any

from clients.bot.hosted.app import EXTENSION
from clients.bot.hosted.settings import Settings, SettingsError
from clients.bot.service import from_environment
from clients.bot.trouble import Trouble

_STOP_SECONDS = 30
"""How long what was begun has to come to its end."""

try:
    Settings.from_environment(os.environ)
    from_environment(os.environ)
except (SettingsError, Trouble) as error:
    sys.exit(f"podsplit-bot-server: {error}")

bind = f"{os.environ.get('HOST', '127.0.0.1')}:{os.environ.get('PORT', '8081')}"
workers = 1
worker_class = "gthread"
threads = 8
timeout = 60
graceful_timeout = _STOP_SECONDS + 10
accesslog = None
control_socket_disable = True
logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "clients.bot.hosted.logs.JsonFormatter"}},
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "json",
            "stream": "ext://sys.stderr",
        }
    },
    "root": {"level": "WARNING", "handlers": ["stderr"]},
    "loggers": {
        "gunicorn.error": {
            "level": "INFO",
            "handlers": ["stderr"],
            "propagate": False,
            "qualname": "gunicorn.error",
        },
        "podsplit.bot": {
            "level": "INFO",
            "handlers": ["stderr"],
            "propagate": False,
            "qualname": "podsplit.bot",
        },
    },
}


def post_worker_init(worker: Any) -> None:
    """Start the work once the application is loaded."""
    worker.wsgi.extensions[EXTENSION].start()


def worker_int(worker: Any) -> None:
    """Stop at once what is to stop at once."""
    worker.wsgi.extensions[EXTENSION].queue.close()


def worker_exit(_server: Any, worker: Any) -> None:
    """Let what was begun come to its end."""
    if getattr(worker, "wsgi", None) is not None:
        worker.wsgi.extensions[EXTENSION].stop(_STOP_SECONDS)
