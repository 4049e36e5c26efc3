"""The queue of the hosted bot."""

from __future__ import annotations

import threading
import time

from clients.bot.hosted.work import Job, Known, Queue

A = Job("hub", "team/a", 1)
A2 = Job("hub", "team/a", 2)
B = Job("hub", "team/b", 1)


def test_a_job_waits_once():
    """However often it is told of; and there is an end to what waits."""
    queue = Queue(2)

    assert [queue.put(job) for job in (A, A, B, A2, A)] == [True, True, True, False, True]
    assert len(queue) == 2


def test_of_a_repository_one_is_worked_on_at_a_time():
    """Whoever waits gets the next of another, or waits for the end."""
    queue = Queue(9)
    for job in (A, A2, B):
        queue.put(job)

    assert queue.take() == (A, 0)
    assert queue.take() == (B, 0)
    taken = []
    thread = threading.Thread(target=lambda: taken.append(queue.take()))
    thread.start()
    time.sleep(0.05)
    assert taken == []
    queue.done(A)
    thread.join(5)
    assert taken == [(A2, 0)]


def test_a_job_that_is_told_of_while_it_is_done_is_done_again():
    """The newest commit may have come since it was read."""
    queue = Queue(9)
    queue.put(A)
    queue.take()
    assert queue.put(A)
    queue.done(A)
    assert queue.take() == (A, 0)


def test_what_failed_is_done_later():
    """Once, with the number of its failures."""
    queue = Queue(9)
    queue.put_later(A, 1, 0.05)
    queue.put_later(A, 2, 9)
    assert len(queue) == 1
    assert queue.take() == (A, 1)


def test_a_closed_queue_gives_nothing():
    """Neither to those who wait."""
    queue = Queue(9)
    taken = []
    thread = threading.Thread(target=lambda: taken.append(queue.take()))
    thread.start()
    queue.close()
    thread.join(5)
    assert taken == [None]
    assert not queue.put(A)


def test_the_bots_own_pull_requests_are_known_while_they_are_open():
    """By their repository."""
    known = Known()
    known.put(A, "sha", "1", is_stage=True)
    known.put(B, "sha", "1", is_stage=True)
    assert known.stages("hub", "team/a") == [A]
    assert known.get(A) == ("sha", "1")
    known.put(A, "sha", "2", is_stage=False)
    assert known.stages("hub", "team/a") == []
    assert known.get(A2) == ("", "")
