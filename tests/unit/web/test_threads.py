"""Work in threads of its own, with gevent's loop beside it."""

from __future__ import annotations

import gc
import time
import weakref
from typing import NoReturn

import gevent
import pytest

from service.errors import DeadlineExceeded
from service.web.threads import WorkThreads

LATE = 3600.0
"""Seconds that no work here takes."""


@pytest.fixture
def threads() -> WorkThreads:
    return WorkThreads(2)


def in_time(seconds: float) -> float:
    return time.monotonic() + seconds


def endless() -> NoReturn:
    """A loop that looks at no deadline."""
    while True:
        pass


def swallowing() -> NoReturn:
    """A loop that goes on after every error, as code that keeps mistakes to one workload does."""
    while True:
        try:
            sum(range(1000))
        except Exception:  # noqa: BLE001 - that is what is tested
            continue


class Resistant:
    """Raises nothing from its destructor: Python drops what is raised there."""

    def __del__(self) -> None:
        deadline = time.monotonic() + 0.6
        while time.monotonic() < deadline:
            pass


def missing_it() -> NoReturn:
    """A loop that is in a destructor when it is told to stop."""
    Resistant()
    endless()


def test_what_work_returns_and_raises(threads):
    """It comes to who asked for it, with nothing printed on the way."""
    assert threads(lambda: 42, in_time(LATE), lambda: True) == 42
    with pytest.raises(ZeroDivisionError):
        threads(lambda: 1 // 0, in_time(LATE), lambda: True)
    assert threads(lambda: None, in_time(LATE), lambda: True) is None


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("work", [endless, swallowing, missing_it])
def test_work_ends_at_its_deadline(threads, work):
    """Wherever it is."""
    with pytest.raises(DeadlineExceeded):
        threads(work, in_time(0.1), lambda: True)


def test_work_that_nobody_waits_for_ends(threads):
    """Long before its deadline."""
    looks = iter([True, True])
    with pytest.raises(DeadlineExceeded):
        threads(endless, in_time(LATE), lambda: next(looks, False))


def test_a_stop_hits_nothing_else(threads):
    """Not the next work of the same thread, however many were stopped."""
    for _ in range(5):
        with pytest.raises(DeadlineExceeded):
            threads(endless, in_time(0.01), lambda: True)
        assert [threads(lambda: 7, in_time(LATE), lambda: True) for _ in range(20)] == [7] * 20


def test_a_stop_just_when_the_work_ends(threads):
    """Either it is stopped or it is done, and the next work of the thread is done."""

    def short() -> str:
        until = time.monotonic() + 0.02
        while time.monotonic() < until:
            pass
        return "done"

    outcomes = set()
    for number in range(80):
        try:
            outcomes.add(threads(short, in_time(0.01 + number % 20 * 0.001), lambda: True))
        except DeadlineExceeded:
            outcomes.add("stopped")
        assert threads(lambda: "next", in_time(LATE), lambda: True) == "next"
    assert outcomes == {"done", "stopped"}


def test_others_are_served_meanwhile(threads):
    """Greenlets run while a thread computes, and as many works as there are threads."""
    steps: list[str] = []

    def until_seen() -> str:
        until = time.monotonic() + 30
        while "greenlet" not in steps and time.monotonic() < until:
            pass
        return "work"

    def ask() -> None:
        steps.append(threads(until_seen, in_time(LATE), lambda: True))

    asked = [gevent.spawn(ask) for _ in range(2)]
    gevent.sleep(0.05)
    steps.append("greenlet")
    gevent.joinall(asked, timeout=30)

    assert steps == ["greenlet", "work", "work"]


def test_what_work_raised_is_freed(threads):
    """It and what it was about, without the garbage collector."""

    class Sent:
        pass

    def fail_on(sent: Sent) -> NoReturn:
        raise KeyError(sent)

    def ask() -> weakref.ref[Sent]:
        sent = Sent()
        with pytest.raises(KeyError):
            threads(lambda: fail_on(sent), in_time(LATE), lambda: True)
        return weakref.ref(sent)

    gc.disable()
    try:
        assert ask()() is None
    finally:
        gc.enable()
