"""The limits of runs, and of bytes, at once."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack
from functools import partial

import pytest

from service.errors import DeadlineExceeded
from service.web.concurrency import Memory, Runs
from service.web.problems import Problem
from service.web.settings import Settings

SMALL, LARGE = 99, 100


def limited(max_runs: int) -> Runs:
    return Runs(Settings(max_runs=max_runs, large_body_bytes=LARGE))


def is_free(runs: Runs, size: int) -> bool:
    """Whether a run of a size gets a slot without waiting."""
    try:
        return runs.do(lambda: True, size=size, deadline=time.monotonic())
    except Problem:
        return False


def test_the_value_of_the_work():
    """It is passed on, and so is what the work raises."""
    runs = limited(1)

    assert runs.do(lambda: "done", size=SMALL, deadline=time.monotonic()) == "done"
    with pytest.raises(ZeroDivisionError):
        runs.do(lambda: 1 // 0, size=SMALL, deadline=time.monotonic())


def test_as_many_runs_as_the_settings_say():
    """One more finds no slot."""
    runs = limited(3)

    def nested(depth: int) -> list[bool]:
        free = [is_free(runs, SMALL)]
        if depth == 3:
            return free
        work = partial(nested, depth + 1)
        return free + runs.do(work, size=SMALL, deadline=time.monotonic())

    assert nested(0) == [True, True, True, False]
    assert is_free(runs, SMALL)


def test_the_problem_of_a_busy_service():
    """503 that says when to try again."""
    runs = limited(1)

    def wait() -> None:
        runs.do(lambda: None, size=SMALL, deadline=time.monotonic() + 0.05)

    with pytest.raises(Problem) as caught:
        runs.do(wait, size=SMALL, deadline=time.monotonic())
    assert (caught.value.status, caught.value.code, caught.value.headers["Retry-After"]) == (
        503,
        "overloaded",
        "5",
    )


def test_large_runs_leave_slots_for_small_ones():
    """There is one large run at a time, whatever is free; just below the size a run is small."""
    runs = limited(3)

    def work() -> tuple[bool, bool]:
        return is_free(runs, LARGE), is_free(runs, SMALL)

    assert runs.do(work, size=LARGE, deadline=time.monotonic()) == (False, True)
    assert is_free(runs, LARGE)


def test_a_large_run_that_finds_no_slot_gives_the_large_one_back():
    """The next large run is not turned away for it."""
    runs = limited(1)

    assert not runs.do(partial(is_free, runs, LARGE), size=SMALL, deadline=time.monotonic())
    assert is_free(runs, LARGE)


def test_a_run_that_fails_gives_its_slot_back():
    """Whatever it raises."""
    runs = limited(1)
    with pytest.raises(ZeroDivisionError):
        runs.do(lambda: 1 // 0, size=LARGE, deadline=time.monotonic())

    assert is_free(runs, LARGE)


def test_a_run_waits_for_a_slot_until_its_deadline():
    """It gets the slot as soon as another run ends."""
    runs = limited(1)
    got = threading.Event()
    waiting = threading.Thread(
        target=partial(runs.do, got.set, size=SMALL, deadline=time.monotonic() + 30)
    )

    def work() -> bool:
        waiting.start()
        return got.is_set()

    assert not runs.do(work, size=SMALL, deadline=time.monotonic())
    waiting.join(30)
    assert got.is_set()


@pytest.mark.parametrize(
    ("is_wanted", "expected"), [(True, (503, "deadline-exceeded")), (False, (408, "hung-up"))]
)
def test_a_run_that_was_stopped(is_wanted, expected):
    """At its deadline, or because nobody waits for it."""

    def work() -> None:
        raise DeadlineExceeded

    with pytest.raises(Problem) as caught:
        limited(1).do(
            work, size=SMALL, deadline=time.monotonic(), is_wanted=lambda: bool(is_wanted)
        )
    assert (caught.value.status, caught.value.code) == expected


def test_as_many_bytes_as_the_settings_say():
    """One more is refused, until a request gives back what it took."""
    memory = Memory(100)
    with ExitStack() as stack:
        take = stack.enter_context(memory.share())
        take(60)
        take(40)
        with pytest.raises(Problem) as caught:
            take(1)
        with pytest.raises(Problem), memory.share() as take_too:
            take_too(1)
    assert (caught.value.status, caught.value.code) == (503, "overloaded")
    with memory.share() as take:
        take(100)


def test_a_request_that_fails_gives_its_bytes_back():
    """Whatever it raises."""
    memory = Memory(100)

    def fail() -> None:
        with memory.share() as take:
            take(100)
            take(1 // 0)

    with pytest.raises(ZeroDivisionError):
        fail()
    with memory.share() as take:
        take(100)
