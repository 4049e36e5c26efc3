"""The limit of runs at once."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack

import pytest

from service.web.concurrency import RunLimiter
from service.web.problems import Problem
from service.web.settings import Settings

SMALL, LARGE = 99, 100


def limiter(max_runs: int) -> RunLimiter:
    return RunLimiter(Settings(max_runs=max_runs, large_body_bytes=LARGE))


def is_free(runs: RunLimiter, size: int) -> bool:
    """Whether a run of a size gets a slot without waiting."""
    try:
        with runs.slot(size, time.monotonic()):
            return True
    except Problem:
        return False


def test_as_many_runs_as_the_settings_say():
    """One more finds no slot."""
    runs = limiter(3)
    with ExitStack() as stack:
        for _ in range(3):
            assert is_free(runs, SMALL)
            stack.enter_context(runs.slot(SMALL, time.monotonic()))
        assert not is_free(runs, SMALL)

    assert is_free(runs, SMALL)


def test_the_problem_of_a_busy_service():
    """503 that says when to try again."""
    runs = limiter(1)
    with (
        runs.slot(SMALL, time.monotonic()),
        pytest.raises(Problem) as caught,
        runs.slot(SMALL, time.monotonic() + 0.05),
    ):
        pytest.fail("there is one slot")

    assert (caught.value.status, caught.value.code, caught.value.headers["Retry-After"]) == (
        503,
        "overloaded",
        "5",
    )


def test_large_runs_leave_slots_for_small_ones():
    """There is one large run at a time, whatever is free; just below the size a run is small."""
    runs = limiter(3)
    with runs.slot(LARGE, time.monotonic()):
        assert not is_free(runs, LARGE)
        assert is_free(runs, SMALL)

    assert is_free(runs, LARGE)


def test_a_large_run_that_finds_no_slot_gives_the_large_one_back():
    """The next large run is not turned away for it."""
    runs = limiter(1)
    with runs.slot(SMALL, time.monotonic()):
        assert not is_free(runs, LARGE)

    assert is_free(runs, LARGE)


def test_a_run_that_fails_gives_its_slot_back():
    """Whatever it raises."""
    runs = limiter(1)
    with pytest.raises(RuntimeError), runs.slot(LARGE, time.monotonic()):
        raise RuntimeError

    assert is_free(runs, LARGE)


def test_a_run_waits_for_a_slot_until_its_deadline():
    """It gets the slot as soon as another run ends."""
    runs = limiter(1)
    got = threading.Event()

    def wait() -> None:
        with runs.slot(SMALL, time.monotonic() + 30):
            got.set()

    with runs.slot(SMALL, time.monotonic()):
        waiting = threading.Thread(target=wait)
        waiting.start()
        assert not got.is_set()
    waiting.join(30)

    assert got.is_set()
