"""Runs the pipeline in threads, beside the loop that serves the connections.

All of a worker's connections are served by one thread (gevent). Work that computes for longer runs
in threads of a pool, so that the others are served meanwhile.
"""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from gevent.monkey import get_original
from gevent.threadpool import ThreadPool

from service.errors import DeadlineExceeded

_T = TypeVar("_T")
_LOOK = 0.25
"""Seconds between two looks at a client that waits."""
# Of the system: gevent replaces those of Python, to have them work between greenlets.
_new_lock = get_original("_thread", "allocate_lock")
_current_thread = get_original("_thread", "get_ident")


class WorkThreads:
    """Runs work in threads, each until its deadline.

    Args:
        count: how many at once; more wait.
    """

    def __init__(self, count: int) -> None:
        self._pool = ThreadPool(count)

    def __call__(
        self, work: Callable[[], _T], deadline: float, is_wanted: Callable[[], bool], /
    ) -> _T:
        """Run work, and serve other connections until it is done.

        Args:
            work: what to do; it must not wait for anything, nor take locks.
            deadline: the moment of `time.monotonic()` at which it is stopped, in seconds.
            is_wanted: whether anybody still waits for it; it is stopped if not.

        Raises:
            DeadlineExceeded: the work was stopped.
            Exception: whatever the work raises.
        """
        task = _Task(work)
        done = self._pool.spawn(task.run)
        while not done.ready():
            left = deadline - time.monotonic()
            done.wait(min(left, _LOOK) if left > 0 else _LOOK)
            if not done.ready() and (time.monotonic() > deadline or not is_wanted()):
                task.stop()
        return task.result()


class _Task(Generic[_T]):
    """One piece of work, in a thread that can be told to stop."""

    def __init__(self, work: Callable[[], _T]) -> None:
        self._work = work
        self._value: list[_T] = []
        self._error: BaseException | None = None
        self._thread: int | None = None
        self._is_stopped = False
        self._lock = _new_lock()

    def run(self) -> None:
        """Do it, in a thread of the pool."""
        try:
            with self._lock:
                self._thread = _current_thread()
            self._value.append(self._work())
        except BaseException as error:  # noqa: BLE001 - it is raised where the result is asked for
            self._error = error
        # A stop that came too late must not hit the next work of this thread: it is raised here.
        is_last = False
        while True:
            try:
                with self._lock:
                    self._thread = None
                if not self._is_stopped:
                    return
                is_last = True
                _raise_in(_current_thread(), DeadlineExceeded)
                while True:
                    pass
            except DeadlineExceeded:
                if is_last:
                    return

    def stop(self) -> None:
        """Let the thread raise `DeadlineExceeded` wherever it is; nothing if it has ended.

        It may miss it once, in a destructor: ask again until it has ended.
        """
        with self._lock:
            if self._thread is not None:
                self._is_stopped = True
                _raise_in(self._thread, DeadlineExceeded)

    def result(self) -> _T:
        """What the work returned, after its end.

        Raises:
            Exception: what the work raised.
        """
        if self._value:
            return self._value.pop()
        error, self._error = self._error or DeadlineExceeded(), None
        try:
            raise error
        finally:
            del error  # a cycle, which would keep what was sent


def _raise_in(thread: int, error: type[BaseException]) -> None:
    """Raise an error at the next instruction of a thread.

    See docs of Python, C API, `PyThreadState_SetAsyncExc`. So the deadline holds in every loop,
    also of libraries, and no loop has to look at it. The pipeline shares nothing that it changes,
    so nothing can be left half done. One error can be due in a thread at a time: another takes its
    place.
    """
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(error))
