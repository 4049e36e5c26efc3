"""gunicorn's configuration: what it reads, and what it does around a worker's life."""

from __future__ import annotations

import gc
import logging
import os
import runpy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from service.web.garbage_collection import THRESHOLDS


@pytest.fixture
def configure(monkeypatch, tmp_path):
    """Reads the configuration with some variables, each time anew."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def read(**environ: str) -> SimpleNamespace:
        for name in list(os.environ):
            if name.startswith(("PODSPLIT_", "PROMETHEUS_")) or name in ("HOST", "PORT", "WORKERS"):
                monkeypatch.delenv(name)
        # What the configuration sets itself is put back too.
        monkeypatch.setenv("PODSPLIT_DRAIN_FILE", "")
        monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", "")
        monkeypatch.delenv("PODSPLIT_DRAIN_FILE")
        monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR")
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        return SimpleNamespace(**runpy.run_module("service.gunicorn_conf"))

    return read


class Server:
    """gunicorn's arbiter, as far as it is used."""

    def __init__(self) -> None:
        self.log = logging.getLogger("test")
        self.stopped = 0

    def handle_term(self) -> None:
        self.stopped += 1
        raise StopIteration


def test_without_variables(configure):
    """This machine only, two workers, and time for the longest request."""
    found = configure()

    assert (found.bind, found.workers, found.threads, found.graceful_timeout) == (
        "127.0.0.1:8080",
        2,
        32,
        35,
    )


def test_variables(configure):
    """Each has its setting."""
    found = configure(
        HOST="[::]",
        PORT="80",
        WORKERS="4",
        PODSPLIT_THREADS="8",
        PODSPLIT_REQUEST_TIMEOUT="10.5",
    )

    assert (found.bind, found.workers, found.threads, found.graceful_timeout) == (
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


def test_files_of_its_own(configure, tmp_path):
    """The drain file and the folder of the metrics are in one folder, which goes at the end."""
    found = configure()
    drain_file, metrics = (
        Path(os.environ[name]) for name in ("PODSPLIT_DRAIN_FILE", "PROMETHEUS_MULTIPROC_DIR")
    )

    assert drain_file.parent == metrics.parent
    assert drain_file.parent.parent == tmp_path
    assert metrics.is_dir()
    assert not drain_file.exists()
    found.on_exit(Server())
    assert not drain_file.parent.exists()


def test_files_that_are_given_are_kept(configure, tmp_path):
    """But for a drain file that was left over, which would keep readiness down."""
    drain_file, metrics = tmp_path / "draining", tmp_path / "metrics"
    metrics.mkdir()
    drain_file.touch()
    found = configure(PODSPLIT_DRAIN_FILE=str(drain_file), PROMETHEUS_MULTIPROC_DIR=str(metrics))

    assert not drain_file.exists()
    found.on_exit(Server())
    assert metrics.is_dir()


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


def test_a_worker_sets_the_garbage_collector(configure):
    """Once, when it has loaded the application."""
    thresholds = gc.get_threshold()
    try:
        configure().post_worker_init(None)
        assert gc.get_threshold() == THRESHOLDS
        assert gc.get_freeze_count() > 0
    finally:
        gc.unfreeze()
        gc.set_threshold(*thresholds)


def test_a_dead_worker_leaves_nothing_behind(configure):
    """Its gauges go, its counters stay, and its connections are taken back."""
    found = configure()
    metrics = Path(os.environ["PROMETHEUS_MULTIPROC_DIR"])
    for name in ("gauge_livesum_7.db", "gauge_livesum_8.db", "counter_7.db"):
        (metrics / name).touch()
    forgotten: list[bool] = []
    worker = SimpleNamespace(pid=7, forget_connections=lambda: forgotten.append(True))
    found.child_exit(Server(), worker)

    assert {path.name for path in metrics.iterdir()} == {"gauge_livesum_8.db", "counter_7.db"}
    assert forgotten == [True]
