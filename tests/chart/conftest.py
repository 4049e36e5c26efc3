"""What the tests of the chart share."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.chart import ValuesFile


@pytest.fixture
def values_file(tmp_path: Path) -> ValuesFile:
    """Writes values to a file of their own, and returns the arguments that give it to helm."""
    numbers = count()

    def write(values: dict[str, Any]) -> tuple[str, str]:
        path = tmp_path / f"values-{next(numbers)}.yaml"
        path.write_text(yaml.safe_dump(values))
        return "-f", str(path)

    return write
