"""Options: which hold for a file, and when a run gives up."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from service.errors import DeadlineExceeded
from service.findings import Applicability, Stage
from service.options import Options

INNER = Options(min_confidence=0.9)
OUTER = Options(min_confidence=0.7)
RUN = Options(folders=(("shop/db/", INNER), ("shop/", OUTER)))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("shop/db/pod.yaml", INNER),
        ("shop/db/deep/pod.yaml", INNER),
        ("shop/pod.yaml", OUTER),
        ("shop/dbs/pod.yaml", OUTER),
        ("shops/pod.yaml", RUN),
        ("shop.yaml", RUN),
        ("other/shop/pod.yaml", RUN),
    ],
)
def test_the_nearest_folder_with_options_decides(path: str, expected: Options) -> None:
    """A folder whose name only starts the same is another one."""
    assert RUN.for_path(path) is expected


def test_a_run_with_time_left_goes_on() -> None:
    """And so does one without a deadline."""
    replace(RUN, deadline=time.monotonic() + 3600).check_deadline()
    RUN.check_deadline()


def test_a_run_stops_after_its_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not at the very moment, but after it."""
    monkeypatch.setattr(time, "monotonic", lambda: 10.0)
    Options(deadline=10.0).check_deadline()
    with pytest.raises(DeadlineExceeded):
        Options(deadline=9.5).check_deadline()
    with pytest.raises(DeadlineExceeded):
        Options(deadline=0.0).check_deadline()


def test_the_defaults_are_the_documented_ones() -> None:
    """The README and the API's schema name these."""
    options = Options()
    assert (options.min_confidence, options.apply) == (0.8, Applicability.REVIEW)
    assert (options.layout, options.stage) == ("in-place", Stage.CONTRACT)
    assert (options.rules, options.fail_on, options.deadline) == (None, None, None)
    assert (options.catalogue, options.folders) == ((), ())
    assert options.max_documents == 20_000


def test_what_may_be_changed():
    """All by default; else what is named, or all of a file that is."""
    assert Options().may_change("a.yaml", "shop")
    chosen = Options(only=frozenset({("a.yaml", "shop"), ("b.yaml", "")}))
    asked = [("a.yaml", "shop"), ("a.yaml", "blog"), ("b.yaml", "blog"), ("c.yaml", "shop")]
    assert [chosen.may_change(*place) for place in asked] == [True, False, True, False]
