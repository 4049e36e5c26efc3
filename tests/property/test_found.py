"""Sets that showed a mistake once, cut down to what shows it.

A new one gets a file in `found/` that says what it is about. While the mistake is there, the file
is listed here as expected to fail.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.checks import ALL_CHECKS
from tests.support.invariants import check_rollout, check_stages, check_untouched_documents
from tests.support.programs import usual_ports
from tests.support.rewritten import GroundTruth, rewrite

FILES = sorted((Path(__file__).parent / "found").glob("*.yaml"))
KNOWN_FAILURES: dict[str, str] = {}
"""By file, why it fails."""


def parameters() -> list[object]:
    """The files; those that are known to fail are marked so."""
    return [
        pytest.param(
            path,
            id=path.stem,
            marks=(
                pytest.mark.xfail(reason=KNOWN_FAILURES[path.stem], strict=True)
                if path.stem in KNOWN_FAILURES
                else ()
            ),
        )
        for path in FILES
    ]


@pytest.mark.parametrize("path", parameters())
def test_found_mistakes_stay_fixed(path: Path) -> None:
    """Everything is kept in every stage and reached between them, and nothing is held back by a
    mistake of the rewriting.
    """
    rewritten, truth = rewrite({path.name: path.read_text()}), GroundTruth(usual_ports)
    assert rewritten.own_faults() == []
    assert list(check_stages(rewritten, truth, ALL_CHECKS)) == []
    assert list(check_rollout(rewritten, truth)) == []
    assert list(check_untouched_documents(rewritten)) == []
