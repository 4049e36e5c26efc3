"""gunicorn's configuration of the hosted bot. One worker: the queue is in its memory.

Nothing here imports what speaks HTTPS: gevent has to be there before.
"""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType
from typing import Any

from clients.bot.hosted.settings import EXTENSION, Settings, SettingsError

_STOP_SECONDS = 30
"""How long what was begun has to come to its end."""

try:
    Settings.from_environment(os.environ)
except SettingsError as error:
    sys.exit(f"podsplit-bot-server: {error}")
if not os.environ.get("PODSPLIT_URL"):
    sys.exit("podsplit-bot-server: PODSPLIT_URL is not set")

bind = f"{os.environ.get('HOST', '127.0.0.1')}:{os.environ.get('PORT', '8081')}"
workers = 1
# Slow clients cost no thread. The bot's own threads are greenlets with it, which wait for forges.
worker_class = "gevent"
worker_connections = 1000
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


def _work_of(worker: Any) -> Any:
    """The `Work` of the application that a worker serves."""
    return worker.wsgi.extensions[EXTENSION]


def post_worker_init(worker: Any) -> None:
    """Start the work once the application is loaded, and begin nothing more when told to stop."""
    _work_of(worker).start()

    def stop(number: int, frame: FrameType | None) -> None:
        _work_of(worker).begin_to_stop()
        worker.handle_exit(number, frame)

    signal.signal(signal.SIGTERM, stop)


def worker_exit(_server: Any, worker: Any) -> None:
    """Let what was begun come to its end."""
    if getattr(worker, "wsgi", None) is not None:
        _work_of(worker).stop(_STOP_SECONDS)
