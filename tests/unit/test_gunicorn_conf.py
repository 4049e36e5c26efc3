"""gunicorn's configuration: what it reads, and what it does around a worker's life."""

from __future__ import annotations

import gc
import logging
import os
import runpy
import socket
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from service.web.app import create_app
from service.web.dependencies import EXTENSION
from service.web.garbage_collection import THRESHOLDS
from service.web.metrics import Metrics
from service.web.settings import Settings


@pytest.fixture
def configure(monkeypatch, tmp_path):
    """Reads the configuration with some variables, each time anew."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def read(**environ: str) -> SimpleNamespace:
        for name in list(os.environ):
            if name.startswith("PODSPLIT_") or name in ("HOST", "PORT", "WORKERS"):
                monkeypatch.delenv(name)
        # What the configuration sets itself is put back too.
        monkeypatch.setenv("PODSPLIT_DRAIN_FILE", "")
        monkeypatch.delenv("PODSPLIT_DRAIN_FILE")
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        return SimpleNamespace(**runpy.run_module("service.gunicorn_conf"))

    return read


class Server:
    """gunicorn's arbiter, as far as it is used."""

    def __init__(self) -> None:
        self.log = logging.getLogger("test")
        self.stopped = 0
        self.LISTENERS: list[Any] = []

    def handle_term(self) -> None:
        self.stopped += 1
        raise StopIteration


def test_without_variables(configure):
    """This machine only, two workers, and time for the longest request."""
    found = configure()

    assert (found.bind, found.workers, found.keepalive, found.graceful_timeout) == (
        "127.0.0.1:8080",
        2,
        15,
        35,
    )


def test_variables(configure):
    """Each has its setting."""
    found = configure(
        HOST="[::]",
        PORT="80",
        WORKERS="4",
        PODSPLIT_HEADER_TIMEOUT="8",
        PODSPLIT_REQUEST_TIMEOUT="10.5",
    )

    assert (found.bind, found.workers, found.keepalive, found.graceful_timeout) == (
        "[::]:80",
        4,
        8,
        16,
    )


@pytest.mark.parametrize("name", ["PORT", "WORKERS", "PODSPLIT_HEADER_TIMEOUT", "PODSPLIT_NOPE"])
def test_what_can_not_be_used_stops_the_start(configure, name):
    """Before a worker starts, with one line that names the variable."""
    with pytest.raises(SystemExit, match=f"podsplit: {name}: "):
        configure(**{name: "x"})


@pytest.mark.parametrize("name", ["PODSPLIT_TOKENS_FILE", "PODSPLIT_CATALOGUE_FILE"])
def test_a_file_that_can_not_be_used_stops_the_start(configure, tmp_path, name):
    """Before a worker starts: each of them would stop, and be started again for ever."""
    with pytest.raises(SystemExit, match=f"podsplit: {name}: "):
        configure(**{name: "/nowhere"})
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_its_own(configure, tmp_path):
    """The drain file is in it, and it goes at the end."""
    found = configure()
    drain_file = Path(os.environ["PODSPLIT_DRAIN_FILE"])

    assert drain_file.parent.parent == tmp_path
    assert not drain_file.exists()
    found.on_exit(Server())
    assert not drain_file.parent.exists()


def test_a_drain_file_that_is_given(configure, tmp_path):
    """No folder is made. One that was left over is removed, as it would keep readiness down."""
    drain_file = tmp_path / "draining"
    drain_file.touch()
    found = configure(PODSPLIT_DRAIN_FILE=str(drain_file))

    assert list(tmp_path.iterdir()) == []
    found.on_exit(Server())
    assert tmp_path.is_dir()


def test_a_drain_file_that_can_not_be_written(configure, tmp_path):
    """The drain begins all the same, and ends with the second signal."""
    server = Server()
    found = configure(
        PODSPLIT_DRAIN_SECONDS="86400", PODSPLIT_DRAIN_FILE=str(tmp_path / "gone" / "draining")
    )
    found.when_ready(server)

    server.handle_term()
    with pytest.raises(StopIteration):
        server.handle_term()


