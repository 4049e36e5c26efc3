"""Sets that showed a mistake once, cut down to what shows it: all that holds of rewrites holds of
them.

A new one gets a file in `found/` that says what is meant; while it isn't mended it is marked here
as expected to fail.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.programs import usual
from tests.support.proving import KEPT, kept, untouched, walked
from tests.support.rewritten import Truth, rewrite

FOUND = sorted((Path(__file__).parent / "found").glob("*.yaml"))
UNMENDED: dict[str, str] = {}
"""By file, why it fails."""


def cases() -> list[object]:
    """The files, those that are known to fail marked so."""
    return [
        pytest.param(
            path,
            id=path.stem,
            marks=(
                pytest.mark.xfail(reason=UNMENDED[path.stem], strict=True)
                if path.stem in UNMENDED
                else ()
            ),
        )
        for path in FOUND
    ]


@pytest.mark.parametrize("path", cases())
def test_what_was_wrong_once_is_right(path: Path) -> None:
    """Everything is kept and reached in every stage and between them, and nothing is held back
    for a mistake of ours.
    """
    rewritten, truth = rewrite({path.name: path.read_text()}), Truth(usual)
    assert rewritten.mistakes() == []
    assert [*kept(rewritten, truth, KEPT), *walked(rewritten, truth), *untouched(rewritten)] == []
