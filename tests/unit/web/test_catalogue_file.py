"""The service's own additions to the catalogue."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.web.app import create_app
from service.web.settings import Settings, SettingsError

POD = b"""apiVersion: v1
kind: Pod
metadata: {name: ledger}
spec:
  containers:
  - {name: a, image: acme/ledger:1}
  - {name: b, image: acme/ship:1}
"""


def test_an_image_of_the_file_is_known(tmp_path: Path) -> None:
    """A helper that only the file names is a sidecar with its pattern."""
    path = tmp_path / "catalogue.yaml"
    path.write_text("- {image: acme/ship, role: helper, pattern: logging}\n")
    client = create_app(Settings(catalogue_file=path)).test_client()
    answer = client.post("/v1/analyze", data=POD, content_type="application/yaml").get_json()
    assert [each["pattern"] for each in answer["workloads"][0]["containers"]] == [None, "logging"]


@pytest.mark.parametrize(
    "text",
    [
        "role: helper\n",
        "- {image: a}\n",
        "- {image: a, role: boss}\n",
        "- {image: a, role: helper, more: 1}\n",
        "[\n",
    ],
)
def test_a_wrong_file_stops_the_start(tmp_path: Path, text: str) -> None:
    """With the variable named."""
    path = tmp_path / "catalogue.yaml"
    path.write_text(text)
    with pytest.raises(SettingsError, match="PODSPLIT_CATALOGUE_FILE"):
        create_app(Settings(catalogue_file=path))
