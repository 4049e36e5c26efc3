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
from bisect import insort
from pathlib import Path
from typing import Any

from service.web.configured_files import read_catalogue, read_certificate, read_tokens
from service.web.dependencies import EXTENSION
from service.web.garbage_collection import tune_garbage_collector
from service.web.listening import ignore_new_clients
from service.web.metrics import retire
from service.web.metrics_board import Board
from service.web.renewal import Renewal
from service.web.settings import ServerSettings, Settings, SettingsError

try:
    _settings = Settings.from_environment(os.environ)
    _server_settings = ServerSettings.from_environment(os.environ, _settings)
    # Each worker reads them too; one that can't would be started again and again.
    read_tokens(_settings)
    read_catalogue(_settings)
    read_certificate(_server_settings)
except SettingsError as error:
    sys.exit(f"podsplit: {error}")

_runtime: Path | None = None
if _settings.drain_file is None:
    # Only the process that reads this file made the folder, so only it removes it.
    _runtime = Path(tempfile.mkdtemp(prefix="podsplit-"))
    os.environ["PODSPLIT_DRAIN_FILE"] = str(_runtime / "draining")
_owner = os.getpid()
_drain_file = Path(os.environ["PODSPLIT_DRAIN_FILE"])
_drain_file.unlink(missing_ok=True)

# gunicorn can be told to start more workers (SIGTTIN), and starts new ones while old ones end.
_board = Board(2 * _server_settings.workers + 16)
_ENDED = 0
"""The slot of all workers that have ended."""
_free_slots = list(range(1, _board.slots))

bind = f"{_server_settings.host}:{_server_settings.port}"
workers = _server_settings.workers
worker_class = "service.web.worker.Worker"
graceful_timeout = _server_settings.graceful_timeout
worker_connections = 4000
backlog = 2048
# gevent's worker ends a connection whose next head isn't complete after this many seconds.
keepalive = _server_settings.header_timeout
# A worker that serves no connection for this long, in seconds, is killed. The pipeline runs in
# other threads and has deadlines of its own.
timeout = 60
accesslog = None
control_socket_disable = True
if _server_settings.tls_cert_file is not None:
    certfile, keyfile = str(_server_settings.tls_cert_file), str(_server_settings.tls_key_file)
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
    is_draining = False

    def drain() -> None:
        nonlocal is_draining
        if is_draining or _settings.drain_seconds <= 0:
            for listener in server.LISTENERS:
                ignore_new_clients(listener.sock)
            stop()
        is_draining = True
        try:
            _drain_file.touch()
        except OSError:
            server.log.exception("readiness stays up, as the file of the drain can't be written")
        server.log.info("draining for %s seconds", _settings.drain_seconds)
        timer = threading.Timer(_settings.drain_seconds, os.kill, (os.getpid(), signal.SIGTERM))
        timer.daemon = True
        timer.start()

    server.handle_term = drain


def pre_fork(_server: Any, worker: Any) -> None:
    """Give a worker that is about to start a place to show its metrics; None is left for very many
    of them.
    """
    worker.slot = _free_slots.pop(0) if _free_slots else None


def post_worker_init(worker: Any) -> None:
    """Set the garbage collector once a worker has loaded the application, and show its metrics to
    the others.
    """
    tune_garbage_collector()
    metrics = worker.wsgi.extensions[EXTENSION].metrics
    if worker.slot is not None:
        metrics.share(_board, worker.slot)
    renewal = Renewal(
        _settings.renew_bytes,
        turn=worker.slot or 0,
        turns=_server_settings.workers,
        grace=graceful_timeout,
    )

    def each_second() -> None:
        metrics.publish()
        if worker.alive and renewal.is_due():
            worker.log.info("this worker makes room for a new one, as it holds much memory")
            worker.alive = False

    worker.each_second = each_second


def pre_request(_worker: Any, request: Any) -> None:
    """Tell clients that keep connections open to open new ones elsewhere."""
    if _drain_file.exists():
        request.force_close()


def worker_exit(_server: Any, worker: Any) -> None:
    """Show the last counts of a worker that ends."""
    worker.each_second()


def child_exit(_server: Any, worker: Any) -> None:
    """Keep what a dead worker has counted."""
    if worker.slot is not None:
        retire(_board, worker.slot, _ENDED)
        # In their order: as long as there are as many workers as were asked for, each has a turn.
        insort(_free_slots, worker.slot)


def on_exit(_server: Any) -> None:
    """Remove the folder of this process."""
    if _runtime is not None and os.getpid() == _owner:
        shutil.rmtree(_runtime, ignore_errors=True)
