"""Twice the input is at most twice the work, whatever there is twice of.

Work is counted in lines of Python, so that no clock is asked. What C does in one step (a search in
a list or a text) isn't seen here; `python -m bench` measures it.
"""

from __future__ import annotations

import pytest

from tests.support.growing import GROWERS, Grower, steps_of

NONE, SMALL = 10, 100
SLACK = 1.15
"""What is allowed beyond twice: numbers get longer, and sorting takes its logarithm."""


@pytest.mark.parametrize("grow", GROWERS.values(), ids=GROWERS.keys())
def test_twice_the_input_is_twice_the_work(grow: Grower) -> None:
    """From a small one on, less what it costs to have none."""
    steps_of(grow(NONE))  # what is loaded once
    none, small, large = (steps_of(grow(count)) for count in (NONE, SMALL, 2 * SMALL))
    times = (2 * SMALL - NONE) / (SMALL - NONE)
    assert large - none <= times * SLACK * (small - none)
