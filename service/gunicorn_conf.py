"""gunicorn's configuration: `gunicorn --config python:service.gunicorn_conf service.wsgi:app`.

On SIGTERM gunicorn would close its listeners at once. A load balancer needs longer to notice, so
the first SIGTERM only takes readiness down (by a file that every worker looks for), and the real
stop follows after `PODSPLIT_DRAIN_SECONDS`; a second SIGTERM stops at once.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

from service.web.configured_files import read_catalogue, read_tokens
from service.web.garbage_collection import tune_garbage_collector
from service.web.settings import ServerSettings, Settings, SettingsError

try:
    _settings = Settings.from_environment(os.environ)
    _server_settings = ServerSettings.from_environment(os.environ, _settings)
    # Each worker reads them too; one that can't would be started again and again.
    read_tokens(_settings)
    read_catalogue(_settings)
except SettingsError as error:
    sys.exit(f"podsplit: {error}")

# Only the process that reads this file made the folder, so only it removes it.
_runtime = Path(tempfile.mkdtemp(prefix="podsplit-"))
_owner = os.getpid()
if _settings.drain_file is None:
    os.environ["PODSPLIT_DRAIN_FILE"] = str(_runtime / "draining")
_drain_file = Path(os.environ["PODSPLIT_DRAIN_FILE"])
_drain_file.unlink(missing_ok=True)
if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
    (_runtime / "metrics").mkdir()
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(_runtime / "metrics")

bind = f"{_server_settings.host}:{_server_settings.port}"
workers = _server_settings.workers
worker_class = "service.web.worker.DrainingWorker"
threads = _server_settings.threads
graceful_timeout = _server_settings.graceful_timeout
worker_connections = 2000
backlog = 2048
# Seconds that an idle connection is kept open.
keepalive = 15
# A worker whose main thread does not answer for this long, in seconds, is killed. Requests run in
# other threads and have deadlines of their own.
timeout = 60
accesslog = None
control_socket_disable = True
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - gunicorn makes a private file of its own in it
logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "service.web.logs.JsonFormatter"}},
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
        }
    },
}


def when_ready(server: Any) -> None:
    """Put the drain before gunicorn's own reaction to SIGTERM."""
    stop = server.handle_term

    def drain() -> None:
        if _drain_file.exists() or _settings.drain_seconds <= 0:
            stop()
        _drain_file.touch()
        server.log.info("draining for %s seconds", _settings.drain_seconds)
        timer = threading.Timer(_settings.drain_seconds, os.kill, (os.getpid(), signal.SIGTERM))
        timer.daemon = True
        timer.start()

    server.handle_term = drain


def post_worker_init(_worker: Any) -> None:
    """Set the garbage collector once a worker has loaded the application."""
    tune_garbage_collector()


def pre_request(_worker: Any, request: Any) -> None:
    """Tell clients that keep connections open to open new ones elsewhere."""
    if _drain_file.exists():
        request.force_close()


def child_exit(_server: Any, worker: Any) -> None:
    """Take a dead worker's gauges out of the metrics, and its connections out of what the workers
    share.
    """
    worker.forget_connections()
    # prometheus_client reads PROMETHEUS_MULTIPROC_DIR when it is imported.
    from prometheus_client import multiprocess  # noqa: PLC0415

    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def on_exit(_server: Any) -> None:
    """Remove the folder of this process."""
    if os.getpid() == _owner:
        shutil.rmtree(_runtime, ignore_errors=True)
