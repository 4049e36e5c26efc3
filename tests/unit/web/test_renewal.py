"""When a worker is replaced."""

from __future__ import annotations

import pytest

from service.web.renewal import Renewal, resident_bytes

MOST = 100


def due(turn: int, *, turns: int = 3, most: int = MOST, resident: int = MOST) -> list[int]:
    """The seconds of six minutes at which a worker is to end."""
    now = [0.0]
    renewal = Renewal(most, turn=turn, turns=turns, resident=lambda: resident, clock=lambda: now[0])
    seconds = []
    for second in range(360):
        now[0] = float(second)
        if renewal.is_due():
            seconds.append(second)
    return seconds


def test_workers_take_turns():
    """Each in minutes of its own, at their beginning, and never when it is young."""
    assert due(1) == [*range(60, 75), *range(240, 255)]
    assert due(2) == [*range(120, 135), *range(300, 315)]
    assert due(0) == [*range(180, 195)]
    assert due(4) == due(1)


@pytest.mark.parametrize(
    "more", [{"resident": MOST - 1}, {"most": 0}, {"turns": 1}, {"resident": 0}]
)
def test_workers_that_stay(more):
    """Small ones, where it is turned off, a single one, and where nobody knows."""
    assert due(0, **more) == []


def test_the_memory_of_this_process():
    """More than a Python has at least, where the system says it."""
    assert resident_bytes() == 0 or resident_bytes() > 5_000_000


def test_a_system_that_does_not_say(monkeypatch, tmp_path):
    """It counts as nothing."""
    monkeypatch.setattr("service.web.renewal._STATM", tmp_path / "none")
    assert resident_bytes() == 0


def test_a_turn_is_as_long_as_an_end_may_take():
    """So that the next worker waits until this one is done, whatever a request may take."""
    now = [0.0]
    renewals = [
        Renewal(MOST, turn=turn, turns=2, grace=100, resident=lambda: MOST, clock=lambda: now[0])
        for turn in (0, 1)
    ]
    due = [[], []]
    for second in range(60, 520):
        now[0] = float(second)
        for turn, renewal in enumerate(renewals):
            due[turn] += [second] if renewal.is_due() else []

    assert due == [[*range(260, 275)], [*range(130, 145), *range(390, 405)]]
