"""gunicorn's configuration: `gunicorn --config python:service.gunicorn_conf service.wsgi:app`.

On SIGTERM gunicorn would close its listeners at once. A load balancer needs longer to notice, so
the first SIGTERM only takes readiness down (a file that every worker looks for), and the real stop
follows after `PODSPLIT_DRAIN_SECONDS`; a second SIGTERM stops at once.
"""

from __future__ import annotations

import gc
import os
import shutil
import signal
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

from service.web.settings import Settings, SettingsError

try:
    _settings = Settings.from_environment(os.environ)
except SettingsError as error:
    sys.exit(f"podsplit: {error}")


def _number(name: str, usual: int) -> int:
    """A variable that is a whole number, 1 or more."""
    value = os.environ.get(name, "").strip() or str(usual)
    if not (value.isascii() and value.isdigit() and int(value) > 0):
        sys.exit(f"podsplit: {name}: must be a whole number, 1 or more")
    return int(value)


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

bind = f"{os.environ.get('HOST', '127.0.0.1')}:{_number('PORT', 8080)}"
_number(
    "PODSPLIT_HEADER_TIMEOUT", 10
)  # for service/web/worker.py; checked here, where it stops the start
workers = _number("WORKERS", 2)
worker_class = "service.web.worker.DrainingWorker"
threads = _number("PODSPLIT_THREADS", 32)
worker_connections = 2000
backlog = 2048
keepalive = 15
# A worker whose main thread stops answering for this long is killed; requests run in other threads
# and have deadlines of their own.
timeout = 60
graceful_timeout = _number("PODSPLIT_GRACEFUL_TIMEOUT", int(_settings.request_timeout) + 5)
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
    """Put the drain in front of gunicorn's own reaction to SIGTERM."""
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
    """Keep the collector off what was loaded, which stays for good, and off small requests,
    which leave no cycles.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)


def pre_request(_worker: Any, request: Any) -> None:
    """Tell clients that keep connections open to open new ones elsewhere."""
    if _drain_file.exists():
        request.force_close()


def child_exit(_server: Any, worker: Any) -> None:
    """Take a dead worker's gauges out of the metrics, and its connections out of what the others
    share.
    """
    worker.is_gone()
    # It reads the folder's variable when it is imported.
    from prometheus_client import multiprocess  # noqa: PLC0415

    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def on_exit(_server: Any) -> None:
    """Leave nothing behind."""
    if os.getpid() == _owner:
        shutil.rmtree(_runtime, ignore_errors=True)
