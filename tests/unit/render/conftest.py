"""What the tests of the formats share."""

from __future__ import annotations

import pytest

from service.findings import Report
from service.options import Options
from service.pipeline import run
from tests.unit.render.reports import TWO_SERVERS


@pytest.fixture(scope="session")
def shop() -> Report:
    """A real rewrite: a wrap and a split in one file."""
    return run([("dir/shop 1.yaml", TWO_SERVERS.encode())], Options(), rewrite=True)
