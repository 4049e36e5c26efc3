"""The garbage collector's setting in a worker."""

from __future__ import annotations

import gc

import pytest

from service.web.garbage_collection import THRESHOLDS, tune_garbage_collector


@pytest.fixture
def own_collector():
    """The collector as it is, put back afterwards."""
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


def test_what_is_loaded_is_left_alone(own_collector):
    """Everything that is there by then is frozen, and the thresholds are those of a worker."""
    tune_garbage_collector()

    assert gc.get_freeze_count() > 1000
    assert gc.get_threshold() == THRESHOLDS


def test_cycles_are_still_collected(own_collector):
    """The collector is on: what makes cycles without end doesn't take memory without end."""
    tune_garbage_collector()
    collected = gc.get_stats()[0]["collected"]
    for _ in range(THRESHOLDS[0] // 100):
        ring: list[object] = [[] for _ in range(200)]
        ring.append(ring)

    assert gc.get_stats()[0]["collected"] > collected