def test_the_first_term_drains_and_the_second_stops(configure):
    """Meanwhile readiness is down, and connections are closed with their answers."""
    server = Server()
    found = configure(PODSPLIT_DRAIN_SECONDS="86400")
    found.when_ready(server)
    closed: list[bool] = []
    request: Any = SimpleNamespace(force_close=lambda: closed.append(True))
    found.pre_request(None, request)

    server.handle_term()
    assert Path(os.environ["PODSPLIT_DRAIN_FILE"]).exists()
    assert (server.stopped, closed) == (0, [])
    found.pre_request(None, request)
    assert closed == [True]
    with pytest.raises(StopIteration):
        server.handle_term()
    assert server.stopped == 1


def test_without_a_drain_the_first_term_stops(configure):
    """There is nothing to wait for."""
    server = Server()
    configure(PODSPLIT_DRAIN_SECONDS="0").when_ready(server)

    with pytest.raises(StopIteration):
        server.handle_term()


def test_a_stop_takes_no_new_connections(configure):
    """Before gunicorn closes the listener; clients that are there already are still served."""
    server = Server()
    configure(PODSPLIT_DRAIN_SECONDS="0").when_ready(server)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server.LISTENERS.append(SimpleNamespace(sock=listener))
        early = socket.create_connection(listener.getsockname(), timeout=5)
        with pytest.raises(StopIteration):
            server.handle_term()
        accepted, _ = listener.accept()
        with early, accepted, socket.socket() as late:
            early.sendall(b"x")
            assert accepted.recv(1) == b"x"
            late.settimeout(0.3)
            with pytest.raises(TimeoutError):
                late.connect(listener.getsockname())


class Worker:
    """gunicorn's worker, as far as it is used, with an application of its own."""

    def __init__(self, found: SimpleNamespace) -> None:
        found.pre_fork(Server(), self)
        self.slot: int
        self.wsgi = create_app(Settings())
        self.each_second = lambda: None
        self.alive = True
        self.log = logging.getLogger("test")

    @property
    def metrics(self) -> Metrics:
        metrics = self.wsgi.extensions[EXTENSION].metrics
        assert isinstance(metrics, Metrics)
        return metrics


@pytest.fixture
def start_worker(configure):
    """Starts workers of one configuration."""
    thresholds = gc.get_threshold()
    found = configure()

    def start() -> Worker:
        worker = Worker(found)
        found.post_worker_init(worker)
        return worker

    yield start, found
    gc.unfreeze()
    gc.set_threshold(*thresholds)


def test_a_worker_sets_the_garbage_collector(start_worker):
    """Once, when it has loaded the application."""
    start, _ = start_worker
    start()

    assert gc.get_threshold() == THRESHOLDS
    assert gc.get_freeze_count() > 0


@pytest.mark.parametrize("is_due", [True, False])
def test_a_worker_that_holds_much_makes_room(start_worker, monkeypatch, is_due):
    """It ends as on a stop, what it has begun first; and its last counts are shown."""
    monkeypatch.setattr("service.web.renewal.Renewal.is_due", lambda _self: is_due)
    start, _ = start_worker
    worker = start()
    worker.each_second()

    assert worker.alive is not is_due


def test_workers_show_each_other_their_metrics(start_worker):
    """Each shows the sum, as of the last second."""
    start, _ = start_worker
    first, second = start(), start()
    first.metrics.documents.inc(3)
    second.metrics.documents.inc(4)
    first.each_second()

    assert b"podsplit_documents_total 7.0" in second.metrics.text()
    assert b"podsplit_documents_total 7.0" in first.metrics.text()


def test_a_dead_worker_leaves_its_counts(start_worker):
    """What it was in the midst of goes; its place is given to others, any number of times."""
    start, found = start_worker
    watching = start()
    for _ in range(60):
        worker = start()
        worker.metrics.documents.inc()
        worker.metrics.in_flight.inc()
        worker.metrics.requests.labels("/v1/analyze", "POST", "200").inc()
        found.worker_exit(Server(), worker)
        found.child_exit(Server(), worker)
    text = watching.metrics.text().decode()

    assert "podsplit_documents_total 60.0" in text
    assert 'podsplit_requests_total{method="POST",route="/v1/analyze",status="200"} 60.0' in text
    assert "podsplit_requests_in_flight 0.0" in text


def test_more_workers_than_there_are_places(start_worker):
    """Those that find none serve all the same."""
    start, found = start_worker
    workers = [start() for _ in range(24)]

    assert workers[-1].slot is None
    workers[-1].each_second()
    assert b"podsplit_documents_total" in workers[-1].metrics.text()
    found.child_exit(Server(), workers[-1])
